"""A chat completion in its other shape: a whole completion as chunks, and chunks as a whole completion.

Some relays answer a request for a stream with JSON, and the other way round. Both shapes say the same; nothing is lost:
fields that are unknown here go over as they are. Source: the API reference of ``POST /v1/chat/completions``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from cccc.formats.openai_chat.calls import Call, Calls
from cccc.ir import json
from cccc.ir.sse import SseEvent, encode

_DONE = b"data: [DONE]\n\n"
_OF_A_CALL = ("index", "id", "function", "custom")


def unfold_reply(body: bytes, *, usage: bool) -> bytes:
    """The chunks of a whole completion; ``usage``: with the last chunk that ``stream_options`` asks for."""
    reply = json.obj(json.peek(body))
    chunks = [encode("", orjson.dumps(chunk)) for chunk in _chunks(reply, usage=usage)]
    return b"".join((*chunks, _DONE))


def fold_stream(events: Iterable[SseEvent]) -> bytes:
    """The whole completion of a stream of chunks."""
    reply: dict[str, Any] = {}
    choices: dict[int, _Choice] = {}
    for event in events:
        chunk = json.obj(json.peek(event.data))
        reply |= {key: value for key, value in chunk.items() if key != "choices" and value is not None}
        for place, choice in enumerate(map(json.obj, json.items(chunk.get("choices")))):
            index = choice.get("index")
            choices.setdefault(index if isinstance(index, int) else place, _Choice()).take(choice)
    whole = [choices[index].whole(index) for index in sorted(choices)]
    return orjson.dumps(reply | {"object": "chat.completion", "choices": whole})


class _Choice:
    """One choice while its deltas come."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {"finish_reason": None}
        self._message: dict[str, Any] = {"role": "assistant", "content": None}
        self._calls = Calls()
        self._rest: dict[Call, dict[str, Any]] = {}

    def take(self, choice: dict[str, Any]) -> None:
        for key, value in choice.items():
            if key not in ("delta", "index") and value is not None:
                self._fields[key] = _joined(self._fields.get(key), value) if key == "logprobs" else value
        for key, value in json.obj(choice.get("delta")).items():
            if key == "tool_calls":
                for call in map(json.obj, json.items(value)):
                    self._call(call)
            elif key == "role":
                self._message[key] = value or "assistant"
            elif value is not None:
                self._message[key] = _joined(self._message.get(key), value)

    def whole(self, index: int) -> dict[str, Any]:
        calls = {"tool_calls": [self._whole(call) for call in self._calls.all]} if self._calls.all else {}
        return {"index": index, "message": self._message | calls, **self._fields}

    def _call(self, fragment: dict[str, Any]) -> None:
        call, _ = self._calls.take(fragment)
        rest = {key: value for key, value in fragment.items() if key not in _OF_A_CALL and value is not None}
        self._rest[call] = self._rest.get(call, {}) | rest

    def _whole(self, call: Call) -> dict[str, Any]:
        if call.custom:
            inner: dict[str, Any] = {"custom": {"name": call.name, "input": call.arguments}}
        else:
            inner = {"function": {"name": call.name, "arguments": call.arguments or "{}"}}
        return {"id": call.id, "type": "custom" if call.custom else "function", **self._rest[call], **inner}


def _joined(old: Any, new: Any) -> Any:
    """Two fragments of one field: texts and lists continue, objects by their fields, the rest is replaced."""
    match old, new:
        case str(), str():
            return old + new
        case list(), list():
            return [*old, *new]
        case dict(), dict():
            return old | {key: _joined(old.get(key), value) for key, value in new.items()}
    return new


def _chunks(reply: dict[str, Any], *, usage: bool) -> Iterator[dict[str, Any]]:
    frame = {key: value for key, value in reply.items() if key not in ("choices", "usage")}
    frame["object"] = "chat.completion.chunk"
    # A client that asks for usage finds the field in every chunk.
    later = {"usage": None} if usage else {}
    choices = [json.obj(choice) for choice in json.items(reply.get("choices"))]
    for place, choice in enumerate(choices):
        index = choice.get("index", place)
        for delta in _deltas(json.obj(choice.get("message"))):
            yield frame | {"choices": [{"index": index, "delta": delta, "finish_reason": None}]} | later
        rest = {key: value for key, value in choice.items() if key not in ("index", "message")}
        yield frame | {"choices": [{"index": index, "delta": {}, **rest}]} | later
    if usage:
        yield frame | {"choices": [], "usage": reply.get("usage")}


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The role first, reasoning before the text, every call by itself."""
    yield {"role": "assistant", "content": ""}
    said = {key: value for key, value in message.items() if value is not None and value != ""}
    calls, content = json.items(said.pop("tool_calls", None)), said.pop("content", None)
    said.pop("role", None)
    for key, value in said.items():
        yield {key: value}
    if content is not None:
        yield {"content": content}
    for index, call in enumerate(map(json.obj, calls)):
        yield {"tool_calls": [{"index": index, **call}]}
