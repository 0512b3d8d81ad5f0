"""One request as a line of the log: columns that come and go with the width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui import format as fmt
from tui.state import Row
from tui.theme import MARKS
from tui.widgets.line import Piece

if TYPE_CHECKING:
    from tui.app import CcccApp


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    right: bool = False
    from_width: int = 0
    grows: int = 0


_COLUMNS: Mapping[str, _Column] = {
    "time": _Column("time", 8),
    "mark": _Column("", 1),
    "client": _Column("client", 11, from_width=100),
    "model": _Column("model", 17, grows=3),
    "endpoint": _Column("endpoint", 14, grows=2),
    "path": _Column("path", 4, from_width=70),
    "code": _Column("code", 4, right=True),
    "ttft": _Column("ttfb", 7, right=True),
    "total": _Column("total", 7, right=True),
    "in": _Column("in", 7, right=True, from_width=90),
    "out": _Column("out", 6, right=True, from_width=90),
    "tries": _Column("tries", 5, right=True, from_width=100),
}


def _layout(width: int) -> list[tuple[str, _Column, int]]:
    """The columns that fit into ``width`` cells, each with its own; what is left goes to those that grow."""
    shown = {name: column for name, column in _COLUMNS.items() if width >= column.from_width}
    left = max(0, width - sum(column.width + 1 for column in shown.values()))
    parts = sum(column.grows for column in shown.values())
    return [(name, column, column.width + min(left * column.grows // parts, 16)) for name, column in shown.items()]


def header(width: int) -> str:
    """The line above the log."""
    return " ".join(fmt.fit(column.title, cells, right=column.right) for _, column, cells in _layout(width))


def line(row: Row, width: int, now: float, app: CcccApp) -> Sequence[Piece]:
    """The pieces of a row."""
    pieces: list[Piece] = []
    for name, column, cells in _layout(width):
        said, meaning = _CELLS[name](row, now, app)
        pieces.append(
            (fmt.fit(said, cells, right=column.right, ellipsis=app.glyphs.ellipsis) + " ", app.palette[meaning])
        )
    return pieces


def mark(row: Row, app: CcccApp) -> tuple[str, str]:
    """The mark of a request and its meaning."""
    glyph, meaning = MARKS[row.verdict] if row.verdict is not None else ("live", "primary")
    return getattr(app.glyphs, glyph), meaning


def _path(row: Row, app: CcccApp) -> tuple[str, str]:
    converted = row.target_format is not None and row.target_format is not row.format
    return app.glyphs.path(row.format, row.target_format), "convert" if converted else "native"


_CELLS: Mapping[str, Callable[[Row, float, CcccApp], tuple[str, str]]] = {
    "time": lambda row, *_: (fmt.clock(row.time), "dim"),
    "mark": lambda row, _, app: mark(row, app),
    "client": lambda row, *_: (row.client_type.value.replace("_", "-"), ""),
    "model": lambda row, *_: (fmt.safe(row.model or fmt.NOTHING), ""),
    "endpoint": lambda row, *_: (fmt.safe(row.endpoint or fmt.NOTHING), ""),
    "path": lambda row, _, app: _path(row, app),
    "code": lambda row, _, app: (app.glyphs.waiting if row.status is None else str(row.status), mark(row, app)[1]),
    "ttft": lambda row, *_: (fmt.milliseconds(row.ttft_ms), ""),
    "total": lambda row, now, _: (fmt.milliseconds(duration(row, now)), ""),
    "in": lambda row, *_: (fmt.tokens(row.usage.prompt if row.usage else None), ""),
    "out": lambda row, *_: (fmt.tokens(row.usage.output if row.usage else None), ""),
    "tries": lambda row, *_: (str(row.attempts), "warning" if row.attempts > 1 else ""),
}


def duration(row: Row, now: float) -> float | None:
    """How long it took, or takes so far, in milliseconds."""
    return max(0.0, now - row.time) * 1000 if row.live else row.duration_ms
