"""Aligned plain text: columns by cell width, cut to the terminal, nothing drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from cccc.cli.text import cells, cut, safe_line

_GAP = "  "
_NARROWEST = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``least`` is its width where rows are printed one by one; ``shrinks``: gives way on small screens."""

    title: str
    right: bool = False
    least: int = 0
    shrinks: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with a colour; plain strings do where there is none."""

    text: str
    colour: str | None = None


Row = Sequence[str | Cell]


def table(columns: Sequence[Column], rows: Iterable[Row], width: int | None, *, indent: str = "") -> list[str]:
    """A header line and one line for each row. ``width``: cells of the screen, ``None`` where nothing is to be cut."""
    clean = [[_cleaned(cell) for cell in row] for row in rows]
    widths = [
        max([cells(column.title), column.least, *(cells(row[index].text) for row in clean)])
        for index, column in enumerate(columns)
    ]
    if width is not None:
        _fit(widths, columns, width - len(indent))
    titles: Row = [column.title for column in columns]
    return [line(columns, widths, row, indent=indent) for row in (titles, *clean)]


def line(columns: Sequence[Column], widths: Sequence[int], row: Row, *, indent: str = "") -> str:
    """One row, every cell cut and padded to its column."""
    parts = []
    for column, width, cell in zip(columns, widths, row, strict=True):
        given = _cleaned(cell)
        text = cut(given.text, width)
        padding = " " * (width - cells(text))
        shown = click.style(text, fg=given.colour) if given.colour else text
        parts.append(padding + shown if column.right else shown + padding)
    return (indent + _GAP.join(parts)).rstrip()


def _cleaned(cell: str | Cell) -> Cell:
    return Cell(safe_line(cell), None) if isinstance(cell, str) else Cell(safe_line(cell.text), cell.colour)


def _fit(widths: list[int], columns: Sequence[Column], width: int) -> None:
    """Take cells from the widest column that may shrink, until the row fits or nothing is left to take."""
    elastic = [index for index, column in enumerate(columns) if column.shrinks]
    excess = sum(widths) + len(_GAP) * (len(columns) - 1) - width
    while excess > 0 and elastic:
        widest = max(elastic, key=widths.__getitem__)
        if widths[widest] <= max(_NARROWEST, columns[widest].least):
            break
        widths[widest] -= 1
        excess -= 1
