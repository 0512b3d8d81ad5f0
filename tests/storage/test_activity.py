"""How endpoints have been doing, attempt by attempt."""

from __future__ import annotations

import pytest

from cccc.control.api import Minute
from cccc.domain.endpoint import Action
from cccc.domain.failover import FailureClass, Outcome
from cccc.domain.usage import Usage
from cccc.domain.verdict import Verdict
from cccc.storage.activity import HOUR, nearest_rank
from cccc.storage.store import Store
from tests.storage.records import START, attempt, record

SINCE = START - 300.0
NOW = START + 30.0
USED = Usage(input=10, output=20)

LEFT = attempt("alpha", Outcome.OVERLOADED, status=529, failure_class=FailureClass.SERVER, error="overloaded")
SERVED = attempt("beta", started=START + 1, ttft_ms=200.0, status=200, duration_ms=900.0)


def fill(store: Store) -> None:
    for row in (
        record(1, attempts=(attempt(ttft_ms=100.0, started=START - 70),), time=START - 70, usage=USED),
        record(2, attempts=(attempt(ttft_ms=300.0),), ttft_ms=500.0, duration_ms=2_500.0, usage=USED),
        record(3, attempts=(LEFT, SERVED), endpoint="beta", verdict=Verdict.OK_AFTER_FAILOVER, usage=USED),
        record(4, attempts=(attempt(outcome=Outcome.BAD_REQUEST),), endpoint=None, verdict=Verdict.CLIENT_ERROR),
        record(5, attempts=(attempt(ttft_ms=1.0),), action=Action.COUNT_TOKENS, path="/elsewhere"),
        record(6, attempts=(attempt(ttft_ms=9.0, started=START - 2 * HOUR),), time=START - 2 * HOUR),
    ):
        store.submit(row)


def test_the_minutes_of_each_endpoint(store: Store) -> None:
    fill(store)
    lately = store.activity.lately(["alpha", "beta", "gamma"], since=SINCE, now=NOW)
    assert dict(lately["alpha"].minutes) == {
        3: Minute(START - 120, attempts=1, ttft_ms=100.0),
        5: Minute(START, attempts=3, errors=1, ttft_ms=300.0),
    }
    assert dict(lately["beta"].minutes) == {5: Minute(START, attempts=1, ttft_ms=200.0)}
    assert dict(lately["gamma"].minutes) == {}


def test_the_last_hour_of_each_endpoint(store: Store) -> None:
    """What was the client's own fault is no error of the endpoint's."""
    fill(store)
    lately = store.activity.lately(["alpha", "gamma"], since=SINCE, now=NOW)
    assert (lately["alpha"].ok_share, lately["alpha"].ttft_p50_ms) == (0.75, 100.0)
    assert (lately["gamma"].ok_share, lately["gamma"].ttft_p50_ms) == (None, None)


def test_nobody_to_look_at(store: Store) -> None:
    assert store.activity.lately([], since=SINCE, now=NOW) == {}


def test_one_endpoint_closely(store: Store) -> None:
    fill(store)
    seen = store.activity.closely("alpha", now=NOW)
    assert seen.times_ms == (100.0, 300.0)
    assert (seen.asked, seen.left) == (4, 1)
    assert seen.tokens_per_s == 10.0
    newest = seen.recent[0]
    assert [attempt.request_id[-1] for attempt in seen.recent][-2:] == ["1", "6"]
    assert (newest.time, len(seen.recent)) == (START, 6)
    (moved,) = [attempt for attempt in seen.recent if attempt.next_endpoint]
    assert (moved.outcome, moved.status, moved.error) == (Outcome.OVERLOADED, 529, "overloaded")
    assert (moved.next_endpoint, moved.usage) == ("beta", None)
    (answered,) = store.activity.closely("beta", now=NOW).recent
    assert (answered.usage, answered.next_endpoint, answered.ttft_ms) == (USED, None, 200.0)


def test_only_the_newest_attempts_are_told(store: Store) -> None:
    for number in range(12):
        store.submit(record(number, attempts=(attempt(started=START + number),)))
    recent = store.activity.closely("alpha", now=NOW).recent
    assert [attempt.time - START for attempt in recent] == list(range(11, 1, -1))


def test_an_endpoint_that_nobody_asked(store: Store) -> None:
    seen = store.activity.closely("alpha", now=NOW)
    assert (seen.times_ms, seen.tokens_per_s, seen.asked, seen.left, seen.recent) == ((), None, 0, 0, ())
    assert seen.percentile(0.5) is None


@pytest.mark.parametrize(("part", "expected"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)])
def test_the_nearest_rank_is_a_value_that_occurred(part: float, expected: float) -> None:
    assert nearest_rank([float(number) for number in range(1, 101)], part) == expected
