"""Readers get what is published while they read; slow ones lose events and are told how many."""

from __future__ import annotations

from contextlib import aclosing

import anyio
import pytest

from cccc.control.api import EndpointChanged, Event, EventsLost
from cccc.proxy.bus import BACKLOG, Bus

pytestmark = pytest.mark.anyio


LAST = EndpointChanged("last")


async def _read(bus: Bus, into: list[Event]) -> None:
    async with aclosing(bus.subscribe()) as events:
        async for event in events:
            into.append(event)
            if event == LAST:
                return


async def test_every_reader_gets_every_event_in_order() -> None:
    bus = Bus()
    first: list[Event] = []
    second: list[Event] = []
    published = [EndpointChanged("a"), EndpointChanged("b"), LAST]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read, bus, first)
        tasks.start_soon(_read, bus, second)
        await anyio.wait_all_tasks_blocked()
        for event in published:
            bus.publish(event)
    assert first == second == published


async def test_nobody_listens_after_the_last_reader_left() -> None:
    bus = Bus()
    seen: list[Event] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read, bus, seen)
        await anyio.wait_all_tasks_blocked()
        assert bus.has_readers
        bus.publish(LAST)
    assert not bus.has_readers


async def test_a_slow_reader_is_told_how_much_it_lost() -> None:
    bus = Bus()
    seen: list[Event] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read, bus, seen)
        await anyio.wait_all_tasks_blocked()
        for number in range(BACKLOG + 8):
            bus.publish(EndpointChanged(str(number)))
        await anyio.wait_all_tasks_blocked()
        bus.publish(LAST)
    lost = [event.count for event in seen if isinstance(event, EventsLost)]
    delivered = [event for event in seen if isinstance(event, EndpointChanged)]
    assert lost
    assert len(delivered) + sum(lost) == BACKLOG + 9


async def test_closing_the_bus_ends_every_reader() -> None:
    bus = Bus()
    events = bus.subscribe()
    bus.publish(LAST)
    bus.close()
    assert [event async for event in events] == [LAST]
