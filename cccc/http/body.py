"""Where a message body ends: the three framings of HTTP/1.1, read incrementally.

Everything that one read of the socket completed comes out as one ``bytes``. h11 reads the heads; its body reader makes
an event, a state transition and two copies of every chunk, which was most of the cost of passing a stream on, so bodies
are read here. Strict where h11 is: sizes are plain hexadecimal, lines end in CRLF, trailers are checked and dropped.
Source: RFC 9112 §6 and §7.1. Pure.
"""

from __future__ import annotations

import re
from typing import Protocol

MAX_LINE = 16 * 1024
"""Bytes of a chunk's size line with its extensions, or of all trailers."""

_CRLF = b"\r\n"
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[^\x00-\x08\x0a-\x1f\x7f]*|[ \t]*)\r\n")
_TRAILERS = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*\r\n")


class BadFraming(Exception):
    """The bytes do not follow the framing that the head announced."""


class Body(Protocol):
    """One body. ``ended`` tells that it is complete; ``rest`` is what came after its end in the same read."""

    ended: bool
    rest: bytes
    until_close: bool
    """Whether the connection's end is the body's end."""

    def feed(self, data: bytes) -> bytes:
        """The body's bytes in ``data``. Raises ``BadFraming``. Not to be called after the end."""
        ...


class FixedBody:
    """A body whose length in bytes was announced."""

    until_close = False

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = length == 0
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        if len(data) > self._left:
            data, self.rest = data[: self._left], data[self._left :]
        self._left -= len(data)
        self.ended = self._left == 0
        return data


class UnboundedBody:
    """An answer's body that ends with its connection."""

    until_close = True

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        return data


class ChunkedBody:
    """A body in chunks; extensions and trailers are dropped."""

    until_close = False

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self._left = 0
        """Bytes of the chunk at hand that have not come, its closing CRLF included."""
        self._partial = b""
        self._in_trailers = False

    def feed(self, data: bytes) -> bytes:
        if self._partial:
            data, self._partial = self._partial + data, b""
        pieces: list[bytes] = []
        at = self._chunk(data, 0, pieces) if self._left else 0
        while not self._left and not self._in_trailers:
            size = _SIZE.match(data, at)
            if size is None:
                self._wait(data, at, _CRLF)
                break
            self._left = int(size[1], 16)
            at = size.end()
            if self._left:
                self._left += len(_CRLF)
                at = self._chunk(data, at, pieces)
            else:
                self._in_trailers = True
        if self._in_trailers:
            self._trailers(data, at)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _chunk(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Take what there is of the chunk at hand and its CRLF. Returns where the next one begins."""
        end = at + self._left
        content = data[at : end - len(_CRLF)] if self._left > len(_CRLF) else b""
        if content:
            pieces.append(content)
        closing = data[at + len(content) : end]
        if closing != _CRLF[len(_CRLF) - (self._left - len(content)) :][: len(closing)]:
            raise BadFraming("a chunk is longer than its size says")
        taken = len(content) + len(closing)
        self._left -= taken
        return at + taken

    def _trailers(self, data: bytes, at: int) -> None:
        trailers = _TRAILERS.match(data, at)
        if trailers is not None:
            self.ended = True
            self.rest = data[trailers.end() :]
        else:
            self._wait(data, at, b"\r\n\r\n")

    def _wait(self, data: bytes, at: int, end: bytes) -> None:
        """Keep an unfinished line for the next read, unless no more bytes can mend it."""
        if data.find(end, at) >= 0 or len(data) - at > MAX_LINE:
            raise BadFraming("a chunk size or trailer is malformed or too long")
        self._partial = data[at:]


def announced_body(length: str | None, *, chunked: bool, otherwise: Body) -> Body:
    """The framing that a head announces; ``otherwise`` where it announces none."""
    if chunked:
        return ChunkedBody()
    return otherwise if length is None else FixedBody(int(length))
