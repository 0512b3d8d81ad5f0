"""Anthropic Messages. Source: the API reference of ``POST /v1/messages`` and its streaming chapter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from cccc.domain.answers import Answer
from cccc.domain.endpoint import Action, WireFormat
from cccc.formats.anthropic.decode_request import decode_request, session_of
from cccc.formats.anthropic.decode_stream import StreamDecoder
from cccc.formats.anthropic.encode_request import encode_request
from cccc.formats.anthropic.encode_stream import StreamEncoder
from cccc.formats.anthropic.reply import decode_reply, encode_reply
from cccc.formats.anthropic.shape import fold_stream, unfold_reply
from cccc.formats.anthropic.tables import ABILITIES, ATTRIBUTION
from cccc.formats.anthropic.usage import later_usage, usage_of
from cccc.ir import json
from cccc.ir.codec import Fault, Front, JsonObject, ReplyFacts, RequestFacts, Weight
from cccc.ir.faults import bare_fault, body_fault, stated_fault
from cccc.ir.loss import Losses
from cccc.ir.messages import Reply, Request
from cccc.ir.reading import EVENT_ENDS, Field, OpenCalls, Reading, first_header, first_problem, thinking_wish
from cccc.ir.splice import splice_event
from cccc.ir.sse import SseDecoder, SseEvent, encode
from cccc.ir.target import Target

_CHECKS = (
    Field("model", (str,), "a string", required=True),
    Field("messages", (list,), "an array", required=True),
    Field("stream", (bool,), "true or false"),
)
_SESSION_HEADERS = ("x-claude-code-session-id",)
_STREAMED_MODEL = ("message", "model")

_SAYS_SOMETHING = re.compile(
    rb"(?:event: ?content_block_delta\r?\n)?"
    rb'data: ?\{"type": ?"content_block_delta", ?"index": ?[0-9]+, ?"delta": ?'
    rb'\{"type": ?"(?:text_delta", ?"text|thinking_delta", ?"thinking)": ?"(?!")'
)
"""How nearly every event of a stream begins: a delta of text or thinking that is not empty."""

_WEIGHTS = {
    "ping": Weight.NOTHING,
    "message_start": Weight.PREAMBLE,
    "content_block_start": Weight.CONTENT,
    "content_block_delta": Weight.CONTENT,
    "content_block_stop": Weight.CONTENT,
    "message_delta": Weight.CONTENT,
    "message_stop": Weight.TERMINAL,
    "error": Weight.ERROR,
}


_TELLING = frozenset(_WEIGHTS) - {"ping"}
"""Events after which it is known whether a block is open."""

_EMPTY_DELTAS = {
    "text": {"type": "text_delta", "text": ""},
    "text_delta": {"type": "text_delta", "text": ""},
    "citations_delta": {"type": "text_delta", "text": ""},
    "thinking": {"type": "thinking_delta", "thinking": ""},
    "thinking_delta": {"type": "thinking_delta", "thinking": ""},
}
"""By what was last seen of a block: its own type or that of a delta. A signature is the last of its block."""


class Scanner:
    """Reads along with a stream of Messages events."""

    def __init__(self) -> None:
        self._reading = Reading()
        self._calls = OpenCalls()

    @property
    def facts(self) -> ReplyFacts:
        return self._reading.facts()

    def feed(self, event: SseEvent) -> Weight:
        raw = event.raw
        if _SAYS_SOMETHING.match(raw) and raw.endswith(EVENT_ENDS):
            self._reading.content = True
            return Weight.CONTENT
        return Weight.NOTHING if event.data is None else self._read(event.name, event.data)

    def _read(self, name: str, data: bytes) -> Weight:
        reading = self._reading
        value = json.peek(data)
        body = json.obj(value)
        kind = body.get("type") or name
        weight = _WEIGHTS.get(kind, Weight.NOTHING) if isinstance(kind, str) else Weight.NOTHING
        if weight is Weight.ERROR or (weight is Weight.NOTHING and body.get("error")):
            reading.fault = stated_fault(value) or bare_fault(data)
            return Weight.ERROR
        if value is None and data.strip() != b"[DONE]" and (not name or weight is not Weight.NOTHING):
            reading.valid = False
            return Weight.BROKEN
        if kind == "message_start":
            _read_message(reading, json.obj(body.get("message")))
        elif kind == "content_block_start":
            self._block_started(body)
        elif kind == "content_block_delta":
            self._delta(body)
        elif kind == "content_block_stop":
            reading.broken_tool |= not self._calls.end(_index(body))
        elif kind == "message_delta":
            _read_end(reading, json.obj(body.get("delta")).get("stop_reason"), body.get("usage"))
        elif kind == "message_stop":
            reading.broken_tool |= not self._calls.end_all()
            reading.terminal = True
        return weight

    def _block_started(self, body: dict[str, Any]) -> None:
        block = json.obj(body.get("content_block"))
        _read_block(self._reading, block)
        if str(block.get("type")).endswith("tool_use"):
            self._calls.start(_index(body))

    def _delta(self, body: dict[str, Any]) -> None:
        delta = json.obj(body.get("delta"))
        if delta.get("type") == "input_json_delta":
            self._calls.add(_index(body), delta.get("partial_json"))
        elif delta.get("type") == "signature_delta":
            self._reading.sign(delta.get("signature"))
        elif delta.get("text") or delta.get("thinking"):
            self._reading.content = True


class AnthropicCodec:
    """The Messages format."""

    wire_format = WireFormat.ANTHROPIC
    abilities = ABILITIES
    # A client whose base URL ends in /v1 adds the path's own /v1 to it.
    paths: Mapping[str, Action] = {
        "/v1/messages": Action.TURN,
        "/v1/messages/count_tokens": Action.COUNT_TOKENS,
        "/v1/v1/messages": Action.TURN,
        "/v1/v1/messages/count_tokens": Action.COUNT_TOKENS,
    }
    model_path: tuple[str, ...] = ("model",)

    def request_facts(self, body: JsonObject, headers: Mapping[str, str]) -> RequestFacts:
        problem, param = first_problem(body, _CHECKS)
        fields = json.obj(body)
        texts = _user_texts(fields)
        system = json.plain_text(fields.get("system"))
        return RequestFacts(
            model=json.text(fields.get("model")),
            stream=fields.get("stream") is True,
            session=session_of(json.text(json.obj(fields.get("metadata")).get("user_id")))
            or first_header(headers, _SESSION_HEADERS),
            opening="\n".join([_without_attribution(system), *texts[:1]]),
            last_user_text=texts[-1] if texts else "",
            thinking=thinking_wish(fields.get("thinking"), json.obj(fields.get("output_config")).get("effort")),
            problem=problem,
            problem_param=param,
        )

    def reply_facts(self, body: bytes) -> ReplyFacts:
        value = json.peek(body)
        message = json.obj(value)
        reading = Reading(fault=stated_fault(value))
        if reading.fault is None and isinstance(message.get("content"), list):
            reading.terminal = True
            for block in message["content"]:
                _read_block(reading, json.obj(block))
                _check_input(reading, json.obj(block))
            _read_message(reading, message)
            _read_end(reading, message.get("stop_reason"), None)
        elif reading.fault is None and isinstance(message.get("input_tokens"), int):  # count_tokens
            reading.terminal = reading.content = True
            reading.usage = usage_of(message)
        else:
            reading.valid = False
        return reading.facts()

    def scanner(self) -> Scanner:
        return Scanner()

    def unfold(self, body: bytes, *, usage: bool) -> bytes:  # noqa: ARG002 - always told in this format
        return unfold_reply(body)

    def fold(self, events: Iterable[SseEvent]) -> bytes:
        return fold_stream(events)

    def fault(self, body: bytes) -> Fault | None:
        return body_fault(body)

    def restore_model(self, event: SseEvent, asked: str) -> bytes:
        if b"message_start" not in event.raw:
            return event.raw
        return splice_event(event, _STREAMED_MODEL, asked)

    def passes_error(self, event: SseEvent) -> bool:  # noqa: ARG002 - every error event of this format is understood
        return True

    def text_body(self, text: str, *, model: str, request_id: str) -> bytes:
        return orjson.dumps(
            {
                "id": f"msg_{request_id}",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [{"type": "text", "text": text}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 0, "output_tokens": 0},
            }
        )

    def keepalive(self, *, codex: bool) -> bytes:  # noqa: ARG002 - every client of this format knows ping
        return b'event: ping\ndata: {"type": "ping"}\n\n'

    def nudge(self, said: bytes) -> bytes:
        for event in reversed(SseDecoder().feed(said)):
            body = json.obj(json.peek(event.data or b""))
            if body.get("type") in _TELLING:
                return _empty_delta(body)
        return b""

    def error_body(self, answer: Answer) -> bytes:
        return orjson.dumps({**_error(answer), "request_id": answer.request_id})

    def error_frame(self, answer: Answer, seen: ReplyFacts) -> bytes:  # noqa: ARG002 - needs nothing of the answer
        return encode("error", orjson.dumps(_error(answer)))

    def models_body(self, names: tuple[str, ...], windows: Mapping[str, int]) -> bytes:  # noqa: ARG002 - not told here
        ends = {"first_id": names[0], "last_id": names[-1]} if names else {"first_id": None, "last_id": None}
        return orjson.dumps({"data": [_model(name) for name in names], "has_more": False, **ends})

    def model_body(self, name: str) -> bytes:
        return orjson.dumps(_model(name))

    def decode_request(self, body: JsonObject, losses: Losses) -> Request:
        return decode_request(body, losses)

    def encode_request(self, request: Request, target: Target, losses: Losses) -> dict[str, Any]:
        return encode_request(request, target, losses)

    def decode_reply(self, body: JsonObject) -> Reply:
        return decode_reply(body)

    def encode_reply(self, reply: Reply, front: Front) -> dict[str, Any]:
        return encode_reply(reply, front)

    def stream_decoder(self) -> StreamDecoder:
        return StreamDecoder()

    def stream_encoder(self, front: Front) -> StreamEncoder:
        return StreamEncoder(front)


def _error(answer: Answer) -> dict[str, Any]:
    return {"type": "error", "error": {"type": answer.type, "message": answer.message}}


def _empty_delta(body: dict[str, Any]) -> bytes:
    """One more delta of the block that an event is about; empty where that is not text or thinking that goes on."""
    said = json.obj(body.get("content_block") or body.get("delta"))
    delta = _EMPTY_DELTAS.get(json.text(said.get("type")) or "")
    if delta is None or _index(body) is None:
        return b""
    fields = {"type": "content_block_delta", "index": body["index"], "delta": delta}
    return encode("content_block_delta", orjson.dumps(fields))


def _model(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def _without_attribution(system: str) -> str:
    """The system prompt without Claude Code's first block, which changes from turn to turn."""
    return system.partition("\n")[2] if system.startswith(ATTRIBUTION) else system


