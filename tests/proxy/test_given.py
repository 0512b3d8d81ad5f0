"""What the client was given: nothing twice, and every byte where it was."""

from __future__ import annotations

from dataclasses import replace

import anyio
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.demo.dialect import Ids
from cccc.demo.provider import DIALECTS
from cccc.domain.endpoint import WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.record import Pace
from cccc.http.messages import Headers
from cccc.proxy.given import Given
from tests.demo.talk import A, C
from tests.proxy.by_hand import EVENTS, ByHand, Kept
from tests.proxy.test_converted_answers import ASK, JSON, SPOKEN, events

LIMIT = 1_000_000


def test_the_endpoints_own_bytes_are_not_kept_again() -> None:
    answer = Given(LIMIT, 10.0)
    answer.head(200, Headers.of([("content-type", "text/event-stream")]))
    for at in range(50):
        answer.add(b"data: x\n\n", 10.0 + at, untouched=True)
    assert answer._parts == [450]
    assert answer.same(b"data: x\n\n" * 50, 450)
    assert not answer.same(b"data: x\n\n" * 50, 460), "the endpoint said more than the client got"
    assert (answer.status, answer.size) == (200, 450)
    assert answer.pace() == Pace(tuple(range(9, 451, 9)), tuple(range(0, 50_000, 1000)))


def test_bytes_of_ours_that_are_the_endpoints_after_all_are_the_same() -> None:
    answer = Given(LIMIT, 0.0)
    answer.add(b'{"a":1}', 1.0)
    assert answer.same(b'{"a":1}', 7)
    assert not answer.same(b'{"a":2}', 7)


def test_nothing_given_is_not_the_same_as_an_empty_answer() -> None:
    assert not Given(LIMIT, 0.0).same(b"", 0)


def test_where_the_log_keeps_no_bodies_nothing_is_kept() -> None:
    answer = Given(0, 0.0)
    answer.add(b"data: 1\n\n", 1.0)
    answer.add(b"data: 2\n\n", 1.0, untouched=True)
    assert (answer.size, answer.body(b"data: 2\n\n"), answer.pace()) == (18, b"", Pace())
    assert not answer.same(b"data: 2\n\n", 18)


def test_what_is_kept_is_bounded() -> None:
    answer = Given(10, 0.0)
    for _ in range(10):
        answer.add(b"12345678", 1.0)
    assert (answer.body(b""), answer.size) == (b"1234567812345678", 80)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=6), st.none() | st.binary(max_size=6)), max_size=20))
def test_however_it_is_mixed_the_body_is_what_was_sent(writes: list[tuple[bytes, bytes | None]]) -> None:
    """Each write with the endpoint's bytes that it stands for; ``None``: with those bytes themselves."""
    answer = Given(LIMIT, 0.0)
    for data, stands_for in writes:
        answer.add(data, 1.0, untouched=stands_for is None, replaced=len(stands_for or b""))
    theirs = b"".join(data if stands_for is None else stands_for for data, stands_for in writes)
    sent = b"".join(data for data, _ in writes)
    assert answer.body(theirs) == sent
    assert answer.same(theirs, len(theirs)) is (bool(sent) and sent == theirs)


# through an exchange


@pytest.mark.anyio
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("client", "upstream", "served", "same"),
    [
        pytest.param(A, A, "demo-model", True, id="untouched"),
        pytest.param(A, A, "served-model", False, id="under the name that was asked for"),
        pytest.param(C, C, "served-model", False, id="under the name that was asked for, in every event"),
        pytest.param(A, C, "demo-model", False, id="converted"),
    ],
)
async def test_the_record_has_the_clients_bytes_where_they_differ(
    client: WireFormat, upstream: WireFormat, served: str, same: bool, stream: bool
) -> None:
    by_hand, ask, dialect = ByHand(upstream, "only", client=client), replace(ASK, model=served), DIALECTS[upstream]()
    parts = [orjson.dumps(dialect.whole(ask, SPOKEN, Ids("x")))]
    if stream:
        parts = [event.data for event in dialect.events(ask, SPOKEN, Ids("x"))]
    by_hand.gives("only", *parts, content_type=EVENTS if stream else JSON)
    got, record = await by_hand.run(stream=stream)
    assert record.response_same is same
    assert record.response_body == (None if same else got.body)
    assert record.attempts[0].response_body == b"".join(parts)
    assert record.attempts[0].response_pace.ends[-1] == len(record.attempts[0].response_body or b"")


@pytest.mark.anyio
async def test_a_keep_alive_between_an_endpoints_events_is_in_its_place() -> None:
    by_hand = ByHand(A, "only")
    stream, rest = events(A), anyio.Event()
    by_hand.gives("only", *stream[:4], rest, *stream[4:])
    got = Kept()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            exchange = by_hand.exchange(got)
            group.start_soon(exchange.run)
            await anyio.wait_all_tasks_blocked()
            by_hand.clock.advance(30.0)
            await exchange.keep_alive()
            rest.set()
    record = by_hand.records.pop()
    assert record.answer == got.body
    assert b"demo-model" in got.body, "what was renamed before stays so"
    assert not record.response_same
    assert set(record.response_pace.at_ms) == {0, 30_000}


@pytest.mark.anyio
async def test_an_error_of_an_endpoint_is_the_same_and_one_of_ours_is_not() -> None:
    by_hand = ByHand(A, "only")
    by_hand.gives("only", b'{"type":"error","error":{"type":"invalid_request_error","message":"no"}}', status=400,
                  content_type=JSON)  # fmt: skip
    got, record = await by_hand.run()
    assert (record.response_same, got.status) == (True, 400)
    by_hand.gives("only", events(A)[0])
    got, record = await by_hand.run()
    assert record.attempts[-1].outcome is not Outcome.OK
    assert (record.response_same, record.response_body) == (False, got.body)
