"""Holds an answer back until it has proved that it is one (routing.md: The gate; resilience.md §2).

Everything before the first event with content may still be tried elsewhere, because the client has seen nothing of it.
The gate is a machine without I/O: bytes in, a decision out.
"""

from __future__ import annotations

from enum import Enum

from cccc.domain.failover import EXPLAINS_EMPTY
from cccc.ir.codec import ReplyFacts, StreamScanner, Weight
from cccc.ir.sse import SseDecoder, SseEvent

MOST_PREAMBLE_EVENTS = 8
MOST_BYTES = 64 * 1024
"""A preamble longer than this is let through: it cannot be held for ever. Pings count by their bytes only."""


class Decision(Enum):
    """What is known after some bytes."""

    HOLD = "hold"
    OPEN = "open"
    REFUSE = "refuse"


class Gate:
    """One per streamed answer, shared with the relay that goes on behind it."""

    __slots__ = ("_bytes", "_preamble", "behind", "decoder", "ended", "held", "scanner")

    def __init__(self, scanner: StreamScanner) -> None:
        self.decoder = SseDecoder()
        self.scanner = scanner
        self.held: list[SseEvent] = []
        self.behind: list[SseEvent] = []
        self.ended = False
        self._bytes = 0
        self._preamble = 0

    @property
    def facts(self) -> ReplyFacts:
        """What the held events say."""
        return self.scanner.facts

    def feed(self, chunk: bytes) -> Decision:
        """Take bytes. ``REFUSE`` before any content on an error, an empty end, or an event that cannot be read.

        ``held`` are the events up to the one that opened the gate; ``behind`` those that came with it, not yet read.
        ``ended``: the one that opened it was the terminal event (Responses can hold a whole answer in it).
        """
        events = self.decoder.feed(chunk)
        for position, event in enumerate(events):
            self.held.append(event)
            self._bytes += len(event.raw)
            match self.scanner.feed(event):
                case Weight.CONTENT:
                    self.behind = events[position + 1 :]
                    return Decision.OPEN
                case Weight.TERMINAL if _usable(self.facts):
                    self.ended = True
                    self.behind = events[position + 1 :]
                    return Decision.OPEN
                case Weight.ERROR | Weight.TERMINAL | Weight.BROKEN:
                    return Decision.REFUSE
                case Weight.PREAMBLE:
                    self._preamble += 1
                case Weight.NOTHING:
                    pass
        if self._preamble > MOST_PREAMBLE_EVENTS or self._bytes > MOST_BYTES:
            return Decision.OPEN
        return Decision.HOLD


def _usable(facts: ReplyFacts) -> bool:
    return facts.content or facts.stop_reason in EXPLAINS_EMPTY
