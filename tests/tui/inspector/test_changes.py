"""What was changed between two requests: to the leaf within one format, field by field between two."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.inspector import case
from tui.inspector.changes import Changes, Kind, compare

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
BODIES = st.dictionaries(st.sampled_from(["model", "messages", "input", "system", "stop", "x"]), JSON, max_size=6)


def said(changes: Changes) -> dict[str, str]:
    return {".".join(map(str, change.path)): change.said for change in changes.all}


@pytest.mark.parametrize(
    ("asked", "sent", "expected"),
    [
        ({"model": "a"}, {"model": "a"}, {}),
        ({"model": "a"}, {"model": "b"}, {"model": "rewritten"}),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, {"a.b.1.c": "rewritten"}),
        ({"a": {"b": 1}}, {"a": {}}, {"a.b": "dropped"}),
        ({"a": {}}, {"a": {"b": 1}, "c": 2}, {"a.b": "added", "c": "added"}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": "rewritten"}),
        ([1], [1], {}),
        ([1], {"a": 1}, {"": "rewritten"}),
    ],
)
def test_within_one_format(asked: Any, sent: Any, expected: dict[str, str]) -> None:
    assert said(compare(asked, sent, converted=False)) == expected


def test_between_formats() -> None:
    changes = compare(case.ASKED, case.SENT, converted=True)
    assert said(changes) == {
        "model": "rewritten",
        "max_completion_tokens": "renamed",
        "stop": "renamed",
        "reasoning_effort": "from thinking",
        "stream_options": "added",
        "service_tier": "dropped",
    }
    assert changes.pairs["max_tokens"] == ("max_completion_tokens",)
    assert changes.pairs["system"] == (), "it went into the messages"


def test_the_other_way_round() -> None:
    asked = {"model": "m", "input": [{"role": "user"}], "instructions": "be brief", "max_output_tokens": 5}
    sent = {"model": "m", "messages": [{"role": "user"}], "system": "be brief", "max_tokens": 5}
    assert said(compare(asked, sent, converted=True)) == {
        "messages": "renamed",
        "system": "renamed",
        "max_tokens": "renamed",
    }


@given(BODIES, BODIES, st.booleans())
def test_every_field_is_accounted_for(asked: dict[str, Any], sent: dict[str, Any], converted: bool) -> None:
    changes = compare(asked, sent, converted=converted)
    paired = {name for names in changes.pairs.values() for name in names}
    added = {change.path[0] for change in changes.all if change.kind is Kind.ADDED and len(change.path) == 1}
    dropped = {change.path[0] for change in changes.all if change.kind is Kind.DROPPED and len(change.path) == 1}
    assert paired | added == set(sent)
    assert paired & added == set()
    assert set(changes.pairs) | dropped == set(asked)


@given(BODIES, st.booleans())
def test_what_is_equal_has_no_changes(body: dict[str, Any], converted: bool) -> None:
    assert compare(body, dict(body), converted=converted).all == ()
