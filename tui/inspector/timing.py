"""Attempts on a time axis: choosing, each try, and the answer, from when the request came to when it was over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tui import format as fmt
from tui.inspector.lines import Line, said
from tui.inspector.seen import Seen, Try

LABELS = 18


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in milliseconds since the request came; ``end_ms`` is ``None`` while it goes on."""

    label: str
    start_ms: float
    end_ms: float | None
    said: str = ""
    meaning: str = "success"


def spans(seen: Seen) -> list[Span]:
    """The stretches of a request."""
    tries = [seen.tries[number] for number in sorted(seen.tries)]
    started = [one for one in tries if one.asked is not None and one.asked.at_ms is not None]
    found: list[Span] = []
    if started:
        first = started[0].asked
        found.append(Span("pick", 0.0, first.at_ms if first else 0.0, meaning="dim"))
    for at, one in enumerate(started):
        follows = started[at + 1].asked if at + 1 < len(started) else None
        found += _try(seen, one, None if follows is None else follows.at_ms)
    return found


def _try(seen: Seen, one: Try, next_ms: float | None) -> Iterator[Span]:
    begun = one.asked.at_ms if one.asked is not None and one.asked.at_ms is not None else 0.0
    over = one.ended.at_ms if one.ended is not None else next_ms
    label = f"try {one.number}"
    status = f"{one.answered.status} " if one.answered is not None else ""
    if one.ended is not None and one.ended.error is not None:
        yield Span(label, begun, over, f"{status}{one.ended.error}", "error")
        return
    first = _first_ms(seen, one, begun)
    if first is None:
        yield Span(label, begun, over, "" if over is None else status.strip(), "warning" if over is None else "success")
        return
    yield Span(label, begun, first, f"{status}first byte")
    yield Span("body", first, over, "" if over is not None else "streams", "native")


def _first_ms(seen: Seen, one: Try, begun: float) -> float | None:
    """When it said its first word: as heard, or as the record has it."""
    if one.first_ms is not None:
        return one.first_ms
    attempts = seen.record.attempts if seen.record is not None else ()
    if one.number <= len(attempts) and (ttft := attempts[one.number - 1].ttft_ms) is not None:
        return begun + ttft
    return None


def axis(found: list[Span], now_ms: float, width: int, bar: str, edge: str) -> Iterator[Line]:
    """The spans as bars, in ``width`` cells. ``bar`` fills a cell, ``edge`` is the beginning of the axis."""
    room = max(4, width - LABELS)
    whole = max([now_ms, *(span.end_ms or now_ms for span in found)], default=0.0) or 1.0
    for span in found:
        end = now_ms if span.end_ms is None else span.end_ms
        at = min(room - 1, round(span.start_ms / whole * room))
        cells = max(1, min(room - at, round((end - span.start_ms) / whole * room)))
        words = fmt.safe(span.said)
        fits = len(words) + 1 <= room - at - cells
        after = f" {words}" if fits else ""
        before = f"{words} " if words and not fits and len(words) + 1 <= at else ""
        yield Line(
            said(
                (f"{span.label:7}", "dim"),
                f"{fmt.milliseconds(max(0.0, end - span.start_ms)):>8} ",
                (edge, "dim"),
                " " * (at - len(before)),
                (before, span.meaning),
                (bar * cells, span.meaning),
                (after, span.meaning),
            )
        )
