"""The client's side of a streamed answer: one head, whole events, keep-alives, one honest end.

The exchange writes from its own task and the keep-alive ticker from another, so every write takes the lock. Only whole
events are written: an error frame can follow at any time without tearing one.
"""

from __future__ import annotations

import anyio

from cccc.clock import Clock
from cccc.domain.answers import Answer, Audience
from cccc.domain.client import Client
from cccc.http.messages import Headers, Responder
from cccc.ir.codec import Codec, ReplyFacts
from cccc.proxy.given import Given
from cccc.proxy.watching import Watched

NUDGE_S = 120.0
"""Claude Code before 2.1.222 counts deltas only: after so long without an event it gets an empty one, not a ping."""

STREAM_HEAD = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache"))


class ClientStream:
    """One streamed answer to a ``client``, noted in ``given``.

    Every method that writes raises ``ClientGone`` when it has left.
    """

    def __init__(
        self,
        responder: Responder,
        codec: Codec,
        clock: Clock,
        request_id: str,
        watched: Watched,
        client: Client,
        given: Given,
    ) -> None:
        self._responder = responder
        self._codec = codec
        self._clock = clock
        self._request_id = request_id.encode("ascii")
        self._watched = watched
        self._given = given
        self._codex = client.audience is Audience.CODEX
        self._nudged = client.audience is Audience.ANTHROPIC
        self._lock = anyio.Lock(fast_acquire=True)
        self.ended = False
        self.finished = False
        self.started = False
        self.last_write = clock.monotonic()
        self._said = b""
        self._said_at = self.last_write

    @property
    def bytes_out(self) -> int:
        """How much of the body has gone to the client."""
        return self._given.size

    async def open(self, headers: Headers | None = None) -> None:
        """Send the head, unless it is out already. Without ``headers``: early, before any endpoint has answered."""
        async with self._lock:
            await self._open(headers)

    async def _open(self, headers: Headers | None) -> None:
        if self.started:
            return
        self.started = True
        if headers is None:
            headers = Headers((*STREAM_HEAD, (b"x-cccc-request-id", self._request_id)))
        await self._responder.start(200, headers)
        self._given.head(200, headers)
        if self._watched.readers:
            self._watched.client_is_answered(200, headers)

    async def write(self, events: bytes, *, says: bool = True, untouched: bool = False, replaced: int = 0) -> None:
        """Some whole events. ``says``: there are others among them than an endpoint's own pings.

        ``untouched``: they are the endpoint's own next bytes; else they stand for so many ``replaced``.
        """
        async with self._lock:
            await self._responder.write(events)
            self.last_write = now = self._clock.monotonic()
            if says:
                self._said, self._said_at = events, now
            self._given.add(events, now, untouched=untouched, replaced=replaced)
            if self._watched.readers:
                self._watched.client_gets(events)

    def needs_keep_alive(self, now: float, silence: float) -> bool:
        """Whether the client has heard nothing for ``silence`` seconds, or nothing but pings for much longer."""
        return not self.ended and (now - self.last_write >= silence or self._needs_nudge(now))

    def _needs_nudge(self, now: float) -> bool:
        return self._nudged and self.started and now - self._said_at >= NUDGE_S

    async def keep_alive(self) -> None:
        """What this client's protocol allows while nothing comes; opens the stream where it is not yet."""
        async with self._lock:
            if self.ended:
                return
            await self._open(None)
            frame = b""
            if self._needs_nudge(now := self._clock.monotonic()):
                frame, self._said_at = self._codec.nudge(self._said), now
            frame = frame or self._codec.keepalive(codex=self._codex)
            await self._responder.write(frame)
            self.last_write = self._clock.monotonic()
            self._given.add(frame, self.last_write)
            if self._watched.readers:
                self._watched.client_gets(frame)

    async def replace(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer in place of the stream, which has not begun; no keep-alive may come between."""
        async with self._lock:
            self.ended = True
            await self._responder.send(status, headers, body)
            self.finished = True

    async def fail(self, answer: Answer, seen: ReplyFacts) -> None:
        """End with one error frame in the client's format and a clean end of the body, then close."""
        async with self._lock:
            self.ended = True
            self._responder.close_after()
            await self._open(None)
            frame = self._codec.error_frame(answer, seen)
            await self._responder.write(frame)
            self._given.add(frame, self._clock.monotonic())
            if self._watched.readers:
                self._watched.client_gets(frame)
            await self._responder.finish()
            self.finished = True

    async def finish(self, *, close: bool = False) -> None:
        """The body's clean end; ``close`` after an error of the endpoint's own has gone through."""
        async with self._lock:
            self.ended = True
            if close:
                self._responder.close_after()
            await self._responder.finish()
            self.finished = True
