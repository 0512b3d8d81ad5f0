"""Strict readers of answers in each wire format, written from the API references and sharing no code with ``cccc``.

Each takes the bytes of an answer and either returns what was said as a ``Said``, the same for all formats, or raises
``AssertionError`` naming the first rule that is broken (``KeyError`` for a field that is missing, ``ValueError`` for
what is not JSON). A stream must be whole: exactly one terminal event, at its end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cccc.domain.endpoint import WireFormat

LEGAL_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")


@dataclass
class Tool:
    """A tool call. ``arguments`` is JSON text, or the free text of a custom tool."""

    id: str
    name: str
    arguments: str
    custom: bool = False
    namespace: str | None = None


@dataclass
class Said:
    """An answer's meaning. ``stop`` is in the format's own words; ``usage`` likewise."""

    model: str
    id: str
    text: str = ""
    thinking: str = ""
    tools: list[Tool] = field(default_factory=list)
    stop: str | None = None
    usage: dict[str, Any] | None = None
    events: list[str] = field(default_factory=list)


@dataclass
class Frame:
    """One server-sent event: the ``event:`` line and the parsed data (``[DONE]`` stays text)."""

    name: str | None
    data: Any


def frames(raw: bytes) -> list[Frame]:
    """The events of a stream as our own providers and encoders write them: LF or CRLF, no partial event at the end."""
    text = raw.decode("utf-8").replace("\r\n", "\n")
    assert text == "" or text.endswith("\n\n"), f"the stream ends within an event: {text[-60:]!r}"
    found = []
    for block in filter(None, text.split("\n\n")):
        name: str | None = None
        data: list[str] = []
        for line in block.split("\n"):
            if line.startswith(":"):
                continue
            key, colon, value = line.partition(":")
            assert colon, f"a line that is no field: {line!r}"
            value = value.removeprefix(" ")
            match key:
                case "event":
                    assert name is None, f"two event lines: {block!r}"
                    name = value
                case "data":
                    data.append(value)
                case _:
                    raise AssertionError(f"unknown field {key!r}")
        if data:
            joined = "\n".join(data)
            found.append(Frame(name, joined if joined == "[DONE]" else json.loads(joined)))
    return found


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
                said.usage = (said.usage or {}) | _counts(data["usage"], "output_tokens")
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
    usage = _counts(message["usage"], "input_tokens", "output_tokens")
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
    assert isinstance(said.stop, str)
    _anthropic_stop(said)
    return said


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
            said.usage = _totals(usage, "prompt_tokens", "completion_tokens")
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
    said.thinking = message.get("reasoning_content") or ""
    for call in message.get("tool_calls") or ():
        assert call["type"] == "function"
        _chat_tool(said, call)
    said.usage = _totals(body["usage"], "prompt_tokens", "completion_tokens")
    _chat_stop(said)
    return said


_ITEM_PREFIX = {
    "message": "msg_",
    "reasoning": "rs_",
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
    "compaction": "cmp_",
}

_RESPONSE_ENDS = frozenset({"response.completed", "response.incomplete"})

_DELTAS = {
    "response.output_text.delta": "response.output_text.done",
    "response.reasoning_summary_text.delta": "response.reasoning_summary_text.done",
    "response.reasoning_text.delta": "response.reasoning_text.done",
    "response.function_call_arguments.delta": "response.function_call_arguments.done",
    "response.custom_tool_call_input.delta": "response.custom_tool_call_input.done",
}
_DONE_FIELD = {
    "response.output_text.done": "text",
    "response.reasoning_summary_text.done": "text",
    "response.reasoning_text.done": "text",
    "response.function_call_arguments.done": "arguments",
    "response.custom_tool_call_input.done": "input",
}
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
            "message": lambda: [part["text"] for part in item["content"] if part["type"] == "output_text"],
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
    said.usage = _totals(response["usage"], "input_tokens", "output_tokens")
    _counts(response["usage"]["input_tokens_details"], "cached_tokens")
    _counts(response["usage"]["output_tokens_details"], "reasoning_tokens")
    for item in response["output"]:
        assert item["type"] in _ITEM_PREFIX, f"unknown item {item['type']}"
        assert item["id"].startswith(_ITEM_PREFIX[item["type"]]), f"id {item['id']!r} of a {item['type']}"
        match item["type"]:
            case "message":
                assert item["role"] == "assistant"
                said.text += "".join(part["text"] for part in item["content"] if part["type"] == "output_text")
            case "reasoning":
                said.thinking += "".join(part["text"] for part in (*item["summary"], *(item.get("content") or ())))
            case "function_call":
                assert isinstance(json.loads(item["arguments"]), dict), f"arguments of {item['name']} are no object"
                said.tools.append(Tool(item["call_id"], item["name"], item["arguments"], False, item.get("namespace")))
            case "custom_tool_call":
                said.tools.append(Tool(item["call_id"], item["name"], item["input"], True, item.get("namespace")))
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


def _counts(usage: Mapping[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = usage[name]
        assert isinstance(value, int), f"{name} is {value!r}"
        assert value >= 0, f"{name} is {value!r}"
    return dict(usage)


def _totals(usage: Mapping[str, Any], given: str, made: str) -> dict[str, Any]:
    counts = _counts(usage, given, made, "total_tokens")
    assert counts[given] + counts[made] == counts["total_tokens"], f"usage does not add up: {counts}"
    return counts


STREAM: Mapping[WireFormat, Callable[[bytes], Said]] = {
    WireFormat.ANTHROPIC: anthropic_stream,
    WireFormat.OPENAI_CHAT: chat_stream,
    WireFormat.OPENAI_RESPONSES: responses_stream,
}

REPLY: Mapping[WireFormat, Callable[[bytes], Said]] = {
    WireFormat.ANTHROPIC: anthropic_reply,
    WireFormat.OPENAI_CHAT: chat_reply,
    WireFormat.OPENAI_RESPONSES: responses_reply,
}
