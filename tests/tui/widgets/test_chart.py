"""The chart: exactly its cells for whatever numbers and room, and true to the numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.theme import GLYPHS
from tui.widgets.chart import Plot, draw, number, scale

MARKS = ((0.0, "-60 min"), (0.25, "-45"), (0.5, "-30"), (0.75, "-15"), (1.0, "now"))

values = st.floats(allow_nan=False, allow_infinity=True) | st.integers(0, 100).map(float) | st.just(5e-324)
gaps = st.none() | values


@st.composite
def plots(draws: st.DrawFn) -> Plot:
    length = draws(st.integers(0, 70))
    several = st.lists(values, min_size=length, max_size=length).map(tuple)
    with_gaps = st.lists(gaps, min_size=length, max_size=length).map(tuple)
    return Plot(
        stacks=tuple(draws(st.lists(several, max_size=6))),
        line=draws(st.just(()) | with_gaps),
        dots=draws(st.just(()) | with_gaps),
        marks=draws(st.sampled_from([(), MARKS])),
    )


def text(plot: Plot, width: int, height: int, glyphs: str = "unicode") -> list[str]:
    return ["".join(said for said, _ in line) for line in draw(plot, width, height, GLYPHS[glyphs])]


@given(plots(), st.integers(1, 200), st.integers(0, 30), st.sampled_from(sorted(GLYPHS)))
def test_it_takes_exactly_its_cells(plot: Plot, width: int, height: int, glyphs: str) -> None:
    lines = text(plot, width, height, glyphs)
    assert len(lines) == height
    assert {cell_len(line) for line in lines} <= {width}
    if glyphs == "ascii":
        assert all(line.isascii() for line in lines)


@given(st.floats(0, 1e15))
def test_the_scale_reaches_the_peak_and_is_near(peak: float) -> None:
    top = scale(peak)
    assert top >= peak or top == pytest.approx(peak)
    assert peak < 1e-9 or top <= peak * 2 * (1 + 1e-9)


@pytest.mark.parametrize(("peak", "top"), [(0, 1), (1, 1), (1.1, 2), (3, 4), (15, 20), (41, 60), (61, 80), (81, 100)])
def test_the_scale_is_round(peak: float, top: float) -> None:
    assert scale(peak) == top


@given(st.lists(st.integers(0, 50).map(float), min_size=1, max_size=60), st.integers(60, 140))
def test_a_higher_bar_is_never_drawn_lower(heights: list[float], width: int) -> None:
    lines = text(Plot(stacks=(tuple(heights),)), width, 12)[:-2]
    each = (len(lines[0]) - lines[0].index("│") - 1) // len(heights)
    first = lines[0].index("│") + 1
    drawn = [sum(line[first + at * each] == "█" for line in lines) for at in range(len(heights))]
    for height, cells in zip(heights, drawn, strict=True):
        assert (height > 0) == (cells > 0), "what is more than nothing can be seen"
        assert all(cells >= other for lower, other in zip(heights, drawn, strict=True) if height >= lower)


def test_stacked_bars() -> None:
    plot = Plot(stacks=((1.0, 2.0, 0.0), (1.0, 2.0, 0.0)), marks=MARKS)
    assert text(plot, 17, 6) == [
        "4 │    ▓▓▓▓      ",
        "2 │    ▓▓▓▓      ",
        "  │▓▓▓▓████      ",
        "  │████████      ",
        "  └──────────────",
        "   -60 min  now  ",
    ]


def test_a_line_and_its_dots_in_ascii() -> None:
    plot = Plot(line=(0.0, 1.0, 2.0), dots=(2.0, 2.0, None))
    assert text(plot, 12, 3, "ascii") == ["2 | .  . ***", "1 |   ***   ", "  |***      "]


def test_a_gap_is_a_gap() -> None:
    assert text(Plot(line=(1.0, 1.0, None, None, 1.0, 1.0)), 15, 3)[0] == "1 │⠉⠉⠉⠉    ⠉⠉⠉⠉"


def test_more_values_than_cells_show_the_highest_of_each_cell() -> None:
    heights = [0.0] * 60
    heights[31] = 4.0
    assert text(Plot(stacks=(tuple(heights),)), 20, 2) == [" │" + " " * 9 + "█" + " " * 8] * 2


@pytest.mark.parametrize(("value", "said"), [(0.5, ""), (2.0, "2"), (2_000_000.0, "2.00 M")])
def test_numbers_beside_the_axis(value: float, said: str) -> None:
    assert number(value) == said
