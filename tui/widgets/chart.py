"""A chart in cells: stacked bars, or a line with dots above it, over time; block and braille, or plain ASCII.

``draw`` is pure and total: whatever the numbers and however small the room, it gives exactly the lines asked for, each
in exactly its cells. The widget only puts colours to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from textual.strip import Strip
from textual.widget import Widget

from tui import format as fmt
from tui.theme import Glyphs
from tui.widgets.drawn import LineDrawn
from tui.widgets.line import strip

if TYPE_CHECKING:
    from tui.app import CcccApp

STACK = ("primary", "accent", "secondary", "dim")
LINE, DOTS = "primary", "secondary"
"""The meanings of the colours: of the bars from the lowest, of the line and of the dots."""

_LARGEST = 1e15
_SMALLEST = 1e-9
_AXIS = "dim"
_BRAILLE = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""The bits of a braille cell by column and row from below (Unicode standard, Braille Patterns)."""

Cell = tuple[str, str]
"""A character and the meaning of its colour."""


def number(value: float) -> str:
    """A whole number; what is none has no label."""
    return fmt.tokens(round(value)) if value == int(value) else ""


@dataclass(frozen=True, slots=True)
class Plot:
    """Values over time, oldest first, all sequences equally long.

    ``stacks`` are bars upon each other, the first lowest; ``line`` and ``dots`` share the scale, ``None`` is a gap.
    ``marks`` are (place from 0 to 1, words) under the axis; ``label`` writes a number beside it.
    """

    stacks: tuple[tuple[float, ...], ...] = ()
    line: tuple[float | None, ...] = ()
    dots: tuple[float | None, ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    label: Callable[[float], str] = number


def draw(plot: Plot, width: int, height: int, glyphs: Glyphs) -> list[list[Cell]]:
    """The chart as ``height`` lines of pieces that take ``width`` cells each."""
    top = scale(_peak(plot))
    tall = height - 2 if height >= 4 else height
    labels = _labels(plot, top, tall) if _peak(plot) >= _SMALLEST else {}
    gutter = max(map(len, labels.values()), default=0) + 2
    if width < gutter + 8:
        gutter = 0
    area = [[(" ", "")] * max(0, width - gutter) for _ in range(max(0, tall))]
    if area and area[0]:
        _bars(area, plot, top, glyphs)
        _line(area, plot, top, glyphs)
        _dots(area, plot, top, glyphs)
    lines = [
        [*_gutter(labels.get(row, ""), gutter, glyphs.bar), *cells]
        for row, cells in zip(range(tall - 1, -1, -1), reversed(area), strict=True)
    ]
    if tall != height:
        across = max(0, width - gutter)
        lines.append([*_gutter("", gutter, glyphs.corner), *[(glyphs.rule, _AXIS)] * across])
        lines.append([*[(" ", _AXIS)] * min(gutter, width), *_marks(plot, across)])
    return [[("".join(map(itemgetter(0), run)), how) for how, run in groupby(line, itemgetter(1))] for line in lines]


def scale(peak: float) -> float:
    """The value at the top of the axis: 1, 2, 4, 6 or 8 of a power of ten, so that its half is short to write."""
    if peak < _SMALLEST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(peak))
    return next((steps * power for steps in (1, 2, 4, 6, 8) if steps * power >= peak), 10 * power)


def _clean(value: float | None) -> float:
    return min(max(value or 0.0, 0.0), _LARGEST)


def _length(plot: Plot) -> int:
    return max(map(len, (*plot.stacks, plot.line, plot.dots)), default=0)


def _peak(plot: Plot) -> float:
    totals = [sum(map(_clean, bars)) for bars in zip(*plot.stacks, strict=True)]
    return max((_clean(value) for value in (*totals, *plot.line, *plot.dots)), default=0.0)


def _labels(plot: Plot, top: float, tall: int) -> dict[int, str]:
    """The numbers beside the axis by row from below."""
    parts = (0.25, 0.5, 0.75, 1.0) if tall >= 8 else (0.5, 1.0) if tall >= 3 else ()
    return {round(part * (tall - 1)): plot.label(top * part) for part in parts}


def _gutter(label: str, width: int, bar: str) -> list[Cell]:
    return [(character, _AXIS) for character in f"{label:>{width - 2}} {bar}"] if width else []


