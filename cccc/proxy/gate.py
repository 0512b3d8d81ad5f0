"""Holds an answer back until it has proved that it is one (routing.md: The gate; resilience.md §2).

Everything before the first event with content may still be tried elsewhere, because the client has seen nothing of it.
The gate is a machine without I/O: bytes in, a decision out.
"""

from __future__ import annotations

from enum import Enum

from cccc.domain.failover import EXPLAINS_EMPTY
from cccc.ir.codec import ReplyFacts, Weight
from cccc.ir.sse import SseDecoder, SseEvent
from cccc.proxy.translation import Translation

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

    __slots__ = ("_preamble", "_translation", "behind", "decoder", "ended", "held", "scanner", "taken")

    def __init__(self, translation: Translation) -> None:
        self.decoder = SseDecoder()
        self.scanner = translation.codec.scanner()
        self.held: list[bytes] = []
        self.behind: list[SseEvent] = []
        self.ended = False
        self.taken = 0
        self._translation = translation
        self._preamble = 0

    @property
    def facts(self) -> ReplyFacts:
        """What the held events say."""
        return self.scanner.facts

    def feed(self, chunk: bytes) -> Decision:
        """Take bytes. ``REFUSE`` before any content on an error, an empty end, or an event that cannot be read.

        ``held`` is what the client gets of the events up to the one that opened the gate; ``behind`` are those that
        came with it, not yet read. ``ended``: the one that opened it was the terminal event (Responses can hold a
        whole answer in it). ``taken`` are the bytes of the events read.
        """
        translation = self._translation
        events = self.decoder.feed(chunk)
        for position, event in enumerate(events):
            self.taken += len(event.raw)
            weight = self.scanner.feed(event)
            if weight in _REFUSES or (weight is Weight.TERMINAL and not _usable(self.facts)):
                return Decision.REFUSE
            self.held.append(translation.passed(event))
            if weight is Weight.TERMINAL:
                self.held.append(translation.rest())
                self.ended = True
            if self.ended or (weight is Weight.CONTENT and translation.shows_content):
                self.behind = events[position + 1 :]
                return Decision.OPEN
            self._preamble += weight is Weight.PREAMBLE
        if self._preamble > MOST_PREAMBLE_EVENTS or self.taken > MOST_BYTES:
            return Decision.OPEN
        return Decision.HOLD


_REFUSES = (Weight.ERROR, Weight.BROKEN)


def _usable(facts: ReplyFacts) -> bool:
    return facts.content or facts.stop_reason in EXPLAINS_EMPTY
