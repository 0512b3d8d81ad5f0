"""Where glyphs are ASCII: what parts of the screens draw that know nothing of that, as ASCII of the same width.

Borders and icons of the library, marks in the help, ellipses and hidden keys stand in characters whose width differs
between terminals, or that some of them have no picture of. A line filter sees every line before the terminal does.
"""

from __future__ import annotations

from dataclasses import fields

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.theme import ASCII, UNICODE

_LEVEL = set("─━┄┅┈┉╌╍═╴╶╸╺╼╾▔▁")
_UPRIGHT = set("│┃┆┇┊┋╎╏║╵╷╹╻╽╿▏▕")
_LINES, _BLOCKS = range(0x2500, 0x2580), range(0x2580, 0x25A0)


def _plain(char: str) -> str:
    if char in _LEVEL or char in _UPRIGHT:
        return "-" if char in _LEVEL else "|"
    return "+" if ord(char) in _LINES else "#"


_GLYPHS = {
    char: plain
    for field in fields(ASCII)
    for char, plain in zip(getattr(UNICODE, field.name), getattr(ASCII, field.name), strict=False)
    if not char.isascii()
}
_ASCII = str.maketrans(
    {char: _plain(char) for char in map(chr, (*_LINES, *_BLOCKS))} | {"•": "*", "\u00d7": "x", "🔎": "? "} | _GLYPHS
)


class AsciiOnly(LineFilter):
    """Text from elsewhere keeps its own letters."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  (Textual's form)
        """The same segments, in the same cells."""
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(_ASCII), segment.style, segment.control)
            for segment in segments
        ]
