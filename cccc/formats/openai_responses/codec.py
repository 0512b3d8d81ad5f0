"""OpenAI Responses. Source: the API reference of ``POST /v1/responses`` and its streaming events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from cccc.domain.answers import Answer
from cccc.domain.endpoint import Action, WireFormat
from cccc.formats.openai_responses.catalogue import catalogue
from cccc.formats.openai_responses.decode_request import decode_request
from cccc.formats.openai_responses.decode_stream import StreamDecoder
from cccc.formats.openai_responses.encode_request import encode_request
from cccc.formats.openai_responses.encode_stream import CompactionEncoder, StreamEncoder
from cccc.formats.openai_responses.reply import decode_reply, encode_reply
from cccc.formats.openai_responses.shape import fold_stream, unfold_reply
from cccc.formats.openai_responses.tables import ABILITIES
from cccc.formats.openai_responses.usage import decode_usage
from cccc.ir import json
from cccc.ir.codec import Fault, Front, JsonObject, ReplyFacts, RequestFacts, Weight
from cccc.ir.faults import bare_fault, body_fault, stated_fault
from cccc.ir.loss import Losses
from cccc.ir.messages import Reply, Request
from cccc.ir.reading import EVENT_ENDS, Field, Reading, first_header, first_problem, thinking_wish
from cccc.ir.splice import splice_event
from cccc.ir.sse import SseEvent, encode
from cccc.ir.target import Target

_CHECKS = (
    Field("model", (str,), "a string", required=True),
    Field("input", (str, list), "a string or an array"),
    Field("stream", (bool,), "true or false"),
)
_SESSION_HEADERS = ("session-id", "session_id", "conversation_id", "thread-id")
_SYSTEM_ROLES = ("system", "developer")
_STREAMED_MODEL = ("response", "model")

_WEIGHTS = {
    "keepalive": Weight.NOTHING,
    "response.created": Weight.PREAMBLE,
    "response.queued": Weight.PREAMBLE,
    "response.in_progress": Weight.PREAMBLE,
    "response.completed": Weight.TERMINAL,
    "response.incomplete": Weight.TERMINAL,
    "response.failed": Weight.ERROR,
    "error": Weight.ERROR,
}
"""Events about the whole response. All others of it (two dots and more) are about one of its parts."""

_FRAGMENTS = (
    b'"type":"response.output_text.delta"',
    b'"type":"response.reasoning_summary_text.delta"',
    b'"type":"response.reasoning_text.delta"',
    b'"type":"response.function_call_arguments.delta"',
    b'"type":"response.custom_tool_call_input.delta"',
)
_CALLS = {
    "apply_patch_call",
    "computer_call",
    "custom_tool_call",
    "function_call",
    "local_shell_call",
    "mcp_approval_request",
    "shell_call",
    "tool_search_call",
}
"""Output items that the client has to act upon."""

_SEQUENCE = re.compile(rb'"sequence_number" ?: ?(\d{1,15})')


class Scanner:
    """Reads along with a stream of Responses events."""

    def __init__(self) -> None:
        self._reading = Reading()
        self._numbered = b""

    @property
    def facts(self) -> ReplyFacts:
        if numbers := _SEQUENCE.findall(self._numbered):
            self._reading.sequence_number = int(numbers[-1])
        return self._reading.facts()

    def feed(self, event: SseEvent) -> Weight:
        raw = event.raw
        # Quotes inside JSON strings are escaped, so these can only be the event's own keys and values.
        if raw.endswith(EVENT_ENDS) and b'"delta":""' not in raw:
            for fragment in _FRAGMENTS:
                if fragment in raw:
                    self._numbered = raw
                    self._reading.content = True
                    return Weight.CONTENT
        if b'"sequence_number"' in raw:
            self._numbered = raw
        return Weight.NOTHING if event.data is None else self._read(event.name, event.data)

    def _read(self, name: str, data: bytes) -> Weight:
        reading = self._reading
        value = json.peek(data)
        body = json.obj(value)
        kind = json.text(body.get("type")) or name
        weight = _weight(kind)
        response = json.obj(body.get("response"))
        if weight is Weight.TERMINAL and response.get("status") == "failed":
            weight = Weight.ERROR
        if weight is Weight.ERROR or (weight is Weight.NOTHING and body.get("error")):
            _read_response(reading, response)
            reading.fault = stated_fault(response) or stated_fault(value) or bare_fault(data)
            return Weight.ERROR
        if value is None and data.strip() != b"[DONE]":
            reading.valid = False
            return Weight.BROKEN
        if response:
            _read_response(reading, response)
        if weight is Weight.TERMINAL:
            _read_end(reading, response)
            reading.terminal = True
        elif kind == "response.output_item.done":
            _read_item(reading, json.obj(body.get("item")))
        elif body.get("delta"):
            reading.content = True
        return weight


class OpenAIResponsesCodec:
    """The Responses format."""

    wire_format = WireFormat.OPENAI_RESPONSES
    abilities = ABILITIES
    paths: Mapping[str, Action] = {
        "/v1/responses": Action.TURN,
        "/responses": Action.TURN,
        "/v1/responses/compact": Action.COMPACT,
        "/responses/compact": Action.COMPACT,
    }
    model_path: tuple[str, ...] = ("model",)

    def request_facts(self, body: JsonObject, headers: Mapping[str, str]) -> RequestFacts:
        problem, param = first_problem(body, _CHECKS)
        fields = json.obj(body)
        given = fields.get("input")
        entries = [{"role": "user", "content": given}] if isinstance(given, str) else map(json.obj, json.items(given))
        said = [(entry.get("role"), json.plain_text(entry.get("content"))) for entry in entries]
        users = [text for role, text in said if role == "user" and text]
        system = [text for role, text in said if role in _SYSTEM_ROLES and text]
        conversation = fields.get("conversation")
        return RequestFacts(
            model=json.text(fields.get("model")),
            stream=fields.get("stream") is True,
            session=json.text(fields.get("prompt_cache_key")) or first_header(headers, _SESSION_HEADERS),
            opening="\n".join([json.text(fields.get("instructions")) or "", *system[:1], *users[:1]]),
            last_user_text=users[-1] if users else "",
            thinking=thinking_wish(None, json.obj(fields.get("reasoning")).get("effort")),
            state_ref=json.text(fields.get("previous_response_id"))
            or json.text(conversation)
            or json.text(json.obj(conversation).get("id")),
            stored=fields.get("store") is not False,
            problem=problem,
            problem_param=param,
        )

    def reply_facts(self, body: bytes) -> ReplyFacts:
        value = json.peek(body)
        response = json.obj(value)
        reading = Reading(fault=stated_fault(value))
        reading.valid = reading.fault is None and isinstance(response.get("output"), list)
        _read_response(reading, response)
        if reading.valid:
            _read_end(reading, response)
            # A response that runs in the background is fetched later: being accepted is its whole answer.
            reading.content |= response.get("status") in ("queued", "in_progress")
            reading.terminal = True
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
        raw = event.raw
        # Only events about the whole response hold it; the fragments are by far the most.
        if b'"response"' not in raw:
            return raw
        return splice_event(event, _STREAMED_MODEL, asked)

    def passes_error(self, event: SseEvent) -> bool:
        """Codex and the SDKs end on ``response.failed``; Codex ignores events of the type ``error``."""
        return event.name == "response.failed" or b'"response.failed"' in event.raw

    def text_body(self, text: str, *, model: str, request_id: str) -> bytes:
        message = {
            "id": f"msg_{request_id}",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }
        return orjson.dumps(
            {
                "id": f"resp_{request_id}",
                "object": "response",
                "created_at": 0,
                "status": "completed",
                "model": model,
                "output": [message],
                "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
            }
        )

    def keepalive(self, *, codex: bool) -> bytes:
        """Codex counts events only, but any; without a sequence number, so that none has to be renumbered."""
        return b'event: keepalive\ndata: {"type":"keepalive"}\n\n' if codex else b": keepalive\n\n"

    def nudge(self, said: bytes) -> bytes:  # noqa: ARG002 - no client of this format needs one
        return b""

    def error_body(self, answer: Answer) -> bytes:
        return orjson.dumps(
            {"error": {"message": answer.message, "type": answer.type, "param": answer.param, "code": answer.code}}
        )

    def error_frame(self, answer: Answer, seen: ReplyFacts) -> bytes:
        last = seen.sequence_number
        response = {
            "id": seen.response_id or f"resp_{answer.request_id}",
            "object": "response",
            "created_at": 0,
            "status": "failed",
            "model": seen.model or "",
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "error": {"code": answer.code or answer.type, "message": answer.message},
            "incomplete_details": None,
            "usage": None,
        }
        frame = {
            "type": "response.failed",
            "sequence_number": 0 if last is None else last + 1,
            "response": response,
        }
        return encode("response.failed", orjson.dumps(frame))

    def models_body(self, names: tuple[str, ...], windows: Mapping[str, int]) -> bytes:
        """OpenAI's list, and the catalogue that Codex looks for beside it."""
        listed = [_model(name) for name in names]
        return orjson.dumps({"object": "list", "data": listed, "models": catalogue(names, windows)})

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

    def stream_encoder(self, front: Front) -> StreamEncoder | CompactionEncoder:
        return CompactionEncoder(front) if front.compact else StreamEncoder(front)


