"""A control surface that lives in another thread's event loop, from this one.

The screens have the main thread, the proxy a thread with a loop of its own. Every call is carried over and awaited
here without blocking either loop; events come back through a bounded queue that wakes its reader at most once for
whatever has gathered. When the other loop has ended, calls raise ``NotRunning`` as they do over HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from cccc.control.api import (
    ClientType,
    ConfigProblem,
    ConfigView,
    Control,
    EndpointAction,
    EndpointView,
    Event,
    EventsLost,
    Manual,
    Overview,
    Ranking,
    RequestFilter,
    RequestRecord,
    RequestSummary,
    StatsKey,
    StatsView,
)
from cccc.errors import NotRunning

T = TypeVar("T")

BACKLOG = 1_000
"""Events that wait for the reader on this side before it begins to lose some."""

_EVERYTHING = RequestFilter()


class Bridge:
    """``Control`` over ``control``, whose loop is ``loop``. Used from any other asyncio loop."""

    def __init__(self, control: Control, loop: asyncio.AbstractEventLoop) -> None:
        self._control = control
        self._loop = loop

    async def overview(self) -> Overview:
        return await self._there(self._control.overview())

    async def endpoints(self) -> tuple[EndpointView, ...]:
        return await self._there(self._control.endpoints())

    async def endpoint_action(self, name: str, action: EndpointAction, *, priority: int | None = None) -> EndpointView:
        return await self._there(self._control.endpoint_action(name, action, priority=priority))

    async def requests(
        self, wanted: RequestFilter = _EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> tuple[RequestSummary, ...]:
        return await self._there(self._control.requests(wanted, limit=limit, after=after))

    async def request(self, request_id: str) -> RequestRecord:
        return await self._there(self._control.request(request_id))

    async def rank(self, client_type: ClientType, *, model: str | None = None, path: str | None = None) -> Ranking:
        return await self._there(self._control.rank(client_type, model=model, path=path))

    async def stats(self, by: StatsKey, *, since: float) -> StatsView:
        return await self._there(self._control.stats(by, since=since))

    async def config(self) -> ConfigView:
        return await self._there(self._control.config())

    async def config_check(self, text: str, *, toml: bool) -> tuple[ConfigProblem, ...]:
        return await self._there(self._control.config_check(text, toml=toml))

    async def use(
        self, endpoint: str | None, *, client_type: ClientType | None = None, seconds: float | None = None
    ) -> tuple[Manual, ...]:
        return await self._there(self._control.use(endpoint, client_type=client_type, seconds=seconds))

    async def stop(self) -> None:
        await self._there(self._control.stop())

    async def events(self) -> AsyncGenerator[Event]:
        queue = _Queue(asyncio.get_running_loop())
        reading = asyncio.ensure_future(self._there(_pump(self._control, queue)))
        reading.add_done_callback(lambda _: queue.end())
        try:
            async for event in queue:
                yield event
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
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise NotRunning("the proxy has stopped") from None  # its loop ended and took the work with it


class _Queue:
    """Events from the loop that has them to the loop that reads them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._ended = False
        self._woken = asyncio.Event()
        self._wake_asked = False

    def offer(self, event: Event) -> None:
        """Take an event, or count it as lost. In the other thread; ``RuntimeError`` where the reader's loop is gone."""
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
        else:
            self._waiting.append(event)
        if not self._wake_asked:
            self._wake_asked = True
            self._loop.call_soon_threadsafe(self._woken.set)

    def end(self) -> None:
        """Nothing more will come. In the reader's thread."""
        self._ended = True
        self._woken.set()

    async def __aiter__(self) -> AsyncGenerator[Event]:
        while not self._ended or self._waiting:
            await self._woken.wait()
            self._woken.clear()
            self._wake_asked = False  # before looking: what comes from here on asks anew
            while self._waiting:
                yield self._waiting.popleft()
            if self._lost:
                lost, self._lost = self._lost, 0
                yield EventsLost(lost)


async def _pump(control: Control, queue: _Queue) -> None:
    async with aclosing(control.events()) as events:
        async for event in events:
            queue.offer(event)