def _columns(length: int, width: int) -> Iterator[tuple[int, range]]:
    """Cells and the values that stand in each: every value in as many whole cells, or several values in a cell."""
    if not length:
        return
    each = width // length
    for cell in range(each * length if each else width):
        yield cell, range(cell // each, cell // each + 1) if each else _share(cell, width, length)


def _share(cell: int, width: int, length: int) -> range:
    return range(cell * length // width, max((cell + 1) * length // width, cell * length // width + 1))


def _used(length: int, width: int) -> int:
    return width // length * length if 0 < length <= width else width


def _bars(area: list[list[Cell]], plot: Plot, top: float, glyphs: Glyphs) -> None:
    """Of several values in one cell the highest stands; whatever is more than nothing fills at least a cell."""
    totals = list(zip(*([_clean(value) for value in bars] for bars in plot.stacks), strict=True))
    for cell, values in _columns(len(totals), len(area[0])):
        parts = max((totals[at] for at in values), key=sum)
        sums = list(accumulate(parts))
        for row in range(len(area)):
            level = (row + 0.5) / len(area) * top
            layer = next((at for at, upto in enumerate(sums) if upto > level), None)
            if layer is None and row == 0 and sums[-1] > 0:
                layer = parts.index(max(parts))
            if layer is None:
                break
            area[row][cell] = glyphs.shades[min(layer, len(glyphs.shades) - 1)], STACK[min(layer, len(STACK) - 1)]


def _line(area: list[list[Cell]], plot: Plot, top: float, glyphs: Glyphs) -> None:
    """Straight from value to value, two dots across and four up in a cell of braille."""
    braille = not glyphs.curve.isascii()
    across, up = (2, 4) if braille else (1, 1)
    used = _used(len(plot.line), len(area[0])) * across
    bits = [[0] * len(area[0]) for _ in area]
    before: int | None = None
    for x in range(used if plot.line else 0):
        value = _between(plot.line, (x + 0.5) / used * len(plot.line) - 0.5)
        if value is None:
            before = None
            continue
        y = round(value / top * (len(area) * up - 1))
        low, high = (y, y) if before is None else (min(y, before), max(y, before))
        for dot in range(low if before is None or y <= before else low + 1, high + 1):
            bits[dot // up][x // across] |= _BRAILLE[x % across][dot % up]
        before = y
    for row, cells in enumerate(bits):
        for cell, bit in enumerate(cells):
            if bit:
                area[row][cell] = (chr(0x2800 + bit) if braille else glyphs.curve), LINE


def _between(values: Sequence[float | None], at: float) -> float | None:
    """The value at a place between two, where both are known; else the nearer one."""
    left = min(max(math.floor(at), 0), len(values) - 1)
    right = min(left + 1, len(values) - 1)
    share = min(max(at - left, 0.0), 1.0)
    a, b = values[left], values[right]
    if a is None or b is None:
        nearer = b if share > 0.5 else a
        return None if nearer is None else _clean(nearer)
    return _clean(a) * (1 - share) + _clean(b) * share


def _dots(area: list[list[Cell]], plot: Plot, top: float, glyphs: Glyphs) -> None:
    """One dot a value, where the line leaves room."""
    length, width = len(plot.dots), len(area[0])
    for cell, values in _columns(length, width):
        each = width // length
        known = [_clean(value) for at in values if (value := plot.dots[at]) is not None]
        if not known or (each and cell % each != each // 2):
            continue
        row = round(max(known) / top * (len(area) - 1))
        if area[row][cell][1] != LINE:
            area[row][cell] = glyphs.point, DOTS


def _marks(plot: Plot, width: int) -> list[Cell]:
    """The words under the axis; the last one first, the others as far as there is room."""
    line = [" "] * width
    last = _used(_length(plot), width) - 1
    for place, words in sorted(plot.marks, key=lambda mark: (mark[0] < 1, mark[0])):
        at = round(place * last)
        start = at - len(words) + 1 if place >= 1 else at if place <= 0 else at - len(words) // 2
        around = line[max(0, start - 1) : start + len(words) + 1]
        if start >= 0 and start + len(words) <= width and not "".join(around).strip():
            line[start : start + len(words)] = words
    return [(character, _AXIS) for character in line]


class Chart(LineDrawn, Widget):
    """Shows a plot, and draws it only when it differs from the one shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self._plot = Plot()
        self._drawn: tuple[object, list[list[Cell]]] = (None, [])

    def show(self, plot: Plot) -> None:
        """Make the chart say this."""
        if plot != self._plot:
            self._plot = plot
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        app: CcccApp = self.app  # type: ignore[assignment]
        made_for = (self._plot, self.size)
        if self._drawn[0] != made_for:
            self._drawn = made_for, draw(self._plot, self.size.width, self.size.height, app.glyphs)
        pieces = self._drawn[1][y] if y < len(self._drawn[1]) else []
        return strip([(said, app.palette[how]) for said, how in pieces], self.size.width, self.rich_style)
