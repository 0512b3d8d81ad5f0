"""The gate decides event by event: what proves an answer opens it, what proves that there is none refuses it."""

from __future__ import annotations

import pytest

from cccc.domain.endpoint import Action, WireFormat
from cccc.formats.registry import CODECS
from cccc.proxy.gate import MOST_BYTES, MOST_PREAMBLE_EVENTS, Decision, Gate
from cccc.proxy.translation import Same

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

START = {
    A: ("message_start", '{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":1}}}'),
    C: ("", '{"id":"c","choices":[{"index":0,"delta":{"role":"assistant"}}]}'),
    R: ("response.created", '{"type":"response.created","response":{"id":"r","status":"in_progress"}}'),
}
TEXT = {
    A: ("content_block_delta", '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}'),
    C: ("", '{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]}'),
    R: (
        "response.output_text.delta",
        '{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hi"}',
    ),
}
ERROR = {
    A: ("error", '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'),
    C: ("", '{"error":{"message":"Overloaded","type":"server_error"}}'),
    R: ("error", '{"type":"error","code":"server_error","message":"Overloaded"}'),
}
EMPTY_END = {
    A: ("message_stop", '{"type":"message_stop"}'),
    C: ("", "[DONE]"),
    R: ("response.completed", '{"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}'),
}
BROKEN = {A: ("content_block_delta", "{"), C: ("", "{"), R: ("response.output_text.delta", "{")}
PING = {A: ("ping", '{"type":"ping"}')}


def event(named: tuple[str, str]) -> bytes:
    name, data = named
    return (f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode()


def gate(wire_format: WireFormat) -> Gate:
    return Gate(Same(CODECS[wire_format], Action.TURN, b"{}", asked_model=None, model_sent=None, usage=False))


@pytest.mark.parametrize("wire_format", [A, C, R])
@pytest.mark.parametrize(
    ("events", "decision"),
    [
        ((START,), Decision.HOLD),
        ((START, TEXT), Decision.OPEN),
        ((TEXT,), Decision.OPEN),
        ((ERROR,), Decision.REFUSE),
        ((START, ERROR), Decision.REFUSE),
        ((START, BROKEN), Decision.REFUSE),
        ((START, EMPTY_END), Decision.REFUSE),
        ((START, TEXT, ERROR), Decision.OPEN),
    ],
    ids=lambda value: value.value if isinstance(value, Decision) else None,
)
@pytest.mark.parametrize("at_once", [True, False], ids=("one read", "a read an event"))
def test_decisions(
    wire_format: WireFormat, events: tuple[dict[WireFormat, tuple[str, str]], ...], decision: Decision, at_once: bool
) -> None:
    made = gate(wire_format)
    sent = [event(each[wire_format]) for each in events]
    if at_once:
        assert made.feed(b"".join(sent)) is decision
        return
    before = [made.feed(each) for each in sent[: 2 if decision is Decision.OPEN and len(sent) > 1 else len(sent)]]
    assert before == [Decision.HOLD] * (len(before) - 1) + [decision]


def test_what_came_behind_the_content_is_not_judged_by_the_gate() -> None:
    made = gate(A)
    made.feed(b"".join(event(each[A]) for each in (START, TEXT, ERROR)))
    assert b"".join(made.held) == event(START[A]) + event(TEXT[A])
    assert [each.raw for each in made.behind] == [event(ERROR[A])]


def test_a_preamble_without_end_is_let_through_and_pings_are_no_preamble() -> None:
    made = gate(A)
    assert {made.feed(event(PING[A])) for _ in range(MOST_PREAMBLE_EVENTS * 4)} == {Decision.HOLD}
    decisions = [made.feed(event(START[A])) for _ in range(MOST_PREAMBLE_EVENTS + 1)]
    assert decisions == [Decision.HOLD] * MOST_PREAMBLE_EVENTS + [Decision.OPEN]


def test_pings_are_held_up_to_so_many_bytes() -> None:
    made, ping = gate(A), event(PING[A])
    number = MOST_BYTES // len(ping)
    assert {made.feed(ping) for _ in range(number)} == {Decision.HOLD}
    assert made.feed(ping) is Decision.OPEN
