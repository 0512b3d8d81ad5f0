"""How the screens write things: texts from outside, widths in cells, lengths of time, counts, shares. Pure.

Numbers take as few cells as they can and stay comparable down a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from cccc.control.api import visible_line

LONGEST = 2_000
"""Cells of one line; what is longer is cut."""

NOTHING = "-"
ELLIPSIS = "…"
_BARS = "▁▂▃▄▅▆▇█"


def safe(text: str) -> str:
    """One line of text that came from outside, with nothing in it that a terminal would obey, cut to ``LONGEST``."""
    return cut(visible_line(text[: LONGEST + 1]), LONGEST)


def safe_lines(text: str) -> list[str]:
    """The same for a text of several lines."""
    return [safe(line) for line in text.splitlines()] or [""]


def cells(text: str) -> int:
    """How many cells a text takes."""
    return cell_len(text)


def cut(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text, or as much of it as fits into ``width`` cells with an ellipsis at its end."""
    if len(text) * 2 <= width or cell_len(text) <= width:
        return text
    if width <= len(ellipsis):
        return ellipsis[: max(0, width)]
    return set_cell_size(text, width - len(ellipsis)).rstrip(" ") + ellipsis


def fit(text: str, width: int, *, right: bool = False, ellipsis: str = ELLIPSIS) -> str:
    """The text in exactly ``width`` cells."""
    short = cut(text, width, ellipsis)
    space = " " * (width - cell_len(short))
    return space + short if right else short + space


def title(text: str | None) -> Content | None:
    """Text for a border, or none: Textual would read markup in a plain string, and text from outside may hold some."""
    return None if text is None else Content(safe(text))


def milliseconds(ms: float | None) -> str:
    """A measured time: ``612 ms``, ``1.12 s``, ``14.0 s``, ``2 m 05``."""
    if ms is None:
        return NOTHING
    if round(ms) < 1000:
        return f"{max(ms, 0):.0f} ms"
    seconds = ms / 1000
    if round(seconds, 2) < 10:
        return f"{seconds:.2f} s"
    if round(seconds, 1) < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} m {rest:02}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02}"


def waiting(seconds: float) -> str:
    """A time still to come, or how long something runs: ``0:41``, ``12:05``, ``3h12m``, ``4d03h``."""
    whole = max(0, round(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02}h"


def age(seconds: float) -> str:
    """How long ago: ``48 s``, ``22 min``, ``3 h``, ``2 d``."""
    for limit, unit, word in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{max(0, round(seconds)) // unit} {word}"
    return f"{round(seconds) // 86_400} d"


def clock(seconds: float, *, precise: bool = True) -> str:
    """The local time of day of a wall time: ``14:32:05``, or ``14:32``."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%H:%M:%S" if precise else "%H:%M")


def count(number: int | None) -> str:
    """A number with thin groups: ``18 220``."""
    return NOTHING if number is None else f"{number:,}".replace(",", " ")


def tokens(number: int | None) -> str:
    """A number of tokens in at most seven cells: ``18 220``, ``2.80 M``."""
    if number is None or abs(number) < 1_000_000:
        return count(number)
    return f"{number / 1e6:.2f} M" if number < 100e6 else f"{number / 1e6:,.0f} M".replace(",", " ")


def share(part: float | None) -> str:
    """A share as percent: ``99.6%``."""
    return NOTHING if part is None else f"{part:.1%}"


def dollars(amount: float | None) -> str:
    """A cost in USD: cents where it is large, fractions where it is small."""
    if amount is None:
        return NOTHING
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def counted(number: int, what: str) -> str:
    """A number with its noun: ``1 request``, ``2 requests``, ``no requests``."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def bars(values: Sequence[float | None], steps: str = _BARS, gap: str = " ") -> str:
    """A strip of bars, one character a value; the largest value fills its cell, ``None`` is a gap."""
    top = max((value for value in values if value is not None), default=0.0)
    return "".join(gap if value is None else _bar(value, top, steps) for value in values)


def _bar(value: float, top: float, steps: str) -> str:
    share_of_top = min(max(value / top, 0.0), 1.0) if top > 0 else 0.0
    return steps[round(share_of_top * (len(steps) - 1))]
