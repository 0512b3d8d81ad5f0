"""The one worker between the proxy and the screens: reads its events, asks it now and then, posts frames.

At most ``beat`` apart, so four times a second, and once a second when nothing happens, for what counts down. A proxy
that does not answer is a state of the frame and is asked again after a pause that grows; nothing is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from textual.message import Message

from cccc.control.api import CcccError, ClientType, Control, Events
from tui.state import ROWS_KEPT, DashboardState, Frame, Snapshot

BEAT = 0.25
"""Seconds between two frames at least."""

_QUIET_FRAME = 4
_ASK_SOON = 2
_ASK_ANYWAY = 8
"""Beats after which, at the latest: a frame when nothing happens; the proxy is asked when something did; and anyway."""

_PAUSES = (1, 2, 3, 5)
"""Seconds before the next try, by the number of those that failed."""


class FrameReady(Message):
    """A new frame; one that nobody has looked at yet gives way to the next."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame

    def can_replace(self, message: Message) -> bool:
        """An older frame that still waits."""
        return isinstance(message, FrameReady)


class Feed:
    """Follows ``control`` and hands frames to ``post``. ``now`` is the wall clock, ``beat`` the seconds of one beat."""

    def __init__(
        self, control: Control, post: Callable[[Frame], object], now: Callable[[], float], *, beat: float = BEAT
    ) -> None:
        self._control = control
        self._post = post
        self._now = now
        self._beat = beat
        self._state = DashboardState()
        self._client = ClientType.CLAUDE_CODE
        self._failures = 0
        self._woken = asyncio.Event()

    def ask_again(self) -> None:
        """Something was done that the screens should show soon."""
        self._state.stale = True
        self._woken.set()

    def rank_for(self, client_type: ClientType) -> None:
        """Rank for this kind of client from now on."""
        self._client = client_type
        self.ask_again()

    async def run(self) -> None:
        """Follow the proxy until cancelled."""
        while True:
            try:
                await self._follow()
                why = "the proxy has stopped"
            except CcccError as error:
                why = str(error)
            await self._wait(why)

    async def _follow(self) -> None:
        """From one connection to its end. Raises ``CcccError``."""
        events = self._control.events()
        reading = asyncio.create_task(self._read(events))
        try:
            await self._ask()
            since_asked, since_posted = 0, _QUIET_FRAME
            while not reading.done():
                if self._state.changed or since_posted >= _QUIET_FRAME:
                    self._post(self._state.frame(self._now()))
                    since_posted = 0
                await asyncio.wait({reading}, timeout=self._beat)
                since_asked, since_posted = since_asked + 1, since_posted + 1
                if self._woken.is_set() or since_asked >= (_ASK_SOON if self._state.stale else _ASK_ANYWAY):
                    self._woken.clear()
                    await self._ask()
                    since_asked = 0
            await reading
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError, CcccError):
                await reading
            await events.aclose()

    async def _read(self, events: Events) -> None:
        async for event in events:
            self._state.fold(event, self._now())

    async def _ask(self) -> None:
        control, client = self._control, self._client
        self._state.asking()
        # What is in flight first: whatever is missing there has ended by then and is in the log.
        overview = await control.overview()
        rows = await control.requests(limit=ROWS_KEPT) if self._state.rows_stale else None
        snapshot = Snapshot(
            overview=overview,
            endpoints=await control.endpoints(),
            ranking=await control.rank(client),
            ranked_for=client,
            rows=rows,
        )
        self._state.refreshed(snapshot, self._now())
        self._failures = 0

    async def _wait(self, why: str) -> None:
        """Say that the proxy is gone, and count down to the next try."""
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        retry_at = self._now() + pause
        self._state.lost(why, retry_at)
        for _ in range(pause):
            self._post(self._state.frame(self._now()))
            try:
                await asyncio.wait_for(self._woken.wait(), 4 * self._beat)
            except TimeoutError:
                continue
            break
        self._woken.clear()
