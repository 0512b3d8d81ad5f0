"""``python -m benchmarks.passthrough``: a direct connection, nginx and CCCC side by side, three alternating rounds."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import anyio

from benchmarks.passthrough.nginx import EVENTS, nginx
from benchmarks.passthrough.paced import event_delays, paced_upstream

ROUNDS = 3
SECONDS = 4
PACED_STREAMS = 50
PACED_EVENTS = 200
PACED_RATE = 50.0

_CONFIG = """
server: {{port: {port}}}
endpoints:
  - {{name: plain, url_anthropic: "http://127.0.0.1:{upstream}", auth_type: api_key, auth_value: benchmark-key,
      tags: [plain]}}
  - {{name: stream, url_anthropic: "http://127.0.0.1:{upstream}/stream", auth_type: api_key, auth_value: benchmark-key,
      tags: [stream]}}
  - {{name: paced, url_anthropic: "http://127.0.0.1:{paced}", auth_type: api_key, auth_value: benchmark-key,
      tags: [paced]}}
tagging:
  taggers:
    - {{name: plain, type: query, tag: plain, param_name: to, expected_value: plain}}
    - {{name: stream, type: query, tag: stream, param_name: to, expected_value: stream}}
    - {{name: paced, type: query, tag: paced, param_name: to, expected_value: paced}}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the upstream: its port, and its path for each kind of request."""

    name: str
    port: int
    plain: str
    stream: str
    paced_port: int
    paced: str


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _cccc(folder: Path, port: int, upstream: int, paced: int) -> Iterator[None]:
    config = folder / "config.yaml"
    config.write_text(_CONFIG.format(port=port, upstream=upstream, paced=paced))
    config.chmod(0o600)
    process = subprocess.Popen(
        [sys.executable, "-m", "cccc", "--no-tui", "--config", str(config), "--state-dir", str(folder / "state")],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    try:
        if process.stderr is None or not any("listening on" in line for line in process.stderr):
            raise SystemExit("cccc did not start")
        yield
    finally:
        process.terminate()
        process.wait()


def _wrk(folder: Path, port: int, path: str, *, clients: int, body_bytes: int) -> tuple[float, float]:
    """Median latency in milliseconds and requests per second, as wrk sees them."""
    filler = max(0, body_bytes - 120)
    script = folder / "post.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        'wrk.headers["content-type"] = "application/json"\n'
        'wrk.headers["x-api-key"] = "client-key"\n'
        'wrk.headers["anthropic-version"] = "2023-06-01"\n'
        'wrk.body = \'{"model":"claude-sonnet-5","max_tokens":64,"stream":\' .. (os.getenv("STREAM") or "false") .. '
        f'\',"messages":[{{"role":"user","content":"\' .. string.rep("word ", {filler // 5}) .. \'"}}]}}\'\n'
    )
    stream = "true" if "stream" in path else "false"
    done = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{clients}",
            f"-d{SECONDS}s",
            "--latency",
            "-s",
            str(script),
            f"http://127.0.0.1:{port}{path}",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "STREAM": stream},
    ).stdout
    if "Non-2xx" in done:
        raise SystemExit(f"wrk got errors on port {port}{path}:\n{done}")
    latency = re.search(r"50%\s+([\d.]+)(us|ms|s)", done)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done)
    if latency is None or rate is None:
        raise SystemExit(f"wrk said something unexpected:\n{done}")
    return float(latency[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[latency[2]], float(rate[1])


async def _paced(way: Way, upstream_port: int) -> tuple[float, float]:
    async with anyio.create_task_group() as tasks:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=upstream_port)
        tasks.start_soon(listener.serve, partial(paced_upstream, events=PACED_EVENTS, per_second=PACED_RATE))
        delays = await event_delays(way.paced_port, way.paced, streams=PACED_STREAMS)
        tasks.cancel_scope.cancel()
        await listener.aclose()
    return delays


def _rows(folder: Path, paced_port: int) -> dict[str, Callable[[Way], float]]:
    wrk = partial(_wrk, folder)
    return {
        "p50 ms, 1 client": lambda way: wrk(way.port, way.plain, clients=1, body_bytes=200)[0],
        "requests/s, 32 clients": lambda way: wrk(way.port, way.plain, clients=32, body_bytes=200)[1],
        "300 KB request, p50 ms": lambda way: wrk(way.port, way.plain, clients=1, body_bytes=300_000)[0],
        "500-event streams, events/s": lambda way: (
            wrk(way.port, way.stream, clients=8, body_bytes=200)[1] * (EVENTS + 5)
        ),
        "50 streams of 50 events/s, delay p50 ms": lambda way: anyio.run(_paced, way, paced_port)[0],
        "50 streams of 50 events/s, delay p99 ms": lambda way: anyio.run(_paced, way, paced_port)[1],
    }


def main() -> None:
    """Measure and print a Markdown table of medians, with CCCC's ratio to nginx."""
    with tempfile.TemporaryDirectory(prefix="cccc-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        upstream, gateway, proxy, paced = (_free_port() for _ in range(4))
        ways = (
            Way("direct", upstream, "/v1/messages", "/stream/v1/messages", paced, "/v1/messages"),
            Way("nginx", gateway, "/v1/messages", "/stream/v1/messages", gateway, "/paced/v1/messages"),
            Way("cccc", proxy, "/v1/messages?to=plain", "/v1/messages?to=stream", proxy, "/v1/messages?to=paced"),
        )
        with nginx(folder, upstream, gateway, paced), _cccc(folder, proxy, upstream, paced):
            print(f"| median of {ROUNDS} rounds | {' | '.join(way.name for way in ways)} | cccc / nginx |")
            print(f"|---|{'---|' * (len(ways) + 1)}")
            for label, measure in _rows(folder, paced).items():
                seen: dict[str, list[float]] = {way.name: [] for way in ways}
                for _ in range(ROUNDS):
                    for way in ways:
                        seen[way.name].append(measure(way))
                middle = {way: median(values) for way, values in seen.items()}
                figures = " | ".join(f"{middle[way.name]:,.2f}" for way in ways)
                print(f"| {label} | {figures} | {middle['cccc'] / middle['nginx']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
