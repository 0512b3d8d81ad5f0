"""A key that does not print itself."""

from __future__ import annotations

import pytest

from cccc.domain.secret import Secret

KEY = "sk-ant-0123456789abcdef"


@pytest.mark.parametrize("shown", [repr(Secret(KEY)), str(Secret(KEY)), f"{Secret(KEY)}", Secret(KEY).masked])
def test_only_the_end_of_a_long_key_is_shown(shown: str) -> None:
    assert KEY not in shown
    assert "cdef" in shown
    assert "bcdef" not in shown


def test_nothing_of_a_short_key_is_shown() -> None:
    assert Secret("hunter2").masked == "…"


def test_reveal_and_matches() -> None:
    secret = Secret(KEY)
    assert secret.reveal() == KEY
    assert secret.matches(KEY)
    assert not secret.matches(KEY + "x")
    assert not secret.matches("\udcff")


def test_equality_and_hash() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1
