"""One request as a person would want to look at it: asked by Claude Code, failed twice, converted, answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from cccc.control.api import AttemptRecord, FailureClass, Loss, Outcome, RequestRecord, WireFormat
from cccc.domain.record import Pace
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

GOT: tuple[dict[str, Any], ...] = (
    {"type": "message_start", "message": {"id": "msg_1", "model": "claude-opus-4-5", "content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"thinking": "The traceback points at "}},
    {"type": "content_block_delta", "index": 0, "delta": {"thinking": "the parser, so the first thing to read is"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"text": "I'll read the failing test first, "}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 301}},
    {"type": "message_stop"},
)
WRITES = (3, 1, 0, 3, 0, 1, 0, 2)
"""How many of those events each of the endpoint's events became."""

_WHY = "endpoints of OpenAI Chat cache by themselves"
LOSSES = (
    *(Loss(f"messages[{at}].content[0].cache_control", "cache_control", _WHY) for at in (3, 9, 17, 22, 31)),
    Loss("system[1].cache_control", "cache_control", _WHY),
    Loss("messages[38].content[0]", "thinking signature", "it only goes back to its maker"),
)


def sse(events: tuple[dict[str, Any], ...] = CHUNKS) -> bytes:
    """A stream of OpenAI Chat."""
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"


def pace(parts: Sequence[bytes], first_ms: int, step_ms: int = 400) -> Pace:
    """One part after the other, each so long after the one before."""
    return Pace(tuple(accumulate(map(len, parts))), tuple(first_ms + step_ms * at for at in range(len(parts))))


def client_writes() -> Iterator[tuple[bytes, int]]:
    """What went to the client, write by write, and when: two milliseconds behind the endpoint's event."""
    events = iter(GOT)
    for at, number in enumerate(WRITES):
        some = [next(events) for _ in range(number)]
        if some:
            named = (b"event: %s\ndata: %s\n\n" % (one["type"].encode(), json.dumps(one).encode()) for one in some)
            yield b"".join(named), 6_164 + 400 * at


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

OVERLOADED = body({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})

RECORD: RequestRecord = replace(
    world.FAILED_OVER,
    id="req_01JZ8Q4T0000000000000000F6",
    time=STARTED,
    duration_ms=9_662.0,
    request_headers=CLIENT_HEADERS,
    request_body=body(ASKED),
    response_headers=(("content-type", "text/event-stream"), ("x-cccc-endpoint", "beta")),
    response_body=b"".join(data for data, _ in client_writes()),
    response_pace=Pace(
        tuple(accumulate(len(data) for data, _ in client_writes())), tuple(at_ms for _, at_ms in client_writes())
    ),
    losses=LOSSES,
    notes={"swapped": "anthropic/claude-opus-4.5 was asked for, claude-opus-4.5 answered"},
    attempts=(
        replace(
            world.FAILED_OVER.attempts[0],
            started=STARTED + 0.0002,
            request_headers=CLIENT_HEADERS,
            response_headers=(("content-type", "application/json"), ("retry-after", "30")),
            response_body=OVERLOADED,
            response_pace=Pace((len(OVERLOADED),), (310,)),
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
            response_pace=pace([part + b"\n\n" for part in sse().split(b"\n\n")[:-1]], 850),
        ),
    ),
)


def slow(times: int = 100) -> RequestRecord:
    """The same, so many times slower: long enough to be played while somebody looks."""

    def slower(pace: Pace) -> Pace:
        return replace(pace, at_ms=tuple(times * at_ms for at_ms in pace.at_ms))

    attempts = tuple(replace(one, response_pace=slower(one.response_pace)) for one in RECORD.attempts)
    return replace(RECORD, response_pace=slower(RECORD.response_pace), attempts=attempts)


def fake(*more: RequestRecord) -> FakeControl:
    """The fixed world with this request as its newest."""
    return FakeControl(records=(*world.RECORDS, *more, RECORD))
