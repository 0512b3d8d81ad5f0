"""The layers as they are told: one for every field of the key, what was read, and what decided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.control.api import ClientType, Move, Moves, SortKey, WhatIf
from tests.control import world
from tui.screens.layers import ALWAYS, LAYERS, SPEAKS, Question, decided, going_elsewhere, placed, read, supposed
from tui.screens.layers import standings as told
from tui.theme import ASCII, UNICODE

ALPHA, BETA = world.RANKING.order
keys = st.builds(SortKey, *[st.integers(0, 3)] * len(SortKey._fields))


def test_every_field_of_the_key_and_every_client_is_told() -> None:
    assert tuple(LAYERS) == SortKey._fields
    assert set(ALWAYS) <= set(LAYERS)
    assert set(SPEAKS) == set(ClientType)


@given(keys, keys)
def test_what_decides_is_what_sorts(above: SortKey, below: SortKey) -> None:
    decider = decided(above, below)
    assert (decider is None) == (above == below)
    if decider is not None:
        assert (getattr(above, decider) < getattr(below, decider)) == (above < below)
        for name in SortKey._fields:
            equal = getattr(above, name) == getattr(below, name)
            assert equal or name == decider or not read(name, decider)


@given(keys, keys)
def test_what_is_told_of_a_layer_is_true(mine: SortKey, theirs: SortKey) -> None:
    decider = decided(theirs, mine)
    said = {name: told(name, mine, theirs, decider)[0] for name in SortKey._fields}
    assert [name for name, word in said.items() if word == "decides"] == ([decider] if decider else [])
    for name, word in said.items():
        a, b = getattr(mine, name), getattr(theirs, name)
        if word == "equal":
            assert a == b
        if "better" in word:
            assert a < b and mine > theirs  # noqa: PT018  (one claim)
        if "worse" in word:
            assert a > b and mine < theirs  # noqa: PT018  (one claim)


@pytest.mark.parametrize(
    ("changes", "full", "short"),
    [
        ({"choice": 2}, "another was chosen", "another was chosen"),
        ({"native": 1}, "layer 1 · not preferred", "1 not preferred"),
        ({"priority": 9}, "layer 2 · 9 after 1", "2 9 after 1"),
        ({"health": 2}, "layer 3 · healthy", "3 healthy"),
        ({"response_time": 99}, "layer 4 · +508 ms", "4 +508 ms"),
        ({"in_flight": 4}, "more in flight", "more in flight"),
        ({"position": 4}, "later in the file", "later in the file"),
        ({}, "by its name", "by name"),
    ],
)
def test_what_placed_a_candidate(changes: dict[str, int], full: str, short: str) -> None:
    below = replace(ALPHA, name="other", rank=2, ttft_ms=1_120.0, key=ALPHA.key._replace(**changes))
    assert placed((ALPHA, below), 1, "·") == (full, short)


def test_a_converted_candidate_is_placed_by_that() -> None:
    assert placed((ALPHA, BETA), 1, "-") == ("layer 1 - converted", "1 converted")


@pytest.mark.parametrize(("ttft", "said"), [(None, "layer 4 · slower"), (100.0, "layer 4 · slower")])
def test_a_difference_that_is_not_known_has_no_number(ttft: float | None, said: str) -> None:
    below = replace(ALPHA, name="other", ttft_ms=ttft, key=ALPHA.key._replace(response_time=99))
    assert placed((ALPHA, below), 1, "·")[0] == said


def test_the_first_is_best_only_where_it_is() -> None:
    faster = replace(BETA, key=BETA.key._replace(response_time=1))
    assert placed((ALPHA, BETA), 0, "·")[0] == "best in every layer"
    assert placed((ALPHA, faster), 0, "·")[0] == "ahead of the others"


@pytest.mark.parametrize(("glyphs", "said"), [(UNICODE, ("A = A ✓", "A → C ~")), (ASCII, ("A = A +", "A > C ~"))])
def test_the_native_layer(glyphs, said) -> None:  # type: ignore[no-untyped-def]
    question = Question()
    assert tuple(LAYERS["native"].says(one, question, glyphs) for one in (ALPHA, BETA)) == said


def test_what_is_supposed_in_words() -> None:
    what_if = {"b": WhatIf(priority=3), "a": WhatIf(down=True, priority=0), "\x1b[2J": WhatIf(down=True)}
    assert supposed(what_if, ["b"]) == "b priority 3, ␛[2J down, a down and priority 0"


def test_where_requests_would_have_gone() -> None:
    some = [Move("1", 0.0, "a", "b"), Move("2", 0.0, "a", None), Move("3", 0.0, "a", "b")]
    assert going_elsewhere(Moves(9, tuple(some)), ">") == ["2 from a > b", "1 from a > nobody"]
