"""The pool's decisions, with a clock that is moved by hand."""

from __future__ import annotations

import pytest

from cccc.domain.endpoint import Timeouts
from cccc.http.client_connection import ClientConnection
from cccc.http.messages import Headers, Origin, UpstreamRequest
from cccc.http.pool import MAX_IDLE, Pool
from tests.clock import ManualClock
from tests.http.streams import ScriptedStream

pytestmark = pytest.mark.anyio

REQUEST = UpstreamRequest("GET", Origin("http", "a", 80), "/", Headers(), b"", Timeouts())


async def used(*, to_the_end: bool = True) -> ClientConnection:
    """A connection whose answer was read, or was left in the middle."""
    connection = ClientConnection(ScriptedStream([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"]))
    await connection.send(REQUEST)
    await connection.read_head(5)
    if to_the_end:
        assert await connection.read() == b"hi"
        assert await connection.read() == b""
    return connection


async def test_last_in_first_out(clock: ManualClock) -> None:
    pool = Pool(clock)
    first, second = await used(), await used()
    assert pool.give("k", first, 90) == []
    assert pool.give("k", second, 90) == []
    assert pool.take("k") == (second, [])
    assert pool.take("k") == (first, [])
    assert pool.take("k") == (None, [])


async def test_destinations_are_apart(clock: ManualClock) -> None:
    pool = Pool(clock)
    pool.give("k", await used(), 90)
    assert pool.take("other") == (None, [])
    assert len(pool) == 1


async def test_an_unfinished_answer_ends_its_connection(clock: ManualClock) -> None:
    pool = Pool(clock)
    connection = await used(to_the_end=False)
    assert pool.give("k", connection, 90) == [connection]
    assert len(pool) == 0


@pytest.mark.parametrize(("seconds", "kept"), [(89.9, True), (90.0, True), (90.1, False)])
async def test_idle_for_too_long(clock: ManualClock, seconds: float, kept: bool) -> None:
    pool = Pool(clock)
    connection = await used()
    pool.give("k", connection, 90)
    clock.advance(seconds)
    assert pool.take("k") == ((connection, []) if kept else (None, [connection]))


async def test_a_machine_that_slept_counts_the_wall_clock(clock: ManualClock) -> None:
    pool = Pool(clock)
    connection = await used()
    pool.give("k", connection, 90)
    clock._now += 3600
    assert pool.take("k") == (None, [connection])


async def test_expire_closes_only_what_is_old(clock: ManualClock) -> None:
    pool = Pool(clock)
    old, new = await used(), await used()
    pool.give("k", old, 90)
    clock.advance(60)
    pool.give("k", new, 90)
    pool.give("short", await used(), 10)
    clock.advance(40)
    assert old in pool.expire()
    assert len(pool) == 1
    assert pool.take("k") == (new, [])


async def test_surplus_is_the_oldest(clock: ManualClock) -> None:
    pool = Pool(clock)
    connections = [await used() for _ in range(MAX_IDLE + 1)]
    surplus = [pool.give("k", connection, 90) for connection in connections]
    assert surplus[-1] == [connections[0]]
    assert len(pool) == MAX_IDLE


async def test_clear(clock: ManualClock) -> None:
    pool = Pool(clock)
    connection = await used()
    pool.give("k", connection, 90)
    assert pool.clear() == [connection]
    assert len(pool) == 0
