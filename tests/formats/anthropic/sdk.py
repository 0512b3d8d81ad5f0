"""Anthropic's own Python types as judges of what is written in its format."""

from __future__ import annotations

from typing import Any

import orjson
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from pydantic import TypeAdapter

from tests.formats_check import Said, anthropic_reply, anthropic_stream, frames

_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
_MESSAGE: TypeAdapter[Any] = TypeAdapter(Message)
_WHOLE: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsNonStreaming)
_STREAMED: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsStreaming)
_KINDS_OF_RESULT = frozenset({"text", "image", "document", "search_result", "tool_reference"})


def checked_stream(raw: bytes) -> Said:
    """A whole stream, by the SDK's types and by the rules of the format."""
    for frame in frames(raw):
        _EVENT.validate_json(orjson.dumps(frame.data), strict=True)
    return anthropic_stream(raw)


def checked_reply(body: dict[str, Any]) -> Said:
    """A whole answer, likewise."""
    raw = orjson.dumps(body)
    _MESSAGE.validate_json(raw, strict=True)
    return anthropic_reply(raw)


def checked_request(body: dict[str, Any]) -> dict[str, Any]:
    """A request by the SDK's types, and by what the API refuses beyond them."""
    _walk((_STREAMED if body.get("stream") else _WHOLE).validate_python(body))
    _check_turns(body["messages"])
    assert sum(1 for block in _blocks(body) if "cache_control" in block) <= 4
    for block in _blocks(body):
        assert block.get("type") != "text" or block["text"].strip()
    thinking = body.get("thinking", {})
    if thinking.get("type") == "enabled":
        assert 1024 <= thinking["budget_tokens"] < body["max_tokens"]
        assert not {"temperature", "top_p", "top_k"} & set(body)
        assert body.get("tool_choice", {}).get("type") not in ("any", "tool")
        assert body["messages"][-1]["role"] == "user"
    assert not {"temperature", "top_p"} <= set(body)
    assert 0 <= body.get("temperature", 0) <= 1
    names = [tool["name"] for tool in body.get("tools", [])]
    assert len(names) == len(set(names))
    for tool in body.get("tools", []):
        schema = tool.get("input_schema", {"type": "object"})
        assert schema["type"] == "object"
        assert not {"oneOf", "anyOf", "allOf"} & set(schema)
    assert all(stop.strip() for stop in body.get("stop_sequences", []))
    return body


def _check_turns(turns: list[dict[str, Any]]) -> None:
    assert [turn["role"] for turn in turns] == [("user", "assistant")[at % 2] for at in range(len(turns))]
    open_calls: list[str] = []
    for turn in turns:
        kinds = [block["type"] for block in turn["content"]]
        assert kinds, "a turn without content"
        results = [block["tool_use_id"] for block in turn["content"] if block["type"] == "tool_result"]
        assert kinds[: len(results)] == ["tool_result"] * len(results)
        assert sorted(results) == sorted(open_calls)
        open_calls = [block["id"] for block in turn["content"] if block["type"] == "tool_use"]
        if turn["role"] == "assistant":
            assert kinds[-1] not in ("thinking", "redacted_thinking")
        for block in turn["content"]:
            held = block.get("content") if isinstance(block.get("content"), list) else []
            assert {one["type"] for one in held} <= ({"text"} if block.get("is_error") else _KINDS_OF_RESULT)
    last = turns[-1]
    if last["role"] == "assistant" and last["content"][-1]["type"] == "text":
        assert last["content"][-1]["text"] == last["content"][-1]["text"].rstrip()


def _blocks(body: dict[str, Any]) -> list[dict[str, Any]]:
    turns = [block for turn in body["messages"] for block in turn["content"]]
    held = [one for block in turns if isinstance(block.get("content"), list) for one in block["content"]]
    return [*body.get("tools", []), *body.get("system", []), *turns, *held]


def _walk(value: Any) -> None:
    """Validate what the SDK's types check only when it is read."""
    if isinstance(value, dict):
        for inner in value.values():
            _walk(inner)
    elif hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        for inner in value:
            _walk(inner)
