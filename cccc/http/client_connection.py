"""Our side of one connection to an endpoint: one request, one answer, and whether another may follow."""

from __future__ import annotations

import anyio
import h11
from anyio.abc import ByteStream

from cccc.errors import BadAnswer, BrokeMidBody, ConnectionLost, Phase, TimedOut, UpstreamError
from cccc.http.encoding import BURST, BadEncoding, Decoder, TooMuchOutput, answer_decoder
from cccc.http.limits import READ_SIZE
from cccc.http.messages import Headers, UpstreamRequest
from cccc.http.wire import GONE, SEND_SIZE, drain

MAX_HEAD = 64 * 1024
"""Bytes of an answer's head, interim answers included."""

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
        self._machine = h11.Connection(h11.CLIENT)
        self._decoder: Decoder | None = None
        self._eof = False
        self._ended = False

    @property
    def reusable(self) -> bool:
        """Whether the answer was read to its end and the connection may carry another request."""
        machine = self._machine
        return (
            self._ended
            and machine.our_state is h11.DONE
            and machine.their_state is h11.DONE
            and machine.trailing_data == (b"", False)
            and not ("content-length" in self.headers and "transfer-encoding" in self.headers)
        )

    async def send(self, request: UpstreamRequest) -> None:
        """Write the request, head and body.

        Raises ``TimedOut`` (no progress), ``ConnectionLost``, and ``UpstreamError`` for a header that cannot be sent.
        """
        self.reused = self._ended
        self._ended = False
        self._machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        data = self._encode(request)
        seconds = request.timeouts.write
        with anyio.CancelScope() as scope:
            try:
                for begin in range(0, len(data), SEND_SIZE):
                    scope.deadline = anyio.current_time() + seconds
                    await self.stream.send(data if len(data) <= SEND_SIZE else data[begin : begin + SEND_SIZE])
            except GONE:
                raise self._lost() from None
        if scope.cancelled_caught:
            raise TimedOut(Phase.WRITE, seconds)

    async def read_head(self, seconds: float) -> None:
        """Wait for the answer's head; interim answers are skipped.

        Raises ``TimedOut``, ``ConnectionLost`` and ``BadAnswer``.
        """
        with anyio.move_on_after(seconds):
            response = await self._receive_head()
            self.status = response.status_code
            self.headers = Headers(response.headers)
            self._decoder = answer_decoder(self.headers.get("content-encoding"))
            return
        raise TimedOut(Phase.RESPONSE_HEADER, seconds)

    async def read(self) -> bytes:
        """All of the decoded body that can be read now, at least one byte; ``b""`` at its end.

        Raises ``BrokeMidBody`` and ``BadAnswer``.
        """
        while not self._ended:
            data = self._drain()
            if data:
                return data
            if not self._ended:
                await self._receive_body()
        if self._decoder is not None:
            try:
                self._decoder.end()
            except BadEncoding as error:
                raise BrokeMidBody(f"the answer's body is cut: {error}") from None
        return b""

    async def aclose(self) -> None:
        """Close at once; no closing handshake, nothing is waited for."""
        await anyio.aclose_forcefully(self.stream)

    def _encode(self, request: UpstreamRequest) -> bytes:
        fields = [(b"host", request.origin.netloc.encode("ascii"))]
        fields += [field for field in request.headers.raw if field[0] not in _OURS]
        if request.body or request.method != "GET":
            fields.append((b"content-length", b"%d" % len(request.body)))
        machine = self._machine
        try:
            head = machine.send(h11.Request(method=request.method, target=request.target, headers=fields))
        except h11.LocalProtocolError:
            # h11's message repeats the value, which may be a key.
            raise UpstreamError("the request has a header or a path that cannot be sent") from None
        body = machine.send(h11.Data(data=request.body)) if request.body else b""
        machine.send(h11.EndOfMessage())
        return head + body

    async def _receive_head(self) -> h11.Response:
        machine = self._machine
        received = 0
        while True:
            try:
                event = machine.next_event()
            except h11.RemoteProtocolError:
                raise BadAnswer("what came back is not HTTP/1.1, or its head is too large") from None
            if isinstance(event, h11.Response):
                return _checked(event)
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

    def _drain(self) -> bytes:
        try:
            pieces, self._ended = drain(self._machine)
        except h11.RemoteProtocolError:
            if self._eof:
                raise BrokeMidBody("the connection was closed before the answer's end") from None
            raise BadAnswer("the framing of the answer's body is broken") from None
        data = bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)
        if self._decoder is None or not data:
            return data
        try:
            return self._decoder.feed(data, BURST)
        except TooMuchOutput:
            raise BadAnswer("the answer's compressed body expands too far") from None
        except BadEncoding as error:
            raise BadAnswer(f"the answer's body cannot be decoded: {error}") from None

    async def _receive_body(self) -> None:
        try:
            self._machine.receive_data(await self.stream.receive(READ_SIZE))
        except anyio.EndOfStream:
            self._eof = True
            self._machine.receive_data(b"")
        except GONE:
            raise BrokeMidBody("the connection was reset before the answer's end") from None

    def _lost(self, *, answering: bool = False) -> ConnectionLost:
        return ConnectionLost("the connection was closed before an answer came", reused=self.reused and not answering)


def _checked(response: h11.Response) -> h11.Response:
    if response.http_version not in (b"1.1", b"1.0"):
        raise BadAnswer("what came back is not HTTP/1.1")
    if sum(len(name) + len(value) + 4 for name, value in response.headers) > MAX_HEAD:
        raise BadAnswer("the answer's head is too large")
    return response
