"""How the screens write things: short, comparable, and never anything that a terminal would obey."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import format as fmt

DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

anything = st.text(st.characters())


@given(anything)
def test_nothing_a_terminal_would_obey_gets_through(text: str) -> None:
    assert not DANGEROUS.search(fmt.safe(text))
    assert not any(DANGEROUS.search(line) for line in fmt.safe_lines(text))
    fmt.safe(text).encode("utf-8")


@given(anything, st.integers(0, 40))
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    short = fmt.cut(fmt.safe(text), width)
    assert cell_len(short) <= width
    assert short == fmt.safe(text) or width == 0 or short.endswith("…")


@given(anything, st.integers(0, 40), st.booleans())
def test_a_fitted_text_takes_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert cell_len(fmt.fit(fmt.safe(text), width, right=right)) == width


def test_a_line_of_a_megabyte_is_cut() -> None:
    assert cell_len(fmt.safe("x" * 1_000_000)) == fmt.LONGEST
    assert cell_len(fmt.safe("汉" * 1_000_000)) <= fmt.LONGEST


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (None, "-"), (0, "0 ms"), (-3, "0 ms"), (612.4, "612 ms"), (999.6, "1.00 s"), (1_120, "1.12 s"),
        (9_996, "10.0 s"), (60_000, "60.0 s"), (99_960, "1 m 40"), (125_000, "2 m 05"), (7_200_000, "2 h 00"),
    ],
)  # fmt: skip
def test_measured_times(ms: float | None, said: str) -> None:
    assert fmt.milliseconds(ms) == said


@given(st.floats(0, 1e8))
def test_measured_times_fit_their_column(ms: float) -> None:
    assert len(fmt.milliseconds(ms)) <= 7


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0:00"), (41, "0:41"), (725, "12:05"), (11_520, "3h12m"), (356_400, "4d03h")],
)
def test_times_to_wait(seconds: float, said: str) -> None:
    assert fmt.waiting(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "0 s"), (48, "48 s"), (1_320, "22 min"), (10_800, "3 h"), (200_000, "2 d")]
)
def test_ages(seconds: float, said: str) -> None:
    assert fmt.age(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"), [(None, "-"), (0, "0"), (18_220, "18 220"), (9_800_000, "9.80 M"), (2_800_000_000, "2 800 M")]
)
def test_tokens(number: int | None, said: str) -> None:
    assert fmt.tokens(number) == said


@pytest.mark.parametrize(("amount", "said"), [(None, "-"), (0, "$0.00"), (0.0213, "$0.0213"), (1234.5, "$1,234.50")])
def test_dollars(amount: float | None, said: str) -> None:
    assert fmt.dollars(amount) == said


def test_shares_and_counts() -> None:
    assert (fmt.share(None), fmt.share(0.991)) == ("-", "99.1%")
    assert [fmt.counted(number, "request") for number in (0, 1, 2)] == ["no requests", "1 request", "2 requests"]


def test_time_of_day() -> None:
    assert fmt.clock(1_782_909_120) == "12:32:00"
    assert fmt.clock(1_782_909_120, precise=False) == "12:32"


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=60))
def test_a_strip_of_bars_has_one_character_a_value(values: list[float | None]) -> None:
    strip = fmt.bars(values)
    assert len(strip) == len(values)
    assert all((character == " ") == (value is None) for character, value in zip(strip, values, strict=True))


def test_the_largest_bar_is_full() -> None:
    assert fmt.bars([1.0, 2.0, None, 0.0]) == "▅█ ▁"
    assert fmt.bars([0.0, 0.0]) == "▁▁"


def test_no_title_of_a_pane_is_read_as_markup() -> None:
    """A plain string in a border is markup to Textual; only literals without any may stand there."""
    strings = re.compile(r"border_(?:sub)?title(?:, \S+)? = (?!fmt\.title\(|None|\"[\w ?]*\")")
    for path in sorted(Path(fmt.__file__ or "").parent.rglob("*.py")):
        assert not strings.search(path.read_text(encoding="utf-8")), path.name
