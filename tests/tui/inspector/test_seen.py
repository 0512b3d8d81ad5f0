"""The pieces of a flow folded: the two streams beside each other, within bounds."""

from __future__ import annotations

import pytest

from cccc.control.api import (
    ClientAsked,
    ClientGot,
    FlowEnded,
    FlowLost,
    FlowPiece,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from tests.control import world
from tests.tui.inspector import case
from tui.inspector import seen as module
from tui.inspector.lines import text_of
from tui.inspector.losses import by_field, grouped
from tui.inspector.seen import Seen
from tui.inspector.timing import axis, spans


def up(name: str, at_ms: float = 0.0, attempt: int = 1) -> UpstreamSaid:
    return UpstreamSaid(attempt, name, b"{}", at_ms)


def got(name: str) -> ClientGot:
    return ClientGot(name, b"{}", 0.0)


def folded(*pieces: FlowPiece) -> Seen:
    seen = Seen()
    for piece in pieces:
        seen.take(piece)
    return seen


def sides(seen: Seen) -> list[tuple[str, str]]:
    return [
        ((both.upstream.event if both.upstream else "") or "", (both.client.event if both.client else "") or "")
        for both in seen.lines
    ]


def test_what_the_client_gets_stands_beside_the_reads_that_led_to_it() -> None:
    seen = folded(up("a"), up("b"), got("A"), got("B"), up("c"), got("C"), got("ping"), up("d"), up("e"), got("D"))
    assert sides(seen) == [("a", "A"), ("b", "B"), ("c", "C"), ("", "ping"), ("d", "D"), ("e", "")]
    assert seen.events == 10


def test_one_read_may_become_more_events_than_it_had() -> None:
    assert sides(folded(up("a"), got("A"), got("B"), up("b"), got("C"))) == [("a", "A"), ("", "B"), ("b", "C")]


def test_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 3)
    seen = folded(*(piece for number in range(10) for piece in (up(str(number)), got(str(number)))))
    assert sides(seen) == [("7", "7"), ("8", "8"), ("9", "9")]
    assert (seen.dropped, seen.events) == (7, 20)


def test_bytes_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    seen = folded(*(UpstreamSaid(1, str(number), b"x" * 40) for number in range(20)))
    assert sides(seen) == [("18", ""), ("19", "")]


def test_attempts_losses_and_the_end() -> None:
    seen = folded(
        ClientAsked("POST", "/v1/messages", (), b"{}"),
        UpstreamAsked(1, "alpha", "POST", "https://a.example/v1/messages", (), b"{}", False, 1.0),
        UpstreamAnswered(1, 529, (), 300.0),
        up("error", 301.0),
        UpstreamEnded(1, "overloaded", 310.0),
        UpstreamAsked(2, "beta", "POST", "https://b.example/v1/messages", (), b"{}", False, 312.0),
        FlowLost(4),
        FlowEnded(world.OK),
    )
    assert (sorted(seen.tries), seen.lost, seen.ended) == ([1, 2], 4, True)
    assert seen.last is not None
    assert seen.last.asked is not None
    assert seen.last.asked.endpoint == "beta"
    assert seen.revision == 8


def test_the_axis_has_every_try_in_its_place() -> None:
    seen = folded(
        UpstreamAsked(1, "alpha", "POST", "https://a.example", (), b"", False, 0.0),
        UpstreamEnded(1, "overloaded", 1_000.0),
        UpstreamAsked(2, "beta", "POST", "https://b.example", (), b"", False, 1_000.0),
        up("a", 2_000.0, attempt=2),
    )
    assert [(span.label, span.start_ms, span.end_ms) for span in spans(seen)] == [
        ("pick", 0.0, 0.0),
        ("try 1", 0.0, 1_000.0),
        ("try 2", 1_000.0, 2_000.0),
        ("body", 2_000.0, None),
    ]
    drawn = [text_of(line.pieces) for line in axis(spans(seen), 4_000.0, 58, "#", "|")]
    assert [line.partition("|")[2].find("#") for line in drawn] == [0, 0, 10, 20]
    assert [line.count("#") for line in drawn] == [1, 10, 10, 20]
    assert "overloaded" in drawn[1]
    assert all(len(line) <= 58 for line in drawn)


def test_equal_losses_are_one_with_its_places() -> None:
    first, second = grouped(case.LOSSES)
    assert (first.what, len(first.paths), second.what) == ("cache_control", 6, "thinking signature")
    assert first.places(2) == "messages[3].content[0].cache_control, [9].content[0].cache_control and 4 more"
    assert by_field(case.LOSSES) == {
        ("messages",): "cache_control x5, thinking signature",
        ("system",): "cache_control",
    }
