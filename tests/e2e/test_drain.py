"""Stopping a proxy with fifty answers under way (testplan T28): each finishes or gets an honest frame, and it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from cccc.clock import SystemClock
from cccc.control import statefiles
from cccc.demo import faults
from cccc.demo.configuration import configuration, endpoint
from cccc.demo.faults import Point
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from cccc.storage.store import Store
from tests import formats_check
from tests.demo.talk import Raw, ask, dial, exchange, post
from tests.e2e.proxy_process import ProxyProcess, running_proxy
from tests.proxy.house import until

pytestmark = pytest.mark.anyio

A = WireFormat.ANTHROPIC
STREAMS = 50
REQUEST = post("/v1/messages", ask(A))


class Crowd:
    """Clients in the middle of their answers."""

    def __init__(self) -> None:
        self.answers: list[Raw] = []

    async def ask(self, url: str) -> None:
        try:
            self.answers.append(await exchange(url, REQUEST))
        except OSError:
            self.answers.append(Raw(b"", reset=True))

    @property
    def finished(self) -> int:
        """How many have a whole answer."""
        count = 0
        for answer in self.answers:
            try:
                formats_check.STREAM[A](answer.body)
            except (AssertionError, KeyError, ValueError, IndexError):
                continue
            count += 1
        return count


PHASES = tuple(Point)
"""Where in their answers the streams stand when the signal comes."""


@asynccontextmanager
async def world(tmp_path: Path) -> AsyncIterator[tuple[SimulatedProvider, ProxyProcess]]:
    provider = SimulatedProvider(A, name="one")
    async with provider.running(), running_proxy(tmp_path, configuration([endpoint(provider)])) as proxy:
        yield provider, proxy


def send(proxy: ProxyProcess, *signals: signal.Signals) -> None:
    """Signals from outside, one after the other."""
    proxy.told_to_stop = True
    pid = statefiles.running(proxy.state_dir).pid
    for each in signals:
        os.kill(pid, each)


def kept(proxy: ProxyProcess) -> bool:
    """Whether the endpoint's cooldown is on disk."""
    store = Store.read_only(proxy.state_dir, SystemClock())
    try:
        return any(health.cooldown is not None for health in store.learned.health().values())
    finally:
        store.close()


def gone(proxy: ProxyProcess) -> Callable[[], bool]:
    return lambda: not (proxy.state_dir / "run.json").exists()


async def _until_refused(proxy: ProxyProcess) -> None:
    """Wait until nobody new is let in."""
    with anyio.fail_after(5):
        while True:
            try:
                await (await dial(proxy.base_url)).aclose()
            except OSError:
                return


@pytest.mark.parametrize("phase", PHASES)
async def test_what_is_under_way_is_finished(tmp_path: Path, phase: Point) -> None:
    async with world(tmp_path) as (provider, proxy):
        provider.fail_always(faults.stall(phase))
        crowd = Crowd()
        async with anyio.create_task_group() as tasks:
            for _ in range(STREAMS):
                tasks.start_soon(crowd.ask, proxy.base_url)
            await provider.until_asked(STREAMS)
            send(proxy, signal.SIGTERM)
            await _until_refused(proxy)
            provider.heal()
        assert (len(crowd.answers), crowd.finished) == (STREAMS, STREAMS)
        await until(gone(proxy))


@pytest.mark.parametrize("phase", [Point.PREAMBLE, Point.CONTENT])
async def test_a_second_signal_stops_at_once(tmp_path: Path, phase: Point) -> None:
    async with world(tmp_path) as (provider, proxy):
        provider.fail_always(faults.stall(phase))
        crowd = Crowd()
        async with anyio.create_task_group() as tasks:
            for _ in range(STREAMS):
                tasks.start_soon(crowd.ask, proxy.base_url)
            await provider.until_asked(STREAMS)
            send(proxy, signal.SIGTERM)
            await _until_refused(proxy)
            send(proxy, signal.SIGTERM)
            with anyio.fail_after(5):
                await until(lambda: len(crowd.answers) == STREAMS)
        assert crowd.finished < STREAMS
        await until(gone(proxy))


async def test_after_a_kill_the_next_one_starts_and_remembers(tmp_path: Path) -> None:
    provider = SimulatedProvider(A, name="one")
    async with provider.running():
        text = configuration([endpoint(provider)])
        provider.fail_next(faults.status(429, retry_after="3000"))
        with pytest.raises(AssertionError, match="the proxy ended with -9"):
            await _killed(tmp_path, text)
        assert (tmp_path / "state" / "run.json").exists()
        async with running_proxy(tmp_path, text) as proxy:
            answer = await exchange(proxy.base_url, REQUEST)
            assert answer.status == 529
            assert len(provider.turns) == 1


async def _killed(tmp_path: Path, text: str) -> None:
    """A proxy that dies just after it has kept a cooldown."""
    async with running_proxy(tmp_path, text) as proxy:
        await exchange(proxy.base_url, REQUEST)
        await until(lambda: kept(proxy))
        send(proxy, signal.SIGKILL)
