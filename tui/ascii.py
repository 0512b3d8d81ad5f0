"""``ui.glyphs: ascii``: the last step before the terminal, so that no line, border or mark of ours is anything else.

Screens choose their glyphs from ``theme.ASCII``; what comes from the toolkit (borders, scroll bars, the palette, tables
in the help) or from the proxy's own words (masked keys, dots) is told in ASCII here, cell for cell. The same characters
in text from outside are told so too, because they are those whose width differs between terminals; all other text
from outside stays as it is.
"""

# ruff: noqa: RUF001  (characters that look alike are what this is about)

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_MARKS = {
    "…": "~", "·": "-", "•": "*", "→": ">", "←": "<", "↑": "^", "↓": "v", "↔": "-", "●": "*", "○": "o", "◌": "z",
    "◐": "~", "▶": ">", "▸": ">", "▾": "v", "▼": "v", "▲": "^", "◀": "<", "✓": "+", "✗": "x", "⊘": "o", "×": "x",
    "–": "-", "—": "-", "−": "-", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "≥": ">", "≤": "<", "≠": "!",
    "\u00a0": " ", "⣿": "*", "░": ".", "▒": ":", "▓": "=", "█": "#", "▪": "*", "■": "#", "★": "*", "⏺": "*", "‣": ">",
}  # fmt: skip
_WIDE = {"🔎": "/ "}
"""Two cells each."""

_HORIZONTAL = "─━┄┅┈┉╌╍═╴╶╸╺╼╾▀▁▂▃▄▅▆▇▔"
_VERTICAL = "│┃┆┇┊┋╎╏║╵╷╹╻╽╿▉▊▋▌▍▎▏▐▕"
_CORNERS = range(0x2500, 0x25A0)
"""Box drawing and block elements: what is neither line is a corner."""

_CONTROL_PICTURES = range(0x2400, 0x2440)

_TABLE = str.maketrans(
    {
        **{chr(code): "?" for code in _CONTROL_PICTURES},
        **{chr(code): "+" for code in _CORNERS},
        **dict.fromkeys(_HORIZONTAL, "-"),
        **dict.fromkeys(_VERTICAL, "|"),
        **_MARKS,
        **_WIDE,
    }
)


class AsciiFilter(LineFilter):
    """Tells every drawn line in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  (Textual's signature)
        """The same segments with other characters, as many cells wide."""
        return [
            one if one.text.isascii() else Segment(one.text.translate(_TABLE), one.style, one.control)
            for one in segments
        ]
