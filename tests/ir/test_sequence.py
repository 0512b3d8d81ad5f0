"""One part after another: what waits for what, and that nothing is lost or told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from cccc.domain.usage import Usage
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.fold import fold
from cccc.ir.messages import Reply, ReplyPart, StopReason, Text
from cccc.ir.sequence import Sequence
from tests.formats.strategies import EVENT_STREAMS

TEXT, CALL, THINKING = PartKind.TEXT, PartKind.TOOL_CALL, PartKind.THINKING
END = Ended(StopReason.END)


def opened(index: int, kind: PartKind) -> PartOpened:
    return PartOpened(index, kind, f"call_{index}", "f") if kind is CALL else PartOpened(index, kind)


def said(events: list[Event]) -> str:
    """Events in short: ``0te a .`` opens a text as part 0, tells ``a`` and closes it."""
    marks = {Started: "<", PartClosed: ".", UsageSeen: "$", Ended: ">"}
    out = []
    for event in events:
        match event:
            case PartOpened():
                out.append(f"{event.index}{event.kind.name[:2].lower()}")
            case PartDelta():
                out.append(event.text)
            case _:
                out.append(marks[type(event)])
    return " ".join(out)


CASES: dict[str, tuple[list[Event], list[str]]] = {
    "parts one after another go through": (
        [Started("i", "m"), opened(0, TEXT), PartDelta(0, "a"), PartClosed(0), opened(1, CALL), PartClosed(1), END],
        ["<", "0te", "a", ".", "1to", ".", ">"],
    ),
    "an answer without a beginning gets one": ([opened(0, TEXT)], ["< 0te"]),
    "a second beginning is none": ([Started(), Started(), END], ["<", "", ">"]),
    "indices have no gaps": (
        [Started(), opened(3, TEXT), PartClosed(3), opened(9, CALL), PartDelta(9, "{}"), PartClosed(9)],
        ["<", "0te", ".", "1to", "{}", "."],
    ),
    "text gives way to a call and goes on behind it": (
        [
            Started(),
            opened(0, TEXT),
            PartDelta(0, "a"),
            opened(1, CALL),
            PartDelta(1, "{}"),
            PartDelta(0, "b"),
            PartClosed(0),
            PartClosed(1),
            END,
        ],
        ["<", "0te", "a", ". 1to", "{}", ". 2te b", ".", "", ">"],
    ),
    "text behind an unfinished call waits": (
        [Started(), opened(0, TEXT), opened(1, CALL), PartDelta(1, "{"), PartDelta(0, "b"), PartDelta(1, "}"), END],
        ["<", "0te", ". 1to", "{", "", "} . 2te b", ". >"],
    ),
    "a call goes on as soon as the one before is a whole object": (
        [
            Started(),
            opened(0, CALL),
            opened(1, CALL),
            PartDelta(0, '{"a":'),
            PartDelta(1, "{}"),
            PartDelta(0, '"}"'),
            PartDelta(0, "}"),
            PartDelta(0, " \n"),
            PartClosed(0),
            PartDelta(1, " "),
            PartClosed(1),
            END,
        ],
        ["<", "0to", "", '{"a":', "", '"}"', "} . 1to {}", "", "", " ", ".", ">"],
    ),
    "a call that was whole before the next began": (
        [Started(), opened(0, CALL), PartDelta(0, '{"\\"{":[{}]}'), opened(1, CALL), END],
        ["<", "0to", '{"\\"{":[{}]}', ". 1to", ". >"],
    ),
    "an escape cut in two": (
        [Started(), opened(0, CALL), opened(1, CALL), PartDelta(0, '{"a":"\\'), PartDelta(0, '"}'), PartDelta(0, '"}')],
        ["<", "0to", "", '{"a":"\\', '"}', '"} . 1to'],
    ),
    "brackets that close what is no JSON do not end a call": (
        [Started(), opened(0, CALL), opened(1, CALL), PartDelta(0, "{'a': 1}"), PartDelta(1, "{}"), PartClosed(0), END],
        ["<", "0to", "", "{'a': 1}", "", ". 1to {}", ". >"],
    ),
    "three calls of which the last two end first": (
        [
            Started(),
            opened(0, CALL),
            opened(1, CALL),
            PartDelta(1, "{}"),
            PartClosed(1),
            opened(2, CALL),
            PartClosed(2),
            PartClosed(0),
            END,
        ],
        ["<", "0to", "", "", "", "", "", ". 1to {} . 2to .", ">"],
    ),
    "thinking does not give way, since its seal comes last": (
        [Started(), opened(0, THINKING), opened(1, TEXT), PartDelta(1, "a"), PartClosed(0, "seal"), END],
        ["<", "0th", "", "", ". 1te a", ". >"],
    ),
    "usage waits for nothing": (
        [UsageSeen(Usage()), opened(0, THINKING), opened(1, TEXT), UsageSeen(Usage()), END],
        ["< $", "0th", "", "$", ". 1te . >"],
    ),
    "nothing comes after the end": (
        [Started(), opened(0, TEXT), END, PartDelta(0, "a"), opened(1, TEXT), UsageSeen(Usage()), END],
        ["<", "0te", ". >", "", "", "", ""],
    ),
    "what belongs to no part is dropped": (
        [Started(), PartDelta(4, "a"), PartClosed(4), opened(0, TEXT), opened(0, TEXT), PartDelta(-1, "b")],
        ["<", "", "", "0te", "", ""],
    ),
    "a stream that breaks off keeps its part open": (
        [Started(), opened(0, CALL), PartDelta(0, "{}")],
        ["<", "0to", "{}"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_after_another(name: str) -> None:
    events, expected = CASES[name]
    sequence = Sequence()
    assert [said(sequence.feed(replace(event))) for event in events] == expected


@given(EVENT_STREAMS)
def test_nothing_is_lost_and_only_one_part_is_open(events: list[Event]) -> None:
    before = fold([replace(event) for event in events])
    sequence = Sequence()
    sequential = [own for event in events for own in sequence.feed(event)]
    open_part, next_part = None, 0
    for event in sequential[1:-1]:
        match event:
            case PartOpened():
                assert open_part is None
                assert event.index == next_part
                open_part, next_part = event.index, next_part + 1
            case PartDelta():
                assert event.index == open_part
            case PartClosed():
                assert event.index == open_part
                open_part = None
    assert open_part is None
    assert isinstance(sequential[0], Started)
    assert isinstance(sequential[-1], Ended)
    after = fold(sequential)
    assert _texts(after) == _texts(before)
    assert _others(after) == _others(before)
    assert (after.stop, after.usage, after.id) == (before.stop, before.usage, before.id)


def _texts(reply: Reply) -> str:
    return "".join(part.text for part in reply.parts if isinstance(part, Text))


def _others(reply: Reply) -> list[ReplyPart]:
    return [part for part in reply.parts if not isinstance(part, Text)]
