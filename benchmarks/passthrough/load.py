"""Load from wrk: many requests on kept-alive connections, one after another on each."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECONDS = 3

_SCRIPT = """
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["x-api-key"] = "client-key"
wrk.headers["anthropic-version"] = "2023-06-01"
wrk.body = '{"model":"claude-sonnet-5","max_tokens":64,"stream":' .. os.getenv("STREAM")
  .. ',"messages":[{"role":"user","content":"' .. string.rep("word ", tonumber(os.getenv("WORDS"))) .. '"}]}'
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: the median time to a whole answer, and whole answers per second."""

    p50_ms: float
    per_second: float


def wrk(folder: Path, url: str, *, clients: int, body_bytes: int = 200, stream: bool = False) -> Load:
    """Ask for ``SECONDS`` with so many clients at once. Ends the benchmark where an answer is not a 200."""
    script = folder / "post.lua"
    script.write_text(_SCRIPT)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency", "--timeout", "30s", "-s", str(script), url],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "STREAM": "true" if stream else "false", "WORDS": str(max(1, (body_bytes - 120) // 5))},
    ).stdout
    latency = re.search(r"50%\s+([\d.]+)(us|ms|s)", done)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done)
    if latency is None or rate is None or "Non-2xx" in done or "Socket errors" in done:
        raise SystemExit(f"wrk met errors at {url}:\n{done}")
    return Load(float(latency[1]) * _UNITS[latency[2]], float(rate[1]))
