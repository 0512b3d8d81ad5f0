"""Widgets that draw their own lines, which are kept as they are until something on them changes.

Textual makes every line of a widget anew from the widget's styles, even of one that was only moved, and with it the
terminal sequences of its segments: most of the time of a frame. A line that is handed over as it is keeps what was
made of it (https://textual.textualize.io/guide/widgets/#line-api).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Self

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.line import Piece, strip

if TYPE_CHECKING:
    _Mixed = Widget
else:
    _Mixed = object  # Textual takes a widget's default styles from the first of its bases that is a widget


class LineDrawn(_Mixed):
    """Mixed into a widget that gives ``render_line``."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        self._kept: dict[int, Strip] = {}
        """The lines in sight, by their place in the widget."""
        self._kept_size: Size | None = None
        super().__init__(id=id)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw these regions again, or everything."""
        if repaint and regions:
            for region in regions:
                for y in region.line_range:
                    self._kept.pop(y, None)
        elif repaint:
            self._kept.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region. A widget with a border, or one that is dimmed, is left to Textual."""
        if self.styles.gutter or self.opacity != 1.0:
            return super().render_lines(crop)
        if self.size != self._kept_size:
            self._kept.clear()
            self._kept_size = self.size
        return [self._drawn_line(y).crop(crop.x, crop.right) for y in crop.line_range]

    def _drawn_line(self, y: int) -> Strip:
        line = self._kept.get(y)
        if line is None:
            line = self.render_line(y)
            for each in self.get_line_filters():
                line = line.apply_filter(each, self.background_colors[1])
            self._kept[y] = line
        return line


class Written(LineDrawn, Widget):
    """A few lines of pieces, made all at once by ``written`` for the size and theme in force."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        self._lines: tuple[Sequence[Piece], ...] = ()
        self._made_for: tuple[Size, str] | None = None
        super().__init__(id=id)

    def written(self) -> Iterable[Sequence[Piece]]:
        """The lines, from the first one; below the last one nothing stands."""
        raise NotImplementedError

    def rewrite(self) -> None:
        """What is to be said may have changed: draw the lines that did."""
        if not self.size:
            return  # it has no place yet, and is drawn when it has one
        before = self._lines
        self._make()
        for y, (old, new) in enumerate(zip_longest(before, self._lines)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw these regions again; or everything, and anew."""
        if repaint and not regions:
            self._made_for = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        if self._made_for != (self.size, self.app.theme):
            self._make()
        return strip(self._lines[y] if y < len(self._lines) else (), self.size.width, self.rich_style)

    def _make(self) -> None:
        self._lines = tuple(self.written())
        self._made_for = self.size, self.app.theme
