"""What endpoints can answer, in the words of each format that can say it: the rows of the page's last tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cccc.domain.endpoint import WireFormat
from cccc.formats.reference.outcome import REPLIES as PLAIN
from cccc.formats.reference.outcome import Feature, Json

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

_TEXT_A: Json = PLAIN[A]["content"][0]
_ITEM: Json = PLAIN[R]["output"][0]
_CALLS = ("call_1", "call_2")


def _blocks(*blocks: Json, **more: Any) -> Json:
    return {"content": list(blocks), **more}


def _choice(finish: str = "stop", **message: Any) -> Json:
    choice: Json = PLAIN[C]["choices"][0]
    return {"choices": [choice | {"message": choice["message"] | message, "finish_reason": finish}]}


def _items(*items: Json, **more: Any) -> Json:
    return {"output": list(items), **more}


def _use(call_id: str) -> Json:
    return {"type": "tool_use", "id": call_id, "name": "read", "input": {"path": "a"}}


def _call(call_id: str) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": "read", "arguments": '{"path":"a"}'}}


def _function_call(call_id: str) -> Json:
    call = {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": "read", "status": "completed"}
    return call | {"arguments": '{"path":"a"}'}


def _reasoning(words: str, **more: Any) -> Json:
    summary = [{"type": "summary_text", "text": words}] if words else []
    return {"type": "reasoning", "id": "rs_1", "summary": summary, **more}


def _usage(a: Json, c: Json, r: Json) -> Mapping[WireFormat, Json]:
    return {key: {"usage": PLAIN[key]["usage"] | more} for key, more in ((A, a), (C, c), (R, r))}


_NO_WORDS = {A: _blocks(), C: _choice(content=None), R: _items()}
_CITATION = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 5}
_CITED_A = {"type": "web_search_result_location", "url": "https://a.example", "cited_text": "Hello", "title": "A"}

_REPLY = (
    Feature("text", {A: _blocks(_TEXT_A), C: _choice(), R: _items(_ITEM)}, _NO_WORDS),
    Feature(
        "refusal in words",
        {
            A: _blocks(stop_reason="refusal", stop_details={"type": "refusal", "explanation": "No."}),
            C: _choice(content=None, refusal="No."),
            R: _items(_ITEM | {"content": [{"type": "refusal", "refusal": "No."}]}),
        },
        _NO_WORDS,
    ),
    Feature(
        "thinking in words",
        {C: _choice(reasoning_content="Greet."), R: _items(_reasoning("Greet."), _ITEM)},
    ),
    Feature(
        "thinking with its seal",
        {
            A: _blocks({"type": "thinking", "thinking": "Greet.", "signature": "c2ln"}, _TEXT_A),
            R: _items(_reasoning("Greet.", encrypted_content="gAAA"), _ITEM),
        },
    ),
    Feature(
        "sealed thinking without words",
        {
            A: _blocks({"type": "redacted_thinking", "data": "c2ln"}, _TEXT_A),
            R: _items(_reasoning("", encrypted_content="gAAA"), _ITEM),
        },
    ),
    Feature(
        "tool call",
        {
            A: _blocks(_use("call_1"), stop_reason="tool_use"),
            C: _choice("tool_calls", content=None, tool_calls=[_call("call_1")]),
            R: _items(_function_call("call_1")),
        },
        _NO_WORDS,
    ),
    Feature(
        "several calls at once",
        {
            A: _blocks(*map(_use, _CALLS), stop_reason="tool_use"),
            C: _choice("tool_calls", content=None, tool_calls=[*map(_call, _CALLS)]),
            R: _items(*map(_function_call, _CALLS)),
        },
        _NO_WORDS,
    ),
    Feature(
        "searches that the vendor ran",
        {
            A: _blocks({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}, _TEXT_A),
            R: _items({"type": "web_search_call", "id": "ws_1", "status": "completed"}, _ITEM),
        },
    ),
    Feature(
        "citations",
        {
            A: _blocks(_TEXT_A | {"citations": [_CITED_A]}),
            C: _choice(annotations=[{"type": "url_citation", "url_citation": _CITATION}]),
            R: _items(_ITEM | {"content": [_ITEM["content"][0] | {"annotations": [_CITATION]}]}),
        },
    ),
)
_STOPS = (
    Feature(
        "the limit was reached",
        {
            A: {"stop_reason": "max_tokens"},
            C: _choice("length"),
            R: {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        },
    ),
    Feature(
        "the vendor's filter stopped it",
        {
            A: {"stop_reason": "refusal"},
            C: _choice("content_filter"),
            R: {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        },
    ),
    Feature("a stop sequence came", {A: {"stop_reason": "stop_sequence", "stop_sequence": "END"}}),
    Feature("the vendor pauses", {A: {"stop_reason": "pause_turn"}}),
    Feature("the context is full", {A: {"stop_reason": "model_context_window_exceeded"}}),
)
_USAGE = (
    Feature(
        "tokens in and out",
        _usage(
            {"input_tokens": 20, "output_tokens": 9},
            {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29},
            {"input_tokens": 20, "output_tokens": 9, "total_tokens": 29},
        ),
    ),
    Feature(
        "read from the cache",
        _usage(
            {"cache_read_input_tokens": 6},
            {"prompt_tokens_details": {"cached_tokens": 6}},
            {"input_tokens_details": {"cached_tokens": 6}},
        ),
    ),
    Feature(
        "written to the cache",
        _usage(
            {"cache_creation_input_tokens": 6},
            {"prompt_tokens_details": {"cache_write_tokens": 6}},
            {"input_tokens_details": {"cache_write_tokens": 6}},
        ),
    ),
    Feature(
        "spent on thinking",
        _usage(
            {"output_tokens_details": {"thinking_tokens": 3}},
            {"completion_tokens_details": {"reasoning_tokens": 3}},
            {"output_tokens_details": {"reasoning_tokens": 3}},
        ),
    ),
)

REPLIES: Mapping[str, tuple[Feature, ...]] = MappingProxyType(
    {"Answer": _REPLY, "Why it ended": _STOPS, "Usage": _USAGE}
)
"""The features of answers by the groups in which the page shows them."""
