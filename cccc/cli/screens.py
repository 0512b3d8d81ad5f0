"""Starting the screens: over a proxy of our own in a thread, or attached to one that runs.

The only module that loads Textual, and only when it is called. Whatever happens, the terminal is given back before
anything is said on it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from cccc.cli.background import BackgroundProxy, make_room
from cccc.cli.run import Proxy, run_loop
from cccc.cli.session import Session
from cccc.control.api import Control
from cccc.errors import ConfigError
from tui.app import CcccApp, Leave
from tui.theme import Look

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LINES_KEPT = 50


def attach(session: Session, reach: AbstractAsyncContextManager[Control]) -> None:
    """The screens on a running proxy; it goes on when they close. Raises ``ControlError`` where it does not answer."""

    async def main() -> None:
        async with reach as control:
            app = CcccApp(control, attached=True, look=_look(session))
            with _signals(lambda: app.exit(Leave.FINISH)):
                await app.run_async()
        _give_up_where_broken(app)

    asyncio.run(main())


def show(session: Session, proxy: Proxy) -> None:
    """The screens over a proxy of our own. Raises what ended the proxy, if it was an error."""

    async def main() -> None:
        await _Own(session, proxy).run()

    asyncio.run(main())


class _Own:
    """A proxy in a thread and its screens, from the start of the one to the end of both.

    Whatever ends the screens (a key, a signal, a terminal that is gone, a defect), requests in flight are finished, and
    the process does not end before its proxy has. A signal when that has begun stops the proxy at once.
    """

    def __init__(self, session: Session, proxy: Proxy) -> None:
        self._session = session
        self._here = asyncio.get_running_loop()
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._covered = True
        """Whether what is said would fall into the screens."""
        self._app: CcccApp | None = None
        """The screens, while they are open."""
        self._leaving = False
        self._background = BackgroundProxy(
            run_loop, lambda listening: proxy(self._say, self._note, listening, signals=False)
        )

    async def run(self) -> None:
        background = self._background
        with _signals(self._leave):
            try:
                control = await background.start()
            except BaseException:
                self._give_back()
                raise
            try:
                app = CcccApp(control, attached=False, look=_look(self._session))
                if not self._leaving:
                    make_room()
                    await self._show(app)
            finally:
                background.stop()
                await asyncio.wait({background.ended})
        if background.ended.exception() is not None:
            self._give_back()
        background.ended.result()
        _give_up_where_broken(app)

    async def _show(self, app: CcccApp) -> None:
        self._app = app
        self._background.ended.add_done_callback(lambda _: self._close())
        how = None
        try:
            how = await app.run_async()
        finally:
            self._app, self._covered, self._leaving = None, False, True
            self._background.stop(now=how is Leave.NOW)
            if not self._background.ended.done() and app.frame.live and how is not Leave.NOW:
                self._session.note("finishing the requests in flight; ctrl+c stops at once")

    def _close(self) -> None:
        """The proxy has ended."""
        if self._app is not None:
            self._app.exit(None)

    def _leave(self) -> None:
        """A signal to end has come."""
        if self._leaving:
            self._background.stop(now=True)
            return
        self._leaving = True
        if self._app is None:
            self._background.stop()
        else:
            self._app.exit(Leave.FINISH)

    def _say(self, line: str) -> None:
        """What the proxy says to a person. In its thread."""
        self._note(line)
        if self._covered:
            self._here.call_soon_threadsafe(self._remark, line)

    def _remark(self, line: str) -> None:
        """What the proxy says to a person, on the screens."""
        if self._app is not None and self._app.is_running:
            self._app.say(line, severity="warning")

    def _note(self, line: str) -> None:
        """Keep a line for the terminal, or write it there once the screens are closed. In the proxy's thread."""
        if self._covered:
            self._said.append(line)
        else:
            self._session.note(line)

    def _give_back(self) -> None:
        """What was said while nobody could see it, before an error."""
        for line in tuple(self._said):  # its thread may still add to them
            self._session.note(line)


def _look(session: Session) -> Look:
    """The ``ui`` section; the usual look where there is no configuration that can be read."""
    from cccc.config import load

    try:
        ui = load(session.config_path(), environ=session.environ, options={}).settings.ui
    except ConfigError:
        return Look()
    return Look(theme=ui.theme, glyphs=ui.glyphs, keymap=ui.keymap)


@contextmanager
def _signals(leave: Callable[[], None]) -> Iterator[None]:
    """A signal to end closes the screens in order, so that the terminal is what it was."""
    loop = asyncio.get_running_loop()
    for each in _SIGNALS:
        loop.add_signal_handler(each, leave)
    try:
        yield
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)


def _give_up_where_broken(app: CcccApp) -> None:
    """Textual has printed what broke; scripts are told by the exit code."""
    if app.return_code:
        sys.exit(app.return_code)
