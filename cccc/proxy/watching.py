"""Watching one request: everything that flows for it, told to whoever looks and kept for nobody else.

An exchange has one ``Watched``, and every place where bytes pass asks it one question: are there ``readers``? While
there are none nothing is captured, copied or made. A ``Watch`` is one reader. What waits for it is bounded; a reader
that is too slow loses pieces and is told how many. Events are cut out and secrets masked on the reader's side.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple, Self

import anyio
import anyio.to_thread

from cccc.clock import Clock
from cccc.control.api import (
    AttemptRecord,
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
from cccc.domain.failover import BodyKind, Outcome
from cccc.domain.record import HeaderList, Pace
from cccc.domain.redact import Redactor
from cccc.errors import BadAnswer
from cccc.http.messages import Headers
from cccc.ir.sse import SseDecoder, SseEvent
from cccc.proxy.tap import sniff
from cccc.proxy.upstream import Outgoing

CLIENT_GONE_STATUS = 499
"""Logged as the status of a request whose client left first (as nginx does)."""

MOST_PIECES = 2_000
MOST_BYTES = 16 * 1024 * 1024
"""What may wait for one reader."""

_LONG = 64 * 1024
"""Bodies longer than this are searched for secrets in a worker thread."""

_EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


class Chunk(NamedTuple):
    """Bytes of an endpoint's stream, as one read gave them; an event may begin in one and end in another.

    ``torn``: what came before is not known.
    """

    attempt: int
    data: bytes
    at_ms: float | None
    torn: bool = False


class Written(NamedTuple):
    """Whole events that went to the client in one write."""

    data: bytes
    at_ms: float | None


Piece = FlowPiece | Chunk | Written
"""What readers are told, as it is told: events are cut out of bytes later."""


class Watched:
    """What an exchange tells its readers. ``attempt`` is the number of the one at hand, from 1."""

    __slots__ = ("_clock", "_start", "attempt", "readers")

    def __init__(self, clock: Clock, start: float) -> None:
        self._clock = clock
        self._start = start
        self.attempt = 0
        self.readers: tuple[Watch, ...] = ()

    def upstream_asks(self, endpoint: str, out: Outgoing) -> None:
        """A request goes to an endpoint."""
        self._tell(asked_upstream(self.attempt, endpoint, out, self._now()))

    def upstream_answers(self, status: int, headers: Headers) -> None:
        """The head of its answer has come."""
        self._tell(UpstreamAnswered(self.attempt, status, tuple(headers), self._now()))

    def upstream_streams(self, data: bytes) -> None:
        """Some bytes of its stream."""
        self._tell(Chunk(self.attempt, data, self._now()))

    def upstream_sends(self, body: bytes) -> None:
        """A body that is no stream."""
        self._tell(UpstreamSaid(self.attempt, None, body, self._now()))

    def upstream_ends(self, error: str | None) -> None:
        """The attempt is over."""
        self._tell(UpstreamEnded(self.attempt, error, self._now()))

    def client_is_answered(self, status: int, headers: Headers) -> None:
        """The head of the client's answer went out."""
        self._tell(ClientAnswered(status, tuple(headers), self._now()))

    def client_gets(self, events: bytes) -> None:
        """Whole events went to the client."""
        self._tell(Written(events, self._now()))

    def client_is_sent(self, body: bytes) -> None:
        """A body went to the client as a whole."""
        self._tell(ClientGot(None, body, self._now()))

    def end(self, record: RequestRecord) -> None:
        """The request is over."""
        self._tell(FlowEnded(record.without_contents()))
        for reader in self.readers:
            reader.end()
        self.readers = ()

    def _now(self) -> float:
        return (self._clock.monotonic() - self._start) * 1000.0

    def _tell(self, piece: Piece) -> None:
        for reader in self.readers:
            reader.offer(piece)


