"""How many requests an endpoint gets at once: as configured, one while half-open, few after it has closed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from cccc.demo import faults
from cccc.demo.provider import Pace, SimulatedProvider
from cccc.domain.health import Breaker
from cccc.domain.ranking import Cause
from cccc.domain.verdict import Verdict
from cccc.proxy import roster as roster_module
from cccc.proxy.slots import LONGEST_QUEUE
from tests.clock import ManualClock
from tests.demo.talk import Raw
from tests.proxy.house import CODEX, A, C, House, R, entry, house, providers, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait in the queue that a test can live with."""
    monkeypatch.setattr(roster_module, "QUEUE_S", 0.05)


async def hold(provider: SimulatedProvider, home: House, tasks: Any, count: int) -> list[Raw]:
    """Start so many requests that stay at the provider; their answers, once it is released."""
    provider.hold()
    answers: list[Raw] = []

    async def ask() -> None:
        answers.append(await home.turn())

    before = len(provider.turns)
    for _ in range(count):
        tasks.start_soon(ask)
    await until(lambda: len(provider.turns) == before + count)
    return answers


async def half_open(home: House, provider: SimulatedProvider) -> None:
    """Fail twice, and let the breaker's time pass."""
    provider.fail_next(*[faults.status(500)] * 2)
    for _ in range(2):
        await home.turn(stream=False)
    assert home.breaker(provider.name) is Breaker.OPEN
    home.clock.advance(301)


async def test_a_full_endpoint_is_waited_for(tmp_path: Path, clock: ManualClock) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one, max_concurrency=2), entry(two, priority=2)) as home,
    ):
        async with anyio.create_task_group() as tasks:
            answers = await hold(one, home, tasks, 2)
            tasks.start_soon(home.turn)
            member = home.runtime.context.roster.member("one")
            await until(lambda: member.slots.waiting == 1)
            one.release()
        assert [answer.status for answer in answers] == [200, 200]
        assert (len(one.turns), len(two.turns), home.in_flight()) == (3, 0, 0)


async def test_then_the_next_endpoint_is_asked_and_the_full_one_is_not_ill(
    tmp_path: Path, clock: ManualClock, impatient: None
) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one, max_concurrency=1), entry(two, priority=2)) as home,
    ):
        async with anyio.create_task_group() as tasks:
            await hold(one, home, tasks, 1)
            assert (await home.turn()).status == 200
            one.release()
        assert (len(one.turns), len(two.turns)) == (1, 1)
        health = home.runtime.context.roster.member("one").health
        assert (health.breaker, health.last_error, health.cooldown) == (Breaker.CLOSED, None, None)
        assert {record.verdict for record in home.records} == {Verdict.OK}


@pytest.mark.parametrize(
    ("wire_format", "headers", "status", "says"),
    [
        (A, {}, 529, "overloaded_error"),
        (C, {}, 503, "too_busy"),
        (R, CODEX, 200, "try again in 1s"),
    ],
)
async def test_when_all_are_full_the_client_is_told_to_come_again(
    tmp_path: Path,
    clock: ManualClock,
    impatient: None,
    wire_format: Any,
    headers: dict[str, str],
    status: int,
    says: str,
) -> None:
    async with providers("one", formats=(A, C, R)) as (one,):
        settings = entry(one, max_concurrency=1)
        settings["url_openai"] = one.base_url + ("/chat/completions" if wire_format is C else "/responses")
        async with house(tmp_path, clock, settings) as home, anyio.create_task_group() as tasks:
            await hold(one, home, tasks, 1)
            answer = await home.turn(wire_format, headers=headers)
            assert (answer.status, says in answer.body.decode()) == (status, True)
            assert "retry-after: 1" in answer.head or status == 200
            assert home.records[-1].attempts == ()
            one.release()


async def test_the_queue_is_short(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one, max_concurrency=1)) as home:
        async with anyio.create_task_group() as tasks:
            await hold(one, home, tasks, 1)
            for _ in range(LONGEST_QUEUE):
                tasks.start_soon(home.turn)
            member = home.runtime.context.roster.member("one")
            await until(lambda: member.slots.waiting == LONGEST_QUEUE)
            assert (await home.turn()).status == 529
            one.release()
        assert len(one.turns) == 1 + LONGEST_QUEUE
        assert home.in_flight() == 0


async def test_who_waits_for_an_endpoint_that_falls_ill_is_not_sent_there(tmp_path: Path, clock: ManualClock) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one, max_concurrency=1, auth_type="api_key"), entry(two, priority=2)) as home,
    ):
        async with anyio.create_task_group() as tasks:
            await hold(one, home, tasks, 1)
            answers: list[Raw] = []

            async def ask() -> None:
                answers.append(await home.turn())

            for _ in range(5):
                tasks.start_soon(ask)
            member = home.runtime.context.roster.member("one")
            await until(lambda: member.slots.waiting == 5)
            one.fail_always(faults.status(401))
            one.gate.release()
        # The first one in the queue finds out; the others go to the second endpoint without asking.
        assert (len(one.turns), len(two.turns)) == (2, 5)
        assert [answer.status for answer in answers] == [200] * 5


