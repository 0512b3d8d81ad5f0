from __future__ import annotations

from datetime import datetime

import pytest

from cccc.control.api import ConversionCount, Lost, StatsGroup, StatsKey
from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.loss import Loss
from cccc.domain.usage import Usage
from cccc.domain.verdict import Verdict
from cccc.storage.store import Store
from tests.storage.records import START, attempt, record

SERVED = Usage(input=10, cache_read=30, cache_write=10, output=7, reasoning=2)


def fill(store: Store) -> None:
    """alpha answers twice; fails over to beta once; ends badly on beta once; one request reaches nobody."""
    failed = attempt("alpha", Outcome.SERVER_ERROR)
    for row in (
        record(1, ttft_ms=100.0, usage=SERVED, cost_usd=0.25),
        record(2, ttft_ms=300.0, usage=SERVED, cost_usd=0.5, attempts=(failed, attempt("alpha"))),
        record(3, ttft_ms=200.0, usage=SERVED, endpoint="beta", verdict=Verdict.OK_AFTER_FAILOVER,
               attempts=(failed, attempt("beta")), client_type=ClientType.CODEX),
        record(4, endpoint=None, verdict=Verdict.UPSTREAM_ERROR, status=502, model=None,
               attempts=(failed, failed, attempt("beta", Outcome.SERVER_ERROR)), time=START + 86_400),
        record(5, endpoint=None, verdict=Verdict.CLIENT_ERROR, status=400, attempts=()),
        record(6, action=Action.COUNT_TOKENS, path="/elsewhere"),
        record(7, time=START - 1),
    ):  # fmt: skip
        store.submit(row)


def groups(store: Store, by: StatsKey) -> dict[str, StatsGroup]:
    view = store.stats.view(by, since=START)
    assert (view.since, view.by) == (START, by)
    return {group.key: group for group in view.groups}


def counts(found: dict[str, StatsGroup]) -> dict[str, tuple[int, int, int]]:
    return {key: (group.requests, group.errors, group.failovers) for key, group in found.items()}


def test_by_endpoint_a_request_counts_wherever_it_was_tried(store: Store) -> None:
    fill(store)
    assert counts(groups(store, StatsKey.ENDPOINT)) == {"alpha": (4, 0, 2), "beta": (2, 1, 0), "(none)": (1, 0, 0)}


def test_what_was_consumed_belongs_to_the_endpoint_that_answered(store: Store) -> None:
    fill(store)
    found = groups(store, StatsKey.ENDPOINT)
    assert found["alpha"].usage == Usage(20, 60, 20, 14, 4)
    assert found["beta"].usage == SERVED
    assert (found["alpha"].cost_usd, found["beta"].cost_usd) == (0.75, None)
    assert (found["alpha"].ttft_p50_ms, found["alpha"].ttft_p95_ms) == (100.0, 300.0)
    assert (found["alpha"].cache_share, found["(none)"].cache_share) == (0.6, None)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (StatsKey.MODEL, {"test-model": (4, 0, 1), "(none)": (1, 1, 1)}),
        (StatsKey.CLIENT, {"claude_code": (4, 1, 1), "codex": (1, 0, 1)}),
        (
            StatsKey.DAY,
            {
                datetime.fromtimestamp(START).date().isoformat(): (4, 0, 1),  # noqa: DTZ006 -- days of the local zone
                datetime.fromtimestamp(START + 86_400).date().isoformat(): (1, 1, 1),  # noqa: DTZ006
            },
        ),
    ],
)
def test_other_groupings(store: Store, by: StatsKey, expected: dict[str, tuple[int, int, int]]) -> None:
    fill(store)
    assert counts(groups(store, by)) == expected


def test_every_turn_is_in_exactly_one_group(store: Store) -> None:
    fill(store)
    for by in (StatsKey.MODEL, StatsKey.CLIENT, StatsKey.DAY):
        assert sum(group.requests for group in groups(store, by).values()) == 5


@pytest.mark.parametrize(
    ("verdict", "errors"),
    [(verdict, verdict in {"upstream_error", "incomplete", "empty", "invalid"}) for verdict in Verdict],
)
def test_what_counts_as_an_error(store: Store, verdict: Verdict, errors: bool) -> None:
    store.submit(record(verdict=verdict))
    assert all(groups(store, by).popitem()[1].errors == errors for by in StatsKey)


def test_percentiles_are_values_that_occurred(store: Store) -> None:
    for number in range(100):
        store.submit(record(number, ttft_ms=float(number + 1)))
    store.submit(record(100))
    (group,) = groups(store, StatsKey.MODEL).values()
    assert (group.requests, group.ttft_p50_ms, group.ttft_p95_ms) == (101, 50.0, 95.0)


def test_the_largest_group_comes_first_and_days_in_order(store: Store) -> None:
    for number, (model, day) in enumerate([("a", 2), ("b", 0), ("b", 1)]):
        store.submit(record(number, model=model, time=START + day * 86_400))
    assert list(groups(store, StatsKey.MODEL)) == ["b", "a"]
    assert list(groups(store, StatsKey.DAY)) == sorted(groups(store, StatsKey.DAY))


def test_an_empty_log_has_no_groups(store: Store) -> None:
    assert all(groups(store, by) == {} for by in StatsKey)


def test_losses_belong_to_the_endpoint_that_answered(store: Store) -> None:
    cache, other = Loss("tools[0].cache_control", "cache_control", "no"), Loss("top_k", "top_k", "no")
    chat = {"converted": True, "target_format": WireFormat.OPENAI_CHAT}
    failed = attempt("alpha", Outcome.SERVER_ERROR)
    store.submit(record(1, losses=(cache, cache, other), **chat))
    store.submit(record(2, losses=(cache,), endpoint="beta", attempts=(failed, attempt("beta")), **chat))
    store.submit(record(3, target_format=WireFormat.ANTHROPIC))
    found = groups(store, StatsKey.ENDPOINT)
    assert found["alpha"].losses == (Lost("cache_control", 2), Lost("top_k", 1))
    assert found["beta"].losses == (Lost("cache_control", 1),)
    assert groups(store, StatsKey.MODEL)["test-model"].losses == (Lost("cache_control", 3), Lost("top_k", 1))
    assert store.stats.view(StatsKey.DAY, since=START).conversions == (
        ConversionCount(WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, 2),
        ConversionCount(WireFormat.ANTHROPIC, WireFormat.ANTHROPIC, 1),
    )
    only = store.stats.view(StatsKey.ENDPOINT, since=START, endpoint="beta")
    assert [(group.key, group.losses) for group in only.groups if group.losses] == [
        ("beta", (Lost("cache_control", 1),))
    ]
