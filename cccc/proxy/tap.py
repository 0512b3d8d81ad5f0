"""What is taken from an answer as it comes by: the kind of its body, its rate limits, and a bounded copy for the log.

Nothing here changes a byte or judges an answer: that is for the gate and the format's scanner.
"""

from __future__ import annotations

from collections.abc import Mapping

from cccc.domain.failover import BodyKind
from cccc.http.messages import Headers, UpstreamAnswer

PAGE_BEGINNING = 4096
"""Bytes in which a page has its title, and beyond which nobody waits to learn what a body is."""

_TELLING = 9
"""Bytes that show what a body is: the longest field name of an event, behind a byte order mark."""

_LIMIT_HEADERS = (b"retry-after", b"anthropic-ratelimit-", b"x-ratelimit-", b"date")


class Copy:
    """The first ``limit`` bytes of a body; ``size`` is how many there were in all."""

    __slots__ = ("_parts", "_room", "size")

    def __init__(self, limit: int) -> None:
        self._parts: list[bytes] = []
        self._room = limit
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        self.size += len(data)
        if len(data) > self._room:
            data = data[: self._room]
        if data:
            self._parts.append(data)
            self._room -= len(data)

    def value(self) -> bytes | None:
        """What was kept; ``None`` when nothing was."""
        return b"".join(self._parts) if self._parts else None


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
