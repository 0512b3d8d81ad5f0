"""The proxy behind the screens: a thread with an event loop of its own, whose end and whose error are told."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from cccc.cli import heap
from cccc.cli.run import Listening
from cccc.control.api import Control
from cccc.control.bridge import bridge
from cccc.errors import NotRunning
from cccc.server.app import App

SWITCH_S = 0.0001
"""Seconds for which another thread may keep the interpreter to itself while the proxy waits for it."""

Main = Callable[[Listening], Awaitable[None]]
"""Runs a proxy until it has stopped, and calls back in its own loop once it accepts connections."""


def make_room() -> None:
    """Keep the other threads of this process, which draw or write the log, from holding up a proxy's streams.

    They hand over after ``SWITCH_S`` instead of Python's 5 ms, and none is stopped for long by a search for garbage.
    """
    sys.setswitchinterval(SWITCH_S)
    heap.settle()


class BackgroundProxy:
    """One proxy in its thread. Made, started, stopped and awaited in the loop of the screens.

    ``run`` runs an async function in a fresh event loop; ``main`` is what is run.
    """

    def __init__(self, run: Callable[[Callable[[], Awaitable[None]]], None], main: Main) -> None:
        self._run = run
        self._main = main
        self._here = asyncio.get_running_loop()
        self._there: asyncio.AbstractEventLoop | None = None
        self._app: App | None = None
        self._stop_asked = False
        self._now = False
        self._listening: asyncio.Future[Control] = self._here.create_future()
        self.ended: asyncio.Future[None] = self._here.create_future()
        """Done when the thread has come to its end; holds the error that ended it, if any."""

    async def start(self) -> Control:
        """Start the thread and wait until its proxy listens.

        Raises what kept it from that, and ``NotRunning`` where it has ended without an error.
        """
        threading.Thread(target=self._thread, name="proxy", daemon=True).start()
        waited: set[asyncio.Future[Any]] = {self._listening, self.ended}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            self.ended.result()
        if not self._listening.done():
            raise NotRunning("the proxy has stopped")
        return self._listening.result()

    def stop(self, *, now: bool = False) -> None:
        """Stop gracefully, or at once. More than once, after its end too, and before it listens: then as soon as it
        does. Waits for nothing, not even for the other loop to hear of it, which may be coming to its end."""
        self._stop_asked, self._now = True, self._now or now
        if self._there is not None:
            try:
                self._there.call_soon_threadsafe(self._obey)
            except RuntimeError:
                pass  # that loop has ended, and the proxy with it

    def _obey(self) -> None:
        """In the proxy's thread."""
        if self._app is not None:
            self._app.stop(now=self._now)

    def _thread(self) -> None:
        error: BaseException | None = None
        try:
            self._run(lambda: self._main(self._tell_listening))
        except BaseException as caught:  # noqa: BLE001  (raised again in the thread of the screens)
            error = caught
        try:
            self._here.call_soon_threadsafe(self._end, error)
        except RuntimeError:
            pass  # the screens' loop has ended, and nobody waits

    def _tell_listening(self, app: App, address: str) -> None:  # noqa: ARG002  (a Listening)
        if app.control is None:
            raise RuntimeError("a proxy that listens has a control surface")
        there = asyncio.get_running_loop()
        self._app, self._there = app, there
        self._here.call_soon_threadsafe(self._listening.set_result, bridge(app.control, there))
        if self._stop_asked:  # looked at after ``_there`` is set, which ``stop`` looks at after it has asked
            self._obey()

    def _end(self, error: BaseException | None) -> None:
        if error is None:
            self.ended.set_result(None)
        elif isinstance(error, StopIteration | asyncio.CancelledError | KeyboardInterrupt | SystemExit):
            self.ended.set_exception(RuntimeError(f"the proxy was interrupted ({type(error).__name__})"))
        else:
            self.ended.set_exception(error)
