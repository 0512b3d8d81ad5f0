"""One answer to one request: the ``Responder`` over h11.

Head and first bytes leave in one write, and so does a whole small answer; a chunk leaves in one write with its framing.
Cancellation is looked for before anything is framed, never in between: a cancelled call has sent nothing, and the
answer can still be ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import h11
from anyio.lowlevel import checkpoint_if_cancelled

from cccc.http.messages import Headers, Interruption, RawHeader

_OURS = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_BODILESS = frozenset({204, 304})
_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}


class HttpResponder:
    """Implements ``Responder``.

    ``interruption`` is set by whoever watches the connection. ``status`` is what was sent, ``bytes_sent`` counts
    bytes on the wire.
    """

    __slots__ = ("_bodiless", "_close", "_head_only", "_machine", "_send", "bytes_sent", "interruption", "status")

    def __init__(
        self, machine: h11.Connection, send: Callable[[bytes], Awaitable[None]], *, head_only: bool, close: bool
    ) -> None:
        """``head_only``: the request was HEAD. ``close``: the connection ends with this answer."""
        self._machine = machine
        self._send = send
        self._head_only = head_only
        self._bodiless = head_only
        self._close = close
        self.interruption: Interruption | None = None
        self.bytes_sent = 0
        self.status: int | None = None

    @property
    def started(self) -> bool:
        return self.status is not None

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        await checkpoint_if_cancelled()
        head = self._head(status, headers, [] if status in _BODILESS else [(b"content-length", b"%d" % len(body))])
        if not self._bodiless:
            head += self._machine.send(h11.Data(data=body))
        self._machine.send(h11.EndOfMessage())
        await self._out(head)

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:
        await checkpoint_if_cancelled()
        head = self._head(status, headers, [])
        if first and not self._bodiless:
            head += self._machine.send(h11.Data(data=first))
        await self._out(head)

    async def write(self, data: bytes) -> None:
        await checkpoint_if_cancelled()
        if data and not self._bodiless:
            await self._out(self._machine.send(h11.Data(data=data)))

    async def finish(self) -> None:
        await checkpoint_if_cancelled()
        end = self._machine.send(h11.EndOfMessage())
        if end:
            await self._out(end)

    def close_after(self) -> None:
        self._close = True

    def _head(self, status: int, headers: Headers, framing: list[RawHeader]) -> bytes:
        fields = [field for field in headers.raw if field[0] not in _OURS] + framing
        if self._close:
            fields.append((b"connection", b"close"))
        self._bodiless = self._head_only or status in _BODILESS
        self.status = status
        return self._machine.send(h11.Response(status_code=status, headers=fields, reason=_REASONS.get(status, b"")))

    async def _out(self, data: bytes) -> None:
        await self._send(data)
        self.bytes_sent += len(data)
