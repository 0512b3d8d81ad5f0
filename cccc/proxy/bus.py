"""Publish and subscribe. Publishing never waits: a reader that is too slow loses events and is told how many."""

from __future__ import annotations

from typing import Self

import anyio

from cccc.control.api import Event, EventsLost

BACKLOG = 1_000
"""Events that wait for one reader before it begins to lose some."""


class Subscription:
    """One reader's events, from the moment it was made: an async iterator that ends when the bus is closed."""

    __slots__ = ("_bus", "_lost", "_receiver", "_sender")

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._sender, self._receiver = anyio.create_memory_object_stream[Event](BACKLOG)
        self._lost = 0

    def offer(self, event: Event) -> None:
        """Take an event without waiting; one that finds no room is counted and the reader told of it."""
        try:
            if self._lost:
                self._sender.send_nowait(EventsLost(self._lost))
                self._lost = 0
            self._sender.send_nowait(event)
        except anyio.WouldBlock:
            self._lost += 1

    def end(self) -> None:
        """Nothing more will come."""
        self._sender.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._receiver.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._receiver.close()
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Stop listening."""
        self._bus.leave(self)
        self._sender.close()
        self._receiver.close()


class Bus:
    """One per runtime; used from the runtime's own event loop only."""

    def __init__(self) -> None:
        self._readers: set[Subscription] = set()

    @property
    def has_readers(self) -> bool:
        """Whether anybody listens: events that cost something to make are made only then."""
        return bool(self._readers)

    def publish(self, event: Event) -> None:
        """Hand an event to every reader."""
        for reader in self._readers:
            reader.offer(event)

    def subscribe(self) -> Subscription:
        """Everything published from now on. Whoever subscribes closes the subscription."""
        reader = Subscription(self)
        self._readers.add(reader)
        return reader

    def leave(self, reader: Subscription) -> None:
        """A reader stops listening."""
        self._readers.discard(reader)

    def close(self) -> None:
        """Let every reader come to its end."""
        for reader in self._readers:
            reader.end()
        self._readers.clear()
