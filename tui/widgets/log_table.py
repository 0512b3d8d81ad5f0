"""A log that lives: newest last, drawn line by line, so that a row more costs one line and not a table.

Lines are kept by (row, its revision, width, theme, selected); what did not change is not drawn again. While
following, the newest row is selected and in sight; scrolling up stops that. New rows never move the cursor otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.keys import bindings
from tui.state import Row
from tui.widgets.drawn import LineDrawn
from tui.widgets.line import Piece, strip

LINES_KEPT = 512

Draw = Callable[[Row, int], Sequence[Piece]]
"""A row and a width in cells to its pieces."""


class LogTable(LineDrawn, ScrollView, can_focus=True, inherit_bindings=False):
    """``draw`` makes a row's line; ``header`` is the line above, for a width."""

    BINDINGS: ClassVar = bindings("log")
    COMPONENT_CLASSES: ClassVar = {"log--cursor", "log--header"}
    DEFAULT_CSS = """
    LogTable {
        height: 1fr;
        scrollbar-size-horizontal: 0;
        & > .log--header { text-style: bold; color: $text-muted; }
        & > .log--cursor { background: $block-cursor-blurred-background; }
        &:focus > .log--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """

    class Selected(Message):
        """Another row is selected, or it changed; ``None`` in an empty log."""

        def __init__(self, row: Row | None) -> None:
            super().__init__()
            self.row = row

    class FollowingChanged(Message):
        """Following began or ended."""

    def __init__(self, draw: Draw, header: Callable[[int], str]) -> None:
        super().__init__()
        self._draw = draw
        self._header = header
        self._rows: Sequence[Row] = ()
        self._places: dict[str, int] = {}
        self._lines: LRUCache[tuple[str, int, int, str, bool, bool, int], Strip] = LRUCache(LINES_KEPT)
        self._second = 0
        self.selected: str | None = None
        self.following = True

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown."""
        return self._rows

    def show(self, rows: Sequence[Row], now: float) -> None:
        """Show these rows. Those in flight are drawn again once a second."""
        before, self._rows = self._rows, rows
        places = {row.id: place for place, row in enumerate(rows)}
        moved = len(before) != len(rows) or places.keys() != self._places.keys()
        self._places = places
        changed = self._changed(before, rows, now)
        self._second = int(now)
        if moved:
            self.virtual_size = Size(self.scrollable_content_region.width, len(rows) + 1)
        chosen = self._keep_selected()
        if moved or chosen:
            self.refresh()
        else:
            for place in changed:
                self._refresh_line(place)
        if chosen or self._at(self.selected) in changed:
            self.post_message(self.Selected(self.selected_row))
        if self.following and moved:
            self.scroll_end(animate=False, immediate=True, force=True)

    @property
    def selected_row(self) -> Row | None:
        """The row under the cursor."""
        place = self._at(self.selected)
        return None if place is None else self._rows[place]

    def select(self, place: int, *, following: bool = False) -> None:
        """Move the cursor to a row by its place in the list, and bring it into sight."""
        if not self._rows:
            return
        place = max(0, min(place, len(self._rows) - 1))
        before, self.selected = self._at(self.selected), self._rows[place].id
        self._set_following(following=following)
        for each in {before, place} - {None}:
            self._refresh_line(each)
        top, height = round(self.scroll_offset.y), self._height
        if place < top:
            self.scroll_to(y=place, animate=False, force=True, immediate=True)
        elif place >= top + height:
            self.scroll_to(y=place - height + 1, animate=False, force=True, immediate=True)
        self.post_message(self.Selected(self.selected_row))

    def follow(self) -> None:
        """Go to the newest and stay there."""
        self._set_following(following=True)
        self.select(len(self._rows) - 1, following=True)
        self.scroll_end(animate=False, immediate=True, force=True)

    def step(self, fits: Callable[[Row], bool], *, forward: bool) -> bool:
        """Select the next row that fits in this direction; whether there was one."""
        at = self._at(self.selected)
        at = (-1 if forward else len(self._rows)) if at is None else at
        places = range(at + 1, len(self._rows)) if forward else range(at - 1, -1, -1)
        place = next((place for place in places if fits(self._rows[place])), None)
        if place is not None:
            self.select(place)
        return place is not None

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the header, or a row."""
        width = self.size.width
        if y == 0:
            style = self.get_component_rich_style("log--header", partial=True)
            return strip([(self._header(width), style)], width, self.rich_style)
        place = round(self.scroll_offset.y) + y - 1
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[place]
        selected = row.id == self.selected
        key = (row.id, row.revision, width, self.app.theme, selected, self.has_focus, self._second if row.live else 0)
        line = self._lines.get(key)
        if line is None:
            background = self.rich_style
            if selected:
                background = background + self.get_component_rich_style("log--cursor", partial=True)
            line = self._lines[key] = strip(self._draw(row, width), width, background)
        return line

    def forget(self) -> None:
        """Draw everything anew: what lines are made of has changed."""
        self._lines.clear()
        self.refresh()

    def on_resize(self) -> None:
        """Keep the newest in sight while following."""
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)
        if self.following:
            self.scroll_end(animate=False, immediate=True, force=True)

    def on_focus(self) -> None:
        """The cursor looks different."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks different."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Select what was clicked on."""
        place = round(self.scroll_offset.y) + event.y - 1
        if event.y > 0 and place < len(self._rows):
            self.select(place)

    def on_mouse_scroll_up(self) -> None:
        """Whoever looks back does not follow."""
        self._set_following(following=False)

    def action_cursor_up(self) -> None:
        """One row towards the oldest."""
        self._move(-1)

    def action_cursor_down(self) -> None:
        """One row towards the newest."""
        self._move(1)

    def action_page_up(self) -> None:
        """A page towards the oldest."""
        self._move(1 - self._height)

    def action_page_down(self) -> None:
        """A page towards the newest."""
        self._move(self._height - 1)

    def action_first(self) -> None:
        """The oldest row."""
        self.select(0)

    def _move(self, by: int) -> None:
        at = self._at(self.selected)
        self.select((len(self._rows) - 1 if at is None else at) + by)

    @property
    def _height(self) -> int:
        """Rows that fit below the header."""
        return max(1, self.size.height - 1)

    def _at(self, row_id: str | None) -> int | None:
        return None if row_id is None else self._places.get(row_id)

    def _changed(self, before: Sequence[Row], rows: Sequence[Row], now: float) -> set[int | None]:
        """Places in sight whose line is not what it was."""
        top = round(self.scroll_offset.y)
        ticked = int(now) != self._second
        return {
            place
            for place in range(top, min(top + self._height, len(rows)))
            if place >= len(before) or rows[place] is not before[place] or (ticked and rows[place].live)
        }

    def _keep_selected(self) -> bool:
        """Choose a row where none is chosen, and the newest while following; whether another one is chosen now."""
        before = self.selected
        if self.following or before not in self._places:
            self.selected = self._rows[-1].id if self._rows else None
        return self.selected != before

    def _refresh_line(self, place: int | None) -> None:
        if place is not None:
            y = place - round(self.scroll_offset.y) + 1
            if 0 < y <= self._height:
                self.refresh(Region(0, y, self.size.width, 1))

    def _set_following(self, *, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.post_message(self.FollowingChanged())
