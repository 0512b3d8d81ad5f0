"""A diff to look at: numbered, ``-`` and ``+``, side by side if wished, and walked from change to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tui import format as fmt
from tui.diffs import DiffLine, Kind, beside, changes
from tui.widgets.line import Piece, text

if TYPE_CHECKING:
    from tui.app import CcccApp

_NUMBER = 4
_MEANINGS = {Kind.OLD: "error", Kind.NEW: "success", Kind.FILE: "bold", Kind.GAP: "dim", Kind.SAME: ""}


class DiffView(Widget):
    """Shows the lines of a diff; ``current`` is the change that was walked to."""

    DEFAULT_CSS = "DiffView { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[DiffLine, ...] = ()
        self.side_by_side = False
        self.current: int | None = None

    def show(self, lines: Sequence[DiffLine]) -> None:
        """Make it say this."""
        if (new := tuple(lines)) != self._lines:
            self._lines, self.current = new, None
            self.refresh(layout=True)

    def turn(self) -> None:
        """Side by side, or one below the other."""
        self.side_by_side, self.current = not self.side_by_side, None
        self.refresh(layout=True)

    @property
    def starts(self) -> tuple[int, ...]:
        """The line at which each change begins."""
        if not self.side_by_side:
            return changes([line.changed for line in self._lines])
        return changes([any(one is None or one.changed for one in pair) for pair in beside(self._lines)])

    def step(self, *, forward: bool) -> int | None:
        """Walk to the next change, or the one before; the line where it begins, ``None`` where there is none."""
        starts = self.starts
        at = -1 if self.current is None else self.current
        at = at + 1 if forward else (at - 1 if at >= 0 else len(starts) - 1)
        if not 0 <= at < len(starts):
            return None
        self.current = at
        self.refresh()
        return starts[at]

    def render(self) -> Text:
        app: CcccApp = self.app  # type: ignore[assignment]
        width = self.size.width
        starts = self.starts
        here = None if self.current is None or self.current >= len(starts) else starts[self.current]
        if self.side_by_side:
            half = (width - 3) // 2
            bar: Piece = (f" {app.glyphs.bar} ", app.palette["dim"])
            rows = [[*_half(old, half, app, new=False), bar, *_half(new, half, app, new=True)] for old, new in
                    beside(self._lines)]  # fmt: skip
        else:
            rows = [_whole(line, width, app) for line in self._lines]
        lines = [
            text([(app.glyphs.cursor if at == here else " ", app.palette["accent"]), *row])
            for at, row in enumerate(rows)
        ]
        return Text("\n", end="", no_wrap=True, overflow="crop").join(lines)


def _number(number: int | None) -> str:
    return fmt.fit("" if number is None else str(number), _NUMBER, right=True)


def _said(line: DiffLine, width: int, app: CcccApp) -> str:
    said = app.glyphs.ellipsis if line.kind is Kind.GAP else fmt.safe(line.text.replace("\t", "    "))
    return fmt.fit(said, max(0, width), ellipsis=app.glyphs.ellipsis)


def _whole(line: DiffLine, width: int, app: CcccApp) -> list[Piece]:
    style = app.palette[_MEANINGS[line.kind]]
    if line.kind is Kind.FILE:
        return [(_said(line, width - 1, app), style)]
    mark = line.kind.value if line.changed else " "
    numbers = f"{_number(line.old)} {_number(line.new)} "
    return [(numbers, app.palette["dim"]), (f"{mark} {_said(line, width - len(numbers) - 3, app)}", style)]


def _half(line: DiffLine | None, width: int, app: CcccApp, *, new: bool) -> list[Piece]:
    if line is None:
        return [(" " * width, Style.null())]
    style = app.palette[_MEANINGS[line.kind]]
    if line.kind is Kind.FILE:
        return [(_said(line, width, app), style)]
    mark = line.kind.value if line.changed else " "
    number = f"{_number(line.new if new else line.old)} "
    return [(number, app.palette["dim"]), (f"{mark} {_said(line, width - len(number) - 2, app)}", style)]
