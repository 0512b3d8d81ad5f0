"""Figures in words and bars: comparisons, shares, stacks; nothing that divides by what was not there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cccc.control.api import Bucket, Figures, Span, StatsGroup, StatsKey, Usage
from tests.control import world
from tests.tui.counted import series
from tui.screens import figures
from tui.screens.figures import MARKS, OF, STEP, Asked, Measure, Sort
from tui.theme import ASCII, UNICODE

HOUR = series(Span.HOUR, StatsKey.ENDPOINT, world.NOW)

amounts = st.integers(0, 10**12)
maybe = st.none() | st.floats(0, 1e9)
some_groups = st.lists(
    st.builds(
        StatsGroup, st.text(max_size=5), amounts, amounts, amounts, maybe, maybe,
        st.builds(Usage, amounts, amounts, amounts, amounts), maybe, st.none() | st.floats(0, 1), maybe,
    ),
    max_size=6,
)  # fmt: skip
some_figures = st.builds(
    Figures, amounts, amounts, amounts, amounts, maybe, maybe, st.builds(Usage, amounts, amounts, amounts, amounts),
    maybe, st.none() | st.floats(0, 1), maybe,
)  # fmt: skip


def test_the_tables_are_total() -> None:
    assert set(MARKS) == set(STEP) == set(Span)
    assert set(OF) == set(Measure)
    assert set(figures._SORTED) == set(Sort)


@pytest.mark.parametrize("by", list(StatsKey))
def test_the_table_beside_has_another_grouping(by: StatsKey) -> None:
    assert Asked(by=by).beside is not by


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(0, 0, "as before"), (5, 0, "none before"), (842, 750, "+12% vs before"), (750, 842, "-11% vs before"),
     (1_000, 1_001, "as before"), (0, 7, "-100% vs before")],
)  # fmt: skip
def test_comparisons(now: float, before: float, said: str) -> None:
    assert figures.compared(now, before) == said


@given(some_figures, some_figures)
def test_every_card_has_three_lines_whatever_the_figures(now: Figures, before: Figures) -> None:
    assert [len(lines) for lines in figures.cards(now, before).values()] == [3] * 4


@given(some_groups, st.sampled_from(Sort), st.sampled_from(Measure))
def test_sorting_loses_nobody(found: list[StatsGroup], sort: Sort, measure: Measure) -> None:
    ordered = figures.in_order(found, sort, measure)
    assert sorted(map(repr, ordered)) == sorted(map(repr, found))
    if sort is Sort.NAME:
        assert [group.key for group in ordered] == sorted(group.key for group in found)


@given(st.floats(0, 1), st.integers(0, 40), st.sampled_from([UNICODE, ASCII]))
def test_a_bar_fits_and_is_there_for_more_than_nothing(part: float, width: int, glyphs) -> None:  # type: ignore[no-untyped-def]
    bar = figures.bar(part, width, glyphs)
    assert cell_len(bar) == width
    assert (bar.strip() != "") == (part > 0 and width > 0)


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9)), min_size=1, max_size=60))
def test_the_stack_of_a_bucket_is_as_high_as_its_requests(parts: list[dict[str, int]]) -> None:
    view = replace(HOUR, buckets=tuple(Bucket(float(at), parts=each) for at, each in enumerate(parts)))
    plot = figures.large_plot(view, Measure.REQUESTS)
    assert [sum(bars) for bars in zip(*plot.stacks, strict=True)] == [sum(each.values()) for each in parts] or (
        not plot.stacks and not any(sum(each.values()) for each in parts)
    )
    assert len(plot.stacks) <= figures.NAMED + 1


def test_the_legend_names_what_the_chart_shows() -> None:
    assert figures.legend(HOUR, Measure.REQUESTS, ASCII) == ("anthropic-official #  relay-eu %  openrouter =  others :")
    assert figures.legend(HOUR, Measure.TOKENS, UNICODE) == "out █  in ▓"
    assert figures.legend(HOUR, Measure.COST, UNICODE) == ""


def test_a_strip_shows_the_newest_that_fit() -> None:
    (_, out, _, cached) = figures.strips(HOUR, UNICODE, 7)
    assert [len(line.pieces[0][0]) for line in (out, cached)] == [7, 7]


def test_no_failure_is_said() -> None:
    calm = replace(HOUR, errors=(), conversions=(), totals=Figures(requests=3))
    said = ["".join(piece for piece, _ in line.pieces) for line in figures.failures(calm, UNICODE)]
    assert said == ["none", "0 needed a second endpoint", "none   untouched 0"]


@pytest.mark.parametrize("width", [52, 56, 60, 66, 76, 100])
@pytest.mark.parametrize("columns", [figures.columns("x"), figures.beside_columns("x")], ids=["groups", "beside"])
def test_the_columns_fit(columns, width: int) -> None:  # type: ignore[no-untyped-def]
    shown = [column for column in columns if column.from_width <= width]
    assert sum(column.width + 1 for column in shown) <= max(width, 56)
