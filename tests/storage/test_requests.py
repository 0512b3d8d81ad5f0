from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from cccc.domain.endpoint import Action, ClientType
from cccc.domain.ranking import Ranking
from cccc.domain.record import RequestRecord
from cccc.domain.redact import Redactor
from cccc.domain.usage import Usage
from cccc.errors import UnknownRequest
from cccc.storage.policy import BodyLog, LogPolicy
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.storage.conftest import OpenStore
from tests.storage.records import START, anything, attempt, record

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all examples of a property."""
    store = Store.open(tmp_path_factory.mktemp("state"), ManualClock(), LogPolicy(retention_days=10**9))
    yield store
    store.close()


@given(wanted=anything(RequestRecord))
def test_a_record_comes_back_as_it_was(lasting: Store, wanted: RequestRecord) -> None:
    wanted = replace(wanted, id=f"req_{next(_numbers):026d}", cost_usd=wanted.cost_usd or 0.25)
    assert lasting.submit(wanted)
    shown = replace(_shown(wanted), attempts=tuple(map(_shown, wanted.attempts)))
    assert lasting.requests.get(wanted.id) == shown


def _shown(exchange: Any) -> Any:
    """The same with its header fields as they may be seen."""
    clean = Redactor().headers
    return replace(
        exchange,
        request_headers=clean(exchange.request_headers),
        response_headers=clean(exchange.response_headers),
    )


def test_a_record_with_large_bodies_comes_back_as_it_was(store: Store) -> None:
    body = b'{"text": "\x00\xff \xe2\x80\xa8"}' * 50_000
    wanted = record(
        request_body=body,
        response_body=b"",
        attempts=(attempt(request_body=b"first", response_body=body), attempt("beta", response_body=b"second")),
    )
    store.submit(wanted)
    assert store.requests.get(wanted.id) == wanted


def test_the_newest_rows_are_listed_oldest_first(store: Store) -> None:
    for number in range(10):
        store.submit(record(number))
    listed = store.requests.list(limit=3)
    assert [row.id for row in listed] == [record(number).id for number in (7, 8, 9)]
    assert [row.seq for row in store.requests.list(after=listed[0].seq)] == [row.seq for row in listed[1:]]
    assert store.requests.list(after=listed[-1].seq) == ()


def test_a_summary_says_what_the_record_says(store: Store) -> None:
    usage = Usage(input=1, cache_read=2, cache_write=3, output=4, reasoning=5, estimated=True)
    wanted = record(usage=usage, cost_usd=0.5, attempts=(attempt(), attempt("beta")), session="s", error="e")
    store.submit(wanted)
    (row,) = store.requests.list()
    assert row.format is wanted.wire_format
    assert row.attempts == 2
    shared = set(row.__dataclass_fields__) & set(wanted.__dataclass_fields__) - {"attempts"}
    assert {name: getattr(row, name) for name in shared} == {name: getattr(wanted, name) for name in shared}


@pytest.mark.parametrize(
    "given_id",
    ["req_0000000000000000000000000A", "req_0000000000000000000000000", "0" * 25 + "a", "req_" + "0" * 25 + "a"],
)
def test_a_request_is_found_by_its_id_and_by_a_unique_prefix(store: Store, given_id: str) -> None:
    wanted = record(id="req_0000000000000000000000000A")
    store.submit(wanted)
    assert store.requests.get(given_id) == wanted


def test_an_unknown_or_ambiguous_id_is_said(store: Store) -> None:
    store.submit(record(1))
    store.submit(record(2))
    with pytest.raises(UnknownRequest, match="no request 'req_nothing' is in the log"):
        store.requests.get("req_nothing")
    with pytest.raises(UnknownRequest, match="several requests"):
        store.requests.get("req_000")


@pytest.mark.parametrize("pattern", ["req_%", "req_*", "_" * 30, ""])
def test_an_id_is_no_pattern(store: Store, pattern: str) -> None:
    store.submit(record(1))
    store.submit(record(2))
    with pytest.raises(UnknownRequest):
        store.requests.get(pattern)


@pytest.mark.parametrize(
    ("log", "kept"), [(BodyLog.NONE, None), (BodyLog.TRUNCATED, b"small"), (BodyLog.FULL, b"small")]
)
def test_the_body_policy_is_honoured(open_store: OpenStore, log: BodyLog, kept: bytes | None) -> None:
    store = open_store(LogPolicy(request_body=log))
    wanted = record(request_body=b"small", response_body=b"answer", attempts=(attempt(request_body=b"small"),))
    store.submit(wanted)
    found = store.requests.get(wanted.id)
    assert (found.request_body, found.attempts[0].request_body) == (kept, kept)
    assert found.response_body == b"answer"


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1/messages/count_tokens?beta=true"])
def test_excluded_paths_are_not_logged(store: Store, path: str) -> None:
    store.submit(record(1, path=path, action=Action.COUNT_TOKENS))
    store.submit(record(2, path="/v1/messages?beta=true"))
    assert [row.id for row in store.requests.list()] == [record(2).id]
    assert store.dropped == 0


def test_other_settings_take_hold_without_reopening(store: Store) -> None:
    store.submit(record(1, request_body=b"kept"))
    store.flush()
    store.configure(LogPolicy(request_body=BodyLog.NONE), store.redactor)
    store.submit(record(2, request_body=b"not kept"))
    assert store.requests.get(record(1).id).request_body == b"kept"
    assert store.requests.get(record(2).id).request_body is None


def test_a_turn_without_a_cost_is_priced(store: Store) -> None:
    store.submit(record(1, model_served="claude-haiku-4-5", usage=Usage(input=1_000_000)))
    store.submit(
        record(2, model="alias", attempts=(attempt(model_sent="claude-haiku-4-5"),), usage=Usage(output=1_000))
    )
    store.submit(record(3, model="nobody-knows-it", usage=Usage(input=1_000)))
    store.submit(record(4, model="claude-haiku-4-5", usage=Usage(input=1_000), cost_usd=7.0))
    assert [row.cost_usd for row in store.requests.list()] == [1.0, 0.005, None, 7.0]


def test_a_value_that_the_database_cannot_hold_costs_one_record(store: Store, warnings: list[str]) -> None:
    store.submit(record(1))
    store.submit(record(2, usage=Usage(input=2**70)))
    store.submit(record(3, error="\ud800"))
    store.submit(record(1))
    store.submit(record(5, bytes_in=2**70))
    store.submit(record(6))
    assert [row.id for row in store.requests.list()] == [record(1).id, record(6).id]
    assert store.dropped == 4
    assert len(warnings) == 4


def test_the_rankings_of_a_client_s_newest_turns(store: Store) -> None:
    empty = Ranking(order=())
    for number in range(5):
        store.submit(record(number, time=START + number, ranking=empty))
    store.submit(record(7, time=START + 9, ranking=empty, client_type=ClientType.CODEX))
    store.submit(record(8, time=START + 9, ranking=None))
    store.submit(record(9, time=START + 9, ranking=empty, action=Action.COMPACT))
    found = store.requests.rankings(ClientType.CLAUDE_CODE, limit=4)
    assert [(request_id[-1], time) for request_id, time, _ in found] == [
        ("4", START + 4), ("3", START + 3), ("2", START + 2),
    ]  # fmt: skip
    assert {ranking for _, _, ranking in found} == {empty}
