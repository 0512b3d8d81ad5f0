"""What the routing screen tells of one endpoint and of the whole order, as facts and as text to copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cccc.control.api import Candidate, ClientType, Excluded, SortKey
from tui import format as fmt
from tui.screens import layers
from tui.screens.layers import ALWAYS, LAYERS, SPEAKS, Answer
from tui.screens.request_line import mark
from tui.state import HOUR, Frame, Row
from tui.theme import LETTERS
from tui.widgets.facts import Fact, fact

if TYPE_CHECKING:
    from tui.app import CcccApp

_FORMATS = {"A": "messages", "C": "chat", "R": "responses", "G": "gemini"}
_MINE, _THEIRS = 24, 40


def asks(frame: Frame, answer: Answer | None, client: ClientType, model: str | None, app: CcccApp) -> list[Fact]:
    """The kinds of clients, the one that is asked about marked, and the model."""
    lines = []
    lately = [row for row in frame.rows if frame.now - row.time < HOUR]
    for kind in ClientType:
        chosen = kind is client
        letter = LETTERS[SPEAKS[kind]]
        name = f"{app.glyphs.cursor if chosen else ' '} {called(kind)}"
        number = sum(row.client_type is kind for row in lately)
        lines += [
            fact(None, (name, "bold" if chosen else "")),
            fact(None, (f"  {letter} {_FORMATS[letter]:9} {number or fmt.NOTHING:>4} /h", "dim")),
        ]
    said = fmt.safe(model) if model else "any"
    return [*lines, fact(None, ""), fact(None, ("  model ", "dim"), said), *_waits(answer, frame)]


def _waits(answer: Answer | None, frame: Frame) -> list[Fact]:
    return [] if answer or not frame.endpoints else [fact(None, ("  asking the proxy", "dim"))]


def called(client: ClientType) -> str:
    """A kind of client as people say it."""
    return client.value.replace("_", " ")


def until(one: Excluded, now: float) -> str:
    """Until when an endpoint is left out, and the place it would have."""
    waits = f", next try in {fmt.waiting(one.until - now)}" if one.until is not None and one.until > now else ""
    return f"{fmt.safe(one.reason)}{waits}"


def title(answer: Answer | None, name: str | None) -> str | None:
    """What the lower pane is about."""
    if answer is None or name is None:
        return None
    candidate = answer.candidate(name)
    place = "not considered" if candidate is None else f"#{candidate.rank}"
    return f"Why is {fmt.safe(name)} {place}?"


def why(answer: Answer, name: str, frame: Frame, app: CcccApp) -> list[Fact]:
    """Why an endpoint has its place, what would move it up, and what the log knows about it."""
    return [
        *_place(answer, name, frame, app),
        *_ways(answer, name),
        *_moves(answer, app),
        *_converted(answer, name, frame, app),
        *_last(answer, frame, app),
    ]


def _place(answer: Answer, name: str, frame: Frame, app: CcccApp) -> Iterator[Fact]:
    order, mine = answer.ranking.order, answer.candidate(name)
    left_out = next((one for one in answer.ranking.excluded if one.name == name), None)
    if mine is None:
        if left_out is None:
            yield fact(None, ("it left the configuration", "dim"))
        else:
            yield from _left_out(left_out, frame)
    elif len(order) == 1:
        yield fact(None, "It is the only one that would be asked.")
    else:
        first = mine.rank == 1
        other = order[1] if first else order[mine.rank - 2]
        decider = layers.decided(mine.key, other.key)
        by = LAYERS[decider].title if decider else "name"
        neighbour = f"#{other.rank} {fmt.safe(other.name)}"
        said = "It stands before " if first else "It stands behind "
        yield fact(None, said, (neighbour, "bold"), ": decided by ", (by, "bold"))
        yield fact("layer", (fmt.fit("here", _MINE), "dim"), (fmt.fit(fmt.safe(other.name), _THEIRS), "dim"))
        yield from _compared(mine, other, decider, answer, app)


def _left_out(one: Excluded, frame: Frame) -> Iterator[Fact]:
    yield fact("because", (until(one, frame.now), "warning"))
    if one.would_be is not None:
        yield fact("would be", f"#{one.would_be} if that were not so")
    if one.key is not None:
        known: SortKey = one.key
        yield fact("key", "  ".join(f"{field.replace('_', ' ')} {getattr(known, field)}" for field in ALWAYS))


def _compared(mine: Candidate, other: Candidate, decider: str | None, answer: Answer, app: CcccApp) -> Iterator[Fact]:
    for name, layer in LAYERS.items():
        if name not in ALWAYS and name != decider:
            continue
        here, there = (layer.says(one, answer.question, app.glyphs) for one in (mine, other))
        said, meaning = layers.standings(name, mine.key, other.key, decider)
        meanings = "" if layers.read(name, decider) else "dim"
        yield fact(layer.title, (fmt.fit(here, _MINE), meanings), (fmt.fit(there, _THEIRS), meanings), (said, meaning))


def _ways(answer: Answer, name: str) -> Iterator[Fact]:
    if answer.about != name or answer.candidate(name) is None:
        return
    for at, way in enumerate(answer.ways):
        changes = fmt.cut(layers.supposed(way.changes), 60)
        yield fact("" if at else "moves up", f"{fmt.fit(changes, 60)}  ", (f"it becomes #{way.place}", "success"))
    if not answer.ways and answer.ranking.order[0].name != name:
        yield fact("moves up", ("no single change does", "dim"))


def _moves(answer: Answer, app: CcccApp) -> Iterator[Fact]:
    if answer.moves is None:
        return
    moved = len(answer.moves.moves)
    yield fact(
        "what if",
        (f"{moved} of the newest {fmt.counted(answer.moves.checked, 'request')}", "warning" if moved else ""),
        " would have gone elsewhere",
    )
    for said in layers.going_elsewhere(answer.moves, app.glyphs.arrow)[:3]:
        yield fact("", said)


def _converted(answer: Answer, name: str, frame: Frame, app: CcccApp) -> Iterator[Fact]:
    """How many of this kind of client's requests it answered converted, and what that has lost them."""
    mine = [row for row in _of(answer, frame) if row.endpoint == name]
    converted = [row for row in mine if row.target_format is not None and row.target_format is not row.format]
    if converted:
        paths = sorted({app.glyphs.path(row.format, row.target_format) for row in converted})
        yield fact(
            "converted",
            f"{fmt.count(len(converted))} of the newest {fmt.counted(len(mine), 'answer')} here  ",
            (" ".join(paths), "convert"),
        )
    losses = next((group.losses for group in answer.lately if group.key == name), ())
    if losses:
        said = ", ".join(f"{fmt.safe(lost.what)} {fmt.count(lost.count)}" for lost in losses)
        yield fact("it costs", (said, "warning"), ("  lost in the last 24 h", "dim"))


