"""What may go to a terminal, and how wide it is there.

Everything that comes from outside (model names, errors, header values, file names) passes through ``safe`` or
``safe_line`` before it is printed: a terminal obeys escape sequences, and a log viewer must not be a way in.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

LONGEST = 2_000
"""Cells of one line; what is longer is cut."""

ELLIPSIS = "…"

_DELETE = 0x7F


def _pictures() -> dict[int, str]:
    """Visible stand-ins: control pictures for C0 and DEL, escapes for C1, line ends, direction marks, surrogates."""
    pictures = {code: chr(0x2400 + code) for code in range(0x20)} | {_DELETE: "\u2421"}
    named = (*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
    return pictures | {code: f"\\u{code:04x}" for code in (*named, *range(0xD800, 0xE000))}


_LINE = _pictures()
_TEXT = {code: picture for code, picture in _LINE.items() if chr(code) not in "\n\t"}


def safe(text: str) -> str:
    """Text of several lines with everything visible that a terminal would obey; long lines are cut."""
    return "\n".join(cut(line, LONGEST) for line in text.translate(_TEXT).split("\n"))


def safe_line(text: str) -> str:
    """The same for one line: line ends and tabs become visible too."""
    return cut(text.translate(_LINE), LONGEST)


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
