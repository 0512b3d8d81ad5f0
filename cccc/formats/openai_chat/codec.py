"""OpenAI Chat Completions, as OpenAI words it and as the many compatible vendors do.

Source: the API reference of ``POST /v1/chat/completions`` and its chunk object; the vendors' additions
(``reasoning_content``, ``reasoning``, cache counters of their own) as their documentation names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from cccc.domain.answers import Answer
from cccc.domain.endpoint import Action, WireFormat
from cccc.formats.openai_chat.decode_request import decode_request
from cccc.formats.openai_chat.decode_stream import ChunkDecoder
from cccc.formats.openai_chat.encode_request import encode_request
from cccc.formats.openai_chat.encode_stream import ChunkEncoder
from cccc.formats.openai_chat.reply import decode_reply, encode_reply
from cccc.formats.openai_chat.shape import fold_stream, unfold_reply
from cccc.formats.openai_chat.tables import ABILITIES, SYSTEM_ROLES, usage_of
from cccc.ir import json
from cccc.ir.codec import Fault, Front, JsonObject, ReplyFacts, RequestFacts, StreamDecoder, StreamEncoder, Weight
from cccc.ir.faults import bare_fault, body_fault, stated_fault
from cccc.ir.loss import Losses
from cccc.ir.messages import Reply, Request
from cccc.ir.reading import Field, OpenCalls, Reading, first_header, first_problem, thinking_wish
from cccc.ir.splice import splice_event
from cccc.ir.sse import SseEvent, encode
from cccc.ir.target import Target

_CHECKS = (
    Field("model", (str,), "a string", required=True),
    Field("messages", (list,), "an array", required=True),
    Field("stream", (bool,), "true or false"),
)
_SESSION_HEADERS = ("session-id", "session_id", "conversation_id")
_TEXT_KEYS = ("content", "reasoning_content", "reasoning")
_TEXT = re.compile(rb'"(?:content|reasoning_content|reasoning)" ?: ?"([^"\\]+)"')
_CONTENT_KEYS = ("content", "reasoning_content", "reasoning", "reasoning_details", "refusal", "function_call", "audio")

_Frame = tuple[bytes, bytes, int, int]
"""What stands before and after the text in a chunk, and the lengths of both."""


class Scanner:
    """Reads along with a stream of chat completion chunks.

    A chunk that carries nothing but text leaves its frame behind; the next ones with the same frame need no parsing.
    """

    def __init__(self) -> None:
        self._frame: _Frame | None = None
        self._reading = Reading()
        self._calls = OpenCalls()
        self._call_ids: dict[int, str] = {}

    @property
    def facts(self) -> ReplyFacts:
        return self._reading.facts()

    def feed(self, event: SseEvent) -> Weight:
        raw = event.raw
        if self._frame is not None:
            head, tail, head_size, tail_size = self._frame
            # The first quote after the head closes the text, so the text is all that differs.
            if (
                raw.startswith(head)
                and raw.endswith(tail)
                and raw.find(b'"', head_size) == len(raw) - tail_size > head_size
            ):
                return Weight.CONTENT
        return Weight.NOTHING if event.data is None else self._read(event.name, event.data, raw)

    def _read(self, name: str, data: bytes, raw: bytes) -> Weight:
        reading = self._reading
        value = json.peek(data)
        fault = stated_fault(value)
        if fault or name == "error":
            reading.fault = fault or bare_fault(data)
            return Weight.ERROR
        if data.strip() == b"[DONE]":
            reading.broken_tool |= not self._calls.end_all()
            return Weight.TERMINAL
        if value is None:
            reading.valid = False
            return Weight.BROKEN
        if not isinstance(value, dict):
            return Weight.NOTHING
        _read_head(reading, value)
        self._frame = _text_frame(value, raw) or self._frame
        weights = [self._choice(json.obj(choice)) for choice in json.items(value.get("choices"))]
        if Weight.CONTENT in weights:
            return Weight.CONTENT
        return Weight.PREAMBLE if "choices" in value else Weight.NOTHING

    def _choice(self, choice: dict[str, Any]) -> Weight:
        reading = self._reading
        delta = json.obj(choice.get("delta"))
        weight = Weight.PREAMBLE
        if any(delta.get(key) for key in _CONTENT_KEYS):
            reading.content = True
            weight = Weight.CONTENT
        for place, call in enumerate(json.items(delta.get("tool_calls"))):
            reading.content = True
            weight = Weight.CONTENT
            self._call(json.obj(call), place)
        if finish := json.text(choice.get("finish_reason")):
            reading.broken_tool |= not self._calls.end_all()
            _read_finish(reading, finish)
            weight = Weight.CONTENT
        return weight

    def _call(self, call: dict[str, Any], place: int) -> None:
        """A fragment of a call.

        Vendors reuse an index for a new call, which has a name then, and repeat, change or empty the id of an old one.
        """
        index = call.get("index")
        key = index if isinstance(index, int) else place
        function = json.obj(call.get("function"))
        call_id = json.text(call.get("id"))
        if key not in self._calls or (call_id and function.get("name") and call_id != self._call_ids.get(key)):
            self._reading.broken_tool |= not self._calls.end(key)
            self._reading.tool_calls += 1
            self._calls.start(key)
            self._call_ids[key] = call_id or ""
        self._calls.add(key, function.get("arguments"))


class OpenAIChatCodec:
    """The Chat Completions format."""

    wire_format = WireFormat.OPENAI_CHAT
    abilities = ABILITIES
    paths: Mapping[str, Action] = {"/v1/chat/completions": Action.TURN, "/chat/completions": Action.TURN}
    model_path: tuple[str, ...] = ("model",)

    def request_facts(self, body: JsonObject, headers: Mapping[str, str]) -> RequestFacts:
        problem, param = first_problem(body, _CHECKS)
        fields = json.obj(body)
        messages = [json.obj(message) for message in json.items(fields.get("messages"))]
        texts = [text for message in messages if message.get("role") == "user" and (text := _text(message))]
        system = [text for message in messages if message.get("role") in SYSTEM_ROLES and (text := _text(message))]
        return RequestFacts(
            model=json.text(fields.get("model")),
            stream=fields.get("stream") is True,
            session=json.text(fields.get("prompt_cache_key")) or first_header(headers, _SESSION_HEADERS),
            opening="\n".join([*system[:1], *texts[:1]]),
            last_user_text=texts[-1] if texts else "",
            thinking=thinking_wish(fields.get("thinking"), fields.get("reasoning_effort")),
            stream_usage=json.obj(fields.get("stream_options")).get("include_usage") is True,
            problem=problem,
            problem_param=param,
        )

    def reply_facts(self, body: bytes) -> ReplyFacts:
        value = json.peek(body)
        reply = json.obj(value)
        reading = Reading(fault=stated_fault(value))
        choices = json.items(reply.get("choices"))
        reading.valid = reading.fault is None and bool(choices)
        if reading.valid:
            reading.terminal = True
            _read_head(reading, reply)
            for choice in choices:
                _read_choice(reading, json.obj(choice))
        return reading.facts()

    def scanner(self) -> Scanner:
        return Scanner()

    def unfold(self, body: bytes, *, usage: bool) -> bytes:
        return unfold_reply(body, usage=usage)

    def fold(self, events: Iterable[SseEvent]) -> bytes:
        return fold_stream(events)

    def fault(self, body: bytes) -> Fault | None:
        return body_fault(body)

    def restore_model(self, event: SseEvent, asked: str) -> bytes:
        return splice_event(event, self.model_path, asked)

    def passes_error(self, event: SseEvent) -> bool:  # noqa: ARG002 - every error event of this format is understood
        return True

    def text_body(self, text: str, *, model: str, request_id: str) -> bytes:
        message = {"role": "assistant", "content": text}
        return orjson.dumps(
            {
                "id": f"chatcmpl-{request_id}",
                "object": "chat.completion",
                "created": 0,
                "model": model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
            }
        )

    def keepalive(self, *, codex: bool) -> bytes:  # noqa: ARG002 - Codex does not speak this format
        return b": keepalive\n\n"

    def nudge(self, said: bytes) -> bytes:  # noqa: ARG002 - no client of this format needs one
        return b""

    def error_body(self, answer: Answer) -> bytes:
        return orjson.dumps(_error(answer))

    def error_frame(self, answer: Answer, seen: ReplyFacts) -> bytes:  # noqa: ARG002 - needs nothing of the answer
        return encode("", orjson.dumps(_error(answer)))

    def models_body(self, names: tuple[str, ...], windows: Mapping[str, int]) -> bytes:  # noqa: ARG002 - not told here
        return orjson.dumps({"object": "list", "data": [_model(name) for name in names]})

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
        return ChunkDecoder()

    def stream_encoder(self, front: Front) -> StreamEncoder:
        return ChunkEncoder(front)


def _error(answer: Answer) -> dict[str, Any]:
    return {
        "error": {"message": answer.message, "type": answer.type, "param": answer.param, "code": answer.code},
    }


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "cccc"}


def _text_frame(chunk: dict[str, Any], raw: bytes) -> _Frame | None:
    """The frame of a chunk that carries one piece of text and nothing else of interest."""
    choices = json.items(chunk.get("choices"))
    choice = json.obj(choices[0]) if len(choices) == 1 else {}
    said = [key for key, value in json.obj(choice.get("delta")).items() if value and key != "role"]
    if len(said) != 1 or said[0] not in _TEXT_KEYS or choice.get("finish_reason") or chunk.get("usage"):
        return None
    texts = list(_TEXT.finditer(raw))
    if len(texts) != 1 or texts[0][1].decode("utf-8", "replace") != choice["delta"][said[0]]:
        return None
    start, end = texts[0].span(1)
    return raw[:start], raw[end:], start, len(raw) - end


def _text(message: dict[str, Any]) -> str:
    return json.plain_text(message.get("content"))


def _read_head(reading: Reading, value: dict[str, Any]) -> None:
    reading.model = json.text(value.get("model")) or reading.model
    reading.response_id = json.text(value.get("id")) or reading.response_id
    reading.usage = usage_of(value) or reading.usage


def _read_finish(reading: Reading, finish: str) -> None:
    """``[DONE]`` alone proves nothing: relays send it after streams that broke. The reason to stop does."""
    reading.stop_reason = finish
    reading.terminal = True
    if finish == "content_filter":
        reading.content = True


def _read_choice(reading: Reading, choice: dict[str, Any]) -> None:
    message = json.obj(choice.get("message"))
    calls = json.items(message.get("tool_calls"))
    reading.tool_calls += len(calls)
    reading.content |= bool(calls) or any(message.get(key) for key in _CONTENT_KEYS)
    for call in calls:
        arguments = json.obj(json.obj(call).get("function")).get("arguments")
        reading.broken_tool |= not json.is_arguments(arguments)
    if finish := json.text(choice.get("finish_reason")):
        _read_finish(reading, finish)
