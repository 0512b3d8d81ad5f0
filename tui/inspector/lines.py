"""Documents for a line view: lines of pieces, made when they are drawn, so that a long one costs what is in sight.

A piece is (safe text, meaning of its colour). A line may have a second column beside it, and a name that ``enter``
opens or closes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

Pieces = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """``beside`` is the right column, ``None`` where the line takes the whole width; ``opens`` names what folds."""

    pieces: Pieces = ()
    beside: Pieces | None = None
    opens: str = ""


class Document(Protocol):
    """What a line view shows."""

    def __len__(self) -> int: ...

    def line(self, at: int) -> Line:
        """The line at this place, with its colours."""
        ...

    def plain(self, at: int) -> str:
        """The same as text: what is searched, copied and saved."""
        ...


def said(*pieces: str | tuple[str, str]) -> Pieces:
    """Pieces; one without a meaning is plain."""
    return tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces)


def line(*pieces: str | tuple[str, str], opens: str = "") -> Line:
    """A line across the whole width."""
    return Line(said(*pieces), opens=opens)


def text_of(pieces: Pieces) -> str:
    """Pieces without their colours."""
    return "".join(text for text, _ in pieces)


class Lines:
    """A document of lines that are there already."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._lines = tuple(lines)

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, at: int) -> Line:
        return self._lines[at]

    def plain(self, at: int) -> str:
        found = self._lines[at]
        left = text_of(found.pieces)
        return left.rstrip() if found.beside is None else f"{left:<60} | {text_of(found.beside)}".rstrip()


class Joined:
    """Documents one after the other."""

    def __init__(self, parts: Sequence[Document]) -> None:
        self._parts = parts
        self._starts = (0, *accumulate(len(part) for part in parts))

    def __len__(self) -> int:
        return self._starts[-1]

    def line(self, at: int) -> Line:
        part, within = self._place(at)
        return part.line(within)

    def plain(self, at: int) -> str:
        part, within = self._place(at)
        return part.plain(within)

    def _place(self, at: int) -> tuple[Document, int]:
        number = bisect_right(self._starts, at) - 1
        return self._parts[number], at - self._starts[number]


NOTHING = Lines()


def as_text(document: Document) -> str:
    """The whole document as text."""
    return "".join(f"{document.plain(at)}\n" for at in range(len(document)))
