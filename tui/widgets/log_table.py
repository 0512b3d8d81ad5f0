"""A log that lives: newest last, so that a row more costs one line and not a table.

While following, the newest row is selected and in sight; moving up stops that. New rows never move the cursor
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar

from textual.message import Message

from tui.keys import bindings
from tui.state import Row
from tui.widgets.line import Piece
from tui.widgets.line_table import LineTable

Draw = Callable[[Row, int], Sequence[Piece]]
"""A row and a width in cells to its pieces."""


class LogTable(LineTable[Row]):
    """``draw`` makes a row's line; ``header`` is the line above, for a width."""

    BINDINGS: ClassVar = bindings("log")

    class FollowingChanged(Message):
        """Following began or ended."""

    def __init__(self, draw: Draw, header: Callable[[int], str]) -> None:
        super().__init__()
        self._draw = draw
        self._header = header
        self._second = 0
        self.following = True

    def show(self, rows: Sequence[Row], now: float) -> None:
        """Show these rows. Those in flight are drawn again once a second."""
        before, places = self._rows, self._places
        self._have(rows)
        changed = self._changed(before, now)
        self._second = int(now)
        moved = len(before) != len(rows) or places.keys() != self._places.keys()
        chosen = self._keep_selected()
        if moved or chosen:
            self.refresh()
        else:
            self._refresh_lines(changed)
        if chosen or self.place in changed:
            self._tell()
        if self.following and moved:
            self.scroll_end(animate=False, immediate=True, force=True)

    def go(self, place: int) -> None:
        """Who moves does not follow."""
        self._set_following(following=False)
        super().go(place)

    def follow(self) -> None:
        """Go to the newest and stay there."""
        super().go(len(self._rows) - 1)
        self._set_following(following=True)
        self.scroll_end(animate=False, immediate=True, force=True)

    def step(self, fits: Callable[[Row], bool], *, forward: bool) -> bool:
        """Select the next row that fits in this direction; whether there was one."""
        at = self.place
        at = (-1 if forward else len(self._rows)) if at is None else at
        places = range(at + 1, len(self._rows)) if forward else range(at - 1, -1, -1)
        place = next((place for place in places if fits(self._rows[place])), None)
        if place is not None:
            self.go(place)
        return place is not None

    def on_resize(self) -> None:
        """Keep the newest in sight while following, and else what is selected."""
        if self.following:
            self.scroll_end(animate=False, immediate=True, force=True)
        elif (place := self.place) is not None:
            self._bring_into_sight(place)

    def on_mouse_scroll_up(self) -> None:
        """Whoever looks back does not follow."""
        self._set_following(following=False)

    def _heading(self, width: int) -> str:
        return self._header(width)

    def _made_of(self, place: int) -> Hashable:
        row = self._rows[place]
        return row.id, row.revision, self._second if row.live else 0

    def _pieces(self, place: int, width: int) -> Sequence[Piece]:
        return self._draw(self._rows[place], width)

    def _changed(self, before: Sequence[Row], now: float) -> set[int | None]:
        """Places in sight whose line is not what it was."""
        rows, ticked = self._rows, int(now) != self._second
        return {
            place
            for place in self._in_sight()
            if place >= len(before) or rows[place] is not before[place] or (ticked and rows[place].live)
        }

    def _keep_selected(self) -> bool:
        """Choose a row where none is chosen, and the newest while following; whether another one is chosen now."""
        before = self.selected
        if self.following or before not in self._places:
            self.selected = self._rows[-1].id if self._rows else None
        return self.selected != before

    def _set_following(self, *, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.post_message(self.FollowingChanged())
