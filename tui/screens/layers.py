"""The ranking's layers as people read them: what each one says of a candidate, which was read, and what decided.

Pure, and without rules of its own: everything follows from the sort keys that the ranking gave out. Two candidates are
read layer by layer until one layer differs; that one decides, and those behind it are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cccc.control.api import (
    NOTHING,
    Candidate,
    ClientType,
    Moves,
    Ranking,
    SortKey,
    StatsGroup,
    WayUp,
    WhatIf,
    WhatIfs,
    WireFormat,
)
from tui import format as fmt
from tui.theme import LETTERS, STANDINGS, Glyphs

SPEAKS: Mapping[ClientType, WireFormat] = {
    ClientType.CLAUDE_CODE: WireFormat.ANTHROPIC,
    ClientType.CODEX: WireFormat.OPENAI_RESPONSES,
    ClientType.OPENAI: WireFormat.OPENAI_CHAT,
    ClientType.GEMINI: WireFormat.GEMINI,
}
"""The format in which each kind of client asks."""


@dataclass(frozen=True, slots=True)
class Question:
    """For what the endpoints are ranked. ``model`` is ``None`` for any."""

    client: ClientType = ClientType.CLAUDE_CODE
    model: str | None = None
    what_if: WhatIfs = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the proxy says to it. ``ways`` are those of the endpoint ``about``, ``lately`` the last day by endpoint."""

    question: Question
    ranking: Ranking
    about: str | None = None
    ways: tuple[WayUp, ...] = ()
    moves: Moves | None = None
    lately: tuple[StatsGroup, ...] = ()

    def candidate(self, name: str | None) -> Candidate | None:
        """The candidate of this name."""
        return next((one for one in self.ranking.order if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Layer:
    """One field of the sort key: its title, what it says of a candidate, and how it placed one below another."""

    title: str
    says: Callable[[Candidate, Question, Glyphs], str]
    placed: Callable[[Candidate, Candidate], str]
    """Of the candidate and the one above it."""


def _later(above: float | None, below: float | None) -> str:
    """By how much it is slower, where both are known."""
    if above is None or below is None:
        return "slower"
    return f"+{fmt.milliseconds(below - above)}" if below >= above else "slower"


def native(one: Candidate, question: Question, glyphs: Glyphs) -> str:
    """``A = A ✓`` passes untouched, ``A → C ~`` is converted, ``A = A ~`` is native and not preferred for it."""
    asked, sent = LETTERS[SPEAKS[question.client]], LETTERS[one.target_format]
    between = "=" if asked == sent else glyphs.arrow
    return f"{asked} {between} {sent} {glyphs.ok if one.native else '~'}"


def standing(one: Candidate, glyphs: Glyphs) -> tuple[str, str]:
    """Layer 3 as (glyph and word, meaning)."""
    glyph, word, meaning = STANDINGS[one.standing]
    return f"{getattr(glyphs, glyph)} {word}", meaning


def response_time(one: Candidate) -> str:
    """Layer 4; ``w`` is warm: it holds the session's cache."""
    return f"{'w ' if one.key.warm == 0 else ''}{fmt.milliseconds(one.ttft_ms)}"


LAYERS: Mapping[str, Layer] = {
    "choice": Layer(
        "chosen",
        lambda one, *_: "chosen by a person" if one.key.choice == 0 else "not chosen",
        lambda *_: "another was chosen",
    ),
    "tags": Layer("tags", lambda one, *_: "fit" if one.key.tags == 0 else "do not fit", lambda *_: "tags fit it less"),
    "native": Layer(
        "1 native",
        native,
        lambda one, above: "not preferred" if one.target_format is above.target_format else "converted",
    ),
    "priority": Layer(
        "2 priority",
        lambda one, *_: str(one.key.priority),
        lambda one, above: f"{one.key.priority} after {above.key.priority}",
    ),
    "health": Layer(
        "3 health", lambda one, _, glyphs: standing(one, glyphs)[0], lambda one, _: one.standing.name.lower()
    ),
    "warm": Layer(
        "4 warm",
        lambda one, *_: "holds the session's cache" if one.key.warm == 0 else "no session here",
        lambda *_: "cache elsewhere",
    ),
    "response_time": Layer(
        "4 ttfb", lambda one, *_: fmt.milliseconds(one.ttft_ms), lambda one, above: _later(above.ttft_ms, one.ttft_ms)
    ),
    "in_flight": Layer("in flight", lambda one, *_: str(one.key.in_flight), lambda *_: "more in flight"),
    "position": Layer(
        "position", lambda one, *_: f"number {one.key.position + 1} in the file", lambda *_: "later in the file"
    ),
}
"""One for every field of the sort key, in its order."""

ALWAYS = ("native", "priority", "health", "response_time")
"""The four layers; the others are told only where they decided."""

_NUMBERS: Mapping[str, str] = {"native": "1", "priority": "2", "health": "3", "warm": "4", "response_time": "4"}


def decided(above: SortKey, below: SortKey) -> str | None:
    """The first field in which two keys differ: the layer that decided. ``None`` where only the names tell them."""
    return next((name for name, a, b in zip(SortKey._fields, above, below, strict=True) if a != b), None)


def read(name: str, decider: str | None) -> bool:
    """Whether a layer was read: those behind the one that decided were not."""
    fields = SortKey._fields
    return decider is None or fields.index(name) <= fields.index(decider)


def placed(order: Sequence[Candidate], place: int, dot: str) -> tuple[str, str]:
    """What placed the candidate at this index below the one above it: in full, and in at most 13 cells."""
    one = order[place]
    if place == 0:
        best = all(getattr(one.key, name) <= getattr(other.key, name) for other in order for name in ALWAYS)
        return ("best in every layer", "best") if best else ("ahead of the others", "first")
    above = order[place - 1]
    decider = decided(above.key, one.key)
    if decider is None:
        return "by its name", "by name"
    said, number = LAYERS[decider].placed(one, above), _NUMBERS.get(decider)
    return (said, said) if number is None else (f"layer {number} {dot} {said}", f"{number} {said}")


def standings(name: str, mine: SortKey, theirs: SortKey, decider: str | None) -> tuple[str, str]:
    """What a layer did between a candidate and its neighbour as (words, meaning)."""
    a, b = getattr(mine, name), getattr(theirs, name)
    if name == decider:
        return "decides", "bold"
    if read(name, decider):
        return "equal", ""
    if (a < b) == (mine < theirs) or a == b:
        return "not read", "dim"
    return f"not read, {'better' if a < b else 'worse'} here all the same", "dim"


def supposed(what_if: WhatIfs, order: Sequence[str] = ()) -> str:
    """What is supposed, in words: ``alpha down, beta priority 3``; those in ``order`` first."""
    names = sorted(what_if, key=lambda name: (order.index(name) if name in order else len(order), name))
    return ", ".join(f"{fmt.safe(name)} {_change(what_if[name])}" for name in names)


def _change(one: WhatIf) -> str:
    words = ["down"] if one.down else []
    if one.priority is not None:
        words.append(f"priority {one.priority}")
    return " and ".join(words)


def going_elsewhere(moves: Moves, arrow: str) -> list[str]:
    """What the log's requests would have done: how many would have gone from where to where, the most first."""
    pairs = Counter((move.before, move.after) for move in moves.moves)
    return [
        f"{fmt.count(times)} from {fmt.safe(before)} {arrow} {fmt.safe(after) if after is not None else 'nobody'}"
        for (before, after), times in pairs.most_common()
    ]
