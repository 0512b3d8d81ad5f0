"""Our server's side of one client connection: heads and bodies in, answers out, one request after another.

``ServerConnection`` is a loop's partner: ``read_head``, perhaps ``read_body``, ``responder``, and again, until
``read_head`` returns ``None``; then ``aclose``. It enforces the framing policy and the limits of the security document
and raises ``BadRequest`` with the status to answer; after one it is never reused.
"""

from __future__ import annotations

import anyio
import h11
from anyio.abc import ByteStream

from cccc.errors import BadRequest, ClientGone
from cccc.http.body import BadFraming, Body, FixedBody, announced_body
from cccc.http.limits import BODY_READ_SIZE, DEFAULT_LIMITS, HEAD_READ_SIZE, READ_SIZE, Limits
from cccc.http.messages import RequestHead
from cccc.http.request_head import HeadScanner, parse_head
from cccc.http.responder import HttpResponder
from cccc.http.wire import GONE, closes, raw_socket, readable, send_within

_NO_BODY = FixedBody(0)


class ServerConnection:
    """One accepted connection. ``idle`` is true while nothing of a next request has come: it may simply be closed."""

    def __init__(self, stream: ByteStream, limits: Limits = DEFAULT_LIMITS) -> None:
        self._stream = stream
        self._limits = limits
        self._machine = h11.Connection(h11.SERVER)
        self._received = bytearray()
        self._method = ""
        self._declared: int | None = None
        self._body: Body = _NO_BODY
        self._last = False
        self._leaving = False
        self._refused = False
        self._gone = False
        self._responder: HttpResponder | None = None
        self.idle = True

    @property
    def has_body(self) -> bool:
        """Whether the request at hand has a body that ``read_body`` has not read yet."""
        return not self._body.ended

    async def read_head(self) -> RequestHead | None:
        """The next request's head, or ``None`` when there will be none: closed between requests, idle for too long,
        or not to be reused.

        Raises ``BadRequest`` (400, 405, 408, 414, 431, 501, 505) and ``ClientGone``.
        """
        if not self._next_cycle():
            return None
        try:
            raw = await self._receive_head()
            if raw is None:
                return None
            head = parse_head(raw, self._machine, self._limits)
            self._method = head.method
        except BadRequest:
            self._refused = True
            raise
        length = head.headers.get("content-length")
        self._declared = None if length is None else int(length)
        self._body = announced_body(length, chunked="transfer-encoding" in head.headers, otherwise=_NO_BODY)
        self._last = closes(self._machine.their_http_version, head.headers.all("connection"))
        return head

    async def read_body(self, max_bytes: int) -> bytes:
        """The request's whole body as it was sent (see ``encoding.decode_request``); ``b""`` where there is none.

        A client that waits for ``100 Continue`` gets it here. Raises ``BadRequest`` (400, 408, 413) and ``ClientGone``.
        """
        if not self.has_body:
            return b""
        try:
            return await self._receive_body(max_bytes)
        except BadRequest:
            self._refused = True
            raise

    def responder(self) -> HttpResponder:
        """What answers the request at hand, or the ``BadRequest`` that was raised."""
        self._responder = HttpResponder(
            self._send,
            chunked=self._machine.their_http_version == b"1.1",
            head_only=self._method == "HEAD",
            closes=self._last or self._leaving or self._refused or self.has_body,
        )
        return self._responder

    async def wait_disconnected(self) -> None:
        """Return when the client has left; to be run beside the handler and cancelled when it is done.

        What a client sends ahead is kept for ``read_head``. The connection is closed then, so that a write under way
        ends with ``ClientGone``.
        """
        try:
            while len(self._received) < self._limits.pipelined:
                self._received += await self._stream.receive(READ_SIZE)
        except GONE:
            await self.abort()
            return
        await anyio.sleep_forever()

    async def abort(self) -> None:
        """Close at once; whatever reads or writes gets ``ClientGone``."""
        self._gone = True
        await anyio.aclose_forcefully(self._stream)

    async def aclose(self) -> None:
        """Close. A client that may still be sending gets a moment to read the answer before the reset."""
        answered = self._responder is not None and self._responder.started
        if answered and not self._gone and (self.has_body or self._refused):
            with anyio.move_on_after(self._limits.linger_seconds):
                await self._linger()
        await self.abort()

    async def _linger(self) -> None:
        try:
            await self._stream.send_eof()
            while True:
                await self._stream.receive(READ_SIZE)
        except GONE:
            return

    def _next_cycle(self) -> bool:
        if self._last or self._refused or self._gone:
            return False
        if self._responder is not None:
            if not self._responder.finished or self._responder.announced_close:
                return False
            if self._responder.closes:
                # The client was not told in the head: what it sent ahead is still served, nothing is waited for.
                self._leaving = True
                raw = raw_socket(self._stream)
                if not self._received and (raw is None or not readable(raw)):
                    return False
        # h11 keeps no state from one head to the next; a fresh machine costs 3 microseconds.
        self._machine = h11.Connection(h11.SERVER)
        self._responder = None
        self._method = ""
        return True

    async def _receive_head(self) -> bytes | None:
        received = self._received
        if not received:
            self.idle = True
            try:
                with anyio.move_on_after(self._limits.idle_seconds):
                    received += await self._stream.receive(HEAD_READ_SIZE)
            except GONE:
                return None
            if not received:
                return None
            self.idle = False
        scanner = HeadScanner(self._limits)
        end = scanner.end(received)
        if end is None:
            with anyio.move_on_after(self._limits.head_seconds):
                while end is None:
                    received += await self._receive(HEAD_READ_SIZE)
                    end = scanner.end(received)
            if end is None:
                raise BadRequest(408, f"the request head did not come within {self._limits.head_seconds:g} s")
        raw = bytes(received[:end])
        del received[:end]
        return raw

    async def _receive_body(self, max_bytes: int) -> bytes:
        limits, body = self._limits, self._body
        if self._declared is not None and self._declared > max_bytes:
            raise _too_large(max_bytes)
        if self._machine.they_are_waiting_for_100_continue and not self._received:
            await self._send(b"HTTP/1.1 100 \r\n\r\n")
        pieces = [_feed(body, bytes(self._received))]
        on_wire, size = len(self._received), len(pieces[0])
        self._received.clear()
        if not body.ended and size <= max_bytes:
            begun = anyio.current_time()
            with anyio.CancelScope() as scope:
                while not body.ended and size <= max_bytes and on_wire <= max_bytes + limits.body_overhead:
                    scope.deadline = begun + limits.body_seconds + on_wire / limits.body_bytes_per_second
                    data = await self._receive(BODY_READ_SIZE)
                    on_wire += len(data)
                    pieces.append(_feed(body, data))
                    size += len(pieces[-1])
            if scope.cancelled_caught:
                raise BadRequest(408, "the request body came too slowly")
        if size > max_bytes or not body.ended:
            raise _too_large(max_bytes)
        # What follows the body in the same read belongs to the next request.
        self._received += body.rest
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _receive(self, size: int) -> bytes:
        try:
            return await self._stream.receive(size)
        except GONE:
            self._gone = True
            raise ClientGone("the client left in the middle of its request") from None

    async def _send(self, data: bytes) -> None:
        """Write all of ``data`` or raise ``ClientGone``; cancellation waits, so that no chunk is ever torn."""
        seconds = self._limits.write_seconds
        if self._gone:
            raise ClientGone("the client closed the connection")
        with anyio.CancelScope(shield=True) as scope:
            try:
                await send_within(self._stream, data, scope, seconds)
            except GONE:
                self._gone = True
                raise ClientGone("the client closed the connection") from None
        if scope.cancelled_caught:
            await self.abort()
            raise ClientGone(f"the client took nothing for {seconds:g} s")


def _feed(body: Body, data: bytes) -> bytes:
    try:
        return body.feed(data)
    except BadFraming as error:
        raise BadRequest(400, f"the framing of the request body is broken: {error}") from None


def _too_large(max_bytes: int) -> BadRequest:
    return BadRequest(413, f"the request body is larger than {max_bytes} bytes")
