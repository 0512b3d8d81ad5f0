"""Holds the events of streams back, so that a test can look at a client while its upstream is still sending."""

from __future__ import annotations

import math

import anyio


class Gate:
    """Open unless held. ``step`` lets single events through; ``release`` opens it and ends every stall."""

    def __init__(self) -> None:
        self._permits = math.inf
        self._moved = anyio.Event()
        self._released = anyio.Event()
        self._stuck = 0
        self._arrived = anyio.Event()

    def hold(self, after: int = 0) -> None:
        """Let ``after`` more events through, over all streams, and no further one."""
        self._permits = after

    def step(self, count: int = 1) -> None:
        """Let ``count`` more events through."""
        self._permits += count
        self._moved.set()
        self._moved = anyio.Event()

    def release(self) -> None:
        """Open the gate and let every stalled answer go on."""
        self.step()
        self._permits = math.inf
        self._released.set()
        self._released = anyio.Event()

    async def pass_event(self) -> None:
        """Wait until one event may go out."""
        while self._permits < 1:
            await self._wait(self._moved)
        self._permits -= 1

    async def stall(self) -> None:
        """Wait for the next release."""
        await self._wait(self._released)

    async def until_held(self) -> None:
        """Wait until some answer stands still at the gate or in a stall."""
        while self._stuck == 0:
            await self._arrived.wait()

    async def _wait(self, event: anyio.Event) -> None:
        self._stuck += 1
        self._arrived.set()
        try:
            await event.wait()
        finally:
            self._stuck -= 1
            if self._stuck == 0:
                self._arrived = anyio.Event()
