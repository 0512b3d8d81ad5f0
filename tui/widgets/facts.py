"""Lines of a label and what there is to say about it: the detail panes and the previews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.containers import VerticalScroll
from textual.geometry import Size

from tui import format as fmt
from tui.widgets.drawn import Written
from tui.widgets.line import Piece

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


class Facts(Written):
    """Shows facts and draws only those lines that differ from what is shown.

    In a pane that scrolls it is at least as tall as the pane, so that a few lines more or fewer move nothing.
    """

    DEFAULT_CSS = "Facts { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._facts: tuple[Fact, ...] = ()

    def show(self, facts: Sequence[Fact]) -> None:
        """Make the pane say this."""
        if (new := tuple(facts)) != self._facts:
            self._facts = new
            if self._height(self.container_size) != self.size.height:
                self.refresh(layout=True)
            self.rewrite()

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002  (Textual's own signature)
        """As wide as there is room for."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """A line a fact."""
        return self._height(container)

    def _height(self, container: Size) -> int:
        return max(len(self._facts), container.height if isinstance(self.parent, VerticalScroll) else 0)

    def written(self) -> list[list[Piece]]:
        app: CcccApp = self.app  # type: ignore[assignment]
        return [self._line(fact, app) for fact in self._facts]

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
