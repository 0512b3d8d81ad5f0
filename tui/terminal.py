"""Textual's driver on a terminal that may go away without a word.

A closed window or a broken connection sends SIGHUP, but not to everybody: who was started in a session of its own, or
by a program that keeps signals to itself, is left with a terminal that takes nothing and gives nothing. Textual's
writer would end there and its reader turn in circles. Here what is written is lost from then on, and the app is told.
"""

from __future__ import annotations

import asyncio
import io
import os
import select
from collections.abc import Callable
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

LOOK_S = 0.5
"""Seconds between two looks whether the terminal is still there."""


class TerminalGone(Message):
    """There is nobody any more who could see anything or press a key."""


class TerminalDriver(LinuxDriver):
    """Posts ``TerminalGone`` to its app, once."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._told = False
        self._next_look: asyncio.TimerHandle | None = None
        if self._file is not None:
            raw = _Output(self._file.fileno(), self._gone)
            self._file = io.TextIOWrapper(io.BufferedWriter(raw), self._file.encoding, "backslashreplace", newline="")

    def start_application_mode(self) -> None:
        """Take the terminal, and begin to look after it."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._look()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._next_look is not None:
            self._next_look.cancel()
        super().stop_application_mode()

    def run_input_thread(self) -> None:
        """Read keys. Some systems answer with an error where a terminal is gone, others with the end of a file."""
        try:
            super().run_input_thread()
        except OSError:
            self._gone()

    def _look(self) -> None:
        if is_gone(self.fileno):
            self._gone()
        else:
            self._next_look = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _gone(self) -> None:
        """In any thread."""
        if not self._told:
            self._told = True
            self._app.post_message(TerminalGone())


class _Output(io.RawIOBase):
    """Writes to a terminal; to one that is gone as if it were there."""

    def __init__(self, fileno: int, gone: Callable[[], None]) -> None:
        self._fileno = fileno
        self._gone = gone

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fileno

    def write(self, data: Any, /) -> int:
        try:
            return os.write(self._fileno, data)
        except OSError:
            self._gone()
            return len(data)


def is_gone(fileno: int) -> bool:
    """Whether this terminal's other end is closed. POLLHUP is asked for, because macOS reports nothing else unasked."""
    watch = select.poll()
    watch.register(fileno, select.POLLHUP)
    return any(event & select.POLLHUP for _, event in watch.poll(0))
