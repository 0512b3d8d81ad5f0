"""Publish and subscribe. Publishing never waits: a reader that is too slow loses events and is told how many."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from cccc.control.api import Event, EventsLost

BACKLOG = 1_000
"""Events that wait for one reader before it begins to lose some."""


class _Reader:
    __slots__ = ("_lost", "_sender")

    def __init__(self, sender: MemoryObjectSendStream[Event]) -> None:
        self._sender = sender
        self._lost = 0

    def offer(self, event: Event) -> None:
        try:
            if self._lost:
                self._sender.send_nowait(EventsLost(self._lost))
                self._lost = 0
            self._sender.send_nowait(event)
        except anyio.WouldBlock:
            self._lost += 1


class Bus:
    """One per runtime; used from the runtime's own event loop only."""

    def __init__(self) -> None:
        self._readers: set[_Reader] = set()

    @property
    def has_readers(self) -> bool:
        """Whether anybody listens: events that cost something to make are made only then."""
        return bool(self._readers)

    def publish(self, event: Event) -> None:
        """Hand an event to every reader."""
        for reader in self._readers:
            reader.offer(event)

    @contextmanager
    def _reader(self) -> Iterator[MemoryObjectReceiveStream[Event]]:
        sender, receiver = anyio.create_memory_object_stream[Event](BACKLOG)
        reader = _Reader(sender)
        self._readers.add(reader)
        try:
            with sender, receiver:
                yield receiver
        finally:
            self._readers.discard(reader)

    async def events(self) -> AsyncGenerator[Event]:
        """Everything published from the first iteration on."""
        with self._reader() as receiver:
            async for event in receiver:
                yield event
