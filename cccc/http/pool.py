"""Idle upstream connections, by where they go: last in, first out, so that the least used ones grow old and close.

Only decisions, all synchronous: what to use, what to keep, what to close. Nothing here awaits, so no cancellation can
come between the steps of one decision. Callers close what they are handed.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from cccc.clock import Clock
from cccc.http.client_connection import ClientConnection

MAX_IDLE = 64
"""Kept-alive connections per destination."""


@dataclass(slots=True, eq=False)
class _Idle:
    """A connection and when it came to rest, by both clocks: a laptop's monotonic clock stands still in its sleep."""

    connection: ClientConnection
    lasts: float
    monotonic: float
    wall: float

    def expired(self, clock: Clock) -> bool:
        return max(clock.monotonic() - self.monotonic, clock.now() - self.wall) > self.lasts


class Pool:
    """The kept-alive connections of one transport."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._idle: dict[Hashable, list[_Idle]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._idle.values()))

    def take(self, key: Hashable) -> tuple[ClientConnection | None, list[ClientConnection]]:
        """The newest usable connection for ``key``, and what was found dead on the way and must be closed."""
        dead: list[ClientConnection] = []
        entries = self._idle.get(key, [])
        while entries:
            entry = entries.pop()
            if self._usable(entry):
                return entry.connection, dead
            dead.append(entry.connection)
        self._idle.pop(key, None)
        return None, dead

    def give(self, key: Hashable, connection: ClientConnection, lasts: float) -> list[ClientConnection]:
        """Keep a connection for ``lasts`` seconds. Returns what must be closed instead."""
        if not connection.reusable:
            return [connection]
        entries = self._idle.setdefault(key, [])
        entries.append(_Idle(connection, lasts, self._clock.monotonic(), self._clock.now()))
        return [entries.pop(0).connection] if len(entries) > MAX_IDLE else []

    def expire(self) -> list[ClientConnection]:
        """Drop every connection that rested too long or that the other side closed. Returns them to be closed."""
        dead: list[ClientConnection] = []
        for key, entries in list(self._idle.items()):
            self._idle[key] = [entry for entry in entries if self._usable(entry)]
            dead += [entry.connection for entry in entries if entry not in self._idle[key]]
            if not self._idle[key]:
                del self._idle[key]
        return dead

    def clear(self) -> list[ClientConnection]:
        """Drop everything. Returns it to be closed."""
        everything = [entry.connection for entries in self._idle.values() for entry in entries]
        self._idle.clear()
        return everything

    def _usable(self, entry: _Idle) -> bool:
        return not entry.expired(self._clock) and entry.connection.quiet
