"""Clients that leave (testplan T26): the upstream is closed at once, every place comes back, the next request is fine.

``CCCC_TEST_CANCELLATIONS`` multiplies the counts: with 20 to 40 they are those of the test plan.
"""

from __future__ import annotations

import os
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from cccc.demo import faults
from cccc.demo.faults import Point
from cccc.demo.provider import Pace, SimulatedProvider
from cccc.domain.health import EndpointHealth
from cccc.domain.verdict import Verdict
from tests.clock import ManualClock
from tests.demo.talk import ask, dial, post
from tests.proxy.house import A, House, entry, house, providers, until

pytestmark = pytest.mark.anyio

TIMES = int(os.environ.get("CCCC_TEST_CANCELLATIONS", "1"))
EACH = 10 * TIMES
CROWD = 500 * TIMES
TARGET = 1.0
"""Seconds within which an upstream must be closed."""

Abort = Callable[[House, SimulatedProvider, SocketStream], Awaitable[None]]
STREAMED, WHOLE = post("/v1/messages", ask(A)), post("/v1/messages", ask(A, stream=False))


async def in_the_head(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    await client.send(STREAMED[:60])


async def in_the_body(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    await client.send(STREAMED[:-10])
    await until(lambda: home.server.in_flight == 1)


async def at_once(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    await client.send(STREAMED)


async def before_the_answers_head(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    one.fail_next(faults.stall(Point.BEFORE_HEAD))
    await client.send(STREAMED)
    await one.gate.until_held()


async def behind_the_gate(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    one.hold(after=1)
    await client.send(STREAMED)
    await one.gate.until_held()


async def after_the_first_content(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    one.hold(after=4)
    await client.send(STREAMED)
    await client.receive()
    await one.gate.until_held()


async def at_the_end(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    one.fail_next(faults.stall(Point.TERMINAL))
    await client.send(STREAMED)
    await client.receive()
    await one.gate.until_held()


async def in_a_whole_answer(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    one.fail_next(faults.stall(Point.CONTENT))
    await client.send(WHOLE)
    await one.gate.until_held()


async def between_two_attempts(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    home.runtime.context.roster.reset("one")
    home.runtime.context.roster.member("one").retry_tokens = 10.0
    before = len(one.turns)
    one.fail_next(faults.status(503), faults.status(503))
    await client.send(STREAMED)
    await one.until_asked(before + 1)
    await one.turns[-1].answered.wait()
    await anyio.sleep(0.02)


async def in_the_queue(home: House, one: SimulatedProvider, client: SocketStream) -> None:
    one.hold()
    slots = home.runtime.context.roster.member("one").slots
    first = await dial(home.url)
    await first.send(STREAMED)
    second = await dial(home.url)
    await second.send(STREAMED)
    await until(lambda: slots.in_use == 2)
    await client.send(STREAMED)
    await until(lambda: slots.waiting == 1)
    await first.aclose()
    await second.aclose()


POINTS: tuple[Abort, ...] = (
    in_the_head,
    in_the_body,
    at_once,
    before_the_answers_head,
    behind_the_gate,
    after_the_first_content,
    at_the_end,
    in_a_whole_answer,
    between_two_attempts,
    in_the_queue,
)


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
async def test_an_upstream_is_closed_at_once(tmp_path: Path, clock: ManualClock, point: Abort, reset: bool) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one, max_concurrency=2)) as home:
        for _ in range(EACH):
            turns = len(one.turns)
            client = await dial(home.url)
            await point(home, one, client)
            if reset:
                raw: socket.socket = client.extra(SocketAttribute.raw_socket)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await anyio.aclose_forcefully(client)
            with anyio.fail_after(TARGET):
                await home.quiet()
                for request in one.turns[turns:]:
                    await until(lambda request=request: request.abandoned.is_set() or request.answered.is_set())
            one.heal()
            assert home.in_flight() == 0
        health = home.runtime.context.roster.member("one").health
        assert replace(health, records=()) == EndpointHealth()
        assert all(record.ok for record in health.records)
        assert (await home.turn()).status == 200
        assert {record.verdict for record in home.records[:-1]} <= {Verdict.CLIENT_GONE, Verdict.OK}
        assert home.runtime.context.in_flight == {}


async def test_a_crowd_that_leaves_takes_nothing_with_it(tmp_path: Path, clock: ManualClock) -> None:
    """Many requests under contention, each cancelled at a moment of its own."""
    chance = random.Random(26)
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one, max_concurrency=5), entry(two, priority=2, max_concurrency=3)) as home,
    ):
        for provider in (one, two):
            provider.pace = Pace(first=0.002, between=0.001)
        left = iter(range(CROWD))

        async def visitor() -> None:
            for _ in left:
                async with home.asking(stream=chance.random() < 0.7) as client:
                    with anyio.move_on_after(chance.expovariate(30)):
                        while await client.receive():
                            pass

        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(visitor)
        # Connections of clients that have left may still stand in the listener's backlog: each is taken and let go.
        await until(lambda: home.server.connections == 0, 30)
        await home.quiet()
        for name in ("one", "two"):
            slots = home.runtime.context.roster.member(name).slots
            assert (slots.in_use, slots.waiting) == (0, 0)
        for provider in (one, two):
            for request in provider.turns:
                await until(lambda request=request: request.abandoned.is_set() or request.answered.is_set())
        assert [(await home.turn()).status for _ in range(8)] == [200] * 8
