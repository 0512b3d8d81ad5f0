"""What an attacker, or only a careless upstream, puts into names, models, errors and headers.

``HOSTILE`` goes into every text of every widget; ``assert_harmless`` looks at what would reach the terminal. New
screens belong into ``test_hostile.py``.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.strip import Strip

_ESC, _ST, _BEL = "\x1b", "\x1b\\", "\x07"

HOSTILE: tuple[str, ...] = (
    # CSI, 7-bit and 8-bit
    *(
        f"{_ESC}[{tail}"
        for tail in ("2J", "H", "31m", "?1049l", "?25h", "6n", "c", "5i", "20t", "21t", "38;5;1m", "1000D")
    ),
    *(f"\x9b{tail}" for tail in ("2J", "31m", "6n", "0c", "?1049l")),
    # OSC: title, links, clipboard, notifications, palette; ended in every way, and not at all
    *(
        f"{start}{what}{end}"
        for start in (f"{_ESC}]", "\x9d")
        for what in ("0;owned", "8;;http://evil.example", "52;c;ZXZpbA==", "777;notify;a;b", "4;1;?")
        for end in (_BEL, _ST, "\x9c", "")
    ),
    # DCS, APC, PM, SOS, single shifts, resets, charsets
    f"{_ESC}P+q544e{_ST}",
    "\x90q#0\x9c",
    f"{_ESC}_Ga=d{_ST}",
    f"{_ESC}^pm{_ST}",
    f"{_ESC}Xsos{_ST}",
    f"{_ESC}c",
    f"{_ESC}(0",
    f"{_ESC}#8",
    f"{_ESC}N",
    f"{_ESC}=",
    "\x84\x85\x8d",
    f"{_ESC}{_ESC}[2J",
    f"{_ESC}%G",
    # the rest of the controls
    "a\x00b",
    "a\x08\x08b",
    "a\rb",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "a\x0bb\x0cc",
    "\x0e\x0f",
    "\x7f",
    "\x05",
    "\x11\x13",
    "\x1a",
    "\x18",
    # markup of Rich and of Textual, whole and broken
    "[bold]x[/bold]",
    "[@click=app.bell]x[/]",
    "[/",
    "[",
    "[/]",
    "[link=http://evil.example]x",
    "[on red",
    "\\[bold]",
    "[[x]]",
    "[red]",
    '[@click="app.exit"]',
    "$error",
    "[$error]x",
    ":skull:",
    "{x}",
    "%s %d",
    # direction, invisible and wide characters, broken text
    "\u202eevil\u202c",
    "\u2066a\u2069",
    "\u200fa",
    "\u061ca",
    "a\u2028b",
    "a\u2029b",
    "a\u200bb",
    "\ufeff",
    "a\u200db",
    "\ud800",
    "\udfff\ud800",
    "汉字" * 40,
    "👩‍👩‍👧‍👦" * 20,
    "e\u0301" * 50,
    "a" + "\u0301" * 200,
    "ﷺ" * 10,
    "\U000e0041",
    "\u115f",
    # length
    "x" * 1_000_000,
    "[" * 5_000,
    " " * 3_000,
    "",
)

_DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def assert_harmless(strips: list[Strip], width: int) -> None:
    """Every line of a screen takes exactly its cells and holds nothing that a terminal would obey."""
    for strip in strips:
        for segment in strip:
            _assert_harmless(segment)
        assert strip.cell_length == width


def _assert_harmless(segment: Segment) -> None:
    assert not _DANGEROUS.search(segment.text), repr(segment.text)
    style = segment.style
    if style is not None:
        assert style.link is None
        assert "evil" not in repr(style.meta)
        assert "bell" not in repr(style.meta)
