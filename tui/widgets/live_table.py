"""A table that changes in place: fixed columns, rows by id, and only cells whose text changed are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from tui import format as fmt
from tui.keys import bindings
from tui.widgets.line import Piece, text


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


class LiveTable(DataTable[Text], inherit_bindings=False):
    """Shows rows in the order given. The selection is an id and stays with its row wherever that goes."""

    BINDINGS: ClassVar = bindings("table")

    class Selected(Message):
        """Another row is selected; ``None`` in an empty table."""

        def __init__(self, table: LiveTable, row_id: str | None) -> None:
            super().__init__()
            self.table = table
            self.row_id = row_id

        @property
        def control(self) -> LiveTable:
            """The table."""
            return self.table

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=0, header_height=1)
        self._columns_wanted = tuple(columns)
        self._shown: tuple[Column, ...] = ()
        self._rows_wanted: tuple[TableRow, ...] = ()
        self._drawn: dict[str, dict[str, Text]] = {}
        self.selected: str | None = None

    def show(self, rows: Sequence[TableRow]) -> None:
        """Make the table say this."""
        self._rows_wanted = tuple(rows)
        if not self._shown:
            return
        with self.app.batch_update():
            wanted = {row.id: row for row in rows}
            for gone in [row_id for row_id in self._drawn if row_id not in wanted]:
                self.remove_row(gone)
                del self._drawn[gone]
            for row in rows:
                self._draw(row)
            self._put_in_order([row.id for row in rows])
            self._keep_selected([row.id for row in rows])

    def show_columns(self, columns: Sequence[Column]) -> None:
        """Have other columns."""
        if tuple(columns) != self._columns_wanted:
            self._columns_wanted = tuple(columns)
            self.on_resize()

    def on_resize(self) -> None:
        """Columns come and go with the width."""
        width = self.size.width
        shown = tuple(column for column in self._columns_wanted if column.from_width <= width < column.to_width)
        if shown == self._shown or not self.size.width:
            return
        self._shown = shown
        self._drawn.clear()
        self.clear(columns=True)
        for column in shown:
            title = self._cell(column, (column.title, Style(bold=True)))
            self.add_column(title, key=column.id, width=column.width + 1)
        self.show(self._rows_wanted)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """The cursor was moved. Messages of moves that are over by now say nothing."""
        event.stop()
        row_id = event.row_key.value
        if event.cursor_row == self.cursor_row and row_id == self._id_at(self.cursor_row) and row_id != self.selected:
            self._choose(row_id)

    def select(self, row_id: str) -> None:
        """Move the cursor to this row, where there is one."""
        if row_id in self._drawn:
            if row_id != self.selected:
                self._choose(row_id)
            self.move_cursor(row=self.get_row_index(row_id))

    @property
    def id_at_cursor(self) -> str | None:
        """The row under the cursor; ``selected`` follows as soon as the move was told."""
        return self._id_at(self.cursor_row)

    def _choose(self, row_id: str | None) -> None:
        self.selected = row_id
        self.post_message(self.Selected(self, row_id))

    def _id_at(self, index: int) -> str | None:
        return self.ordered_rows[index].key.value if self.is_valid_row_index(index) else None

    def _put_in_order(self, ids: list[str]) -> None:
        if [row.key.value for row in self.ordered_rows] == ids:
            return
        first = self._shown[0].id
        places = {id(self._drawn[row_id][first]): place for place, row_id in enumerate(ids)}
        self.sort(first, key=lambda cell: places[id(cell)])

    def _keep_selected(self, ids: list[str]) -> None:
        if self.selected not in self._drawn:
            chosen = ids[min(self.cursor_row, len(ids) - 1)] if ids else None
            if chosen != self.selected:  # an empty table that stays empty has nothing to tell
                self._choose(chosen)
        if self.selected is not None and self._id_at(self.cursor_row) != self.selected:
            self.move_cursor(row=self.get_row_index(self.selected), scroll=False)

    def _draw(self, row: TableRow) -> None:
        cells = {column.id: self._cell(column, row.cells.get(column.id, ("", Style.null()))) for column in self._shown}
        before = self._drawn.get(row.id)
        if before is None:
            self.add_row(*cells.values(), key=row.id)
        else:
            for column_id, cell in cells.items():
                if cell == before[column_id] and cell.spans == before[column_id].spans:
                    cells[column_id] = before[column_id]  # the table has this one, and orders its rows by it
                else:
                    self.update_cell(row.id, column_id, cell, update_width=False)
        self._drawn[row.id] = cells

    def _cell(self, column: Column, piece: Piece) -> Text:
        said, style = piece
        return text([(fmt.fit(said, column.width, right=column.right), style), (" ", Style.null())])
