"""One line of pieces that is drawn again only when it says something else; it never moves anything around it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from tui.widgets.line import Piece, text


class Said(Widget):
    """Its width is given by the screen's CSS; the text stands at its right end."""

    DEFAULT_CSS = "Said { height: 1; text-align: right; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self._pieces: tuple[Piece, ...] = ()

    def show(self, pieces: Sequence[Piece]) -> None:
        """Make it say this."""
        if (new := tuple(pieces)) != self._pieces:
            self._pieces = new
            self.refresh()

    def render(self) -> Text:
        return text(self._pieces)
