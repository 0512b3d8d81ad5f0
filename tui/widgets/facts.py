"""Lines of a label and what there is to say about it: the detail panes and the previews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tui import format as fmt
from tui.widgets.line import Piece, text

if TYPE_CHECKING:
    from tui.app import CcccApp

LABEL_WIDTH = 11


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: a label (empty: as the line above; ``None``: no room for one) and pieces of (safe text, meaning)."""

    label: str | None
    pieces: tuple[tuple[str, str], ...]


def fact(label: str | None, *pieces: str | tuple[str, str]) -> Fact:
    """A line; a piece without a meaning is plain."""
    return Fact(label, tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces))


class Facts(Widget):
    """Shows facts and draws only when they differ from those shown."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: tuple[Fact, ...] = ()

    def show(self, facts: Sequence[Fact]) -> None:
        """Make the pane say this."""
        if (new := tuple(facts)) != self._facts:
            taller = len(new) != len(self._facts)
            self._facts = new
            self.refresh(layout=taller)

    def render(self) -> Text:
        app: CcccApp = self.app  # type: ignore[assignment]
        lines = [text(self._line(fact, app)) for fact in self._facts]
        return Text("\n", end="", no_wrap=True, overflow="crop").join(lines)

    def _line(self, fact: Fact, app: CcccApp) -> list[Piece]:
        room = self.size.width
        pieces: list[Piece] = []
        if fact.label is not None:
            room = max(0, room - LABEL_WIDTH)
            pieces.append((fmt.fit(fact.label, LABEL_WIDTH), app.palette["dim"]))
        for said, meaning in fact.pieces:
            short = fmt.cut(said, room, app.glyphs.ellipsis)
            room -= cell_len(short)
            pieces.append((short, app.palette[meaning] if meaning else Style.null()))
            if short != said:
                break
        return pieces
