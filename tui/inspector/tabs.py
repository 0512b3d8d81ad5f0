"""The tabs and their titles, and what Attempts and Conversion say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import orjson

from cccc.control.api import AttemptRecord, Outcome
from tui import format as fmt
from tui.inspector.changes import Change, Changes, Kind, Path
from tui.inspector.exchange import Compared, header_line
from tui.inspector.lines import Document, Line, Lines, line
from tui.inspector.losses import grouped
from tui.inspector.seen import Seen, Try
from tui.inspector.timing import axis, spans
from tui.theme import Glyphs


class Tab(StrEnum):
    """In the order in which they stand."""

    SUMMARY = "summary"
    EXCHANGE = "exchange"
    ATTEMPTS = "attempts"
    CONVERSION = "conversion"
    RAW_CLIENT = "raw-client"
    RAW_UPSTREAM = "raw-upstream"
    STREAM = "stream"


def titles(seen: Seen, changes: Changes) -> Mapping[Tab, str]:
    """What each tab is called, with how much is in it."""
    notes = len(changes.all) + len(seen.record.losses if seen.record is not None else ())
    return {
        Tab.SUMMARY: "Summary",
        Tab.EXCHANGE: "Exchange",
        Tab.ATTEMPTS: f"Attempts {len(seen.tries)}",
        Tab.CONVERSION: f"Conversion {fmt.counted(notes, 'note')}" if notes else "Conversion",
        Tab.RAW_CLIENT: "Raw client",
        Tab.RAW_UPSTREAM: "Raw upstream",
        Tab.STREAM: f"Stream {fmt.count(seen.events)} event{'s' if seen.events > 1 else ''}"
        if seen.events
        else "Stream",
    }


def attempts(seen: Seen, now_ms: float, width: int, glyphs: Glyphs) -> Document:
    """The time axis, and every attempt closely."""
    lines = [*axis(spans(seen), now_ms, width, glyphs.bars[-1], glyphs.bar), line()]
    for number in sorted(seen.tries):
        lines += [*_attempt(seen, seen.tries[number], glyphs), line()]
    return Lines(lines if seen.tries else [line(("sent to nobody", "dim"))])


def _attempt(seen: Seen, one: Try, glyphs: Glyphs) -> Iterator[Line]:
    known = seen.record.attempts if seen.record is not None else ()
    record = known[one.number - 1] if one.number <= len(known) else None
    name = one.asked.endpoint if one.asked is not None else record.endpoint if record is not None else ""
    yield line((f"{one.number}  {fmt.safe(name)}", "bold"), "  ", _came_to(one, record, glyphs))
    if one.asked is not None:
        yield _fact("sent to", f"{fmt.safe(one.asked.method)} {fmt.safe(one.asked.url)}")
    if record is not None:
        yield _fact("model", fmt.safe(record.model_sent or fmt.NOTHING))
        times = (("connected", record.connect_ms), ("head", record.head_ms), ("first byte", record.ttft_ms))
        said = [f"{name} {fmt.milliseconds(ms)}" for name, ms in times if ms is not None]
        reused = ["connection reused"] if record.reused_connection else []
        dot = f" {glyphs.dot} "
        yield _fact("times", dot.join([*reused, *said, f"all {fmt.milliseconds(record.duration_ms)}"]))
        if record.failure_class is not None:
            yield _fact("failure", record.failure_class.value.replace("_", " "))
        if record.cooldown_until is not None:
            yield _fact("cooldown", f"until {fmt.clock(record.cooldown_until)}")
    if one.answered is not None:
        for name, value in one.answered.headers:
            yield Line((("    ", ""), *header_line(name, value).pieces))


def _came_to(one: Try, record: AttemptRecord | None, glyphs: Glyphs) -> tuple[str, str]:
    status = f"{one.answered.status} " if one.answered is not None else ""
    if one.ended is None:
        return f"{glyphs.live} {status}in flight", "primary"
    if one.ended.error is not None:
        return f"{glyphs.failed} {status}{fmt.safe(one.ended.error)}", "error"
    word = (record.outcome if record is not None else Outcome.OK).value.replace("_", " ")
    return f"{glyphs.ok} {status}{word}", "success"


def _fact(label: str, text: str) -> Line:
    return line((f"    {label:10}", "dim"), text)


def conversion(seen: Seen, bodies: Compared, glyphs: Glyphs) -> Document:
    """What was lost, grouped and counted with every place, what was changed, and the remarks."""
    return Lines([*_lost(seen), *_changed(bodies, glyphs), *_remarks(seen)])


def _lost(seen: Seen) -> Iterator[Line]:
    yield line(("lost: what the endpoint's format has no place for", "bold"))
    if seen.record is None:
        yield line(("  known when the request has ended", "dim"))
        return
    groups = grouped(seen.record.losses)
    for lost in groups:
        yield line((f"  {len(lost.paths):>4}x ", "warning"), fmt.safe(f"{lost.what}: {lost.why}"))
        yield from (line(("        ", ""), (fmt.safe(path), "dim")) for path in lost.paths)
    if not groups:
        yield line(("  nothing", "dim"))


def _changed(bodies: Compared, glyphs: Glyphs) -> Iterator[Line]:
    yield line()
    yield line(("changed: the endpoint's request against the client's", "bold"))
    for why in dict.fromkeys(filter(None, (bodies.asked_why, bodies.sent_why))):
        yield line((f"  cannot be told: {why}", "warning"))
    for change in bodies.changes.all:
        yield _change(change, bodies, glyphs)
    if not bodies.changes.all and not bodies.asked_why and not bodies.sent_why:
        yield line(("  nothing: the body is the client's own", "native"))


def _change(change: Change, bodies: Compared, glyphs: Glyphs) -> Line:
    dropped = change.kind is Kind.DROPPED
    before = _at(bodies.asked, change.path if dropped else change.other)
    after = "" if dropped else _at(bodies.sent, change.path)
    words = f" {glyphs.arrow} ".join(filter(None, (before, after)))
    return line((f"  {change.said:16} ", "warning"), f"{fmt.safe(_dotted(change.path))}  ", (words, "dim"))


def _at(body: object, path: Path | None) -> str:
    """The value at a place, in short."""
    if path is None:
        return ""
    for step in path:
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and isinstance(step, int) and step < len(body):
            body = body[step]
    return fmt.cut(fmt.safe(orjson.dumps(body).decode()), 60)


def _dotted(path: Path) -> str:
    """A place as losses write it: ``messages[3].content``."""
    said = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return said.removeprefix(".") or "the whole body"


def _remarks(seen: Seen) -> Iterator[Line]:
    notes = seen.record.notes if seen.record is not None else {}
    if notes:
        yield line()
        yield line(("remarks", "bold"))
        yield from (line((f"  {fmt.safe(name)}  ", "dim"), fmt.safe(text)) for name, text in notes.items())
