"""CCCC as a process: started as a user starts it, with selection, verdicts and request log on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
class Running:
    """A proxy that listens. ``start_s``: seconds from its start to its first accepted connection."""

    pid: int
    start_s: float

    def memory_mb(self) -> float:
        """Resident memory of the process now."""
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(shown.stdout) / 1024


@contextmanager
def cccc(folder: Path, port: int, upstream: int, paced: int) -> Iterator[Running]:
    """Run the proxy on 127.0.0.1 while the block runs; its state is kept in ``folder``."""
    config = folder / "config.yaml"
    config.write_text(_CONFIG.format(port=port, upstream=upstream, paced=paced))
    config.chmod(0o600)
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "cccc", "--no-tui", "--config", str(config), "--state-dir", str(folder / "state")],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    try:
        if process.stderr is None or not any("listening on" in line for line in process.stderr):
            raise SystemExit("cccc did not start")
        yield Running(process.pid, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait()