def _weight(kind: str) -> Weight:
    known = _WEIGHTS.get(kind)
    if known is not None:
        return known
    if not kind.startswith("response."):
        return Weight.NOTHING
    return Weight.CONTENT if kind.count(".") > 1 else Weight.PREAMBLE


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "cccc"}


def _read_response(reading: Reading, response: dict[str, Any]) -> None:
    reading.model = json.text(response.get("model")) or reading.model
    reading.response_id = json.text(response.get("id")) or reading.response_id
    if usage := json.obj(response.get("usage")):
        reading.usage = decode_usage(usage)


def _read_end(reading: Reading, response: dict[str, Any]) -> None:
    """The whole response at its end: its output counts where no finished item was seen before."""
    reason = json.text(json.obj(response.get("incomplete_details")).get("reason"))
    reading.stop_reason = reason or json.text(response.get("status"))
    if reason == "content_filter":
        reading.content = True
    if not reading.tool_calls:
        for item in json.items(response.get("output")):
            _read_item(reading, json.obj(item))


def _read_item(reading: Reading, item: dict[str, Any]) -> None:
    kind = json.text(item.get("type"))
    if kind == "message":
        parts = map(json.obj, json.items(item.get("content")))
        reading.content |= any(part.get("text") or part.get("refusal") or part.get("audio") for part in parts)
    elif kind == "reasoning":
        reading.content |= any(item.get(key) for key in ("summary", "content", "encrypted_content"))
        reading.sign(item.get("encrypted_content"))
    elif kind is not None:
        reading.content = True
    if kind in _CALLS:
        reading.tool_calls += 1
    if kind == "function_call":
        reading.broken_tool |= not json.is_arguments(item.get("arguments"))
