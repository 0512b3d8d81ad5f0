"""What was seen of one request: the pieces of its flow folded together, within bounds however long it runs.

The two streams stand side by side as they came: what an endpoint said begins a line, what the client then got stands
beside the first line of the read that led to it. Of many events the newest are kept and the others counted.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar

from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    FlowEnded,
    FlowLost,
    FlowPiece,
    RequestRecord,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from tui.inspector.answer import Answer

MOST_LINES = 10_000
MOST_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Try:
    """One attempt. ``first_ms`` is when its first event or its body came."""

    number: int
    asked: UpstreamAsked | None = None
    answered: UpstreamAnswered | None = None
    first_ms: float | None = None
    ended: UpstreamEnded | None = None


@dataclass(slots=True)
class Both:
    """One line of the two streams."""

    upstream: UpstreamSaid | None = None
    client: ClientGot | None = None

    def until(self, at_ms: float) -> Both:
        """What of it was there by then; what came nobody knows when was there before."""
        return Both(_by(self.upstream, at_ms), _by(self.client, at_ms))

    @property
    def size(self) -> int:
        """Bytes of what it holds."""
        return sum(len(one.data) for one in (self.upstream, self.client) if one is not None)


P = TypeVar("P", UpstreamSaid, ClientGot)


def _by(one: P | None, at_ms: float) -> P | None:
    return one if one is not None and (one.at_ms is None or one.at_ms <= at_ms) else None


@dataclass(slots=True, eq=False)
class Seen:
    """Takes pieces in their order. ``revision`` grows with each; ``events`` counts all that came, kept or not."""

    revision: int = 0
    asked: ClientAsked | None = None
    tries: dict[int, Try] = field(default_factory=dict)
    answered: ClientAnswered | None = None
    answer: Answer = field(default_factory=Answer)
    record: RequestRecord | None = None
    lost: int = 0
    events: int = 0
    first_ms: float | None = None
    last_ms: float | None = None
    """When the first and the last event came, of those of which it is known."""
    dropped: int = 0
    """Lines that were left out again to make room."""
    lines: deque[Both] = field(default_factory=deque)
    _bytes: int = 0
    _next: int = 0
    """Where the client's next event stands at the earliest, counted from the first line that ever was."""
    _since: int = 0
    """The first line of the last read; where times are lost, of all since the client last got something."""
    _open: bool = False
    _read_ms: float | None = None

    @property
    def ended(self) -> bool:
        """Whether the request is over."""
        return self.record is not None

    @property
    def last(self) -> Try | None:
        """The newest attempt."""
        return self.tries[max(self.tries)] if self.tries else None

    def take(self, piece: FlowPiece) -> None:
        """One piece of the flow."""
        self.revision += 1
        match piece:
            case ClientAsked():
                self.asked = piece
            case UpstreamAsked(attempt=number):
                self.tries[number] = Try(number, piece)
                self.answer = Answer()
                self._since = self._next = self.dropped + len(self.lines)
            case UpstreamAnswered(attempt=number):
                self._try(number).answered = piece
            case UpstreamSaid():
                self._said(piece)
            case UpstreamEnded(attempt=number):
                self._try(number).ended = piece
            case ClientAnswered():
                self.answered = piece
            case ClientGot():
                self._got(piece)
            case FlowLost(count):
                self.lost += count
            case FlowEnded(record):
                self.record = record

    def _try(self, number: int) -> Try:
        return self.tries.setdefault(number, Try(number))

    def _said(self, piece: UpstreamSaid) -> None:
        tried = self._try(piece.attempt)
        if tried.first_ms is None:
            tried.first_ms = piece.at_ms
        if tried is self.last:
            self.answer.take(piece.data)
        if not self._open or piece.at_ms != self._read_ms:
            self._open, self._since, self._read_ms = True, self.dropped + len(self.lines), piece.at_ms
        self._put(Both(upstream=piece))

    def _got(self, piece: ClientGot) -> None:
        self._open = False
        at = max(self._next, self._since) - self.dropped
        if 0 <= at < len(self.lines) and self.lines[at].client is None:
            self.lines[at].client = piece
            self._count(piece)
            self._next = self.dropped + at + 1
        else:
            self._put(Both(client=piece))
            self._next = self.dropped + len(self.lines)

    def _put(self, both: Both) -> None:
        self.lines.append(both)
        for one in (both.upstream, both.client):
            if one is not None:
                self._count(one)
        while len(self.lines) > MOST_LINES or (self._bytes > MOST_BYTES and len(self.lines) > 1):
            self._bytes -= self.lines.popleft().size
            self.dropped += 1

    def _count(self, piece: UpstreamSaid | ClientGot) -> None:
        self.events += 1
        self._bytes += len(piece.data)
        if (at_ms := piece.at_ms) is not None:
            self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
            self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)
