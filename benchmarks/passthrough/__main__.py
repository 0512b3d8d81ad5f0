"""``python -m benchmarks.passthrough``: a direct connection, nginx and CCCC side by side, in alternating rounds."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import anyio

from benchmarks.passthrough.load import wrk
from benchmarks.passthrough.nginx import EVENTS_IN_ALL, nginx
from benchmarks.passthrough.paced import Delays, Pace, paced_streams
from benchmarks.passthrough.proxy import Running, cccc

ROUNDS = 3
SETTLE_S = 1.0
BUSY = Pace(streams=50, events=200, per_second=50.0)
MANY = Pace(streams=1000, events=30, per_second=5.0)

Values = Mapping[str, float]
"""Label of a row to what was measured."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens. ``origin`` is nginx as the upstream, ``paced`` the upstream of the paced streams."""

    origin: int
    gateway: int
    proxy: int
    paced: int


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the upstreams: its port, and its path for each kind of request."""

    name: str
    port: int
    plain: str
    stream: str
    paced_port: int
    paced: str


def _ways(ports: Ports) -> tuple[Way, ...]:
    plain, stream = "/v1/messages", "/stream/v1/messages"
    return (
        Way("direct", ports.origin, plain, stream, ports.paced, plain),
        Way("nginx", ports.gateway, plain, stream, ports.gateway, "/paced/v1/messages"),
        Way("cccc", ports.proxy, f"{plain}?to=plain", f"{plain}?to=stream", ports.proxy, f"{plain}?to=paced"),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _world() -> Iterator[tuple[Path, Ports]]:
    """A folder of our own, and nginx in both its roles."""
    with tempfile.TemporaryDirectory(prefix="cccc-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        ports = Ports(*(_free_port() for _ in range(4)))
        with nginx(folder, ports.origin, ports.gateway, ports.paced):
            yield folder, ports


def _paced(pace: Pace, way: Way, ports: Ports, running: Running) -> Delays:
    measure = partial(
        paced_streams,
        pace,
        port=way.paced_port,
        path=way.paced,
        upstream_port=ports.paced,
        memory_mb=running.memory_mb,
    )
    return anyio.run(measure, backend_options={"use_uvloop": True})


def _measures(folder: Path, ports: Ports, running: Running) -> tuple[Callable[[Way], Values], ...]:
    def asked(label: str, clients: int, body_bytes: int = 200) -> Callable[[Way], Values]:
        def measure(way: Way) -> Values:
            load = wrk(folder, f"http://127.0.0.1:{way.port}{way.plain}", clients=clients, body_bytes=body_bytes)
            return {label: load.per_second if clients > 1 else load.p50_ms}

        return measure

    def streams(way: Way) -> Values:
        load = wrk(folder, f"http://127.0.0.1:{way.port}{way.stream}", clients=8, stream=True)
        return {"500-event streams, events/s": load.per_second * EVENTS_IN_ALL}

    def busy(way: Way) -> Values:
        delays = _paced(BUSY, way, ports, running)
        return {
            "50 streams of 50 events/s, delay p50 ms": delays.p50,
            "50 streams of 50 events/s, delay p99 ms": delays.p99,
        }

    def many(way: Way) -> Values:
        delays = _paced(MANY, way, ports, running)
        memory = {"1,000 streams of 5 events/s, memory MB": delays.memory_mb} if way.name == "cccc" else {}
        return {"1,000 streams of 5 events/s, longest delay ms": delays.longest, **memory}

    return (
        asked("p50 ms, 1 client", 1),
        asked("requests/s, 32 clients", 32),
        asked("300 KB request, p50 ms", 1, 300_000),
        streams,
        busy,
        many,
    )


def _at_rest() -> Iterator[Values]:
    """Every round starts a proxy on a new state folder."""
    for _ in range(ROUNDS):
        with _world() as (folder, ports), cccc(folder, ports.proxy, ports.origin, ports.paced) as running:
            anyio.run(anyio.sleep, SETTLE_S)
            yield {"start to listening, s": running.start_s, "idle memory, MB": running.memory_mb()}


def _show(rows: Mapping[str, Mapping[str, list[float]]], ways: tuple[str, ...]) -> None:
    for label, seen in rows.items():
        middle = {way: median(values) for way, values in seen.items() if values}
        figures = " | ".join(f"{middle[way]:,.2f}" if way in middle else "-" for way in ways)
        ratio = f"{middle['cccc'] / middle['nginx']:.2f}" if "nginx" in middle else "-"
        print(f"| {label} | {figures} | {ratio} |", flush=True)


def main() -> None:
    """Measure and print a Markdown table of medians, with CCCC's ratio to nginx."""
    names = ("direct", "nginx", "cccc")
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the start\n")
    print(f"| median of {ROUNDS} rounds | {' | '.join(names)} | cccc / nginx |")
    print(f"|---|{'---|' * (len(names) + 1)}", flush=True)
    with _world() as (folder, ports), cccc(folder, ports.proxy, ports.origin, ports.paced) as running:
        for measure in _measures(folder, ports, running):
            rows: dict[str, dict[str, list[float]]] = {}
            for _ in range(ROUNDS):
                for way in _ways(ports):
                    for label, value in measure(way).items():
                        rows.setdefault(label, {}).setdefault(way.name, []).append(value)
            _show(rows, names)
    rest: dict[str, dict[str, list[float]]] = {}
    for values in _at_rest():
        for label, value in values.items():
            rest.setdefault(label, {}).setdefault("cccc", []).append(value)
    _show(rest, names)


if __name__ == "__main__":
    main()
