"""A long day in a few minutes: many requests of the demo's clients without pauses, with the screens open on the log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory

import anyio

from benchmarks.screens.terminal import cccc
from cccc.demo.provider import Pace
from cccc.demo.world import DemoWorld, demo_world

REQUESTS = 20_000
SAMPLE_S = 2.0
WARM_UP = 0.3
"""The share of the requests after which memory is to stay as it is: logs and caches are full by then."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Requests so far, and the process's resident memory then in MB."""

    requests: int
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Soaked:
    """What became of it. ``slope``: growth after the warm-up in MB for 10,000 requests."""

    seconds: float
    first_mb: float
    warm_mb: float
    last_mb: float
    slope: float


def soak(requests: int = REQUESTS) -> Soaked:
    """Send so many requests through a proxy with its screens, and watch its memory."""
    begun = time.perf_counter()
    with TemporaryDirectory(prefix="cccc-benchmark-") as folder:
        samples = anyio.run(_run, Path(folder), requests, backend_options={"use_uvloop": True})
    warm = [sample for sample in samples if sample.requests >= WARM_UP * requests]
    slope = linear_regression([one.requests for one in warm], [one.memory_mb for one in warm]).slope
    return Soaked(
        time.perf_counter() - begun, samples[0].memory_mb, warm[0].memory_mb, warm[-1].memory_mb, slope * 10_000
    )


async def _run(folder: Path, requests: int) -> list[Sample]:
    samples: list[Sample] = []
    async with demo_world(folder) as world, anyio.create_task_group() as tasks:
        for provider in world.providers.values():
            provider.pace = Pace()
        with cccc(world.config_path, folder, keys="3") as (terminal, port):
            tasks.start_soon(_traffic, world, f"http://127.0.0.1:{port}")
            done = 0
            while done < requests:
                samples.append(Sample(done, terminal.memory_mb()))
                await anyio.sleep(SAMPLE_S)
                done += _counted(world)
            samples.append(Sample(done, terminal.memory_mb()))
            tasks.cancel_scope.cancel()
    return samples


async def _traffic(world: DemoWorld, url: str) -> None:
    await world.traffic(url, pause=0.0)


def _counted(world: DemoWorld) -> int:
    """How many requests have come since the last time; the providers forget them."""
    number = 0
    for provider in world.providers.values():
        number += len(provider.turns)
        provider.received.clear()
    return number
