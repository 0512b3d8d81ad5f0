"""Answers folded from the streams of every format, and from whole bodies."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.inspector import case
from tui.inspector import answer
from tui.inspector.answer import Answer

ANTHROPIC = (
    {"type": "message_start", "message": {"model": "claude", "usage": {"input_tokens": 9, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "I'll "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "read."}},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "name": "Read", "input": {}}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"p":1}'}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
)
CHAT = (
    {"model": "claude", "choices": [{"delta": {"reasoning_content": "Hm."}}]},
    {"choices": [{"delta": {"content": "I'll "}}]},
    {"choices": [{"delta": {"content": "read."}}]},
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "Read", "arguments": ""}}]}}]},
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"p":1}'}}]}}]},
    {"choices": [{"delta": {}, "finish_reason": "tool_use"}]},
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5}},
)
RESPONSES = (
    {"type": "response.created", "response": {"model": "claude"}},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "Hm."},
    {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "I'll "},
    {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "read."},
    {"type": "response.output_item.added", "output_index": 2, "item": {"type": "function_call", "name": "Read"}},
    {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"p":1}'},
    {
        "type": "response.completed",
        "response": {"status": "tool_use", "usage": {"input_tokens": 9, "output_tokens": 5}},
    },
)
WHOLE = (
    {
        "type": "message",
        "model": "claude",
        "content": [
            {"type": "thinking", "thinking": "Hm."},
            {"type": "text", "text": "I'll read."},
            {"type": "tool_use", "name": "Read", "input": {"p": 1}},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 9, "output_tokens": 5},
    },
    {
        "model": "claude",
        "choices": [
            {
                "message": {
                    "reasoning_content": "Hm.",
                    "content": "I'll read.",
                    "tool_calls": [{"function": {"name": "Read", "arguments": '{"p":1}'}}],
                },
                "finish_reason": "tool_use",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 5},
    },
    {
        "object": "response",
        "model": "claude",
        "status": "tool_use",
        "output": [
            {"type": "reasoning", "summary": [{"text": "Hm."}]},
            {"type": "message", "content": [{"type": "output_text", "text": "I'll read."}]},
            {"type": "function_call", "name": "Read", "arguments": '{"p":1}'},
        ],
        "usage": {"input_tokens": 9, "output_tokens": 5},
    },
)


@pytest.mark.parametrize("events", [ANTHROPIC, CHAT, RESPONSES, *([one] for one in WHOLE)])
def test_every_format_folds_to_the_same(events: Sequence[object]) -> None:
    found = Answer()
    for event in events:
        found.take(orjson.dumps(event))
    assert [(part.kind, part.name, part.text) for part in found.parts] == [
        ("thinking", "", "Hm."),
        ("text", "", "I'll read."),
        ("tool_use", "Read", '{"p":1}'),
    ]
    assert (found.stop, found.usage, found.model) == ("tool_use", {"in": 9, "out": 5}, "claude")


def test_a_body_of_events() -> None:
    found = Answer.of(case.sse())
    assert [part.kind for part in found.parts] == ["thinking", "text", "tool_use"]
    assert Answer.of(orjson.dumps(WHOLE[0])).stop == "tool_use"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"error": {"message": "Overloaded"}},
        {"error": "Overloaded"},
        {"type": "response.failed", "response": {"status": "failed", "error": {"message": "Overloaded"}}},
    ],
)
def test_errors(event: object) -> None:
    found = Answer()
    found.take(orjson.dumps(event))
    assert found.error == "Overloaded"


def test_a_long_part_is_counted_beyond_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LONGEST", 5)
    found = Answer()
    for _ in range(3):
        found.take(orjson.dumps({"choices": [{"delta": {"content": "abc"}}]}))
    assert (found.parts[0].text, found.parts[0].size) == ("abcab", 9)


NAMES = [
    "type", "delta", "choices", "index", "content", "message", "response", "output", "item", "usage", "tool_calls",
    "function", "error", "input", "content_block", "summary",
]  # fmt: skip
KINDS = st.sampled_from(["message_start", "content_block_delta", "response.completed", "message"])
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)


@given(
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner | KINDS, max_size=5),
    )
)
def test_nothing_raises(event: object) -> None:
    found = Answer()
    found.take(orjson.dumps(event))
    for part in found.parts:
        assert isinstance(part.text, str)