class Watch:
    """One reader: an async iterator over pieces, ended by ``FlowEnded``. ``begun`` is what had happened before."""

    def __init__(self, watched: Watched, redactor: Redactor, begun: Iterable[Piece]) -> None:
        self._watched = watched
        self._redactor = redactor
        self._waiting: deque[tuple[Piece, int]] = deque((piece, 0) for piece in begun)
        self._bytes = 0
        self._lost = 0
        self._ready: deque[FlowPiece] = deque()
        self._cutting = Cutting()
        self._ended = False
        self._news = anyio.Event()
        watched.readers = (*watched.readers, self)

    def offer(self, piece: Piece) -> None:
        """Take a piece without waiting; one that finds no room is counted and the reader told of it."""
        size = _size(piece)
        full = len(self._waiting) >= MOST_PIECES or (self._bytes > 0 and self._bytes + size > MOST_BYTES)
        if full and not isinstance(piece, FlowEnded):
            self._lost += 1
            return
        if self._lost:
            self._waiting.append((FlowLost(self._lost), 0))
            self._lost = 0
        self._waiting.append((piece, size))
        self._bytes += size
        self._news.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FlowPiece:
        while not self._ready:
            if self._waiting:
                piece, size = self._waiting.popleft()
                self._bytes -= size
                self._ready.extend(self._cutting.cut(piece))
            elif self._ended:
                raise StopAsyncIteration
            else:
                self._news = anyio.Event()
                await self._news.wait()
        return await shown(self._ready.popleft(), self._redactor)

    async def aclose(self) -> None:
        """Stop watching."""
        self._watched.readers = tuple(reader for reader in self._watched.readers if reader is not self)
        self._waiting.clear()
        self._ready.clear()
        self.end()


class Cutting:
    """Makes events of the bytes that passed."""

    def __init__(self) -> None:
        self._streams: dict[int, _Stream] = {}

    def cut(self, piece: Piece) -> Iterator[FlowPiece]:
        """What a piece says, as far as it is whole."""
        match piece:
            case Chunk(attempt, data, at_ms, torn):
                stream = self._streams.setdefault(attempt, _Stream())
                stream.torn |= torn
                for event in stream.feed(data):
                    yield UpstreamSaid(attempt, event.name, event.data or b"", at_ms)
            case Written(data, at_ms):
                for event in _events(data):
                    yield ClientGot(event.name, event.data or b"", at_ms)
            case UpstreamEnded(attempt, _, at_ms):
                if (ended := self._streams.pop(attempt, None)) is not None:
                    for event in ended.close():
                        yield UpstreamSaid(attempt, event.name, event.data or b"", at_ms)
                yield piece
            case FlowLost():
                for stream in self._streams.values():
                    stream.torn = True
                yield piece
            case _:
                yield piece


class _Stream:
    """One endpoint's stream. ``torn``: bytes are missing, so everything up to the next event's end is left out."""

    def __init__(self) -> None:
        self._decoder = SseDecoder()
        self.torn = False

    def feed(self, data: bytes) -> list[SseEvent]:
        if self.torn:
            ends = [at + len(mark) for mark in _EVENT_ENDS if (at := data.find(mark)) >= 0]
            if not ends:
                return []
            data, self._decoder, self.torn = data[min(ends) :], SseDecoder(), False
        try:
            return self._decoder.feed(data)
        except BadAnswer:  # an event beyond all bounds; the exchange gives this stream up as well
            self.torn = True
            return []

    def close(self) -> list[SseEvent]:
        """What is left at the end: an event that was cut off is shown as far as it came."""
        events = self._decoder.close()
        rest = b"" if self.torn else self._decoder.pending
        return [*events, SseEvent(rest)] if rest else events


def _events(data: bytes) -> list[SseEvent]:
    stream = _Stream()
    return [*stream.feed(data), *stream.close()]


def _size(piece: Piece) -> int:
    match piece:
        case Chunk() | Written() | UpstreamSaid() | ClientGot():
            return len(piece.data)
        case UpstreamAsked() | ClientAsked():
            return len(piece.body or b"")
        case _:
            return 0


# what had happened before


def asked_upstream(attempt: int, endpoint: str, out: Outgoing, at_ms: float | None) -> UpstreamAsked:
    """The request of an attempt that is under way."""
    sent = out.request
    changed = out.changed_body is not None
    return UpstreamAsked(attempt, endpoint, sent.method, out.url, tuple(sent.headers), sent.body, changed, at_ms)


def told_of(record: RequestRecord) -> Iterator[Piece]:
    """Everything that a record says of a request, in its order; the last piece is missing."""
    asked = ClientAsked(record.method, record.path, record.request_headers, record.request_body)
    yield asked
    attempts = (
        piece
        for number, attempt in enumerate(record.attempts, start=1)
        for piece in told_of_attempt(number, attempt, asked, record.time)
    )
    status = record.status if record.status != CLIENT_GONE_STATUS else 200
    yield from in_time(
        attempts, told_of_client(status, record.response_headers, record.answer or b"", record.response_pace)
    )


