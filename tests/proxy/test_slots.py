"""Places at an endpoint: first come first served, bounded, and none is ever lost to a cancellation."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from cccc.proxy.slots import LONGEST_QUEUE, Slots

pytestmark = pytest.mark.anyio

LONG = 30.0


async def settle() -> None:
    for _ in range(5):
        await checkpoint()


async def test_without_a_limit_everybody_comes_in() -> None:
    slots = Slots()
    assert all([await slots.take(0) for _ in range(100)])
    assert (slots.in_use, slots.waiting) == (100, 0)


async def test_a_full_endpoint_makes_wait_and_first_come_is_first_served() -> None:
    slots = Slots()
    slots.limit = 1
    assert slots.try_take()
    came: list[int] = []

    async def come(number: int) -> None:
        assert await slots.take(LONG)
        came.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(come, number)
            await settle()
        assert not slots.try_take()
        for _ in range(3):
            slots.give_back()
            await settle()
            assert slots.in_use == 1
    assert came == [0, 1, 2]


async def test_patience_ends() -> None:
    slots = Slots()
    slots.limit = 1
    assert await slots.take(0)
    assert not await slots.take(0.001)
    assert (slots.in_use, slots.waiting) == (1, 0)


async def test_the_queue_is_bounded() -> None:
    slots = Slots()
    slots.limit = 0
    async with anyio.create_task_group() as tasks:
        for _ in range(LONGEST_QUEUE):
            tasks.start_soon(slots.take, LONG)
        await settle()
        assert slots.waiting == LONGEST_QUEUE
        with anyio.fail_after(1):
            assert not await slots.take(LONG)
        slots.limit = None
    assert slots.in_use == LONGEST_QUEUE


async def test_a_place_that_comes_in_the_moment_of_cancellation_goes_back() -> None:
    slots = Slots()
    slots.limit = 1
    assert slots.try_take()

    async def come() -> None:
        if await slots.take(LONG):
            slots.give_back()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(come)
        await settle()
        slots.give_back()  # the place is handed over, and its taker is cancelled before it runs
        tasks.cancel_scope.cancel()
    assert (slots.in_use, slots.waiting) == (0, 0)


@given(
    limit=st.integers(1, 3),
    steps=st.lists(st.one_of(st.just("come"), st.just("leave"), st.just("cancel"), st.integers(1, 4)), max_size=40),
)
def test_nothing_is_lost_and_nothing_exceeds_the_limit(limit: int, steps: list[str | int]) -> None:
    anyio.run(_play, limit, steps)


async def _play(limit: int, steps: list[str | int]) -> None:
    slots = Slots()
    slots.limit = limit
    inside: list[anyio.Event] = []
    scopes: list[anyio.CancelScope] = []

    async def visit(scope: anyio.CancelScope) -> None:
        done = anyio.Event()
        with scope:
            if await slots.take(LONG):
                inside.append(done)
                try:
                    await done.wait()
                finally:
                    inside.remove(done)
                    slots.give_back()

    async with anyio.create_task_group() as tasks:
        for step in steps:
            before = slots.in_use
            if isinstance(step, int):
                slots.limit = limit = step
            elif step == "come":
                scopes.append(anyio.CancelScope())
                tasks.start_soon(visit, scopes[-1])
            elif step == "leave" and inside:
                inside[0].set()
            elif step == "cancel" and scopes:
                scopes.pop(len(scopes) // 2).cancel()
            if step != "cancel":  # what follows a cancellation comes before anybody has noticed it
                await settle()
            assert slots.in_use <= max(limit, before)
            assert not (slots.waiting and slots.in_use < limit)
        tasks.cancel_scope.cancel()
    assert (slots.in_use, slots.waiting) == (0, 0)
