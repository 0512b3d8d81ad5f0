"""What may go to a terminal, and how wide it is there.

Everything that comes from outside passes through ``safe`` or ``safe_line`` before it is printed (``control.text`` says
why). Widths are counted here, because loading Rich only for that would take longer than most commands.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from cccc.control.text import visible, visible_line

LONGEST = 2_000
"""Cells of one line; what is longer is cut."""

ELLIPSIS = "…"


def safe(text: str) -> str:
    """Text of several lines with everything visible that a terminal would obey; long lines are cut."""
    return "\n".join(cut(line, LONGEST) for line in visible(text).split("\n"))


def safe_line(text: str) -> str:
    """The same for one line: line ends and tabs become visible too."""
    return cut(visible_line(text), LONGEST)


@lru_cache(maxsize=4096)
def _cell(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fits into ``width`` cells with an ellipsis at its end."""
    if len(text) * 2 <= width or cells(text) <= width:
        return text
    room, kept = width - 1, 0
    for character in text:
        room -= _cell(character)
        if room < 0:
            break
        kept += 1
    return text[:kept] + ELLIPSIS if width > 0 else ""
