"""Aligned plain text: columns by cell width, made to fit the terminal, nothing drawn.

Where a row does not fit, its elastic columns give way first; then the least important columns are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from cccc.cli.text import cells, cut, safe_line

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    ``least`` is its width where rows are printed one by one. ``shrinks``: may be cut on small screens, down to
    ``narrowest``. ``drop``: the order in which columns are left out where that is not enough; 0 stays for good.
    """

    title: str
    right: bool = False
    least: int = 0
    shrinks: bool = False
    narrowest: int = 8
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with a colour; plain strings do where there is none."""

    text: str
    colour: str | None = None


Row = Sequence[str | Cell]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are shown, by index, and how wide each is."""

    columns: Sequence[Column]
    widths: dict[int, int]

    def header(self) -> str:
        """The line with the titles."""
        return self.line([column.title for column in self.columns])

    def line(self, row: Row) -> str:
        """One row, every cell cut and padded to its column."""
        return _GAP.join(self._padded(row[index], index) for index in self.widths).rstrip()

    def _padded(self, cell: str | Cell, index: int) -> str:
        given = _cleaned(cell)
        text = cut(given.text, self.widths[index])
        padding = " " * (self.widths[index] - cells(text))
        shown = click.style(text, fg=given.colour) if given.colour else text
        return padding + shown if self.columns[index].right else shown + padding


def table(columns: Sequence[Column], rows: Iterable[Row], width: int | None, *, indent: str = "") -> list[str]:
    """A header line and one line for each row. ``width``: cells of the screen, ``None`` where nothing is to be cut."""
    clean = [[_cleaned(cell) for cell in row] for row in rows]
    widths = {
        index: max([cells(column.title), *(cells(row[index].text) for row in clean)])
        for index, column in enumerate(columns)
    }
    layout = _fitted(columns, widths, None if width is None else width - len(indent))
    return [indent + text for text in (layout.header(), *(layout.line(row) for row in clean))]


def stream(columns: Sequence[Column], width: int | None) -> Layout:
    """The layout for rows that are not known yet."""
    widths = {index: max(cells(column.title), column.least) for index, column in enumerate(columns)}
    return _fitted(columns, widths, width)


def _cleaned(cell: str | Cell) -> Cell:
    return Cell(safe_line(cell)) if isinstance(cell, str) else Cell(safe_line(cell.text), cell.colour)


def _fitted(columns: Sequence[Column], widths: dict[int, int], width: int | None) -> Layout:
    droppable = sorted((index for index in widths if columns[index].drop), key=lambda index: columns[index].drop)
    shrunk = dict(widths)
    while width is not None and not _shrink(shrunk, columns, width) and droppable:
        del widths[droppable.pop(0)]
        shrunk = dict(widths)
    return Layout(columns, shrunk)


def _shrink(widths: dict[int, int], columns: Sequence[Column], width: int) -> bool:
    """Take cells from the widest elastic column until the row fits; say whether it does."""
    excess = sum(widths.values()) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0:
        elastic = [index for index in widths if columns[index].shrinks and widths[index] > columns[index].narrowest]
        if not elastic:
            break
        widths[max(elastic, key=widths.__getitem__)] -= 1
        excess -= 1
    return excess <= 0
