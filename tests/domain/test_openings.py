from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.health import Breaker
from cccc.domain.openings import Openings

OPEN, HALF, CLOSED = Breaker.OPEN, Breaker.HALF_OPEN, Breaker.CLOSED


@pytest.mark.parametrize(
    ("notes", "seen"),
    [
        ([], [False, False, False]),
        ([(CLOSED, 5)], [False, False, False]),
        ([(OPEN, 15)], [False, True, True]),
        ([(OPEN, 15), (HALF, 18), (CLOSED, 20)], [False, True, False]),
        ([(OPEN, 5), (CLOSED, 10), (OPEN, 25)], [True, False, True]),
        ([(OPEN, 5), (OPEN, 12), (CLOSED, 21)], [True, True, True]),
    ],
)
def test_which_minutes_it_was_open_in(notes: list[tuple[Breaker, float]], seen: list[bool]) -> None:
    openings = Openings()
    for breaker, now in notes:
        openings.note(breaker, now)
    assert [openings.during(begin, begin + 10) for begin in (0, 10, 20)] == seen


@given(st.lists(st.sampled_from(list(Breaker)), max_size=1_000))
def test_it_stays_small(states: list[Breaker]) -> None:
    openings = Openings()
    for now, breaker in enumerate(states):
        openings.note(breaker, now)
    assert len(openings._ended) <= 100
    assert openings.during(len(states), len(states) + 1) is (bool(states) and states[-1] is not CLOSED)
