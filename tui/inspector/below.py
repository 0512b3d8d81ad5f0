"""What stands under the two requests: the answer folded from its stream, its timing, and the notes."""

from __future__ import annotations

from collections.abc import Iterator

from cccc.control.api import visible_line
from tui import format as fmt
from tui.inspector.answer import Part
from tui.inspector.body import wrap
from tui.inspector.folded import side_by_side
from tui.inspector.lines import Document, Line, Lines, line
from tui.inspector.losses import grouped
from tui.inspector.seen import Seen
from tui.inspector.timing import axis, spans
from tui.theme import Glyphs


def below(seen: Seen, now_ms: float, width: int, opened: frozenset[str], glyphs: Glyphs) -> Document:
    """The answer beside its timing, ``width`` cells each, and the notes under them."""
    left = [
        line(("answer", "bold"), (f" {glyphs.dot} folded from the stream", "dim")),
        *answer(seen, width, opened, glyphs),
    ]
    right = [
        line(("timing", "bold")),
        *axis(spans(seen), now_ms, width, glyphs.bars[-1], glyphs.bar),
    ]
    notes = list(note_lines(seen, 2 * width, glyphs))
    rule = [line((glyphs.rule * (2 * width + 3), "dim"))] if notes else []
    return Lines([*side_by_side(left, right), *rule, *notes])


def answer(seen: Seen, width: int, opened: frozenset[str], glyphs: Glyphs) -> Iterator[Line]:
    """What was thought, said and called, a line each until it is opened; then why it ended and what it used."""
    found = seen.answer
    for at, part in enumerate(found.parts):
        yield from _part(f"answer {at}", part, width, opened, glyphs)
    if not found.parts and found.stop is None:
        waits = "nothing yet" if seen.record is None else "nothing was kept of it"
        yield line((waits, "dim"))
    ends = []
    if found.stop is not None:
        ends.append(fmt.fit(fmt.safe(found.stop), 14))
    if found.usage:
        dot = f" {glyphs.dot} "
        ends.append("usage  " + dot.join(f"{fmt.tokens(number)} {name}" for name, number in found.usage.items()))
    if ends:
        yield line(("stop      ", "dim"), *ends)
    if found.error is not None:
        yield line(("error     ", "dim"), (fmt.safe(found.error), "error"))


def _part(name: str, part: Part, width: int, opened: frozenset[str], glyphs: Glyphs) -> Iterator[Line]:
    label = (fmt.fit(fmt.cut(fmt.safe(part.kind), 9), 10), "dim")
    tool = f"{fmt.safe(part.name)} " if part.name else ""
    text = visible_line(part.text[:400]).strip()
    room = width - 10
    if fmt.cells(tool + text) <= room and part.size <= 400:
        yield line(label, (tool, "accent"), text)
        return
    is_open = name in opened
    about = f"{glyphs.opened if is_open else glyphs.folded} {fmt.count(part.size)} chars"
    head = "" if is_open else fmt.cut(text, max(8, room - fmt.cells(tool) - len(about) - 2), glyphs.ellipsis) + "  "
    yield line(label, (tool, "accent"), head, (about, "dim"), opens=name)
    if is_open:
        for text in part.text.splitlines():
            yield from (line(" " * 10 + row) for row in wrap(visible_line(text), room))


def note_lines(seen: Seen, width: int, glyphs: Glyphs) -> Iterator[Line]:
    """What was lost on the way, and what else is to be known."""
    record = seen.record
    if record is None:
        return
    label = "notes   "
    for lost in grouped(record.losses):
        what = fmt.safe(f"{len(lost.paths)}x {lost.what}: {lost.why} ({lost.places()})")
        yield line((label, "dim"), (fmt.cut(what, width - 8, glyphs.ellipsis), "warning"))
        label = " " * 8
    for name, text in record.notes.items():
        yield line((label, "dim"), fmt.cut(fmt.safe(f"{name}: {text}"), width - 8, glyphs.ellipsis))
        label = " " * 8