def _last(answer: Answer, frame: Frame, app: CcccApp) -> Iterator[Fact]:
    row = next((row for row in reversed(_of(answer, frame)) if not row.live), None)
    if row is None:
        yield fact("last", ("no request of this kind yet", "dim"))
        return
    glyph, meaning = mark(row, app)
    went = f"went to {fmt.safe(row.endpoint)}" if row.endpoint else "went to nobody"
    tries = fmt.counted(row.attempts, "attempt")
    yield fact("last", f"{fmt.clock(row.time)}  ", (f"{glyph} {row.status}", meaning), f"  {went}, {tries}  ",
               (fmt.safe(row.id), "dim"))  # fmt: skip


def _of(answer: Answer, frame: Frame) -> list[Row]:
    return [row for row in frame.rows if row.client_type is answer.question.client]


def as_text(answer: Answer, now: float, app: CcccApp) -> tuple[str, ...]:
    """The whole order as lines of text."""
    question, ranking, dot = answer.question, answer.ranking, app.glyphs.dot
    lines = [f"order of attempts for {called(question.client)}, model {fmt.safe(question.model or 'any')}"]
    if question.what_if:
        lines.append(f"supposing {layers.supposed(question.what_if)}")
    for at, one in enumerate(ranking.order):
        key = "  ".join(LAYERS[name].says(one, question, app.glyphs) for name in ALWAYS)
        lines.append(f"{one.rank:>2} {fmt.safe(one.name)}  {key}  {layers.placed(ranking.order, at, dot)[0]}")
    lines += [f" - {fmt.safe(one.name)}  {until(one, now)}" for one in ranking.excluded]
    return tuple(lines)
