"""Clients that ask again and again while nothing is well (testplan T27), and what they are told meanwhile."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import anyio
import pytest

from cccc.demo import faults
from cccc.demo.faults import Point
from cccc.demo.provider import Pace, SimulatedProvider
from cccc.domain.answers import Failure
from cccc.domain.health import Breaker
from cccc.domain.ranking import LAST_RESORT_EVERY
from cccc.domain.telling import Told
from cccc.domain.verdict import Verdict
from cccc.proxy.fallback import KEPT_S, RecentVerdicts
from tests.clock import ManualClock
from tests.proxy.house import CODEX, A, C, House, R, entry, house, providers

pytestmark = pytest.mark.anyio

CLIENTS = {
    "codex": (R, CODEX, 30, 0.9),
    "claude code": (A, {"user_agent": "claude-cli/2.1.330"}, 11, 16.0),
    "openai sdk": (C, {}, 3, 0.7),
    "anthropic sdk": (A, {}, 3, 0.7),
}
"""Format, headers, POSTs for one turn, and about how many seconds lie between them (resilience.md §10)."""

FAULTS = {
    "down": faults.cut(Point.BEFORE_HEAD),
    "500": faults.status(500),
    "503": faults.status(503),
    "429": faults.status(429),
    "401": faults.status(401),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_clients_retries_do_not_multiply(tmp_path: Path, clock: ManualClock, client: str, fault: str) -> None:
    wire_format, headers, posts, gap = CLIENTS[client]
    async with providers("one", "two", formats=(wire_format,)) as found:
        for provider in found:
            provider.fail_always(FAULTS[fault])
        async with house(tmp_path, clock, *(entry(provider) for provider in found)) as home:
            calls_while_shut: list[float] = []
            for _ in range(posts):
                roster = home.runtime.context.roster
                shut = roster.usable == 0
                before = sum(len(provider.turns) for provider in found)
                answer = await home.turn(wire_format, headers=headers)
                assert answer.status >= 400 or b"response.failed" in answer.body
                after = sum(len(provider.turns) for provider in found)
                if shut:
                    # One client request, as a last resort, once at the endpoint (twice where the key's header is open)
                    calls_while_shut += [clock.now()] * (after > before)
                    assert after - before <= 2
                clock.advance(gap)
            gaps = [b - a for a, b in pairwise(calls_while_shut)]
            assert all(gap >= LAST_RESORT_EVERY for gap in gaps)
            if fault != "429":
                early = [r for r in home.records if r.attempts and r.time <= calls_while_shut[0] - 1e-6]
                for name in ("one", "two"):
                    assert sum(a.endpoint == name for r in early for a in r.attempts) <= 4


async def test_a_storm_of_thirty_at_once(tmp_path: Path, clock: ManualClock) -> None:
    """Requests that are under way together cannot learn from one another, but none of them comes twice."""
    async with providers("one", "two") as (one, two), house(tmp_path, clock, entry(one), entry(two)) as home:
        for provider in (one, two):
            provider.fail_always(faults.status(500))
        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(home.turn)
        assert len(one.turns) <= 30
        assert len(two.turns) <= 30
        before = len(one.turns) + len(two.turns)
        for _ in range(20):
            await home.turn()
        assert len(one.turns) + len(two.turns) - before <= 1


@pytest.mark.parametrize(
    ("client", "status", "header", "says"),
    [
        ("claude code", 529, "retry-after: 20", "overloaded_error"),
        ("openai sdk", 429, "retry-after: 20", "rate_limit_exceeded"),
        ("codex", 200, "", "try again in 20s"),
    ],
)
async def test_when_all_are_limited_the_soonest_reset_is_told(
    tmp_path: Path, clock: ManualClock, client: str, status: int, header: str, says: str
) -> None:
    wire_format, headers, _, _ = CLIENTS[client]
    async with (
        providers("one", "two", formats=(wire_format,)) as (one, two),
        house(tmp_path, clock, entry(one), entry(two)) as home,
    ):
        one.fail_always(faults.status(429, retry_after="50"))
        two.fail_always(faults.status(429, retry_after="19.05"))
        await home.turn(wire_format, headers=headers)
        for name, seconds in (("one", 50.0), ("two", 20.0)):
            member = home.runtime.context.roster.member(name)
            assert member.health.cooldown is not None
            assert clock.now() + seconds * 0.95 <= member.health.cooldown.until <= clock.now() + seconds * 1.1
        clock.advance(member.health.cooldown.until - clock.now() - 19.5)
        answer = await home.turn(wire_format, headers=headers)
        assert answer.status == status
        assert header in answer.head
        assert says in answer.body.decode()
        assert home.records[-1].attempts == ()
        assert home.breaker("one") is Breaker.CLOSED


async def test_the_last_resort_brings_an_endpoint_back(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        one.fail_next(*[faults.status(500)] * 2)
        for _ in range(2):
            await home.turn()
        assert home.breaker("one") is Breaker.OPEN
        assert [(await home.turn()).status for _ in range(2)] == [200, 200]
        assert home.breaker("one") is Breaker.CLOSED


async def test_counting_tokens_does_not_spend_the_last_resort(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        one.fail_next(*[faults.status(500)] * 2)
        for _ in range(2):
            await home.turn()
        asked = len(one.received)
        assert (await home.count_tokens()).status == 200
        assert len(one.received) == asked
        assert (await home.turn()).status == 200


# --- the request without a stream that follows a verdict in a stream


async def stream_fails(home: House, endpoints: list[SimulatedProvider]) -> bytes:
    """A turn whose head went out before all endpoints failed: the verdict stands in the stream."""
    bodies: list[bytes] = []

    async def ask() -> None:
        bodies.append((await home.turn()).body)

    endpoints[0].pace = Pace(first=0.6)  # longer than the keep-alives' ticker needs
    for provider in endpoints:
        provider.fail_next(faults.status(500))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await endpoints[0].until_asked()
        home.clock.advance(21)
    return bodies[0]


async def test_the_fallback_without_a_stream_gets_the_same_verdict_and_asks_nobody(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with providers("one", "two") as found:
        entries = [entry(provider) for provider in found]
        async with house(tmp_path, clock, *entries, background=True) as home:
            body = await stream_fails(home, found)
            assert b"event: error" in body
            asked = [len(provider.turns) for provider in found]
            answer = await home.turn(stream=False)
            assert answer.status >= 500
            assert [len(provider.turns) for provider in found] == asked
            assert home.records[-1].verdict is Verdict.UPSTREAM_ERROR
            assert home.records[-1].attempts == ()
            # another conversation is not told what this one was
            assert (await home.turn(stream=False, text="another")).status == 200
            clock.advance(KEPT_S + 0.1)
            assert (await home.turn(stream=False)).status == 200


@pytest.mark.parametrize("failure", [Failure.BROKE_MIDWAY, Failure.SHUTTING_DOWN, Failure.CONTEXT_TOO_LONG])
def test_what_may_succeed_now_is_not_remembered(clock: ManualClock, failure: Failure) -> None:
    verdicts = RecentVerdicts(clock)
    verdicts.remember(("s", "m"), Told(failure, "no"))
    assert verdicts.recall(("s", "m")) is None


def test_a_verdict_stands_for_five_seconds_for_one_session_and_model(clock: ManualClock) -> None:
    verdicts, told = RecentVerdicts(clock), Told(Failure.ALL_FAILED, "no")
    verdicts.remember(("s", "m"), told)
    assert (verdicts.recall(("s", "n")), verdicts.recall(("t", "m"))) == (None, None)
    clock.advance(4.9)
    assert verdicts.recall(("s", "m")) is told
    clock.advance(0.2)
    assert verdicts.recall(("s", "m")) is None
