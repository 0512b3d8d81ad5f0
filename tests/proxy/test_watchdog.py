"""One limit on many waits: only a wait that lasts too long ends the block, and the timer never runs ahead of it."""

from __future__ import annotations

import anyio
import pytest

from cccc.proxy.watchdog import Watchdog

pytestmark = pytest.mark.anyio

LONG = 100.0


async def test_a_wait_beyond_its_end_leaves_the_block() -> None:
    came = False
    with anyio.fail_after(5), Watchdog() as watchdog:
        watchdog.wait_until(anyio.current_time() + 0.01)
        await anyio.sleep_forever()
        came = True
    assert not came


async def test_an_end_that_has_passed_already_does_so_too() -> None:
    with anyio.fail_after(5), Watchdog() as watchdog:
        watchdog.wait_until(anyio.current_time() - 1.0)
        await anyio.sleep_forever()


async def test_waits_that_end_in_time_may_be_longer_together() -> None:
    waits = 0
    with Watchdog() as watchdog:
        for _ in range(5):
            watchdog.wait_until(anyio.current_time() + 0.05)
            await anyio.sleep(0.02)
            waits += 1
    assert waits == 5


async def test_between_waits_the_block_may_take_its_time() -> None:
    rested = False
    with Watchdog() as watchdog:
        watchdog.wait_until(anyio.current_time() + 0.01)
        watchdog.rest()
        await anyio.sleep(0.03)
        rested = True
    assert rested


async def test_after_a_rest_the_next_wait_is_guarded_again() -> None:
    with anyio.fail_after(5), Watchdog() as watchdog:
        watchdog.wait_until(anyio.current_time() + 0.01)
        watchdog.rest()
        await anyio.sleep(0.03)
        watchdog.wait_until(anyio.current_time() + 0.01)
        await anyio.sleep_forever()


async def test_a_nearer_end_replaces_one_far_away() -> None:
    with anyio.fail_after(5), Watchdog() as watchdog:
        watchdog.wait_until(anyio.current_time() + LONG)
        watchdog.wait_until(anyio.current_time() + 0.01)
        await anyio.sleep_forever()


async def test_an_end_that_moved_on_is_not_held_to_its_first_time() -> None:
    moved = False
    with Watchdog() as watchdog:
        watchdog.wait_until(anyio.current_time() + 0.01)
        watchdog.wait_until(anyio.current_time() + LONG)
        await anyio.sleep(0.03)
        moved = True
    assert moved


async def test_what_cancels_from_outside_goes_through() -> None:
    behind = False
    with anyio.move_on_after(0.01) as outer, Watchdog() as watchdog:
        watchdog.wait_until(anyio.current_time() + LONG)
        await anyio.sleep_forever()
        behind = True
    assert outer.cancelled_caught
    assert not behind


async def test_an_error_in_the_block_goes_through() -> None:
    async def fails() -> None:
        with Watchdog() as watchdog:
            watchdog.wait_until(anyio.current_time() + LONG)
            raise KeyError

    with pytest.raises(KeyError):
        await fails()
