"""One line of pieces that is drawn again only when it says something else; it never moves anything around it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style

from tui.widgets.drawn import Written
from tui.widgets.line import Piece


class Said(Written):
    """Its width is given by the screen's CSS; the text stands at its right end."""

    DEFAULT_CSS = "Said { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self._pieces: tuple[Piece, ...] = ()

    def show(self, pieces: Sequence[Piece]) -> None:
        """Make it say this."""
        self._pieces = tuple(pieces)
        self.rewrite()

    def written(self) -> list[list[Piece]]:
        space = self.size.width - sum(cell_len(said) for said, _ in self._pieces)
        return [[(" " * max(0, space), Style.null()), *self._pieces]]
