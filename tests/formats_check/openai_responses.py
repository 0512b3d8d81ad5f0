"""Reads OpenAI Responses. Source: the API reference of OpenAI (Responses, streaming events)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.formats_check.said import Said, Tool, counts, frames, totals

_ITEM_PREFIX = {
    "message": "msg_",
    "reasoning": "rs_",
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
    "local_shell_call": "lsh_",
    "tool_search_call": "tsc_",
    "compaction": "cmp_",
}

_RESPONSE_ENDS = frozenset({"response.completed", "response.incomplete"})

_DELTAS = {
    "response.output_text.delta": "response.output_text.done",
    "response.refusal.delta": "response.refusal.done",
    "response.reasoning_summary_text.delta": "response.reasoning_summary_text.done",
    "response.reasoning_text.delta": "response.reasoning_text.done",
    "response.function_call_arguments.delta": "response.function_call_arguments.done",
    "response.custom_tool_call_input.delta": "response.custom_tool_call_input.done",
}
_DONE_FIELD = {
    "response.output_text.done": "text",
    "response.refusal.done": "refusal",
    "response.reasoning_summary_text.done": "text",
    "response.reasoning_text.done": "text",
    "response.function_call_arguments.done": "arguments",
    "response.custom_tool_call_input.done": "input",
}
_CONTENT = {"output_text": "text", "refusal": "refusal"}
_PARTS = ("response.content_part.", "response.reasoning_summary_part.")


class _Item:
    """An output item while its events come."""

    def __init__(self, index: int, item: Mapping[str, Any]) -> None:
        self.index = index
        self.id = item["id"]
        self.type = item["type"]
        self.written = ""
        self.finished: list[str] = []
        self.part_open = False

    def take(self, kind: str, data: Mapping[str, Any]) -> None:
        assert data["output_index"] == self.index, f"{kind} for output {data['output_index']}, open is {self.index}"
        assert data["item_id"] == self.id, f"{kind} for item {data['item_id']}, open is {self.id}"
        if kind.startswith(_PARTS):
            opens = kind.endswith(".added")
            assert self.part_open != opens, f"{kind} out of order"
            self.part_open = opens
        elif kind in _DELTAS:
            self.written += data["delta"]
        else:
            assert kind in _DONE_FIELD, f"unknown event {kind}"
            whole = data[_DONE_FIELD[kind]]
            assert whole == self.written, f"{kind} says {whole!r}, the deltas said {self.written!r}"
            self.finished.append(whole)
            self.written = ""

    def close(self, item: Mapping[str, Any]) -> None:
        assert not self.part_open, "output_item.done within a part"
        assert self.written == "", f"deltas of {self.id} without their done event"
        assert (item["id"], item["type"]) == (self.id, self.type), "output_item.done of another item"
        contents = {
            "message": lambda: [part[_CONTENT[part["type"]]] for part in item["content"]],
            "reasoning": lambda: [part["text"] for part in (*item["summary"], *(item.get("content") or ()))],
            "function_call": lambda: [item["arguments"]],
            "custom_tool_call": lambda: [item["input"]],
        }
        if self.type in contents:
            assert self.finished == contents[self.type](), f"item {self.id} differs from its events"


def responses_stream(raw: bytes) -> Said:
    """``created``, ``in_progress``, items one after another, ``completed`` with all of them; numbers without gaps."""
    said: Said | None = None
    number = 0
    output: list[dict[str, Any]] = []
    current: _Item | None = None
    ended = False
    for frame in frames(raw):
        data = frame.data
        kind = data["type"]
        assert frame.name == kind, f"event line {frame.name!r} over type {kind!r}"
        if kind == "keepalive":
            continue
        assert not ended, f"{kind} after the end"
        assert data["sequence_number"] == number, f"{kind} has number {data['sequence_number']}, expected {number}"
        number += 1
        if said is None:
            assert kind == "response.created", f"{kind} comes first"
            said = Said(model=data["response"]["model"], id=data["response"]["id"])
            assert said.id.startswith("resp_"), f"id {said.id!r}"
            assert data["response"]["status"] == "in_progress"
            continue
        said.events.append(kind)
        match kind:
            case "response.in_progress":
                assert not output, "response.in_progress after an item"
            case "response.output_item.added":
                assert current is None, "an item opened within another"
                assert data["output_index"] == len(output), f"output_index {data['output_index']}"
                current = _Item(len(output), data["item"])
            case "response.output_item.done":
                assert current is not None, "an item closed that is not open"
                assert data["output_index"] == current.index
                current.close(data["item"])
                output.append(data["item"])
                current = None
            case _ if kind in _RESPONSE_ENDS:
                assert current is None, f"{kind} within an item"
                response = data["response"]
                assert response["output"] == output, "the final output differs from the items"
                _response(response, said)
                ended = True
            case _:
                assert current is not None, f"{kind} outside an item"
                current.take(kind, data)
    assert said is not None, "no response.created"
    assert ended, "no terminal event"
    return said


def _response(response: Mapping[str, Any], said: Said) -> None:
    assert response["object"] == "response"
    assert (response["id"], response["model"]) == (said.id, said.model), "id or model changes"
    assert response["status"] in ("completed", "incomplete")
    assert isinstance(response["created_at"], int)
    said.stop = response["status"]
    if said.stop == "incomplete":
        said.stop = response["incomplete_details"]["reason"]
    said.usage = totals(response["usage"], "input_tokens", "output_tokens")
    counts(response["usage"]["input_tokens_details"], "cached_tokens")
    counts(response["usage"]["output_tokens_details"], "reasoning_tokens")
    for item in response["output"]:
        assert item["type"] in _ITEM_PREFIX, f"unknown item {item['type']}"
        assert item["id"].startswith(_ITEM_PREFIX[item["type"]]), f"id {item['id']!r} of a {item['type']}"
        match item["type"]:
            case "message":
                assert item["role"] == "assistant"
                said.text += "".join(part["text"] for part in item["content"] if part["type"] == "output_text")
                said.refusal += "".join(part["refusal"] for part in item["content"] if part["type"] == "refusal")
            case "reasoning":
                said.thinking += "".join(part["text"] for part in (*item["summary"], *(item.get("content") or ())))
            case "function_call":
                assert isinstance(json.loads(item["arguments"]), dict), f"arguments of {item['name']} are no object"
                said.tools.append(Tool(item["call_id"], item["name"], item["arguments"], False, item.get("namespace")))
            case "custom_tool_call":
                said.tools.append(Tool(item["call_id"], item["name"], item["input"], True, item.get("namespace")))
            case "local_shell_call":
                assert isinstance(item["action"], dict), "the action of a local shell is no object"
                said.tools.append(Tool(item["call_id"], "local_shell", json.dumps(item["action"])))
            case "tool_search_call":
                assert isinstance(item["arguments"], dict), "the arguments of a search for tools are no object"
                said.tools.append(Tool(item["call_id"], "tool_search", json.dumps(item["arguments"])))
    ids = [tool.id for tool in said.tools]
    assert all(ids), "a call without call_id"
    assert len(ids) == len(set(ids)), "two calls with one call_id"


def responses_reply(raw: bytes) -> Said:
    """A response that was not streamed."""
    response = json.loads(raw)
    said = Said(model=response["model"], id=response["id"])
    assert said.id.startswith("resp_"), f"id {said.id!r}"
    _response(response, said)
    return said
