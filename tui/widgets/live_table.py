"""A table that changes in place: columns come and go with its width, and only rows that changed are drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style

from tui import format as fmt
from tui.keys import bindings
from tui.widgets.line import Piece
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from tui.app import CcccApp

_EMPTY: Piece = ("", Style.null())
_SPACE: Piece = (" ", Style.null())


@dataclass(frozen=True, slots=True)
class Column:
    """``width`` cells under ``title``; shown where the table has at least ``from_width`` cells, and fewer than
    ``to_width``."""

    id: str
    title: str
    width: int
    right: bool = False
    from_width: int = 0
    to_width: int = 10_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its id, and a text with a style for every column id."""

    id: str
    cells: dict[str, Piece]


class LiveTable(LineTable[TableRow]):
    """Shows rows in the order given."""

    BINDINGS: ClassVar = bindings("table")

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self._columns = tuple(columns)

    def show(self, rows: Sequence[TableRow]) -> None:
        """Make the table say this. Where the selected row has gone, the one in its place is selected."""
        before, place, selected = self._rows, self.place, self.selected
        self._have(tuple(rows))
        if selected not in self._places:
            self.selected = rows[min(place or 0, len(rows) - 1)].id if rows else None
        if len(before) != len(rows):
            self.refresh()
        else:
            changed = {at for at in self._in_sight() if rows[at] != before[at]}
            self._refresh_lines(changed if place == self.place else {*changed, place, self.place})
        if self.selected != selected:
            self._tell()

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Have other columns."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            self.forget()

    def _heading(self, width: int) -> str:
        return "".join(said for said, _ in self._line(width, lambda column: (column.title, Style.null())))

    def _made_of(self, place: int) -> Hashable:
        return tuple(self._rows[place].cells.items())

    def _pieces(self, place: int, width: int) -> Sequence[Piece]:
        cells = self._rows[place].cells
        return self._line(width, lambda column: cells.get(column.id, _EMPTY))

    def _line(self, width: int, cell: Callable[[Column], Piece]) -> list[Piece]:
        """A cell and a space for each column; of the one that reaches beyond the edge as much as there is room for."""
        app: CcccApp = self.app  # type: ignore[assignment]
        pieces: list[Piece] = []
        left = width
        for column in self._columns:
            if left > 0 and column.from_width <= width < column.to_width:
                said, style = cell(column)
                room = min(column.width, left)
                pieces += (fmt.fit(said, room, right=column.right, ellipsis=app.glyphs.ellipsis), style), _SPACE
                left -= room + 1
        return pieces
