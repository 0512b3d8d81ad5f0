"""Clocks that jump (testplan T18): cooldowns and breaker last as long as they should, whatever the wall clock shows."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import anyio.to_thread
import pytest

from cccc.clock import SystemClock
from cccc.demo import faults
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.proxy.house import House, entry, house, providers

pytestmark = pytest.mark.anyio

HOUR, DAY = 3600.0, 86_400.0
JUMPS = {
    "an hour on": HOUR,
    "an hour back": -HOUR,
    "ten years on": 10 * 365 * DAY,
    "to 1970": -1_799_999_000.0,
    "summer time": HOUR,
    "winter time": -HOUR,
}


@pytest.fixture(params=JUMPS.values(), ids=JUMPS.keys())
def jump(request: pytest.FixtureRequest) -> float:
    seconds: float = request.param
    return seconds


async def usable(home: House) -> bool:
    """Whether the only endpoint is asked when somebody comes."""
    return (await home.turn(stream=False)).status == 200


def date_in(clock: ManualClock, seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(clock.now() + seconds, UTC), usegmt=True)


@pytest.mark.parametrize("named", ["seconds", "date", None])
async def test_a_cooldown_lasts_as_long_as_it_should(
    tmp_path: Path, clock: ManualClock, jump: float, named: str | None
) -> None:
    async with providers("one") as (one,):
        one._clock = clock  # its date header stands for a world in which only our clock is wrong
        async with house(tmp_path, clock, entry(one)) as home:
            length = 10.0 if named is None else 100.0
            more = {"seconds": {"retry_after": "100"}, "date": {"retry_after": date_in(clock, 100)}, None: {}}[named]
            one.fail_next(faults.status(429, **more))
            await home.turn(stream=False)
            clock.set_wall(clock.now() + jump)
            clock.advance(length * 0.9)
            answer = await home.turn(stream=False)
            assert answer.status == 529
            told = int(answer.head.partition("retry-after: ")[2].split("\r\n")[0])
            assert 1 <= told <= length * 0.21
            clock.advance(length * 0.2 + 1)
            assert await usable(home)
            assert home.runtime.context.roster.view("one").cooldown_until is None


async def test_a_reset_named_after_the_jump_is_read_by_the_clock_it_was_named_in(
    tmp_path: Path, clock: ManualClock, jump: float
) -> None:
    async with providers("one") as (one,):
        one._clock = clock
        async with house(tmp_path, clock, entry(one)) as home:
            clock.set_wall(max(clock.now() + jump, 1.1e9))
            one.fail_next(faults.status(429, retry_after=date_in(clock, 100)))
            await home.turn(stream=False)
            until = home.runtime.context.roster.view("one").cooldown_until
            assert until is not None
            assert 99 <= until - clock.now() <= 111
            clock.advance(98)
            assert not await usable(home)
            clock.advance(14)
            assert await usable(home)


async def test_an_open_breaker_is_probed_and_half_opens_in_its_own_time(
    tmp_path: Path, clock: ManualClock, jump: float
) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        one.fail_next(*[faults.status(500)] * 2)
        for _ in range(2):
            await home.turn(stream=False)
        roster = home.runtime.context.roster
        clock.set_wall(clock.now() + jump)
        clock.advance(4.5)
        assert roster.due_for_probe() == ()
        clock.advance(0.6)
        assert [member.endpoint.name for member in roster.due_for_probe()] == ["one"]
        clock.advance(294)
        assert roster.usable == 0
        clock.advance(1)
        assert roster.usable == 1


async def test_durations_are_never_negative_and_the_log_keeps_its_order(
    tmp_path: Path, clock: ManualClock, jump: float
) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2)) as home,
    ):
        one.fail_by(lambda turn: faults.status(503) if turn == 2 else None)
        for _ in range(3):
            await home.turn(stream=False)
            await anyio.to_thread.run_sync(home.runtime.store.flush)
            clock.set_wall(clock.now() + jump if jump > 0 else max(clock.now() + jump, 0.0))
        await home.quiet()
        for record in home.records:
            assert record.duration_ms >= 0
            assert all(attempt.duration_ms >= 0 for attempt in record.attempts)
        listed = home.runtime.store.requests.list(limit=10)
        assert [row.id for row in listed] == [record.id for record in home.records]


async def test_the_machine_sleeps_for_a_night(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        one.fail_next(faults.status(429, retry_after="3600"))
        await home.turn(stream=False)
        clock.suspend(HOUR * 0.8)
        assert not await usable(home)
        clock.suspend(HOUR * 7.2)
        assert await usable(home)


async def test_a_persons_choice_ends_in_time(tmp_path: Path, clock: ManualClock, jump: float) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2)) as home,
    ):
        roster = home.runtime.context.roster
        roster.use("two", None, 100)
        clock.set_wall(clock.now() + jump)
        clock.advance(95)
        assert [choice.until for choice in roster.manual()] == [pytest.approx(clock.now() + 5)]
        clock.advance(6)
        assert roster.manual() == ()


@pytest.mark.parametrize("jump", [-HOUR, -1_799_999_000.0], ids=["an hour back", "to 1970"])
async def test_a_clock_set_back_over_a_restart_makes_no_cooldown_longer(
    tmp_path: Path, clock: ManualClock, jump: float
) -> None:
    async with providers("one", "two") as (one, two):
        entries = entry(one), entry(two)
        async with house(tmp_path, clock, *entries) as home:
            one.fail_next(faults.status(429, retry_after="100"))
            two.fail_next(faults.status(401), faults.status(401))
            assert (await home.turn(stream=False)).status >= 429
        later = ManualClock(clock.now() + jump)
        async with house(tmp_path, later, *entries) as home:
            roster = home.runtime.context.roster
            later.advance(90)
            assert roster.usable == 0
            later.advance(21)
            assert roster.usable == 1
            later.advance(800)
            assert roster.usable == 2


async def test_a_state_written_under_a_wrong_clock_is_kept_in_wall_time(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,):
        settings = entry(one)
        async with house(tmp_path, clock, settings) as home:
            clock.set_wall(clock.now() + 5 * HOUR)
            one.fail_next(faults.status(429, retry_after="100"))
            await home.turn(stream=False)
        later = ManualClock(clock.now() + 50)
        async with house(tmp_path, later, settings) as home:
            until = home.runtime.context.roster.view("one").cooldown_until
            assert until is not None
            assert 99 - 50 <= until - later.now() <= 111 - 50


def test_the_system_clock_is_steady() -> None:
    clock = SystemClock()
    first, second = clock.steady(), clock.steady()
    assert 0 <= second - first < 60
    assert abs(clock.now() - clock.steady()) < 60


async def test_nothing_is_deleted_because_a_clock_jumped(tmp_path: Path, clock: ManualClock, jump: float) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        for _ in range(3):
            await home.turn(stream=False)
    later = ManualClock(max(0.0, clock.now() + jump))
    async with providers("one") as (one,), house(tmp_path, later, entry(one)) as home:
        await home.turn(stream=False)  # the first write sweeps
    store = Store.read_only(tmp_path, later)
    assert len(store.requests.list(limit=10)) == 4
    store.close()
