"""Background probes: when they come, what they say, and what they change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from cccc import __version__
from cccc.demo import faults
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action
from cccc.domain.health import Breaker
from cccc.proxy.probe import Prober
from tests.clock import ManualClock
from tests.proxy.house import A, House, asked, entry, house, providers, until

pytestmark = pytest.mark.anyio


async def probe(home: House) -> None:
    """One look of the prober, to the end of what it started."""
    context = home.runtime.context
    async with anyio.create_task_group() as tasks:
        Prober(context.roster, context.transport).look(tasks)


async def fall_ill(home: House, provider: SimulatedProvider, fault: faults.Fault | None = None) -> None:
    provider.fail_always(fault or faults.status(500))
    for _ in range(2):
        await home.turn(stream=False)
    assert home.breaker(provider.name) is Breaker.OPEN


async def test_a_probe_comes_after_five_seconds_and_a_good_one_half_opens(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        await fall_ill(home, one)
        clock.advance(4.9)
        await probe(home)
        assert asked(one, Action.MODELS) == 0
        clock.advance(0.2)
        one.heal()
        await probe(home)
        assert home.breaker("one") is Breaker.HALF_OPEN
        await probe(home)
        assert asked(one, Action.MODELS) == 1
        assert (await home.turn(stream=False)).status == 200
        assert home.breaker("one") is Breaker.CLOSED


async def test_a_probe_goes_under_our_own_name_with_the_endpoints_key(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,):
        settings = entry(one, auth_value="sk-secret", header_overrides={"X-Team": "blue"})
        async with house(tmp_path, clock, settings) as home:
            await fall_ill(home, one)
            clock.advance(6)
            await probe(home)
    request = one.received[-1]
    assert (request.method, request.target, request.body) == ("GET", "/v1/models", b"")
    assert request.header("user-agent") == f"cccc/{__version__}"
    assert request.header("authorization") == "Bearer sk-secret"
    assert request.header("x-team") == "blue"
    assert request.header("anthropic-version") == "2023-06-01"


@pytest.mark.parametrize(
    ("fault", "good"),
    [
        (faults.status(500), False),
        (faults.html_page(502), False),
        (faults.cut(faults.Point.BEFORE_HEAD), False),
        (faults.stall(faults.Point.BEFORE_HEAD), False),
        (faults.status(401), True),
        (faults.status(404), True),
        (faults.status(429), True),
        (faults.redirect(), True),
    ],
    ids=str,
)
async def test_any_answer_but_a_servers_failure_is_good(
    tmp_path: Path, clock: ManualClock, fault: faults.Fault, good: bool
) -> None:
    async with providers("one") as (one,):
        settings = entry(one, timeouts={"health_check_timeout": "100ms"})
        async with house(tmp_path, clock, settings) as home:
            await fall_ill(home, one)
            one.fail_always(fault, Action.MODELS)
            clock.advance(6)
            await probe(home)
            assert (home.breaker("one") is Breaker.HALF_OPEN) is good


async def test_a_dead_endpoint_is_probed_ever_more_rarely(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        await fall_ill(home, one)
        one.fail_always(faults.status(503), Action.MODELS)
        for _ in range(300):
            clock.advance(2)
            await probe(home)
        # 5, 10, 20, then every 30 s (check_interval), with a tenth of jitter
        assert 18 <= asked(one, Action.MODELS) <= 22


async def test_probes_change_neither_ranking_nor_response_times_and_are_no_requests(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2)) as home,
    ):
        await fall_ill(home, one)
        member = home.runtime.context.roster.member("one")
        before, turns, records = member.response_time, member.health.records, len(home.records)
        one.fail_always(faults.status(503), Action.MODELS)
        clock.advance(6)
        await probe(home)
        assert (member.response_time, member.in_flight, len(home.records)) == (before, 0, records)
        assert (member.health.records, asked(one, Action.MODELS), asked(two, Action.MODELS)) == (turns, 1, 0)


async def test_a_disabled_endpoint_is_not_probed(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        await fall_ill(home, one)
        member = home.runtime.context.roster.member("one")
        loaded = home.runtime.loaded
        home.runtime.apply(replace(loaded, endpoints=tuple(replace(each, enabled=False) for each in loaded.endpoints)))
        clock.advance(60)
        await probe(home)
        assert (asked(one, Action.MODELS), member.health.breaker) == (0, Breaker.OPEN)


async def test_the_running_proxy_probes_by_itself(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one), background=True) as home:
        await fall_ill(home, one)
        one.heal()
        clock.advance(6)
        await until(lambda: home.breaker("one") is Breaker.HALF_OPEN)


async def test_an_open_breaker_is_shown_with_the_time_until_when(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        roster = home.runtime.context.roster
        assert roster.view("one").cooldown_until is None
        await fall_ill(home, one)
        until = roster.view("one").cooldown_until
        assert until is not None
        assert until > clock.now()
