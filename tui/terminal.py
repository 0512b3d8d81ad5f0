"""Textual's driver on a terminal that may go away without a word, or take nothing for a while.

A closed window or a broken connection sends SIGHUP, but not to everybody: who was started in a session of its own, or
by a program that keeps signals to itself, is left with a terminal that takes nothing and gives nothing. Textual's
writer would end there and its reader turn in circles. Here what is written is lost from then on, and the app is told.

A terminal that is only held (while somebody selects text in it, or its connection stalls) would stop the app's loop,
and with it every signal to leave. Here frames are left out meanwhile, and all is drawn anew when it takes them again.
"""

from __future__ import annotations

import asyncio
import io
import os
import select
import signal
from collections.abc import Callable
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

LOOK_S = 0.5
"""Seconds between two looks whether the terminal is still there."""

PATIENCE_S = 1.0
"""Seconds for which a terminal may take nothing before frames are left out."""

_CANCEL = b"\x18"
"""CAN: whatever sequence was cut off ends here (ECMA-48)."""


class TerminalGone(Message):
    """There is nobody any more who could see anything or press a key."""


class TerminalDriver(LinuxDriver):
    """Posts ``TerminalGone`` to its app, once."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._loop = asyncio.get_running_loop()
        self._told = False
        self._next_look: asyncio.TimerHandle | None = None
        self._output: Output | None = None
        if self._file is not None:
            self._output = Output(self._file.fileno(), self._gone)
            buffer = io.BufferedWriter(self._output)
            self._file = io.TextIOWrapper(buffer, self._file.encoding, "backslashreplace", newline="")

    def start_application_mode(self) -> None:
        """Take the terminal, and begin to look after it."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._key_thread is not None:  # else it is not ours, because we are in the background
            self._look()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._next_look is not None:
            self._next_look.cancel()
        super().stop_application_mode()

    def _sigtstp_application(self, *_: object) -> None:
        """Somebody stops the process. Not here, between any two steps of the loop that writes to the terminal too."""
        if self._auto_restart:
            self._loop.call_soon_threadsafe(self._step_aside)
        else:  # the loop waits for another program that has the terminal
            os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._come_back)

    def _step_aside(self) -> None:
        """Give the terminal back, and stop."""
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _come_back(self) -> None:
        """Take the terminal; anew where the process was stopped without a warning, and a shell had it meanwhile."""
        if self._app.is_running:
            self._give_back()
            self.resume_application_mode()
            self._app.refresh(layout=True)

    def _give_back(self) -> None:
        if self._key_thread is not None and self._app.is_running:
            self.suspend_application_mode()
            self._key_thread = None

    def run_input_thread(self) -> None:
        """Read keys. Some systems answer with an error where a terminal is gone, others with the end of a file."""
        try:
            super().run_input_thread()
        except OSError:
            self._gone()

    def _look(self) -> None:
        if is_gone(self.fileno):
            self._gone()
            return
        if self._output is not None and self._output.incomplete and self._output.has_room():
            self._output.incomplete = False
            self._app.refresh(layout=True)
        self._next_look = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _gone(self) -> None:
        """In any thread."""
        if not self._told:
            self._told = True
            self._app.post_message(TerminalGone())


class Output(io.RawIOBase):
    """Writes to a terminal: where it is gone as if it were there, and where it takes nothing only so long.

    ``gone`` is called, in the thread that writes, whenever it is found to be gone; ``patience`` are seconds.
    """

    def __init__(self, fileno: int, gone: Callable[[], None], *, patience: float = PATIENCE_S) -> None:
        self.incomplete = False
        """Whether something was left out; whoever draws all of it anew sets it back before."""
        self._fileno = fileno
        self._gone = gone
        self._patience = patience
        self._held = False
        self._way = _without_waiting(fileno)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fileno

    def close(self) -> None:
        """Leave the terminal open for whoever gave it."""
        if not self.closed and self._way != self._fileno:
            os.close(self._way)
        super().close()

    def has_room(self, patience: float = 0.0) -> bool:
        """Whether the terminal takes something, or will within so many seconds. In any thread."""
        return bool(_events(self._way, select.POLLOUT, patience))

    def write(self, data: Any, /) -> int:
        """Some of ``data``; the number of bytes that need not be written again."""
        try:
            while self.has_room(0.0 if self._held else self._patience):
                try:
                    return self._written(data)
                except BlockingIOError:
                    continue
        except OSError:
            self._gone()
            return len(data)
        self._held = self.incomplete = True
        return len(data)

    def _written(self, data: Any) -> int:
        if self._held:
            os.write(self._way, _CANCEL)
            self._held = False
        return os.write(self._way, data)


def is_gone(fileno: int) -> bool:
    """Whether this terminal's other end is closed."""
    # Asked for by name, because macOS looks at nothing unasked.
    return bool(_events(fileno, select.POLLHUP, 0.0) & select.POLLHUP)


def _events(fileno: int, wanted: int, seconds: float) -> int:
    watch = select.poll()
    watch.register(fileno, wanted)
    return next((events for _, events in watch.poll(seconds * 1000)), 0)


def _without_waiting(fileno: int) -> int:
    """The same terminal, opened once more: not to wait is a property that others would share, the shell among them.

    The one that was given where that cannot be, as on a terminal of another user.
    """
    try:
        return os.open(os.ttyname(fileno), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return fileno
