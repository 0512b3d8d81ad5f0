"""What is taken from an answer as it comes by: the kind of its body, its rate limits, and a bounded copy with its pace.

Nothing here changes a byte or judges an answer: that is for the gate and the format's scanner.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from cccc.clock import Clock
from cccc.domain.failover import BodyKind
from cccc.domain.record import Pace
from cccc.http.messages import Headers, UpstreamAnswer

PAGE_BEGINNING = 4096
"""Bytes in which a page has its title, and beyond which nobody waits to learn what a body is."""

_TELLING = 9
"""Bytes that show what a body is: the longest field name of an event, behind a byte order mark."""

_LIMIT_HEADERS = (b"retry-after", b"anthropic-ratelimit-", b"x-ratelimit-", b"date")


class Times:
    """When the bytes of a body pass, counted from ``start`` on the monotonic clock: two numbers for each piece."""

    __slots__ = ("_at_ms", "_ends", "_start")

    def __init__(self, start: float) -> None:
        self._start = start
        self._ends = array("q")
        self._at_ms = array("q")

    def note(self, end: int, now: float) -> None:
        """The body is ``end`` bytes long now."""
        self._ends.append(end)
        self._at_ms.append(int((now - self._start) * 1000.0))

    def pace(self) -> Pace:
        """What was noted."""
        return Pace(tuple(self._ends), tuple(self._at_ms))


class Copy:
    """The first ``limit`` bytes of a body, and when they came; ``size`` is how many there were in all."""

    __slots__ = ("_clock", "_parts", "_room", "_times", "size")

    def __init__(self, limit: int, clock: Clock, start: float) -> None:
        self._clock = clock
        self._parts: list[bytes] = []
        self._room = limit
        self._times = Times(start)
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        self.size += len(data)
        if not self._room:
            return
        if len(data) > self._room:
            data = data[: self._room]
        if data:
            self._parts.append(data)
            self._room -= len(data)
            self._times.note(self.size, self._clock.monotonic())

    def value(self) -> bytes | None:
        """What was kept; ``None`` when nothing was."""
        return b"".join(self._parts) if self._parts else None

    def pace(self) -> Pace:
        """When it came."""
        return self._times.pace()


async def beginning(answer: UpstreamAnswer) -> bytes:
    """The first bytes of a body, with enough behind any blank lines to tell what it is."""
    first = await answer.read()
    while len(first.lstrip()) < _TELLING and len(first) < PAGE_BEGINNING and (more := await answer.read()):
        first += more
    return first


def sniff(body: bytes, content_type: str | None) -> BodyKind:
    """What a body is, by its first bytes; a declared type decides only where the bytes leave it open."""
    start = body[:256].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return BodyKind.EMPTY
    if start[:1] in (b"{", b"["):
        return BodyKind.JSON
    if start[:1] == b"<":
        return BodyKind.HTML
    if start.startswith((b"event:", b"data:", b":", b"id:", b"retry:")):
        return BodyKind.SSE
    if content_type is not None and content_type.startswith("text/event-stream"):
        return BodyKind.SSE
    return BodyKind.TEXT


def limit_headers(headers: Headers) -> Mapping[str, str]:
    """The fields that tell about rate limits and when to come back."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers.raw
        if name.startswith(_LIMIT_HEADERS)
    }
