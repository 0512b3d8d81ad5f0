"""Diffs as lines: numbered as the files are, paired, and walked through."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.diffs import DiffLine, Kind, beside, changes, parse

DIFF = "--- a\n+++ a\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n+2b\n three\n@@ -9 +10 @@\n-nine\n+9\n"


def test_lines_have_the_numbers_of_their_files() -> None:
    assert parse(DIFF) == (
        DiffLine(Kind.SAME, "one", 1, 1),
        DiffLine(Kind.OLD, "two", old=2),
        DiffLine(Kind.NEW, "2", new=2),
        DiffLine(Kind.NEW, "2b", new=3),
        DiffLine(Kind.SAME, "three", 3, 4),
        DiffLine(Kind.GAP, ""),
        DiffLine(Kind.OLD, "nine", old=9),
        DiffLine(Kind.NEW, "9", new=10),
    )


def test_what_was_taken_out_stands_left_of_what_came() -> None:
    pairs = [tuple(one.text if one else None for one in pair) for pair in beside(parse(DIFF))]
    assert pairs == [("one", "one"), ("two", "2"), (None, "2b"), ("three", "three"), ("", ""), ("nine", "9")]


@pytest.mark.parametrize(
    ("changed", "starts"), [("", ()), ("011011", (1, 4)), ("1", (0,)), ("000", ()), ("101", (0, 2))]
)
def test_a_run_of_changes_is_one(changed: str, starts: tuple[int, ...]) -> None:
    assert changes([one == "1" for one in changed]) == starts


@pytest.mark.parametrize("text", ["", "nonsense", "@@ -1 +1 @@", "--- a\n+++ b\n", "@@ -x +y @@\n-a"])
def test_what_is_no_diff_says_nothing(text: str) -> None:
    assert all(line.kind is Kind.SAME for line in parse(text))


_LINES = st.lists(st.sampled_from(["a", "b", "-- c", "++ d", "@@ -1 +1 @@", "", "--- x"]), max_size=12)


@given(_LINES, _LINES)
def test_both_files_can_be_read_from_it(old: list[str], new: list[str]) -> None:
    diff = "\n".join(difflib.unified_diff(old, new, "f", "f", lineterm="", n=100))
    lines = parse(diff)
    if old != new:
        assert [line.text for line in lines if line.old is not None] == old
        assert [line.text for line in lines if line.new is not None] == new
        assert [line.old for line in lines if line.old is not None] == list(range(1, len(old) + 1))
    left = [pair[0] for pair in beside(lines) if pair[0] is not None]
    assert [line for line in left if line.old is not None] == [line for line in lines if line.old is not None]
