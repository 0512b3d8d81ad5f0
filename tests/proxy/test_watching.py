"""Watching one request: what a reader sees while it runs, and that nothing is kept for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    Flow,
    FlowEnded,
    FlowLost,
    FlowPiece,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
    Verdict,
)
from cccc.control.local import Local
from cccc.demo import faults
from cccc.domain.failover import Outcome
from cccc.domain.record import Pace
from cccc.domain.redact import MASK, Redactor
from cccc.domain.secret import Secret
from cccc.http.messages import Headers
from cccc.proxy import watching
from cccc.proxy.watching import Chunk, Cutting, Watch, Watched
from tests.clock import ManualClock
from tests.proxy.house import A, House, entry, house, providers, until
from tests.storage.records import START, attempt, record

pytestmark = pytest.mark.anyio

KEY = "sk-test-0123456789abcdef"


def told(pieces: Sequence[FlowPiece]) -> list[str]:
    return [type(piece).__name__ for piece in pieces]


async def first(flow: Flow, kind: type[FlowPiece]) -> list[FlowPiece]:
    """Everything up to the first piece of a kind."""
    pieces: list[FlowPiece] = []
    while not (pieces and isinstance(pieces[-1], kind)):
        pieces.append(await anext(flow))
    return pieces


@asynccontextmanager
async def watching_the_only_one(home: House) -> AsyncIterator[Flow]:
    await until(lambda: home.runtime.context.in_flight)
    (request_id,) = home.runtime.context.in_flight
    async with aclosing(Local(home.runtime, lambda: home.runtime.loaded).watch(request_id)) as flow:
        yield flow


async def test_a_running_request_is_seen_from_its_beginning_to_its_end(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one, auth_value=KEY)) as home:
        one.hold(after=0)
        with anyio.fail_after(10):
            async with home.asking(text=f"my key is {KEY}") as talk:
                await one.gate.until_held()
                async with watching_the_only_one(home) as flow:
                    begun = await first(flow, UpstreamAsked)
                    clock.advance(0.5)
                    one.release()
                    pieces = [*begun, *[piece async for piece in flow]]
                await talk.receive()
    asked, sent, answered = pieces[:3]
    assert isinstance(asked, ClientAsked)
    assert isinstance(sent, UpstreamAsked)
    assert isinstance(answered, UpstreamAnswered)
    assert (asked.path, sent.endpoint, sent.attempt, answered.status) == ("/v1/messages", "one", 1, 200)
    assert answered.at_ms == pytest.approx(500.0)
    assert dict(sent.headers)["authorization"] == MASK
    assert KEY.encode() not in (asked.body or b"") + (sent.body or b"")
    heard = [(piece.event, piece.data) for piece in pieces if isinstance(piece, UpstreamSaid)]
    passed = [(piece.event, piece.data) for piece in pieces if isinstance(piece, ClientGot)]
    assert heard == passed
    assert heard[0][0] == "message_start"
    assert heard[-1][0] == "message_stop"
    assert told(pieces)[-2:] == ["UpstreamEnded", "FlowEnded"]
    ended = pieces[-1]
    assert isinstance(ended, FlowEnded)
    assert (ended.record.verdict, ended.record.request_body) == (Verdict.OK, None)


async def test_who_comes_late_hears_what_the_endpoint_has_said(tmp_path: Path, clock: ManualClock) -> None:
    """An attempt that failed before, and a stream that is half way: both sides, with the times at which they were."""
    async with (
        providers("one", "two", formats=(A,)) as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2)) as home,
    ):
        one.fail_always(faults.status(529))
        with anyio.fail_after(10):
            two.hold(after=5)
            async with home.asking() as talk:
                await two.gate.until_held()
                await talk.receive()
                async with watching_the_only_one(home) as flow:
                    begun = await first(flow, UpstreamSaid)
                    begun += await first(flow, UpstreamSaid)
                    two.release()
                    pieces = [*begun, *[piece async for piece in flow]]
    assert [(piece.endpoint, piece.attempt) for piece in pieces if isinstance(piece, UpstreamAsked)][-1] == (
        "two", len([piece for piece in pieces if isinstance(piece, UpstreamAsked)]),
    )  # fmt: skip
    failed = next(piece for piece in pieces if isinstance(piece, UpstreamEnded))
    assert failed.error is not None
    said = [piece for piece in pieces if isinstance(piece, UpstreamSaid) and piece.event]
    assert all(piece.at_ms is not None for piece in said)
    got = [piece for piece in pieces if isinstance(piece, ClientGot)]
    assert [(piece.event, piece.data) for piece in got] == [(piece.event, piece.data) for piece in said]
    assert [piece.event for piece in got].count("message_start") == 1
    (head,) = [piece for piece in pieces if isinstance(piece, ClientAnswered)]
    assert head.status == 200
    assert dict(head.headers)["content-type"].startswith("text/event-stream")
    assert pieces.index(head) < pieces.index(got[0])


async def test_an_answer_that_does_not_stream(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one)) as home:
        one.hold(after=0)
        with anyio.fail_after(10):
            async with home.asking(stream=False) as talk:
                await one.gate.until_held()
                async with watching_the_only_one(home) as flow:
                    one.release()
                    pieces = [piece async for piece in flow]
                await talk.receive()
    (body,) = [piece for piece in pieces if isinstance(piece, UpstreamSaid)]
    (sent,) = [piece for piece in pieces if isinstance(piece, ClientGot)]
    assert (body.event, sent.event) == (None, None)
    assert body.data == sent.data


async def test_a_client_that_leaves_ends_the_watch(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one)) as home:
        one.hold(after=0)
        with anyio.fail_after(10):
            async with AsyncExitStack() as watcher:
                async with home.asking():
                    await one.gate.until_held()
                    flow = await watcher.enter_async_context(watching_the_only_one(home))
                    await first(flow, UpstreamAsked)
                *_, ended = [piece async for piece in flow]
        one.release()
    assert isinstance(ended, FlowEnded)
    assert ended.record.verdict is Verdict.CLIENT_GONE


async def test_nothing_is_captured_while_nobody_watches(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def captured(*_: object) -> None:
        raise AssertionError("something was captured")

    for name in vars(Watched):
        if name.startswith(("upstream_", "client_", "end", "_tell")):
            monkeypatch.setattr(Watched, name, captured)
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one)) as home:
        assert (await home.turn()).status == 200
        one.fail_always(faults.status(529))
        assert (await home.turn()).status != 200
        assert (await home.turn(stream=False)).status != 200


# one reader by itself


def watch(begun: Sequence[watching.Piece] = (), redactor: Redactor | None = None) -> tuple[Watched, Watch]:
    watched = Watched(ManualClock(), 1000.0)
    watched.attempt = 1
    return watched, Watch(watched, redactor or Redactor(), begun)


async def everything(reader: Watch) -> list[FlowPiece]:
    return [piece async for piece in reader]


async def test_a_slow_reader_loses_pieces_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_PIECES", 3)
    watched, reader = watch()
    for number in range(10):
        watched.client_gets(b"data: %d\n\n" % number)
    watched.end(record())
    pieces = await everything(reader)
    assert [piece.data for piece in pieces if isinstance(piece, ClientGot)] == [b"0", b"1", b"2"]
    assert pieces[-2] == FlowLost(7)
    assert isinstance(pieces[-1], FlowEnded)


async def test_what_waits_is_bounded_in_bytes_and_one_piece_always_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_BYTES", 10)
    watched, reader = watch()
    watched.client_is_sent(b"x" * 100)
    watched.client_is_sent(b"y")
    assert await anext(reader) == ClientGot(None, b"x" * 100, 0.0)
    watched.client_is_sent(b"z")
    assert [await anext(reader), await anext(reader)] == [FlowLost(1), ClientGot(None, b"z", 0.0)]


async def test_after_a_loss_only_whole_events_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_PIECES", 2)
    watched, reader = watch()
    watched.upstream_streams(b"data: 1\n\ndata: tor")
    watched.upstream_streams(b"n apart")
    watched.upstream_streams(b" and lost\n\nda")
    assert [await anext(reader)] == [UpstreamSaid(1, "", b"1", 0.0)]
    reader._waiting.popleft()
    watched.upstream_streams(b"ta: 3\n\ndata: 4\n\n")
    assert [await anext(reader), await anext(reader)] == [FlowLost(1), UpstreamSaid(1, "", b"4", 0.0)]


async def test_who_stops_watching_hears_no_more() -> None:
    watched, reader = watch()
    await reader.aclose()
    assert watched.readers == ()
    watched.client_gets(b"data: 1\n\n")
    assert await everything(reader) == []


async def test_secrets_are_masked_also_where_two_reads_tear_them_apart() -> None:
    watched, reader = watch(redactor=Redactor([Secret(KEY)]))
    watched.upstream_answers(200, Headers.of([("set-cookie", "a=b"), ("content-type", "text/event-stream")]))
    watched.upstream_streams(b"data: " + KEY[:9].encode())
    watched.upstream_streams(KEY[9:].encode() + b"\n\n")
    watched.upstream_sends(b"x" * 70_000 + KEY.encode())
    watched.upstream_ends(f"refused: {KEY}")
    watched.end(record())
    pieces = await everything(reader)
    assert KEY not in repr(pieces)
    assert pieces[0] == UpstreamAnswered(1, 200, (("set-cookie", MASK), ("content-type", "text/event-stream")), 0.0)


async def test_several_may_watch() -> None:
    watched, one = watch()
    two = Watch(watched, Redactor(), ())
    watched.client_gets(b"data: 1\n\n")
    watched.end(record())
    assert await everything(one) == await everything(two)


# what the log gives back


async def test_a_stored_stream_is_cut_into_its_events() -> None:
    stored = record(
        request_body=b'{"model":"m"}',
        attempts=(
            attempt(outcome=Outcome.SERVER_ERROR, status=500, error="broke", response_body=b'{"error":1}', head_ms=3.0),
            attempt(request_body=b"{}", status=200, response_body=b"event: a\ndata: 1\n\ndata: cut", duration_ms=9.0),
        ),
    )
    pieces = [piece async for piece in watching.flow_of(stored, Redactor())]
    assert told(pieces) == [
        "ClientAsked", "UpstreamAsked", "UpstreamAnswered", "UpstreamSaid", "UpstreamEnded",
        "UpstreamAsked", "UpstreamAnswered", "UpstreamSaid", "UpstreamSaid", "UpstreamEnded", "FlowEnded",
    ]  # fmt: skip
    first_asked, second_asked = (piece for piece in pieces if isinstance(piece, UpstreamAsked))
    assert (first_asked.body, first_asked.changed) == (b'{"model":"m"}', False)
    assert (second_asked.body, second_asked.changed) == (b"{}", True)
    said = [piece for piece in pieces if isinstance(piece, UpstreamSaid)]
    assert [(one.attempt, one.event, one.data) for one in said] == [
        (1, None, b'{"error":1}'), (2, "a", b"1"), (2, "", b"cut"),
    ]  # fmt: skip
    ended = [piece for piece in pieces if isinstance(piece, UpstreamEnded)]
    assert [(one.error, one.at_ms) for one in ended] == [("broke", 0.0), (None, 9.0)]


async def test_both_sides_are_read_back_in_the_order_of_their_times() -> None:
    said, got = b"data: 1\n\ndata: 2\n\n", b"event: a\ndata: one\n\nevent: b\ndata: two\n\n"
    stored = record(
        response_headers=(("content-type", "text/event-stream"),),
        response_body=got,
        response_pace=Pace((22, len(got)), (120, 180)),
        attempts=(attempt(started=START + 0.1, status=200, response_body=said, response_pace=Pace((9, 18), (15, 70))),),
    )
    pieces = [piece async for piece in watching.flow_of(stored, Redactor())]
    told_both = [piece for piece in pieces if isinstance(piece, UpstreamSaid | ClientGot | ClientAnswered)]
    assert [type(piece).__name__ for piece in told_both] == [
        "UpstreamSaid", "ClientAnswered", "ClientGot", "UpstreamSaid", "ClientGot",
    ]  # fmt: skip
    assert [round(piece.at_ms or 0) for piece in told_both] == [115, 120, 120, 170, 180]
    assert [piece.data for piece in told_both if isinstance(piece, ClientGot)] == [b"one", b"two"]


async def test_a_record_without_times_tells_the_client_behind_the_endpoint() -> None:
    stored = record(response_same=True, attempts=(attempt(response_body=b"data: 1\n\n", status=200),))
    pieces = [piece async for piece in watching.flow_of(stored, Redactor())]
    assert told(pieces)[-4:] == ["UpstreamSaid", "UpstreamEnded", "ClientGot", "FlowEnded"]
    assert [piece.at_ms for piece in pieces if isinstance(piece, UpstreamSaid | ClientGot)] == [None, None]


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=20), st.data())
def test_however_the_bytes_are_sliced_the_events_are_the_same(contents: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(b"data: " + content.hex().encode() + b"\n\n" for content in contents)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    parts = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    cutting = Cutting()
    events = [piece for part in parts for piece in cutting.cut(Chunk(1, part, 0.0))]
    assert [piece.data for piece in events if isinstance(piece, UpstreamSaid)] == [
        content.hex().encode() for content in contents
    ]
