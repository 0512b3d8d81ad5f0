"""``guards.txt`` is true to the code: each stands where it says, once, and its tests are there."""

from __future__ import annotations

import ast

import pytest

from tests.guards import GUARDS, ROOT, Guard


def test_there_are_thirty_or_more_of_different_names() -> None:
    text = (ROOT / "tests/guards.txt").read_text(encoding="utf-8")
    assert len({guard.name for guard in GUARDS}) == len(GUARDS) == text.count("===") >= 30


@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_a_guard_stands_where_the_table_says(guard: Guard) -> None:
    code = (ROOT / guard.file).read_text(encoding="utf-8")
    assert code.count(guard.text) == 1
    ast.parse(code.replace(guard.text, guard.instead))
    assert all((ROOT / test).is_file() for test in guard.tests)
