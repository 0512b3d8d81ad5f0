"""Series of buckets: what stands in which, against the sums of the same span and the one before."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.control.api import SeriesView, Span, StatsKey
from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.usage import Usage
from cccc.domain.verdict import Verdict
from cccc.storage import stats
from cccc.storage.db import migrate
from cccc.storage.store import Store
from tests.storage.records import START, attempt, record

NOW = START + 30.0
USED = Usage(input=10, cache_read=30, output=8)


def series(store: Store, span: Span = Span.HOUR, by: StatsKey = StatsKey.ENDPOINT, **wanted: object) -> SeriesView:
    return store.stats.series(span, by, now=NOW, **wanted)  # type: ignore[arg-type]


def test_an_empty_log_is_a_row_of_empty_buckets(store: Store) -> None:
    view = series(store)
    assert len(view.buckets) == 60
    assert {bucket.requests for bucket in view.buckets} == {0}
    assert (view.totals.requests, view.groups, view.errors, view.conversions) == (0, (), (), ())


@pytest.mark.parametrize("span", list(Span))
def test_the_last_bucket_is_the_one_that_now_is_in(store: Store, span: Span) -> None:
    view = series(store, span)
    assert view.buckets[-1].time <= NOW < view.buckets[-1].time + span.bucket_s
    assert view.since % span.bucket_s == 0
    assert view.until - view.since <= span.seconds


def test_each_request_counts_in_its_bucket_and_part(store: Store) -> None:
    failed = attempt("alpha", Outcome.OVERLOADED, status=529)
    for row in (
        record(1, ttft_ms=100.0, duration_ms=2_100.0, usage=USED),
        record(2, ttft_ms=300.0, time=START - 60),
        record(3, endpoint="beta", verdict=Verdict.OK_AFTER_FAILOVER, attempts=(failed, attempt("beta"))),
        record(4, endpoint=None, verdict=Verdict.UPSTREAM_ERROR, status=503, attempts=(failed,)),
        record(5, endpoint=None, verdict=Verdict.CLIENT_ERROR, status=400, attempts=()),
        record(6, action=Action.COUNT_TOKENS, path="/elsewhere"),
    ):
        store.submit(row)
    view = series(store)
    *_, before, last = view.buckets
    assert (before.requests, dict(before.parts), before.ttft_p50_ms) == (1, {"alpha": 1}, 300.0)
    assert (last.requests, last.errors, dict(last.parts)) == (4, 1, {"alpha": 2, "beta": 1, "(none)": 1})
    assert (last.ttft_p50_ms, last.output_tokens, last.prompt_tokens, last.cache_share) == (100.0, 8, 40, 0.75)
    totals = view.totals
    assert (totals.requests, totals.errors, totals.failovers, totals.recovered) == (5, 1, 1, 1)
    assert (totals.ttft_p50_ms, totals.ttft_p95_ms, totals.tokens_per_s) == (100.0, 300.0, 4.0)
    assert [(one.verdict, one.outcome, one.status, one.requests) for one in view.errors] == [
        (Verdict.CLIENT_ERROR, None, 400, 1),
        (Verdict.UPSTREAM_ERROR, Outcome.OVERLOADED, 529, 1),
    ]


def test_the_span_before_is_as_long_as_what_has_passed_of_this_one(store: Store) -> None:
    passed = NOW - series(store).since
    for number, back in enumerate([3_600.0, 3_601.0, 3_600.0 + passed, 3_601.0 + passed]):
        store.submit(record(number, time=NOW - back))
    view = series(store)
    assert (view.totals.requests, view.before.requests) == (0, 2)


@pytest.mark.parametrize(
    ("wanted", "requests"),
    [
        ({"client_type": ClientType.CODEX}, 1),
        ({"endpoint": "alpha"}, 2),
        ({"endpoint": "beta"}, 1),
        ({"endpoint": "beta", "client_type": ClientType.CODEX}, 0),
        ({"endpoint": "al"}, 0),
    ],
)
def test_of_one_client_or_endpoint(store: Store, wanted: dict[str, object], requests: int) -> None:
    """An endpoint's requests are those that it answered, and those that nobody answered but it was asked for."""
    left = attempt("alpha", Outcome.OVERLOADED)
    store.submit(record(1, client_type=ClientType.CODEX))
    store.submit(record(2, endpoint="beta", attempts=(left, attempt("beta"))))
    store.submit(record(3, endpoint=None, verdict=Verdict.UPSTREAM_ERROR, attempts=(left,)))
    view = series(store, **wanted)
    assert view.totals.requests == sum(bucket.requests for bucket in view.buckets) == requests


def test_conversions_count_answered_requests_by_pair(store: Store) -> None:
    pairs = [(WireFormat.ANTHROPIC, WireFormat.ANTHROPIC)] * 2 + [(WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT)]
    for number, (asked, sent) in enumerate(pairs):
        store.submit(record(number, wire_format=asked, target_format=sent))
    store.submit(record(9, target_format=None))
    assert [(one.asked, one.sent, one.requests) for one in series(store).conversions] == [
        (WireFormat.ANTHROPIC, WireFormat.ANTHROPIC, 2),
        (WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, 1),
    ]


@given(st.lists(st.tuples(st.floats(0, 3 * 3_600), st.sampled_from(["alpha", "beta", None])), max_size=20))
def test_buckets_and_parts_add_up(rows: list[tuple[float, str | None]]) -> None:
    """On the statements themselves, over a table that stands in for the log."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        for number, (back, endpoint) in enumerate(rows):
            connection.execute(
                "INSERT INTO requests (id, time, client, client_type, wire_format, action, stream, verdict, status,"
                " duration_ms, converted, attempts, detail, endpoint)"
                " VALUES (?, ?, '', 'codex', 'anthropic', 'turn', 0, 'ok', 200, 1, 0, 0, '{}', ?)",
                (str(number), NOW - back, endpoint),
            )
        view = stats.Stats(_Reading(connection), lambda: None).series(  # type: ignore[arg-type]
            Span.HOUR, StatsKey.ENDPOINT, now=NOW
        )
    wanted = [back for back, _ in rows if view.since <= NOW - back < NOW]
    assert view.totals.requests == sum(bucket.requests for bucket in view.buckets) == len(wanted)
    assert all(bucket.requests == sum(bucket.parts.values()) for bucket in view.buckets)
    assert sum(group.requests for group in view.groups) == len(wanted)


class _Reading:
    """A ``Reader`` over one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def connection(self) -> _Reading:
        return self

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        pass


def test_no_statement_reads_the_rows_themselves() -> None:
    """A row of the log is kilobytes long: charts read the index alone, and never walk through all attempts."""
    bound = {"since": 0.0, "until": 1.0, "client_type": None, "endpoint": None, "first": 0.0, "step": 60.0}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        for statement in (
            stats._SUMS.format(rows=stats._BY_ENDPOINT, order="key"),
            stats._PERCENTILES.format(rows=stats._BY_REQUEST.format(key="model")),
            stats._PARTS.format(key=stats._ANSWERED),
            stats._ERRORS,
            stats._CONVERSIONS,
        ):
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)]
            of_requests = [step for step in plan if " requests" in step]
            assert of_requests, plan
            assert all("USING COVERING INDEX requests_figures (time>? AND time<?)" in step for step in of_requests)
            of_attempts = [step for step in plan if " attempts" in step or " asked" in step]
            assert all("USING PRIMARY KEY (request=?)" in step for step in of_attempts), of_attempts
