"""``cccc`` as its users start it: on a terminal with its screens, or without them."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

START_LIMIT_S = 60.0
_ADDRESS = re.compile(rb"127\.0\.0\.1:([0-9]+)")


class Terminal:
    """A process on a terminal of 120 x 35 whose output is read as it comes."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.written = 0
        self._shown = b""
        self._master = master
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, pattern: bytes) -> re.Match[bytes]:
        """Wait until this is shown. Ends the benchmark where it never is."""
        ends = time.monotonic() + START_LIMIT_S
        while (found := re.search(pattern, self._shown)) is None:
            if time.monotonic() > ends or self.process.poll() is not None:
                raise SystemExit(f"cccc did not show {pattern!r}: {self._shown[-500:]!r}")
            time.sleep(0.05)
        return found

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def memory_mb(self) -> float:
        """Resident memory of the process now."""
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, check=True)
        return int(shown.stdout) / 1024

    def close(self) -> None:
        """End the process, and read what it wrote last: its terminal is nobody else's until then."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            self.written += len(data)
            self._shown = (self._shown + data)[-200_000:]


@contextmanager
def cccc(config: Path, state_dir: Path, *, keys: str | None) -> Iterator[tuple[Terminal, int]]:
    """A proxy while the block runs, and its port; with its screens after these keys, or without (``None``)."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 35, 120, 0, 0))
    command = [sys.executable, "-m", "cccc", "--config", str(config), "--state-dir", str(state_dir), "--port", "0"]
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_PROXY": "127.0.0.1"}
    process = subprocess.Popen(
        [*command, "--no-tui"] if keys is None else command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        start_new_session=True,
    )
    os.close(slave)
    terminal = Terminal(process, master)
    try:
        port = int(terminal.until(_ADDRESS.pattern)[1])
        time.sleep(1.0)
        terminal.press(keys or "")
        yield terminal, port
    finally:
        terminal.close()
        os.close(master)
