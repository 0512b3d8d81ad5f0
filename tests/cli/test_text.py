"""What reaches a terminal: nothing it would obey, never wider than said."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.cli.text import LONGEST, cells, cut, safe, safe_line

DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

anything = st.text(st.characters())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 汉字 🦊", "plain ü 汉字 🦊"),
        ("\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇"),
        ("\x9b2J", "\\u009b2J"),
        ("a\u202eb\u2066c\u200fd", "a\\u202eb\\u2066c\\u200fd"),
        ("\x00\x7f", "␀␡"),
        ("\ud83d", "\\ud83d"),
        ("[bold]/[@click=x]", "[bold]/[@click=x]"),
    ],
)
def test_what_a_terminal_would_obey_becomes_visible(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert safe_line(text) == shown


def test_lines_stay_lines_where_there_may_be_several() -> None:
    assert safe("a\tb\nc\rd") == "a\tb\nc␍d"
    assert safe_line("a\tb\nc\rd") == "a␉b␊c␍d"


@given(anything)
def test_no_text_gets_through(text: str) -> None:
    assert not DANGEROUS.search(safe(text))
    assert not DANGEROUS.search(safe_line(text))
    assert not set(safe_line(text)) & {"\n", "\t"}
    safe(text).encode("utf-8")


@given(anything)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(anything, st.integers(0, 30))
def test_cutting_fits(text: str, width: int) -> None:
    short = cut(text, width)
    assert cells(short) <= width
    assert short == text or width == 0 or short.endswith("…")


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("汉字", 4), ("e\u0301", 1), ("🦊", 2), ("→●", 2), ("a\u200db", 2)]
)
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width


def test_wide_characters_are_not_halved() -> None:
    assert cut("汉字汉字", 6) == "汉字…"
    assert unicodedata.east_asian_width("汉") == "W"


def test_a_line_of_a_megabyte_is_cut() -> None:
    assert cells(safe("x" * 1_000_000)) == LONGEST
    assert len(safe("a\n" * 10).splitlines()) == 10
