"""``cccc`` as people start it: a process on a terminal of its own."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BEGIN, END = b"\x1b[?1049h", b"\x1b[?1049l"
"""What takes the terminal's other page, and what gives it back."""


class Terminal:
    """A process on a terminal of 120 x 35. What it shows is read only in ``until`` and ``ends``."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.shown = b""
        self._seen = 0
        self._master = master
        self._there = True

    def until(self, text: bytes, limit: float = 30.0) -> None:
        """Read until this has been shown, after what was waited for the last time."""
        ends = time.monotonic() + limit
        while (at := self.shown.find(text, self._seen)) < 0:
            assert time.monotonic() < ends, f"{text!r} was not shown: {self.shown[-2_000:]!r}"
            if not self._read(0.1) and self.process.poll() is not None:
                assert text in self.shown[self._seen :], f"ended without {text!r}: {self.shown[-2_000:]!r}"
        self._seen = at + len(text)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        os.kill(self.process.pid, number)

    def settings(self) -> list[Any]:
        """What ``stty`` would show."""
        return termios.tcgetattr(self._master)

    def ends(self, limit: float = 30.0) -> int:
        """Read until the process has ended; its exit code."""
        until = time.monotonic() + limit
        while self.process.poll() is None:
            assert time.monotonic() < until, f"the process does not end: {self.shown[-2_000:]!r}"
            self._read(0.1)
        while self._read(0.1):
            pass
        return self.process.returncode

    def goes_away(self) -> None:
        """Without a signal: nobody has it as the terminal that controls them."""
        self._there = False
        os.close(self._master)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._there:
            self.goes_away()

    def _read(self, seconds: float) -> bool:
        if not self._there:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the other end is closed
            return False
        self.shown += data
        return bool(data)


@contextmanager
def terminal(
    home: Path, *args: str, program: tuple[str, ...] = ("-m", "cccc"), environ: dict[str, str] | None = None
) -> Iterator[Terminal]:
    """Start ``cccc ARGS`` with its home in this folder; it is gone after the block."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 35, 120, 0, 0))
    usual = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "NO_COLOR": "1",
    }
    process = subprocess.Popen(
        [sys.executable, *program, *args],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=ROOT,
        env={**usual, **(environ or {})},
        start_new_session=True,
    )
    os.close(slave)
    person = Terminal(process, master)
    try:
        yield person
    finally:
        person.close()
