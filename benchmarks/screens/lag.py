"""How long the screens hold up their own event loop while requests come in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from benchmarks.screens.world import full_log, record
from cccc.cli.background import make_room
from cccc.control.api import RequestFinished, RequestStarted
from cccc.proxy.runtime import Runtime
from tui.app import CcccApp, Leave
from tui.state import ROWS_KEPT

SIZE = (120, 35)
APPENDS_PER_SECOND = 10
SECONDS = 20.0
SETTLE_S = 3.0
_TICK_S = 0.002


class _Drawing(HeadlessDriver):
    """Draws all that a terminal would be sent, and throws it away; Textual leaves drawing out where it is headless."""

    @property
    def is_headless(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Lag:
    """How late a task of the loop runs that is due, in milliseconds; the share of a core that the process used."""

    p50: float
    p99: float
    longest: float
    core: float


def loop_lag(mode: str) -> Lag:
    """The loop's lag with this mode in front, a full log, and ``APPENDS_PER_SECOND`` requests that begin and end."""
    with TemporaryDirectory(prefix="cccc-benchmark-") as folder:
        return asyncio.run(_measure(Path(folder), mode))


async def _measure(folder: Path, mode: str) -> Lag:
    async with full_log(folder) as (control, runtime):
        app = CcccApp(control)
        app.driver_class = _Drawing
        seen: list[Lag] = []

        async def watch(_: Pilot[Leave]) -> None:
            await asyncio.sleep(SETTLE_S)
            app.action_go(mode)
            await asyncio.sleep(SETTLE_S)
            if len(app.frame.rows) != ROWS_KEPT:
                raise SystemExit(f"the screens show {len(app.frame.rows)} requests instead of {ROWS_KEPT}")
            appending = asyncio.create_task(_append(runtime))
            seen.append(await _lateness())
            appending.cancel()
            app.exit()

        make_room()  # as the command does
        await app.run_async(size=SIZE, auto_pilot=watch)
    return seen[0]


async def _append(runtime: Runtime) -> None:
    number = ROWS_KEPT
    while True:
        number += 1
        done = record(number, time.time())
        begun = RequestStarted(done.id, done.time, done.client_type, done.wire_format, done.model, stream=True)
        runtime.context.bus.publish(begun)
        await asyncio.sleep(1 / APPENDS_PER_SECOND)
        runtime.context.submit(done)
        runtime.context.bus.publish(RequestFinished(done))


async def _lateness() -> Lag:
    late: list[float] = []
    begun, used = time.perf_counter(), time.process_time()
    while (at := time.perf_counter()) < begun + SECONDS:
        await asyncio.sleep(_TICK_S)
        late.append((time.perf_counter() - at - _TICK_S) * 1e3)
    core = (time.process_time() - used) / (time.perf_counter() - begun)
    return Lag(percentile(late, 50), percentile(late, 99), max(late), core)


def percentile(values: Sequence[float], at: int) -> float:
    """The value that ``at`` of a hundred do not exceed."""
    return quantiles(values, n=100)[at - 1]
