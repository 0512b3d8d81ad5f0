"""Reads Anthropic Messages. Source: the API reference of Anthropic (Messages, Streaming Messages)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.formats_check.said import Said, Tool, counts, frames

LEGAL_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")


def anthropic_stream(raw: bytes) -> Said:
    """``message_start``, blocks one after another with indices 0, 1, 2, one ``message_delta``, ``message_stop``."""
    said: Said | None = None
    blocks: list[dict[str, Any]] = []
    is_open = False
    stopped = False
    for frame in frames(raw):
        data = frame.data
        kind = data["type"]
        assert frame.name == kind, f"event line {frame.name!r} over type {kind!r}"
        assert not stopped, f"{kind} after message_stop"
        if kind == "ping":
            continue
        if kind == "message_start":
            assert said is None, "two message_start"
            said = _anthropic_message(data["message"])
            assert data["message"]["content"] == [], "message_start with content"
            assert data["message"]["stop_reason"] is None, "message_start with a stop_reason"
            continue
        assert said is not None, f"{kind} before message_start"
        said.events.append(kind)
        assert said.stop is None or kind == "message_stop", f"{kind} after message_delta"
        match kind:
            case "content_block_start":
                assert not is_open, "a block opened within another"
                assert data["index"] == len(blocks), f"index {data['index']}, expected {len(blocks)}"
                is_open = True
                block = data["content_block"]
                blocks.append(block | {"_parts": [], "_signed": 0})
                _anthropic_opened(block)
            case "content_block_delta":
                assert is_open, "a delta outside a block"
                assert data["index"] == len(blocks) - 1, f"a delta for block {data['index']}"
                _anthropic_delta(blocks[-1], data["delta"])
            case "content_block_stop":
                assert is_open, "a block closed twice"
                assert data["index"] == len(blocks) - 1, f"block {data['index']} closed"
                is_open = False
                _anthropic_closed(blocks[-1], said)
            case "message_delta":
                assert not is_open, "message_delta within a block"
                said.stop = data["delta"]["stop_reason"]
                assert isinstance(said.stop, str), "message_delta without a stop_reason"
                assert "stop_sequence" in data["delta"]
                said.refusal = (data["delta"].get("stop_details") or {}).get("explanation") or ""
                said.usage = (said.usage or {}) | counts(data["usage"], "output_tokens")
            case "message_stop":
                assert said.stop is not None, "message_stop without message_delta"
                stopped = True
            case _:
                raise AssertionError(f"unknown event {kind}")
    assert said is not None, "no message_start"
    assert stopped, "no message_stop"
    _anthropic_stop(said)
    return said


def _anthropic_message(message: Mapping[str, Any]) -> Said:
    assert message["type"] == "message"
    assert message["role"] == "assistant"
    assert message["id"].startswith("msg_"), f"id {message['id']!r}"
    assert "stop_sequence" in message
    usage = counts(message["usage"], "input_tokens", "output_tokens")
    return Said(model=message["model"], id=message["id"], usage=usage)


def _anthropic_opened(block: Mapping[str, Any]) -> None:
    match block["type"]:
        case "text":
            assert block["text"] == "", "content_block_start of a text with text"
        case "thinking":
            assert block["thinking"] == "", "content_block_start of thinking with text"
        case "tool_use":
            assert block["input"] == {}, "content_block_start of a tool with input"
        case "redacted_thinking":
            assert block["data"]
        case other:
            raise AssertionError(f"unknown block {other}")


_ANTHROPIC_DELTAS = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("tool_use", "partial_json"),
    "signature_delta": ("thinking", "signature"),
}


def _anthropic_delta(block: dict[str, Any], delta: Mapping[str, Any]) -> None:
    assert delta["type"] in _ANTHROPIC_DELTAS, f"unknown delta {delta['type']}"
    of, key = _ANTHROPIC_DELTAS[delta["type"]]
    assert block["type"] == of, f"{delta['type']} in a {block['type']} block"
    if delta["type"] == "signature_delta":
        block["_signed"] += 1
        block["signature"] = delta[key]
    else:
        assert not block["_signed"], "thinking after its signature"
        block["_parts"].append(delta[key])


def _anthropic_closed(block: dict[str, Any], said: Said) -> None:
    whole = "".join(block["_parts"])
    match block["type"]:
        case "text":
            said.text += whole
        case "thinking":
            assert block["_signed"] == 1, f"{block['_signed']} signatures in a thinking block"
            assert block["signature"], "an empty signature"
            said.thinking += whole
        case "tool_use":
            _anthropic_tool(said, block["id"], block["name"], whole or "{}")


def _anthropic_tool(said: Said, call_id: str, name: str, arguments: str) -> None:
    assert LEGAL_TOOL_ID.fullmatch(call_id), f"tool id {call_id!r}"
    assert all(tool.id != call_id for tool in said.tools), f"two calls named {call_id}"
    assert isinstance(json.loads(arguments), dict), f"arguments of {name} are no object"
    said.tools.append(Tool(call_id, name, arguments))


def _anthropic_stop(said: Said) -> None:
    assert (said.stop == "tool_use") == bool(said.tools), f"stop_reason {said.stop} with {len(said.tools)} calls"


def anthropic_reply(raw: bytes) -> Said:
    """A message that was not streamed."""
    message = json.loads(raw)
    said = _anthropic_message(message)
    for block in message["content"]:
        match block["type"]:
            case "text":
                said.text += block["text"]
            case "thinking":
                assert block["signature"], "thinking without a signature"
                said.thinking += block["thinking"]
            case "tool_use":
                _anthropic_tool(said, block["id"], block["name"], json.dumps(block["input"]))
            case other:
                raise AssertionError(f"unknown block {other}")
    said.stop = message["stop_reason"]
    said.refusal = (message.get("stop_details") or {}).get("explanation") or ""
    assert isinstance(said.stop, str)
    _anthropic_stop(said)
    return said