def in_time(upstream: Iterable[Piece], client: Iterable[Piece]) -> Iterator[Piece]:
    """Both sides in the order of their times. What has none comes with what is before it, of the client's side last."""
    merged = heapq.merge(_timed(upstream, 0.0), _timed(client, math.inf), key=lambda timed: timed[0])
    return (piece for _, piece in merged)


def _timed(pieces: Iterable[Piece], before: float) -> Iterator[tuple[float, Piece]]:
    since = None
    for piece in pieces:
        at_ms = getattr(piece, "at_ms", None)
        if at_ms is not None:
            since = at_ms if since is None else max(since, at_ms)
        yield before if since is None else since, piece


def told_of_client(status: int, headers: HeaderList, body: bytes, pace: Pace) -> Iterator[Piece]:
    """What a client was given so far."""
    if headers:
        yield ClientAnswered(status, headers, pace.at_ms[0] if pace.at_ms else None)
    if not body:
        return
    if sniff(body, dict(headers).get("content-type")) is not BodyKind.SSE:
        yield ClientGot(None, body, pace.last_ms)
        return
    stream, last_ms = _Stream(), None
    for data, last_ms in pace.slices(body):
        for event in stream.feed(data):
            yield ClientGot(event.name, event.data or b"", last_ms)
    for event in stream.close():
        yield ClientGot(event.name, event.data or b"", last_ms)


def told_of_attempt(number: int, attempt: AttemptRecord, asked: ClientAsked, since: float) -> Iterator[Piece]:
    """An attempt that has ended, of the request that was ``asked`` at the wall time ``since``."""
    at_ms = max(0.0, (attempt.started - since) * 1000.0)
    changed = attempt.request_body is not None
    body = attempt.request_body if changed else asked.body
    headers = attempt.request_headers
    yield UpstreamAsked(number, attempt.endpoint, asked.method, attempt.url, headers, body, changed, at_ms)
    if attempt.status is not None:
        answered_ms = None if attempt.head_ms is None else at_ms + attempt.head_ms
        yield UpstreamAnswered(number, attempt.status, attempt.response_headers, answered_ms)
    if attempt.response_body is not None:
        kind = dict(attempt.response_headers).get("content-type")
        yield from told_of_answer(number, attempt.response_body, kind, attempt.response_pace, at_ms)
    error = None if attempt.outcome is Outcome.OK else attempt.error or attempt.outcome.value
    yield UpstreamEnded(number, error, at_ms + attempt.duration_ms)


def told_of_answer(attempt: int, body: bytes, content_type: str | None, pace: Pace, since_ms: float) -> Iterator[Piece]:
    """What was kept of the answer of an attempt that began ``since_ms``: a stream as it came, or a body."""
    if sniff(body, content_type) is not BodyKind.SSE:
        yield UpstreamSaid(attempt, None, body, None if pace.last_ms is None else since_ms + pace.last_ms)
        return
    for data, at_ms in pace.slices(body):
        yield Chunk(attempt, data, None if at_ms is None else since_ms + at_ms)


async def flow_of(record: RequestRecord, redactor: Redactor) -> AsyncGenerator[FlowPiece]:
    """A request that has ended, read back from its record."""
    cutting = Cutting()
    for piece in told_of(record):
        for whole in cutting.cut(piece):
            yield await shown(whole, redactor)
    yield FlowEnded(record.without_contents())


# what may be seen


async def shown(piece: FlowPiece, redactor: Redactor) -> FlowPiece:
    """The piece with the headers that may be shown, and without secrets."""
    match piece:
        case ClientAsked() | UpstreamAsked():
            body = None if piece.body is None else await _clean(piece.body, redactor)
            return replace(piece, headers=redactor.headers(piece.headers), body=body)
        case UpstreamAnswered() | ClientAnswered():
            return replace(piece, headers=redactor.headers(piece.headers))
        case UpstreamSaid() | ClientGot():
            return replace(piece, data=await _clean(piece.data, redactor))
        case UpstreamEnded(error=str(error)):
            return replace(piece, error=redactor.text(error))
        case _:
            return piece


async def _clean(data: bytes, redactor: Redactor) -> bytes:
    if len(data) > _LONG:
        return await anyio.to_thread.run_sync(partial(redactor.bytes, data))
    return redactor.bytes(data)
