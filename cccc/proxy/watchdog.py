"""One time limit on many short waits, where a limit on each of them would cost more than what they wait for.

Passing on an event of a stream is a read and a write; a cancel scope with a timer around every read was a tenth of it.
A ``Watchdog`` has one scope and one timer for all: telling it how long the next wait may take is an assignment, and
its timer, when it rings, sets itself for what is left.
"""

from __future__ import annotations

import asyncio
import math
from types import TracebackType
from typing import Self

import anyio


class Watchdog:
    """Leaves the block it guards when a wait in it lasts beyond its end. Entered once."""

    __slots__ = ("_end", "_loop", "_rings", "_scope", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._scope = anyio.CancelScope()
        self._end = math.inf
        self._rings = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def wait_until(self, end: float) -> None:
        """From now on the block waits for something that must have come by ``end`` (``anyio.current_time()``)."""
        self._end = end
        if end < self._rings:
            self._set(end)

    def rest(self) -> None:
        """What was waited for has come; the block may take its time."""
        self._end = math.inf

    def __enter__(self) -> Self:
        self._scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._set(math.inf)
        return self._scope.__exit__(kind, error, trace)

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = at
        self._timer = None if at == math.inf else self._loop.call_at(at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._end <= self._loop.time():
            self._scope.cancel()
        else:
            self._set(self._end)
