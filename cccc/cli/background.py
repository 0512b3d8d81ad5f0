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
from cccc.server.app import App

SWITCH_S = 0.0005
"""Seconds for which the screens may keep the interpreter to themselves while the proxy waits for it."""

Main = Callable[[Listening], Awaitable[None]]
"""Runs a proxy until it has stopped, and calls back in its own loop once it accepts connections."""


def make_room() -> None:
    """Keep the screens from holding up the streams of a proxy in the same process.

    A thread that draws hands over after ``SWITCH_S`` instead of Python's 5 ms, and neither is stopped for long by a
    search for garbage.
    """
    sys.setswitchinterval(SWITCH_S)
    heap.settle()


class BackgroundProxy:
    """One proxy in its thread. Made, started and awaited in the loop of the screens.

    ``run`` runs an async function in a fresh event loop; ``main`` is what is run.
    """

    def __init__(self, run: Callable[[Callable[[], Awaitable[None]]], None], main: Main) -> None:
        self._run = run
        self._main = main
        self._here = asyncio.get_running_loop()
        self._app: App | None = None
        self._listening: asyncio.Future[Control] = self._here.create_future()
        self.ended: asyncio.Future[None] = self._here.create_future()
        """Done when the thread has come to its end; holds the error that ended it, if any."""

    async def start(self) -> Control:
        """Start the thread and wait until its proxy listens. Raises what kept it from that."""
        threading.Thread(target=self._thread, name="proxy", daemon=True).start()
        waited: set[asyncio.Future[Any]] = {self._listening, self.ended}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            self._listening.cancel()
            self.ended.result()
        return await self._listening

    def stop(self, *, now: bool = False) -> None:
        """Stop gracefully, or at once; more than once, and after its end too."""
        if self._app is not None and not self.ended.done():
            self._app.stop(now=now)

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
        self._app = app
        control = bridge(app.control, asyncio.get_running_loop())
        self._here.call_soon_threadsafe(self._listening.set_result, control)

    def _end(self, error: BaseException | None) -> None:
        if error is None:
            self.ended.set_result(None)
        elif isinstance(error, StopIteration | asyncio.CancelledError | KeyboardInterrupt | SystemExit):
            self.ended.set_exception(RuntimeError(f"the proxy was interrupted ({type(error).__name__})"))
        else:
            self.ended.set_exception(error)
