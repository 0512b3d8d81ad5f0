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
from cccc.http.limits import DEFAULT_LIMITS, HEAD_READ_SIZE, READ_SIZE, Limits
from cccc.http.messages import RequestHead
from cccc.http.request_head import HeadScanner, parse_head
from cccc.http.responder import HttpResponder
from cccc.http.wire import GONE, SEND_SIZE, drain


class ServerConnection:
    """One accepted connection. ``idle`` is true while nothing of a next request has come: it may simply be closed."""

    def __init__(self, stream: ByteStream, limits: Limits = DEFAULT_LIMITS) -> None:
        self._stream = stream
        self._limits = limits
        self._machine = h11.Connection(h11.SERVER)
        self._received = bytearray()
        self._method = ""
        self._declared = 0
        self._refused = False
        self._gone = False
        self.idle = True
        self.has_body = False
        """Whether the request at hand has a body that ``read_body`` has not read yet."""

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
            self._declared = int(head.headers.get("content-length") or 0)
            self.has_body = self._declared > 0 or "transfer-encoding" in head.headers
            if not self.has_body:
                drain(self._machine)
        except BadRequest:
            self._refused = True
            raise
        return head

    async def read_body(self, max_bytes: int) -> bytes:
        """The request's whole body as it was sent (see ``encoding.decode_request``); ``b""`` where there is none.

        A client that waits for ``100 Continue`` gets it here. Raises ``BadRequest`` (400, 408, 413) and ``ClientGone``.
        """
        if not self.has_body:
            return b""
        try:
            body = await self._receive_body(max_bytes)
        except BadRequest:
            self._refused = True
            raise
        self.has_body = False
        return body

    def responder(self) -> HttpResponder:
        """What answers the request at hand, or the ``BadRequest`` that was raised."""
        close = self._refused or self.has_body
        return HttpResponder(self._machine, self._send, head_only=self._method == "HEAD", close=close)

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
        answered = self._machine.our_state not in (h11.IDLE, h11.SEND_RESPONSE)
        if answered and not self._gone and self._machine.their_state not in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED):
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
        if self._refused or self._gone:
            return False
        machine = self._machine
        if machine.our_state is not h11.IDLE:
            if machine.our_state is not h11.DONE or machine.their_state is not h11.DONE:
                return False
            self._machine = h11.Connection(h11.SERVER)
        self._method = ""
        self.has_body = False
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
        limits = self._limits
        if self._declared > max_bytes:
            raise _too_large(max_bytes)
        if self._machine.they_are_waiting_for_100_continue and not self._received:
            await self._send(self._machine.send(h11.InformationalResponse(status_code=100, headers=[])))
        pieces, done = self._feed(bytes(self._received))
        on_wire, size = len(self._received), sum(map(len, pieces))
        self._received.clear()
        begun = anyio.current_time()
        with anyio.CancelScope() as scope:
            while not done:
                scope.deadline = begun + limits.body_seconds + on_wire / limits.body_bytes_per_second
                data = await self._receive(READ_SIZE)
                on_wire += len(data)
                more, done = self._feed(data)
                pieces += more
                size += sum(map(len, more))
                if size > max_bytes or on_wire > max_bytes + limits.body_overhead:
                    break
        if size > max_bytes or on_wire > max_bytes + limits.body_overhead:
            raise _too_large(max_bytes)
        if not done:
            raise BadRequest(408, "the request body came too slowly")
        # What follows the body in the same read belongs to the next request.
        self._received += self._machine.trailing_data[0]
        return b"".join(pieces)

    def _feed(self, data: bytes) -> tuple[list[bytes], bool]:
        if data:
            self._machine.receive_data(data)
        try:
            return drain(self._machine)
        except h11.RemoteProtocolError:
            raise BadRequest(400, "the framing of the request body is broken") from None

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
                for begin in range(0, len(data), SEND_SIZE):
                    scope.deadline = anyio.current_time() + seconds
                    await self._stream.send(data if len(data) <= SEND_SIZE else data[begin : begin + SEND_SIZE])
            except GONE:
                self._gone = True
                raise ClientGone("the client closed the connection") from None
        if scope.cancelled_caught:
            await self.abort()
            raise ClientGone(f"the client took nothing for {seconds:g} s")


def _too_large(max_bytes: int) -> BadRequest:
    return BadRequest(413, f"the request body is larger than {max_bytes} bytes")
