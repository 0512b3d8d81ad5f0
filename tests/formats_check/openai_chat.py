"""Reads OpenAI Chat Completions. Source: the API reference of OpenAI (Chat Completions, streaming chunks)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.formats_check.said import Said, Tool, frames, totals

_FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter"})


def chat_stream(raw: bytes) -> Said:
    """Role first, content, one ``finish_reason``, an optional usage chunk, ``[DONE]``."""
    said: Said | None = None
    calls: list[dict[str, Any]] = []
    done = False
    for frame in frames(raw):
        assert frame.name is None, f"an event line {frame.name!r} in a chat stream"
        assert not done, "something after [DONE]"
        chunk = frame.data
        if chunk == "[DONE]":
            done = True
            continue
        assert chunk["object"] == "chat.completion.chunk"
        assert isinstance(chunk["created"], int)
        begins = said is None
        if said is None:
            said = Said(model=chunk["model"], id=chunk["id"])
            assert chunk["id"].startswith("chatcmpl-"), f"id {chunk['id']!r}"
            assert chunk["choices"][0]["delta"].get("role") == "assistant", "the first chunk has no role"
        assert (chunk["id"], chunk["model"]) == (said.id, said.model), "id or model changes between chunks"
        if usage := chunk.get("usage"):
            assert chunk["choices"] == [], "usage in a chunk with choices"
            assert said.stop is not None, "usage before finish_reason"
            assert said.usage is None, "usage twice"
            said.usage = totals(usage, "prompt_tokens", "completion_tokens")
            continue
        (choice,) = chunk["choices"]
        assert choice["index"] == 0
        assert said.stop is None, "a choice after finish_reason"
        assert begins or "role" not in choice["delta"], "a role in a later chunk"
        _chat_delta(choice["delta"], said, calls)
        if choice.get("finish_reason") is not None:
            said.stop = choice["finish_reason"]
    assert said is not None, "no chunk"
    assert done, "no [DONE]"
    for call in calls:
        _chat_tool(said, call)
    _chat_stop(said)
    return said


def _chat_delta(delta: Mapping[str, Any], said: Said, calls: list[dict[str, Any]]) -> None:
    said.text += delta.get("content") or ""
    said.refusal += delta.get("refusal") or ""
    said.thinking += delta.get("reasoning_content") or ""
    for fragment in delta.get("tool_calls") or ():
        index = fragment["index"]
        function = fragment["function"]
        if index == len(calls):
            assert fragment["type"] == "function"
            calls.append({"id": fragment["id"], "function": dict(function)})
            assert function["name"], "a call without a name"
            assert function["arguments"] is not None
            continue
        assert index == len(calls) - 1, f"a fragment for call {index} while call {len(calls) - 1} is written"
        assert "id" not in fragment, "an id in a later fragment"
        assert "name" not in function, "a name in a later fragment"
        calls[index]["function"]["arguments"] += function["arguments"]


def _chat_tool(said: Said, call: Mapping[str, Any]) -> None:
    assert call["id"], "a call without an id"
    assert all(tool.id != call["id"] for tool in said.tools), f"two calls named {call['id']}"
    function = call["function"]
    assert isinstance(json.loads(function["arguments"]), dict), f"arguments of {function['name']} are no object"
    said.tools.append(Tool(call["id"], function["name"], function["arguments"]))


def _chat_stop(said: Said) -> None:
    assert said.stop in _FINISH_REASONS, f"finish_reason {said.stop!r}"
    assert (said.stop == "tool_calls") == bool(said.tools), f"finish_reason {said.stop} with {len(said.tools)} calls"


def chat_reply(raw: bytes) -> Said:
    """A completion that was not streamed."""
    body = json.loads(raw)
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert isinstance(body["created"], int)
    (choice,) = body["choices"]
    assert choice["index"] == 0
    message = choice["message"]
    assert message["role"] == "assistant"
    assert "content" in message
    said = Said(model=body["model"], id=body["id"], stop=choice["finish_reason"])
    said.text = message["content"] or ""
    said.refusal = message.get("refusal") or ""
    said.thinking = message.get("reasoning_content") or ""
    for call in message.get("tool_calls") or ():
        assert call["type"] == "function"
        _chat_tool(said, call)
    said.usage = totals(body["usage"], "prompt_tokens", "completion_tokens")
    _chat_stop(said)
    return said
