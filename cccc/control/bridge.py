"""A control surface that lives in another thread's event loop, from this one.

The screens have the main thread, the proxy a thread with a loop of its own. Every call is carried over and awaited
here without blocking either loop; what comes as a stream comes through a bounded queue that wakes its reader at most
once for whatever has gathered. When the other loop has ended, calls raise ``NotRunning`` as they do over HTTP.

All methods are carried alike, so there is nothing to add here when the surface grows, except for a new stream.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar, cast

from cccc.control.api import Control, EventsLost, FlowLost
from cccc.errors import NotRunning

T = TypeVar("T")

BACKLOG = 1_000
"""Items of one stream that wait for the reader on this side before it begins to lose some."""

LOOK_S = 1.0
"""Seconds after which it is looked whether the other loop is still there, while something is awaited from it."""

STREAMS: Mapping[str, Callable[[int], Any]] = MappingProxyType({"events": EventsLost, "watch": FlowLost})
"""The methods that give a stream, and what tells its reader of a loss; all others are coroutine functions."""


def bridge(control: Control, loop: asyncio.AbstractEventLoop) -> Control:
    """``control``, whose loop is ``loop``, for use in any other asyncio loop."""
    return cast("Control", _Bridge(control, loop))


class _Bridge:
    def __init__(self, control: Control, loop: asyncio.AbstractEventLoop) -> None:
        self._control = control
        self._loop = loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._control, name)
        if name in STREAMS:
            return partial(self._stream, method, STREAMS[name])
        return partial(self._call, method)

    async def _call(self, method: Callable[..., Coroutine[Any, Any, T]], *args: Any, **more: Any) -> T:
        return await self._there(method(*args, **more))

    async def _stream(
        self, method: Callable[..., Any], lost: Callable[[int], Any], *args: Any, **more: Any
    ) -> AsyncGenerator[Any]:
        queue = _Queue(asyncio.get_running_loop(), lost)
        reading = asyncio.ensure_future(self._there(_pump(partial(method, *args, **more), queue)))
        reading.add_done_callback(lambda _: queue.end())
        try:
            async for item in queue:
                yield item
            await reading  # raises what ended it
        finally:
            reading.cancel()

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` in the other loop. Cancelling this cancels that."""
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed
            work.close()
            raise NotRunning("the proxy has stopped") from None
        answer = asyncio.wrap_future(future)
        try:
            while not answer.done():
                await asyncio.wait({answer}, timeout=LOOK_S)
                if self._loop.is_closed() and not future.done():  # it ended before it came to begin this
                    work.close()
                    raise NotRunning("the proxy has stopped")
            return answer.result()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise NotRunning("the proxy has stopped") from None  # its loop ended and took the work with it
        finally:
            answer.cancel()


class _Queue:
    """Items from the loop that has them to the loop that reads them.

    Without a lock: each thread has its own end of ``_waiting`` and its own counter of losses. ``_wake_asked`` is set
    after an item is there and taken back before it is looked for, so an item is either seen by that look or asks anew.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[int], Any]) -> None:
        self._loop = loop
        self._tell_lost = lost
        self._waiting: deque[Any] = deque()
        self._lost = 0
        self._lost_told = 0
        self._ended = False
        self._woken = asyncio.Event()
        self._wake_asked = False

    def offer(self, item: object) -> None:
        """Take an item, or count it as lost. In the other thread; ``RuntimeError`` where the reader's loop is gone."""
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
        else:
            self._waiting.append(item)
        if not self._wake_asked:
            self._wake_asked = True
            self._loop.call_soon_threadsafe(self._woken.set)

    def end(self) -> None:
        """Nothing more will come. In the reader's thread."""
        self._ended = True
        self._woken.set()

    async def __aiter__(self) -> AsyncGenerator[Any]:
        while not self._ended or self._waiting:
            await self._woken.wait()
            self._woken.clear()
            self._wake_asked = False  # before looking: what comes from here on asks anew
            while self._waiting:
                yield self._waiting.popleft()
            if lost := self._lost - self._lost_told:
                self._lost_told += lost
                yield self._tell_lost(lost)


async def _pump(stream: Callable[[], Any], queue: _Queue) -> None:
    async with aclosing(stream()) as items:
        async for item in items:
            queue.offer(item)
