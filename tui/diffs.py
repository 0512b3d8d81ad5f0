"""A unified diff as numbered lines: one below the other, or old and new beside each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Kind(Enum):
    """What a line of a diff is; the value is the mark before it."""

    SAME = " "
    OLD = "-"
    NEW = "+"
    FILE = ""
    """The name of the file that the next lines belong to."""
    GAP = "."
    """Lines of the file that are left out."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line. ``old`` and ``new`` are its numbers before and after the change, ``None`` where it is not there."""

    kind: Kind
    text: str
    old: int | None = None
    new: int | None = None

    @property
    def changed(self) -> bool:
        """Whether the change is in this line."""
        return self.kind in (Kind.OLD, Kind.NEW)


Pair = tuple[DiffLine | None, DiffLine | None]
"""What stands beside each other."""


def parse(diff: str) -> tuple[DiffLine, ...]:
    """The lines of a unified diff of one file, without its heads; what cannot be read as one is left out."""
    return tuple(_parsed(diff.split("\n")))


def _parsed(lines: Sequence[str]) -> Iterator[DiffLine]:
    old, new, olds, news, first = 1, 1, 0, 0, True
    for line in lines:
        if olds <= 0 and news <= 0:
            # Only between hunks: a line of the file may look like the head of a hunk.
            if hunk := _HUNK.match(line):
                old, new = int(hunk[1]), int(hunk[3])
                olds, news = (int(hunk[at]) if hunk[at] is not None else 1 for at in (2, 4))
                if not first or max(old, new) > 1:
                    yield DiffLine(Kind.GAP, "")
                first = False
            continue
        match line[:1]:
            case "-":
                yield DiffLine(Kind.OLD, line[1:], old=old)
                old, olds = old + 1, olds - 1
            case "+":
                yield DiffLine(Kind.NEW, line[1:], new=new)
                new, news = new + 1, news - 1
            case " " | "":
                yield DiffLine(Kind.SAME, line[1:], old, new)
                old, new, olds, news = old + 1, new + 1, olds - 1, news - 1
            case _:
                continue


def beside(lines: Sequence[DiffLine]) -> tuple[Pair, ...]:
    """The same side by side: what was taken out stands left of what came in its place."""
    pairs: list[Pair] = []
    olds: list[DiffLine] = []
    news: list[DiffLine] = []

    def settle() -> None:
        pairs.extend(zip_longest(olds, news))
        olds.clear()
        news.clear()

    for line in lines:
        if line.kind is Kind.OLD:
            if news:
                settle()
            olds.append(line)
        elif line.kind is Kind.NEW:
            news.append(line)
        else:
            settle()
            pairs.append((line, line))
    settle()
    return tuple(pairs)


def changes(changed: Sequence[bool]) -> tuple[int, ...]:
    """Where each run of changed lines begins."""
    return tuple(at for at, one in enumerate(changed) if one and (at == 0 or not changed[at - 1]))
