"""A control surface in another thread's loop: the contract holds across, and the end of that thread is told."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from inspect import iscoroutinefunction
from typing import Any

import pytest

from cccc.control import bridge
from cccc.control.api import Control, EndpointChanged, EventsLost
from cccc.control.bridge import STREAMS
from cccc.errors import NotRunning
from tests.control.contract import ControlContract
from tests.control.fake import FakeControl


class Elsewhere:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            self.stopped = asyncio.Event()
            runner.run(self.stopped.wait())

    def end(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stopped.set)
            self.thread.join()

    def do(self, work: object, *args: object) -> None:
        """Call ``work`` there and wait until it is done."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (work(*args), done.set()))  # type: ignore[operator]
        assert done.wait(5)


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    there = Elsewhere()
    try:
        yield there
    finally:
        there.end()


class TestAcrossThreads(ControlContract):
    @pytest.fixture
    async def control(self) -> AsyncIterator[Control]:
        with elsewhere() as there:
            yield bridge.bridge(FakeControl(), there.loop)


async def listening(fake: FakeControl) -> None:
    while not fake.listeners:  # noqa: ASYNC110  (in the other thread)
        await asyncio.sleep(0.001)


def test_every_method_that_gives_a_stream_is_known_as_one() -> None:
    methods = {name: getattr(Control, name) for name in dir(Control) if not name.startswith("_")}
    assert {name for name, method in methods.items() if not iscoroutinefunction(method)} == set(STREAMS)


@pytest.mark.anyio
async def test_calls_after_the_end_of_the_other_loop_say_so() -> None:
    with elsewhere() as there:
        control = bridge.bridge(FakeControl(), there.loop)
        there.end()
        with pytest.raises(NotRunning):
            await control.overview()
        with pytest.raises(NotRunning):
            async with aclosing(control.events()) as events:
                await anext(events)


@pytest.mark.anyio
async def test_a_reader_hears_of_the_end_of_the_other_loop() -> None:
    with elsewhere() as there:
        fake = FakeControl()
        async with aclosing(bridge.bridge(fake, there.loop).events()) as events:
            reading = asyncio.ensure_future(anext(events))
            await listening(fake)
            there.end()
            with pytest.raises(NotRunning):
                await reading


@pytest.mark.anyio
async def test_a_slow_reader_is_told_what_it_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "BACKLOG", 3)
    with elsewhere() as there:
        fake = FakeControl()
        async with aclosing(bridge.bridge(fake, there.loop).events()) as events:
            first = asyncio.ensure_future(anext(events))
            await listening(fake)
            there.do(fake.emit, EndpointChanged("first"))
            assert await first == EndpointChanged("first")
            for number in range(5):
                there.do(fake.emit, EndpointChanged(str(number)))
            for _ in range(20):  # turns of that loop, in which everything is carried over
                there.do(lambda: None)
            heard = [await anext(events) for _ in range(4)]
    assert heard[:3] == [EndpointChanged(str(number)) for number in range(3)]
    assert heard[3] == EventsLost(2)


@pytest.mark.anyio
async def test_a_reader_that_leaves_is_left() -> None:
    with elsewhere() as there:
        fake = FakeControl()
        async with aclosing(bridge.bridge(fake, there.loop).events()) as events:
            reading = asyncio.ensure_future(anext(events))
            await listening(fake)
            there.do(fake.emit, EndpointChanged("alpha"))
            await reading
        while fake.listeners:  # noqa: ASYNC110  (in the other thread)
            await asyncio.sleep(0.001)


@pytest.mark.anyio
async def test_a_call_that_the_other_loop_never_came_to_begin_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "LOOK_S", 0.01)
    ending = asyncio.new_event_loop()  # has run for the last time, and is about to be closed
    asking = asyncio.ensure_future(bridge.bridge(FakeControl(), ending).overview())
    await asyncio.sleep(0)
    ending.close()
    with pytest.raises(NotRunning):
        await asyncio.wait_for(asking, 5)


@pytest.mark.anyio
@pytest.mark.parametrize("backlog", [1, 7, 1_000])
async def test_every_item_arrives_or_is_told_as_lost(backlog: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two real loops that get in each other's way at every place: no wake-up is lost, and nothing is counted twice."""
    monkeypatch.setattr(bridge, "BACKLOG", backlog)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    count, heard, lost = 1_000, list[int](), list[int]()

    def seen() -> int:
        return len(heard) + sum(lost)

    async def numbers() -> AsyncGenerator[int]:
        chance = random.Random(backlog)
        for number in range(count):
            waits = chance.random() < 0.5
            yield number
            while waits and seen() <= number:  # noqa: ASYNC110  (in the other thread)
                await asyncio.sleep(0)

    class Numbers:
        events = staticmethod(numbers)

    try:
        with elsewhere() as there:
            async with asyncio.timeout(20), aclosing(bridge.bridge(Numbers(), there.loop).events()) as events:  # type: ignore[arg-type]
                async for item in events:
                    if isinstance(item, EventsLost):
                        lost.append(item.count)
                    else:
                        heard.append(item)
    finally:
        sys.setswitchinterval(switch)
    assert heard == sorted(set(heard))
    assert seen() == count


class Meddling(deque[Any]):
    """What waits for the reader; the other thread comes in between at the reader's ``at``-th look."""

    def __init__(self, at: int, come_between: Callable[[], None]) -> None:
        super().__init__()
        self._looks = iter([*[None] * at, come_between])

    def __bool__(self) -> bool:
        anything = len(self) > 0
        if (come_between := next(self._looks, None)) is not None:
            come_between()
        return anything


@pytest.mark.anyio
@pytest.mark.parametrize("at", [0, 1])
async def test_an_item_that_comes_right_after_a_look_asks_for_another(at: int) -> None:
    queue = bridge._Queue(asyncio.get_running_loop(), EventsLost)
    queue._waiting = Meddling(at, lambda: queue.offer("between"))
    queue.offer("first")
    items = aiter(queue)
    assert await asyncio.wait_for(anext(items), 5) == "first"
    assert await asyncio.wait_for(anext(items), 5) == "between"
    await items.aclose()
