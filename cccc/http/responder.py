"""One answer to one request: the ``Responder``.

Head and first bytes leave in one write, and so does a whole small answer; a chunk leaves in one write with its framing.
Cancellation is looked for before anything is framed, never in between: a cancelled call has sent nothing, and the
answer can still be ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from anyio.lowlevel import checkpoint_if_cancelled

from cccc.http.messages import Headers, Interruption, RawHeader
from cccc.http.wire import write_head

_OURS = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_BODILESS = frozenset({204, 304})
_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}


class HttpResponder:
    """Implements ``Responder``.

    ``interruption`` is set by whoever watches the connection. ``status`` is what was sent, ``bytes_sent`` counts
    bytes on the wire. ``closes`` tells that the connection ends with this answer, ``announced_close`` that its head
    said so, ``finished`` that it is complete.
    """

    __slots__ = (
        "_bodiless",
        "_chunked",
        "_head_only",
        "_send",
        "announced_close",
        "bytes_sent",
        "closes",
        "finished",
        "interruption",
        "status",
    )

    def __init__(
        self, send: Callable[[bytes], Awaitable[None]], *, chunked: bool, head_only: bool, closes: bool
    ) -> None:
        """``send`` writes all. ``chunked``: the client knows chunks. ``head_only``: the request was HEAD."""
        self._send = send
        self._head_only = head_only
        self._bodiless = head_only
        self._chunked = chunked
        self.closes = closes
        self.announced_close = False
        self.finished = False
        self.interruption: Interruption | None = None
        self.bytes_sent = 0
        self.status: int | None = None

    @property
    def started(self) -> bool:
        return self.status is not None

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        head = self._head(status, headers, (b"content-length", b"%d" % len(body)))
        await self._out(head if self._bodiless else head + body)
        self.finished = True

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:
        await checkpoint_if_cancelled()
        if not self._chunked:
            self.closes = True
        head = self._head(status, headers, (b"transfer-encoding", b"chunked") if self._chunked else None)
        await self._out(head + self._framed(first))

    async def write(self, data: bytes) -> None:
        await checkpoint_if_cancelled()
        framed = self._framed(data)
        if framed:
            await self._out(framed)

    async def finish(self) -> None:
        await checkpoint_if_cancelled()
        if self._chunked and not self._bodiless:
            await self._out(b"0\r\n\r\n")
        self.finished = True

    def close_after(self) -> None:
        self.closes = True

    def _framed(self, data: bytes) -> bytes:
        if not data or self._bodiless:
            return b""
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data

    def _head(self, status: int, headers: Headers, framing: RawHeader | None) -> bytes:
        fields = [field for field in headers.raw if field[0] not in _OURS]
        if framing is not None and status not in _BODILESS:
            fields.append(framing)
        if self.closes:
            fields.append((b"connection", b"close"))
            self.announced_close = True
        self._bodiless = self._head_only or status in _BODILESS
        self.status = status
        return write_head(b"HTTP/1.1 %d %b" % (status, _REASONS.get(status, b"")), fields)

    async def _out(self, data: bytes) -> None:
        await self._send(data)
        self.bytes_sent += len(data)
