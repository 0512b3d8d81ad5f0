"""Our side of one connection to an endpoint: one request, one answer, and whether another may follow."""

from __future__ import annotations

import re

import anyio
import h11
from anyio.abc import ByteStream

from cccc.errors import BadAnswer, BrokeMidBody, ConnectionLost, Phase, TimedOut, UpstreamError
from cccc.http.body import BadFraming, Body, FixedBody, UnboundedBody, announced_body
from cccc.http.encoding import BURST, BadEncoding, Decoder, TooMuchOutput, answer_decoder
from cccc.http.limits import READ_SIZE
from cccc.http.messages import Headers, UpstreamRequest
from cccc.http.wire import GONE, BadHead, closes, raw_socket, readable, send_within, write_head

MAX_HEAD = 64 * 1024
"""Bytes of an answer's head, interim answers included."""

_ASKED = h11.Request(method="GET", target="/", headers=[("host", "x")])
"""What h11 is told, so that it expects an answer. It reads the answer's head only; that needs no more."""

_TARGET = re.compile(r"/[!-~]*")
_OURS = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})


class ClientConnection:
    """One connection. After an exception it is good for nothing but ``aclose``.

    ``status`` and ``headers`` are those of the answer at hand; ``reused`` tells that it is not the connection's first.
    """

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.status = 0
        self.headers = Headers()
        self.reused = False
        self._socket = raw_socket(stream)
        self._body: Body = FixedBody(0)
        self._unread = b""
        self._closes = False
        self._decoder: Decoder | None = None

    @property
    def reusable(self) -> bool:
        """Whether the answer was read to its end and the connection may carry another request."""
        return self._body.ended and not self._closes and not self._body.rest and not self._unread

    @property
    def quiet(self) -> bool:
        """Whether neither bytes nor an end wait to be read, as it must be on a connection at rest."""
        return self._socket is None or not readable(self._socket)

    async def ask(self, request: UpstreamRequest) -> None:
        """Write the request and wait for the answer's head; interim answers are skipped.

        Raises ``TimedOut`` (``write``: no progress; ``response_header``), ``ConnectionLost``, ``BadAnswer``, and a bare
        ``UpstreamError`` for a request that cannot be written.
        """
        self.reused = self.status > 0
        machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        machine.send(_ASKED)
        data = _encode(request)
        phase, seconds = Phase.WRITE, request.timeouts.write
        with anyio.CancelScope() as scope:
            try:
                await send_within(self.stream, data, scope, seconds)
            except GONE:
                raise self._lost() from None
            phase, seconds = Phase.RESPONSE_HEADER, request.timeouts.response_header
            scope.deadline = anyio.current_time() + seconds
            response = await self._receive_head(machine)
        if scope.cancelled_caught:
            raise TimedOut(phase, seconds)
        self._begin(response, machine, request.method)

    async def read(self) -> bytes:
        """All of the decoded body that can be read now, at least one byte; ``b""`` at its end.

        Raises ``BrokeMidBody`` and ``BadAnswer``.
        """
        body = self._body
        while not body.ended:
            received, self._unread = self._unread, b""
            received = received or await self._receive_body()
            try:
                data = body.feed(received) if received else b""
                if data and self._decoder is not None:
                    data = self._decoder.feed(data, BURST)
            except BadFraming as error:
                raise BadAnswer(f"the framing of the answer's body is broken: {error}") from None
            except TooMuchOutput:
                raise BadAnswer("the answer's compressed body expands too far") from None
            except BadEncoding as error:
                raise BadAnswer(f"the answer's body cannot be decoded: {error}") from None
            if data:
                return data
        if self._decoder is not None:
            try:
                self._decoder.end()
            except BadEncoding as error:
                raise BrokeMidBody(f"the answer's body is cut: {error}") from None
        return b""

    async def aclose(self) -> None:
        """Close at once; no closing handshake, nothing is waited for."""
        await anyio.aclose_forcefully(self.stream)

    async def _receive_head(self, machine: h11.Connection) -> h11.Response:
        received = 0
        while True:
            try:
                event = machine.next_event()
            except h11.RemoteProtocolError:
                raise BadAnswer("what came back is not HTTP/1.1, or its head is too large") from None
            if isinstance(event, h11.Response):
                return event
            if isinstance(event, h11.InformationalResponse):
                continue
            if event is not h11.NEED_DATA or received > MAX_HEAD:
                raise BadAnswer("what came back is not an answer to the request")
            try:
                data = await self.stream.receive(READ_SIZE)
            except GONE:
                raise self._lost(answering=received > 0) from None
            received += len(data)
            machine.receive_data(data)

    def _begin(self, response: h11.Response, machine: h11.Connection, method: str) -> None:
        headers = Headers((name.lower(), value) for name, value in response.headers.raw_items())
        if response.http_version not in (b"1.1", b"1.0"):
            raise BadAnswer("what came back is not HTTP/1.1")
        if sum(len(name) + len(value) + 4 for name, value in headers.raw) > MAX_HEAD:
            raise BadAnswer("the answer's head is too large")
        self.status, self.headers = response.status_code, headers
        self._decoder = answer_decoder(headers.get("content-encoding"))
        self._unread = machine.trailing_data[0]
        length, chunked = headers.get("content-length"), "transfer-encoding" in headers
        if method == "HEAD" or response.status_code in (204, 304):
            self._body = FixedBody(0)
        else:
            self._body = announced_body(length, chunked=chunked, otherwise=UnboundedBody())
        self._closes = (
            self._body.until_close
            or (chunked and length is not None)
            or closes(response.http_version, headers.all("connection"))
        )

    async def _receive_body(self) -> bytes:
        """More of the body; ``b""`` when the connection's end is the body's."""
        try:
            return await self.stream.receive(READ_SIZE)
        except anyio.EndOfStream:
            if not self._body.until_close:
                raise BrokeMidBody("the connection was closed before the answer's end") from None
            self._body.ended = True
            return b""
        except GONE:
            raise BrokeMidBody("the connection was reset before the answer's end") from None

    def _lost(self, *, answering: bool = False) -> ConnectionLost:
        return ConnectionLost("the connection was closed before an answer came", reused=self.reused and not answering)


def _encode(request: UpstreamRequest) -> bytes:
    fields = [(b"host", request.origin.netloc.encode("ascii"))]
    fields += [field for field in request.headers.raw if field[0] not in _OURS]
    if request.body or request.method != "GET":
        fields.append((b"content-length", b"%d" % len(request.body)))
    if not _TARGET.fullmatch(request.target):
        raise UpstreamError("the request has a path that cannot be sent")
    try:
        head = write_head(f"{request.method} {request.target} HTTP/1.1".encode("ascii"), fields)
    except BadHead:
        raise UpstreamError("the request has a header that cannot be sent") from None
    return head + request.body
