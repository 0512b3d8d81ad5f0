"""Places at one endpoint: so many requests at once, a short queue for the next ones, and no more.

Handing a place over is one synchronous step, so a request that is cancelled in the queue, or in the very moment in
which its turn comes, never takes a place with it (the semaphores of HTTP libraries have leaked exactly there).
"""

from __future__ import annotations

from collections import deque

import anyio

LONGEST_QUEUE = 32
"""Requests that may wait for a place; who comes later goes elsewhere at once."""


class _Turn:
    """One request in the queue. ``come``: its place is counted already."""

    __slots__ = ("came", "come")

    def __init__(self) -> None:
        self.come = False
        self.came = anyio.Event()


class Slots:
    """Who is in, and who waits; first come, first served."""

    __slots__ = ("_limit", "_queue", "in_use")

    def __init__(self) -> None:
        self.in_use = 0
        self._limit: int | None = None
        self._queue: deque[_Turn] = deque()

    @property
    def waiting(self) -> int:
        """How many are in the queue."""
        return len(self._queue)

    @property
    def limit(self) -> int | None:
        """How many may be in at once, ``None`` for any number. A smaller one throws nobody out."""
        return self._limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        self._limit = limit
        self._call_in()

    def try_take(self) -> bool:
        """Take a place where one is free and nobody is waiting for it."""
        if self._queue or not self._free:
            return False
        self.in_use += 1
        return True

    async def take(self, patience: float) -> bool:
        """Take a place, waiting at most ``patience`` seconds for it; false where none came or the queue is full."""
        if self.try_take():
            return True
        if len(self._queue) >= LONGEST_QUEUE:
            return False
        turn = _Turn()
        self._queue.append(turn)
        try:
            with anyio.move_on_after(patience):
                await turn.came.wait()
        except BaseException:
            if turn.come:
                self.give_back()
            raise
        finally:
            if not turn.come:
                self._queue.remove(turn)
        return turn.come

    def overbook(self) -> None:
        """Take a place beyond the limit."""
        self.in_use += 1

    def give_back(self) -> None:
        """Free a place that was taken."""
        self.in_use -= 1
        self._call_in()

    @property
    def _free(self) -> bool:
        return self._limit is None or self.in_use < self._limit

    def _call_in(self) -> None:
        while self._queue and self._free:
            turn = self._queue.popleft()
            self.in_use += 1
            turn.come = True
            turn.came.set()
