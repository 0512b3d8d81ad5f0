"""One request as a person would want to look at it: asked by Claude Code, failed twice, converted, answered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cccc.control.api import AttemptRecord, FailureClass, Loss, Outcome, RequestRecord, WireFormat
from tests.control import world
from tests.control.fake import FakeControl

ASKED: dict[str, Any] = {
    "model": "claude-opus-4-5",
    "stream": True,
    "max_tokens": 32_000,
    "thinking": {"type": "enabled", "budget_tokens": 16_000, "display": "summarized with care"},
    "stop_sequences": ["END"],
    "service_tier": "auto",
    "system": [{"type": "text", "text": "You are Claude Code. " * 40, "cache_control": {"type": "ephemeral"}}] * 2,
    "tools": [{"name": f"Tool{number}", "description": "what it does " * 20} for number in range(14)],
    "messages": [
        {"role": "user", "content": "why does it fail?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_01Q", "name": "Read", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_01Q", "content": "x" * 4_000}]},
    ],
}
SENT: dict[str, Any] = {
    "model": "anthropic/claude-opus-4.5",
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_completion_tokens": 32_000,
    "reasoning_effort": "high",
    "stop": ["END"],
    "tools": [{"type": "function", "function": tool} for tool in ASKED["tools"]],
    "messages": [
        {"role": "system", "content": "You are Claude Code. " * 80},
        {"role": "user", "content": "why does it fail?"},
        {"role": "assistant", "tool_calls": [{"id": "call_01Q", "function": {"name": "Read", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_01Q", "content": "x" * 4_000},
    ],
}
CHUNKS: tuple[dict[str, Any], ...] = (
    {"choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "The traceback points at "}}]},
    {"choices": [{"index": 0, "delta": {"reasoning_content": "the parser, so the first thing to read is its test."}}]},
    {"choices": [{"index": 0, "delta": {"content": "I'll read the failing test first, "}}]},
    {"choices": [{"index": 0, "delta": {"content": "then look at the parser and what it does with a torn event."}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "Read"}}]}}]},
    {
        "choices": [
            {
                "index": 0,
                "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"file_path": "/r/test_sse.py"}'}}]},
            }
        ]
    },
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {"choices": [], "usage": {"prompt_tokens": 22_800, "completion_tokens": 301}},
)

_WHY = "endpoints of OpenAI Chat cache by themselves"
LOSSES = (
    *(Loss(f"messages[{at}].content[0].cache_control", "cache_control", _WHY) for at in (3, 9, 17, 22, 31)),
    Loss("system[1].cache_control", "cache_control", _WHY),
    Loss("messages[38].content[0]", "thinking signature", "it only goes back to its maker"),
)


def sse(events: tuple[dict[str, Any], ...] = CHUNKS) -> bytes:
    """A stream of OpenAI Chat."""
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"


def body(value: object) -> bytes:
    return json.dumps(value).encode()


CLIENT_HEADERS = (
    ("anthropic-version", "2023-06-01"),
    ("x-api-key", "[redacted]"),
    ("content-type", "application/json"),
    ("user-agent", "claude-cli/2.1.197"),
    ("accept", "application/json"),
)
STARTED = world.NOW - 20

RECORD: RequestRecord = replace(
    world.FAILED_OVER,
    id="req_01JZ8Q4T0000000000000000F6",
    time=STARTED,
    duration_ms=9_662.0,
    request_headers=CLIENT_HEADERS,
    request_body=body(ASKED),
    response_body=None,
    losses=LOSSES,
    notes={"swapped": "anthropic/claude-opus-4.5 was asked for, claude-opus-4.5 answered"},
    attempts=(
        replace(
            world.FAILED_OVER.attempts[0],
            started=STARTED + 0.0002,
            request_headers=CLIENT_HEADERS,
            response_headers=(("content-type", "application/json"), ("retry-after", "30")),
            response_body=body({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        ),
        AttemptRecord(
            endpoint="gamma",
            wire_format=WireFormat.ANTHROPIC,
            url="https://gamma.example/v1/messages",
            model_sent="claude-opus-4-5",
            started=STARTED + 0.312,
            outcome=Outcome.CONNECT_TIMEOUT,
            failure_class=FailureClass.SERVER,
            error="no connection within 5 s",
            duration_ms=5_000.0,
            request_headers=CLIENT_HEADERS,
        ),
        replace(
            world.FAILED_OVER.attempts[1],
            started=STARTED + 5.312,
            ttft_ms=850.0,
            head_ms=640.0,
            duration_ms=4_350.0,
            request_headers=(("authorization", "[redacted]"), ("content-type", "application/json")),
            response_headers=(("content-type", "text/event-stream"), ("x-request-id", "req-1")),
            request_body=body(SENT),
            response_body=sse(),
        ),
    ),
)


def fake(*more: RequestRecord) -> FakeControl:
    """The fixed world with this request as its newest."""
    return FakeControl(records=(*world.RECORDS, *more, RECORD))