async def test_a_half_open_endpoint_gets_one_request_at_a_time(tmp_path: Path, clock: ManualClock) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2)) as home,
    ):
        await half_open(home, one)
        two.received.clear()
        asked_before = len(one.turns)
        async with anyio.create_task_group() as tasks:
            await hold(one, home, tasks, 1)
            assert [(await home.turn()).status for _ in range(3)] == [200] * 3
            assert (len(one.turns) - asked_before, len(two.turns)) == (1, 3)
            excluded = home.records[-1].ranking.excluded if home.records[-1].ranking else ()
            assert [(one.name, one.cause) for one in excluded] == [("one", Cause.BREAKER)]
            one.release()
        assert home.breaker("one") is Breaker.CLOSED


async def test_a_client_that_leaves_frees_the_trial(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        await half_open(home, one)
        one.hold()
        before = len(one.turns)
        async with home.asking():
            await one.until_asked(before + 1)
        await home.quiet()
        one.release()
        assert home.breaker("one") is Breaker.HALF_OPEN
        assert (await home.turn()).status == 200
        assert home.breaker("one") is Breaker.CLOSED


async def test_counting_tokens_takes_neither_the_trial_nor_the_last_resort(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        await half_open(home, one)
        roster = home.runtime.context.roster
        member = roster.member("one")
        assert await roster.admit(member, None, last=True) is roster_module.Admission.ADMITTED
        with roster.in_use(member, counts=False):
            assert not member.health.trial_in_flight


async def test_a_slow_start_lets_two_then_four_then_all_in(tmp_path: Path, clock: ManualClock) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2)) as home,
    ):
        await half_open(home, one)
        assert (await home.turn()).status == 200
        for together, expected in [(5, 2), (6, 4), (7, 7)]:
            one.received.clear()
            one.hold()
            async with anyio.create_task_group() as tasks:
                for _ in range(together):
                    tasks.start_soon(home.turn)
                await until(partial(_settled, home, one, expected))
                one.release()
            assert len(one.turns) == expected


def _settled(home: House, provider: SimulatedProvider, count: int) -> bool:
    return len(provider.turns) == count == home.runtime.context.roster.member(provider.name).in_flight


async def test_a_slow_start_refuses_nobody(tmp_path: Path, clock: ManualClock, impatient: None) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        await half_open(home, one)
        assert (await home.turn()).status == 200
        async with anyio.create_task_group() as tasks:
            answers = await hold(one, home, tasks, 6)
            one.release()
        assert [answer.status for answer in answers] == [200] * 6
        assert home.in_flight() == 0


async def test_a_missing_model_rests_under_the_name_that_was_sent(tmp_path: Path, clock: ManualClock) -> None:
    rewrite = {"enabled": True, "rules": [{"source_pattern": "demo-*", "target_model": "other"}]}
    async with providers("one", "two") as (one, two):
        one.models = ("something-else",)
        async with house(tmp_path, clock, entry(one, model_rewrite=rewrite), entry(two, priority=2)) as home:
            for _ in range(3):
                assert (await home.turn()).status == 200
            assert (len(one.turns), len(two.turns)) == (1, 3)


async def test_an_endpoint_that_recovers_meanwhile_is_asked_in_the_end(tmp_path: Path, clock: ManualClock) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2)) as home,
    ):
        two.fail_next(faults.status(429, retry_after="30"))
        one.fail_next(faults.status(500))
        assert (await home.turn(stream=False)).status >= 429
        one.pace = Pace(first=0.1)
        one.fail_next(faults.status(500))
        answers: list[Raw] = []

        async def ask() -> None:
            answers.append(await home.turn())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await one.until_asked(2)
            clock.advance(40)
        assert [answer.status for answer in answers] == [200]
        assert home.records[-1].endpoint == "two"


async def test_a_guarded_endpoint_is_left_at_its_warning(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", "two") as (one, two):
        settings = entry(one, enhanced_protection=True)
        async with house(tmp_path, clock, settings, entry(two, priority=2)) as home:
            roster = home.runtime.context.roster
            warning = {
                "anthropic-ratelimit-unified-status": "allowed_warning",
                "anthropic-ratelimit-unified-reset": str(int(clock.now()) + 600),
            }
            for name in ("one", "two"):
                roster.observe_limits(roster.member(name), warning)
            assert (await home.turn()).status == 200
            assert (len(one.turns), len(two.turns)) == (0, 1)
