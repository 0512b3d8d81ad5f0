"""With ``ui.glyphs: ascii`` no character of ours outside U+0020 to U+007E reaches the screen, wherever one looks."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tui.ascii import _TABLE, AsciiFilter


def test_as_many_cells_as_before_and_nothing_of_others() -> None:
    style = Style(bold=True)
    given = [Segment("╭─ naïve 日本 ─╮ …4f2a ●", style), Segment("plain")]
    told = AsciiFilter().apply(given, Color.parse("black"))
    assert told == [Segment("+- naïve 日本 -+ ~4f2a *", style), Segment("plain")]
    for code, replacement in _TABLE.items():
        assert cell_len(chr(code)) == len(replacement)
        assert replacement.isascii()
