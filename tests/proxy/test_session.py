"""A long session over three endpoints that fail and come back: no turn fails while one of them is well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskGroup, TaskStatus

from cccc.cli import story
from cccc.demo import faults
from cccc.demo.faults import Fault, Point
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action
from cccc.domain.verdict import Verdict
from tests import formats_check
from tests.clock import ManualClock
from tests.proxy.house import A, House, entry, house
from tests.proxy.test_probe import probe

pytestmark = pytest.mark.anyio

CUT = faults.cut(Point.BEFORE_HEAD)
SCRIPT: dict[int, dict[str, Fault | str | None]] = {
    3: {"one": faults.status(500)},
    5: {"one": None},
    7: {"one": faults.status(429, retry_after="20")},
    8: {"one": None, "two": faults.html_page(502)},
    11: {"three": "stop"},
    12: {"two": None},
    13: {"one": CUT, "three": "start"},
    15: {"one": None},
    16: {"two": faults.error_event(Point.PREAMBLE)},
    17: {"one": "stop"},
    19: {"two": faults.status(401)},
    20: {"one": "start", "two": None},
    22: {"one": faults.empty()},
    24: {"one": None, "two": "stop"},
    26: {"one": faults.status(529), "two": "start"},
    28: {"one": None},
}
"""What happens before which turn: a fault from now on, health again, or the whole provider gone from its port."""


class Stage:
    """Three providers that can leave their ports and come back to them, each run in a task of its own."""

    def __init__(self, tasks: TaskGroup) -> None:
        self.providers = {name: SimulatedProvider(A, name=name) for name in ("one", "two", "three")}
        self._tasks = tasks
        self._runs: dict[str, tuple[anyio.Event, anyio.Event]] = {}

    async def start(self, name: str) -> None:
        provider = self.providers[name]
        port = int(provider.origin.rpartition(":")[2] or 0)
        self._runs[name] = await self._tasks.start(_run, provider, port)

    async def stop(self, name: str) -> None:
        stop, stopped = self._runs.pop(name)
        stop.set()
        await stopped.wait()

    async def act(self, turn: int) -> None:
        for name, what in SCRIPT.get(turn, {}).items():
            provider = self.providers[name]
            if what == "stop":
                await self.stop(name)
            elif what == "start":
                await self.start(name)
            elif isinstance(what, Fault):
                provider.fail_always(what)
                if what is CUT or what.status >= 500:
                    provider.fail_always(what, Action.MODELS)
            else:
                provider.heal()


async def _run(
    provider: SimulatedProvider, port: int, *, task_status: TaskStatus[tuple[anyio.Event, anyio.Event]]
) -> None:
    stop, stopped = anyio.Event(), anyio.Event()
    async with provider.running(port):
        task_status.started((stop, stopped))
        await stop.wait()
    stopped.set()


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    async with anyio.create_task_group() as tasks:
        found = Stage(tasks)
        for name in found.providers:
            await found.start(name)
        yield found
        tasks.cancel_scope.cancel()


async def turns(home: House, found: Stage, count: int, *, pause: float, stream: bool) -> None:
    for turn in range(1, count + 1):
        await found.act(turn)
        answer = await home.turn(text=f"turn {turn}", stream=stream)
        assert answer.status == 200, f"turn {turn}: {answer.body.decode()}"
        said = (formats_check.STREAM if stream else formats_check.REPLY)[A](answer.body)
        assert f"turn {turn}" in said.text
        await home.quiet()
        home.clock.advance(pause)
        await probe(home)


@pytest.mark.parametrize("pause", [7.0, 60.0])
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_every_turn_of_a_troubled_session_succeeds(
    tmp_path: Path, clock: ManualClock, pause: float, stream: bool
) -> None:
    async with stage() as found:
        entries = [entry(provider, priority=number) for number, provider in enumerate(found.providers.values(), 1)]
        async with house(tmp_path, clock, *entries) as home:
            await turns(home, found, 30, pause=pause, stream=stream)
            assert len(home.records) == 30
            assert {record.verdict for record in home.records} == {Verdict.OK, Verdict.OK_AFTER_FAILOVER}
            for record in home.records:
                assert record.endpoint == record.attempts[-1].endpoint
                assert record.ranking is not None
                named = {one.name for one in record.ranking.order} | {one.name for one in record.ranking.excluded}
                assert named == set(found.providers)
                for failed in record.attempts[:-1]:
                    assert failed.failure_class is not None
                    assert failed.error
                assert all(one.reason for one in record.ranking.excluded)
                # who was passed over without being asked is explained by the ranking
                before = [one.name for one in record.ranking.order]
                asked = list(dict.fromkeys(attempt.endpoint for attempt in record.attempts))
                assert asked == before[: len(asked)]
                told = "\n".join(story.why(record, clock.now()))
                assert all(name in told for name in asked)
            assert {record.endpoint for record in home.records} == set(found.providers)
