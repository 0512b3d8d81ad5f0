from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given

from cccc.domain.endpoint import Action, ClientType
from cccc.domain.ranking import Ranking
from cccc.domain.record import NO_PACE, Pace, RequestRecord
from cccc.domain.redact import MASK, Redactor
from cccc.domain.secret import Secret
from cccc.domain.usage import Usage
from cccc.errors import UnknownRequest
from cccc.storage.db import open_reader
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
    same = getattr(exchange, "response_same", False)
    body = None if same else exchange.response_body
    kept = exchange.response_body is not None or (same and exchange.attempts and exchange.attempts[-1].response_body)
    return replace(
        exchange,
        request_headers=clean(exchange.request_headers),
        response_headers=clean(exchange.response_headers),
        response_body=body,
        response_pace=exchange.response_pace if kept and exchange.response_pace.ends else NO_PACE,
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


STREAM = tuple(b"event: x\ndata: %d\n\n" % number for number in range(6))
PACED = Pace(tuple(len(b"".join(STREAM[:number])) for number in range(1, 7)), (1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize("log", list(BodyLog))
@pytest.mark.parametrize("same", [True, False])
def test_what_the_client_got_is_kept_once_and_by_the_policy_of_answers(
    open_store: OpenStore, log: BodyLog, same: bool
) -> None:
    store = open_store(LogPolicy(response_body=log))
    body = b"".join(STREAM)
    given = {"response_same": True} if same else {"response_body": body.upper()}
    wanted = record(**given, response_pace=PACED, attempts=(attempt(response_body=body, response_pace=PACED),))
    store.submit(wanted)
    found = store.requests.get(wanted.id)
    if log is BodyLog.NONE:
        assert (found.answer, found.response_pace, found.attempts[0].response_pace) == (None, NO_PACE, NO_PACE)
    else:
        assert found == wanted
        assert found.answer == (body if same else body.upper())
    with open_reader(store.path) as connection:
        stored = sum(size for (size,) in connection.execute("SELECT size FROM bodies WHERE kind = 'response'"))
    assert stored == {BodyLog.NONE: 0}.get(log, len(body) if same else 2 * len(body))


def test_the_pace_follows_events_whose_secrets_were_masked(open_store: OpenStore) -> None:
    key = "sk-secret-0123456789"
    store = open_store(LogPolicy(), redactor=Redactor([Secret(key)]))
    events = (b"data: 1\n\n", b"data: %s\n\n" % key.encode(), b"data: 3\n\n", b"data: 4")
    ends = (len(events[0]), len(events[0]) + 8, len(b"".join(events[:3])), len(b"".join(events)))
    body = b"".join(events)
    wanted = record(response_body=body, response_pace=Pace(ends, (10, 20, 30, 40)))
    store.submit(wanted)
    found = store.requests.get(wanted.id)
    assert found.response_body is not None
    assert key.encode() not in found.response_body
    assert list(found.response_pace.slices(found.response_body)) == [
        (b"data: 1\n\n", 10), (b"data: %s\n\ndata: 3\n\n" % MASK.encode(), 30), (b"data: 4", 40),
    ]  # fmt: skip


def test_the_pace_follows_a_body_whose_middle_is_left_out(open_store: OpenStore) -> None:
    store = open_store(LogPolicy(response_body=BodyLog.TRUNCATED))
    events = tuple(b"data: %06d\n\n" % number for number in range(20_000))
    ends = tuple(accumulate(map(len, events)))
    wanted = record(response_body=b"".join(events), response_pace=Pace(ends, tuple(range(len(ends)))))
    store.submit(wanted)
    found = store.requests.get(wanted.id)
    assert found.response_body is not None
    whole = {data: at for data, at in found.response_pace.slices(found.response_body) if data in events}
    assert len(whole) > 4_000
    assert all(int(data[6:12]) == at for data, at in whole.items())
    assert (whole[events[0]], whole[events[-1]]) == (0, len(events) - 1)


def test_the_pace_of_the_same_bytes_follows_what_is_kept_of_them(open_store: OpenStore) -> None:
    key = "sk-secret-0123456789"
    store = open_store(LogPolicy(), redactor=Redactor([Secret(key)]))
    body = b"data: %s\n\ndata: 2\n\n" % key.encode()
    pace = Pace((len(body) - 9, len(body)), (5, 9))
    answered = attempt(response_body=body, response_pace=pace)
    store.submit(record(response_same=True, response_pace=pace, attempts=(answered,)))
    found = store.requests.get(record().id)
    assert found.response_same
    assert found.answer is not None
    assert [at_ms for _, at_ms in found.response_pace.slices(found.answer)] == [5, 9]
    assert found.response_pace == found.attempts[0].response_pace


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
