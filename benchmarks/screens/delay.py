"""How late the events of streams come through a proxy that has its screens open, beside one that has none.

Other requests come and end meanwhile, so that the screens have something to draw. Clients and upstream are a process
of their own and read one clock.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import httpx

from benchmarks.passthrough.paced import Delays, Pace, paced_streams
from benchmarks.screens.terminal import cccc
from benchmarks.screens.world import fill, write_config
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat

STREAMS = Pace(streams=20, events=240, per_second=40.0)
OTHERS_PER_SECOND = 10
SETTLE_S = 4.0
_BODY = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run the proxy: a name, and the keys that bring the screen in front, ``None`` without screens."""

    name: str
    keys: str | None


def event_delays(way: Way) -> Delays:
    """The delays of the streams' events."""
    with TemporaryDirectory(prefix="cccc-benchmark-") as folder:
        return anyio.run(_measure, Path(folder), way, backend_options={"use_uvloop": True})


async def _measure(folder: Path, way: Way) -> Delays:
    fill(folder)
    upstream_port = _free_port()
    provider = SimulatedProvider(WireFormat.ANTHROPIC)
    async with provider.running(), anyio.create_task_group() as tasks:
        config = write_config(folder, provider.base_url, f"http://127.0.0.1:{upstream_port}")
        with cccc(config, folder, keys=way.keys) as (terminal, port):
            await anyio.sleep(SETTLE_S)
            tasks.start_soon(_others, port)
            delays = await paced_streams(
                STREAMS,
                port=port,
                path="/v1/messages?to=paced",
                upstream_port=upstream_port,
                memory_mb=terminal.memory_mb,
            )
            tasks.cancel_scope.cancel()
    return delays


async def _others(port: int) -> None:
    """Short requests at a steady pace."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        while True:
            (await client.post("/v1/messages?to=others", json=_BODY, headers={"x-api-key": "k"})).raise_for_status()
            await anyio.sleep(1 / OTHERS_PER_SECOND)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
