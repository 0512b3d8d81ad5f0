"""The screens in a test: over the fixed world, at a fixed time, and as the text that a person would read."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.driver import Driver
from textual.keys import _character_to_key
from textual.pilot import Pilot

from cccc.control.api import Control
from tests.control import world
from tui.app import CcccApp, Leave
from tui.screens.base import Dashboard
from tui.theme import Look

BEAT = 0.03
WIDE, SMALL = (120, 35), (80, 24)
_PATIENCE, _QUIET = 100, 10
"""Beats: how long a screen may take to look right, and how long one that is written down has not changed."""
_HANDLED = 4
"""Rounds through all queues in which a key has done its work: app, screen, widget, and what these told each other."""

SNAPSHOTS = Path(__file__).parent / "snapshots"


@dataclass
class Screens:
    """The app and what a person does with it."""

    app: CcccApp
    pilot: Pilot[Leave | None]

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, and let each take effect.

        Not Textual's own ``Pilot.press``, which waits twice after each key until the process has nothing to do: here
        each key is handled by whoever has it before the next one comes, and the wait is once, after the last one.
        """
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            named = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
            driver.send_message(events.Key(named, key if len(key) == 1 else None))
            for _ in range(_HANDLED):
                await self.pilot._wait_for_screen()
        await self.pilot.pause()

    async def resize(self, size: tuple[int, int]) -> None:
        """Another size of the terminal, and all lines drawn for it."""
        await self.pilot.resize_terminal(*size)
        strips = self.app.screen._compositor.render_strips
        await self.until(lambda: {strip.cell_length for strip in strips()} == {size[0]}, "lines of the new width")

    async def until(self, true: Callable[[], object], what: str = "", *, patience: int = 500) -> None:
        """Wait until something is so, for this number of beats at most."""
        for _ in range(patience):
            if true():
                await self.pilot.pause()
                return
            await self.pilot.pause(BEAT)
        raise AssertionError(f"{what or 'it'} never came to be; the screen says\n{self.text()}")

    async def frames(self, number: int) -> None:
        """Wait until as many more frames are drawn."""
        for _ in range(number):
            before = self.app.frame
            await self.until(lambda: self.app.frame is not before, "another frame")  # noqa: B023  (is called at once)

    async def says(self, text: str) -> None:
        """Wait until the screen shows this text."""
        await self.until(lambda: text in self.text(), repr(text))

    def lines(self) -> list[str]:
        """What the terminal would show."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines())

    async def matches(self, name: str) -> None:
        """Wait until the screen is as in the file of this name, which is how it looks when all is told.

        ``UPDATE_SNAPSHOTS=1`` writes the file once nothing changes any more. Look at what you have written.
        """
        path = SNAPSHOTS / f"{name}.txt"
        if os.environ.get("UPDATE_SNAPSHOTS"):
            path.write_text(await self.settled() + "\n", encoding="utf-8")
        wanted = path.read_text(encoding="utf-8")
        for _ in range(_PATIENCE):
            if self.text() + "\n" == wanted:
                return
            await self.pilot.pause(BEAT)
        assert self.text() + "\n" == wanted, f"{path.name} differs; UPDATE_SNAPSHOTS=1 writes it anew"

    async def settled(self) -> str:
        """The screen's text once it has stayed the same for a while."""
        text, since = self.text(), 0
        while since < _QUIET:
            await self.pilot.pause(BEAT)
            text, since = (self.text(), since + 1) if self.text() == text else (self.text(), 0)
        return text

    @property
    def front(self) -> Dashboard:
        """The screen in front."""
        assert isinstance(self.app.screen, Dashboard)
        return self.app.screen

    @property
    def said(self) -> list[str]:
        """The remarks on the screen."""
        return [notification.message for notification in self.app._notifications]


@asynccontextmanager
async def screens(
    control: Control,
    *,
    size: tuple[int, int] = WIDE,
    attached: bool = True,
    look: Look | None = None,
    keys: tuple[str, ...] = (),
    terminal: type[Driver] | None = None,
) -> AsyncIterator[Screens]:
    """The app with its first frame drawn, after these keys; on a ``terminal``, where what is written matters."""
    app = CcccApp(control, attached=attached, look=look, now=lambda: world.NOW, beat=BEAT)
    app.driver_class = terminal or app.driver_class
    async with app.run_test(size=size, headless=terminal is None) as pilot:
        shown = Screens(app, pilot)
        await shown.until(lambda: app.frame.overview is not None or app.frame.trouble is not None, "a frame")
        await shown.press(*keys)
        yield shown
