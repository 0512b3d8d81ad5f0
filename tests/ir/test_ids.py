"""Legal ids of calls: reversible, one for each, and the same whenever they are asked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.ir.ids import LEGAL_ID, legal_id, original_id

ANTHROPIC = re.compile(r"[a-zA-Z0-9_-]+")
ANY_ID = st.text(max_size=12) | st.from_regex(r"cccc-[a-z0-9_-]{0,9}", fullmatch=True) | st.text("ab_-.:5f", max_size=9)


@pytest.mark.parametrize(
    ("call_id", "legal"),
    [
        ("toolu_01A", "toolu_01A"),
        ("functions.read_file:0", "cccc-functions_2eread_5ffile_3a0"),
        ("a b", "cccc-a_20b"),
        ("", "cccc-"),
        ("é", "cccc-_c3_a9"),
        ("cccc-x", "cccc-cccc-x"),
    ],
)
def test_some_ids(call_id: str, legal: str) -> None:
    assert legal_id(call_id) == legal


def test_an_id_that_is_too_long_becomes_a_digest() -> None:
    assert re.fullmatch(r"call_[0-9a-f]{32}", legal_id("x" * 41))
    assert legal_id("x" * 41) != legal_id("x" * 42)
    assert legal_id("x" * 41, ANTHROPIC) == "x" * 41


@given(ANY_ID)
def test_a_legal_id_is_legal_and_is_read_back(call_id: str) -> None:
    assert LEGAL_ID.fullmatch(legal_id(call_id))
    legal = legal_id(call_id, ANTHROPIC)
    assert ANTHROPIC.fullmatch(legal)
    assert original_id(legal) == call_id


@given(ANY_ID, ANY_ID)
def test_two_ids_never_become_one(one: str, other: str) -> None:
    assert (legal_id(one) == legal_id(other)) == (one == other)


@given(ANY_ID)
def test_adapting_twice_changes_nothing(call_id: str) -> None:
    once = legal_id(original_id(call_id))
    assert legal_id(original_id(once)) == once


@pytest.mark.parametrize("call_id", ["cccc-_zz", "cccc-_ff", "cccc-a_2", "cccc-A_2E", "cccc-é", "other_2e"])
def test_what_only_looks_like_one_of_ours_stays(call_id: str) -> None:
    assert original_id(call_id) == call_id
