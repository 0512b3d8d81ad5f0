"""Warm sessions: bound by completed turns, forgotten after an hour, bounded in number."""

from __future__ import annotations

from cccc.proxy import sessions
from cccc.proxy.sessions import CAPACITY, FORGOTTEN_AFTER, WarmSessions


def test_a_session_is_warm_where_its_last_turn_was_completed() -> None:
    warm = WarmSessions()
    warm.completed("s", "a", 100.0)
    warm.completed("s", "b", 200.0)
    assert warm.endpoint("s", 201.0) == "b"
    assert warm.endpoint("other", 201.0) is None
    assert warm.endpoint(None, 201.0) is None


def test_an_idle_hour_forgets() -> None:
    warm = WarmSessions()
    warm.completed("s", "a", 100.0)
    assert warm.endpoint("s", 100.0 + FORGOTTEN_AFTER) == "a"
    assert warm.endpoint("s", 100.1 + FORGOTTEN_AFTER) is None


def test_an_endpoint_that_is_gone_holds_nothing() -> None:
    warm = WarmSessions()
    warm.completed("s", "a", 1.0)
    warm.completed("t", "b", 1.0)
    warm.forget("a")
    assert (warm.endpoint("s", 2.0), warm.endpoint("t", 2.0)) == (None, "b")


def test_the_longest_unused_session_goes_first() -> None:
    warm = WarmSessions()
    for number in range(CAPACITY + 1):
        warm.completed(str(number), "a", float(number) / sessions.CAPACITY)
    assert warm.endpoint("0", 2.0) is None
    assert warm.endpoint("1", 2.0) == "a"