def _user_texts(body: dict[str, Any]) -> list[str]:
    users = (json.obj(message) for message in json.items(body.get("messages")))
    texts = (json.plain_text(message.get("content")) for message in users if message.get("role") == "user")
    return [text for text in texts if text]


def _index(body: dict[str, Any]) -> int | None:
    index = body.get("index")
    return index if isinstance(index, int) else None


def _read_message(reading: Reading, message: dict[str, Any]) -> None:
    reading.model = json.text(message.get("model"))
    reading.response_id = json.text(message.get("id"))
    if isinstance(usage := message.get("usage"), dict):
        reading.usage = usage_of(usage)


def _read_block(reading: Reading, block: dict[str, Any]) -> None:
    kind = block.get("type")
    if kind == "tool_use":
        reading.tool_calls += 1
    elif kind == "thinking":
        reading.sign(block.get("signature"))
    elif kind == "redacted_thinking":
        reading.sign(block.get("data"))
    # Text and thinking may begin empty; whatever else has begun is content by itself.
    if kind is not None and (kind not in ("text", "thinking") or block.get("text") or block.get("thinking")):
        reading.content = True


def _check_input(reading: Reading, block: dict[str, Any]) -> None:
    if str(block.get("type")).endswith("tool_use") and not isinstance(block.get("input", {}), dict):
        reading.broken_tool = True


def _read_end(reading: Reading, stop_reason: object, usage: object) -> None:
    reading.stop_reason = json.text(stop_reason) or reading.stop_reason
    if reading.stop_reason == "refusal":
        reading.content = True
    if isinstance(usage, dict):
        reading.usage = later_usage(reading.usage, usage)
