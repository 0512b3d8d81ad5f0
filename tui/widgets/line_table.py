"""A table drawn line by line: a header, rows by id, a cursor on one of them. A change costs the lines that changed.

Lines are kept by what they are made of, how wide they are and how they look; what did not change is not drawn again.
What the rows are, and which of them changed, is the business of the tables that derive from this.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.drawn import LineDrawn
from tui.widgets.line import Piece, strip

LINES_KEPT = 512


class Identified(Protocol):
    """What a row must have: an id of its own."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Identified)


class LineTable(LineDrawn, ScrollView, Generic[R], can_focus=True, inherit_bindings=False):
    """Keeps the cursor, scrolls and draws. The selection is an id and stays with its row wherever that goes.

    Subclasses say what the header is (``_heading``), what a line is made of (``_made_of``) and how it looks
    (``_pieces``), and hand their rows to ``_have``.
    """

    CURSOR_STAYS: ClassVar[bool] = True
    """Whether the cursor is seen where the table is not in focus."""

    COMPONENT_CLASSES: ClassVar = {"line-table--cursor", "line-table--header"}
    DEFAULT_CSS = """
    LineTable {
        height: 1fr;
        overflow: hidden auto;
        background: $background;
        & > .line-table--header { text-style: bold; color: $foreground 60%; }
        & > .line-table--cursor { background: $block-cursor-blurred-background; }
        &:focus > .line-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
    }
    """

    class Selected(Message):
        """Another row is selected, or it says something else; ``row`` is ``None`` in an empty table."""

        def __init__(self, table: LineTable[Any], row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> LineTable[Any]:
            """The table."""
            return self.table

    class Opened(Message):
        """The selected row was clicked on."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self._rows: Sequence[R] = ()
        self._places: Mapping[str, int] = {}
        self._lines: LRUCache[tuple[Hashable, int, int, str, bool, bool], Strip] = LRUCache(LINES_KEPT)
        self.selected: str | None = None

    @property
    def rows(self) -> Sequence[R]:
        """What is shown."""
        return self._rows

    @property
    def place(self) -> int | None:
        """Where the selected row stands, counted from 0."""
        return None if self.selected is None else self._places.get(self.selected)

    @property
    def selected_row(self) -> R | None:
        """The row under the cursor."""
        return None if (place := self.place) is None else self._rows[place]

    def select(self, row_id: str) -> None:
        """Move the cursor to this row, where there is one."""
        if row_id in self._places:
            self.go(self._places[row_id])

    def go(self, place: int) -> None:
        """Move the cursor to the row at this place, or to the nearest, and bring it into sight."""
        if not self._rows:
            return
        place = max(0, min(place, len(self._rows) - 1))
        before, self.selected = self.place, self._rows[place].id
        self._bring_into_sight(place)
        if place != before:
            self._refresh_lines({before, place})
            self._tell()

    def forget(self) -> None:
        """Draw everything anew: what lines are made of has changed."""
        self._lines.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the header, or a row."""
        width, room = self._width, self.size.width
        if y == 0:
            style = self.get_component_rich_style("line-table--header", partial=True)
            return strip([(self._heading(width), style)], room, self.rich_style)
        place = round(self.scroll_offset.y) + y - 1
        if place >= len(self._rows):
            return Strip.blank(room, self.rich_style)
        under = place == self.place and (self.has_focus or self.CURSOR_STAYS)
        key = (self._made_of(place), width, room, self.app.theme, under, under and self.has_focus)
        line = self._lines.get(key)
        if line is None:
            cursor = self.get_component_rich_style("line-table--cursor", partial=True) if under else Style.null()
            pieces = ((said, style + cursor) for said, style in self._pieces(place, width))
            line = self._lines[key] = strip(pieces, room, self.rich_style + cursor)
        return line

    def watch_show_vertical_scrollbar(self) -> None:
        """The bar takes cells from every line, or gives them back."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Select what was clicked on; what is selected is opened."""
        place = round(self.scroll_offset.y) + event.y - 1
        if event.y > 0 and place < len(self._rows):
            if place == self.place:
                self.post_message(self.Opened())
            else:
                self.go(place)

    def action_cursor_up(self) -> None:
        """The row above."""
        self._move(-1)

    def action_cursor_down(self) -> None:
        """The row below."""
        self._move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._move(1 - self._height)

    def action_page_down(self) -> None:
        """A page down."""
        self._move(self._height - 1)

    def action_first(self) -> None:
        """The first row."""
        self.go(0)

    def action_last(self) -> None:
        """The last row."""
        self.go(len(self._rows) - 1)

    def _heading(self, width: int) -> str:
        """The header in so many cells."""
        raise NotImplementedError

    def _made_of(self, place: int) -> Hashable:
        """What the line of this row depends on, apart from its width, the theme and the cursor."""
        raise NotImplementedError

    def _pieces(self, place: int, width: int) -> Sequence[Piece]:
        """The line of this row in so many cells."""
        raise NotImplementedError

    def _have(self, rows: Sequence[R]) -> None:
        """Have these rows from now on; their lines are for the caller to refresh."""
        self._rows = rows
        self._places = {row.id: place for place, row in enumerate(rows)}
        self.virtual_size = Size(0, len(rows) + 1)

    def _tell(self) -> None:
        self.post_message(self.Selected(self, self.selected_row))

    def _move(self, by: int) -> None:
        if (place := self.place) is not None:
            self.go(place + by)

    def _bring_into_sight(self, place: int) -> None:
        top = round(self.scroll_offset.y)
        if place < top:
            self.scroll_to(y=place, animate=False, force=True, immediate=True)
        elif place >= top + self._height:
            self.scroll_to(y=place - self._height + 1, animate=False, force=True, immediate=True)

    @property
    def _height(self) -> int:
        """Rows that fit below the header."""
        return max(1, self.size.height - 1)

    @property
    def _width(self) -> int:
        """Cells of a line beside the bar."""
        return max(0, self.size.width - self.scrollbar_size_vertical)

    def _in_sight(self) -> range:
        """The places that are on the screen."""
        top = round(self.scroll_offset.y)
        return range(top, min(top + self._height, len(self._rows)))

    def _refresh_lines(self, places: Collection[int | None]) -> None:
        top = round(self.scroll_offset.y)
        for place in places:
            if place is not None and top <= place < top + self._height:
                self.refresh(Region(0, place - top + 1, self.size.width, 1))
