"""Text in one line of segments: what the header, the footer and the log are drawn with.

A ``Piece`` is (text, style); pieces that come from outside are already safe and cut. No markup is ever read.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

Piece = tuple[str, Style]


def strip(pieces: Iterable[Piece], width: int, background: Style) -> Strip:
    """The pieces on ``background`` in exactly ``width`` cells; neighbours of one style become one segment."""
    line = Strip([Segment(text, background + style) for text, style in pieces if text])
    return line.adjust_cell_length(width, background).simplify()


def text(pieces: Iterable[Piece]) -> Text:
    """The pieces as one Rich text that neither wraps nor is cut by itself."""
    return Text.assemble(*pieces, no_wrap=True, overflow="crop", end="")
