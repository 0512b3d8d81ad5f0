"""The transport against real servers on the loopback: reuse, stale connections, timeouts, cancellation, sockets."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest
from anyio.abc import SocketStream

from cccc.clock import SystemClock
from cccc.domain.endpoint import Timeouts
from cccc.errors import BrokeMidBody, ConnectCause, ConnectFailed, ConnectionLost, Phase, TimedOut
from cccc.http.messages import Headers, Origin, UpstreamAnswer, UpstreamRequest
from cccc.http.server_connection import ServerConnection
from cccc.http.transport import HttpTransport
from tests.clock import ManualClock
from tests.http.streams import open_sockets, serving, settled

pytestmark = pytest.mark.anyio

USUAL = Timeouts()
TEXT = Headers.of([("content-type", "text/plain")])


def request(port: int, path: str = "/", *, timeouts: Timeouts = USUAL, fresh: bool = False) -> UpstreamRequest:
    return UpstreamRequest("POST", Origin("http", "127.0.0.1", port), path, Headers(), b"{}", timeouts, fresh=fresh)


@asynccontextmanager
async def transport(clock: ManualClock | None = None) -> AsyncIterator[HttpTransport]:
    made = HttpTransport(clock or SystemClock())
    try:
        yield made
    finally:
        await made.aclose()


async def body_of(answer: UpstreamAnswer) -> bytes:
    body = b""
    while data := await answer.read():
        body += data
    return body


class Upstream:
    """Answers with the number of its connection; ``/hang`` never does, ``/drip`` streams for ever."""

    def __init__(self, *, exchanges: int = 1_000_000) -> None:
        self.connections = 0
        self.open = 0
        self.exchanges = exchanges

    async def __call__(self, stream: SocketStream) -> None:
        self.connections += 1
        self.open += 1
        number = self.connections
        try:
            connection = ServerConnection(stream)
            for _ in range(self.exchanges):
                head = await connection.read_head()
                if head is None:
                    return
                await connection.read_body(1_000_000)
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self.watch, connection, tasks.cancel_scope)
                    await self.answer(connection, head.path, number)
                    tasks.cancel_scope.cancel()
        finally:
            self.open -= 1

    async def watch(self, connection: ServerConnection, scope: anyio.CancelScope) -> None:
        await connection.wait_disconnected()
        scope.cancel()

    async def answer(self, connection: ServerConnection, path: str, number: int) -> None:
        responder = connection.responder()
        if path == "/hang":
            await anyio.sleep_forever()
        elif path == "/drip":
            await responder.start(200, TEXT)
            while True:
                await responder.write(b"drip")
                await anyio.sleep(0.001)
        else:
            await responder.send(200, TEXT, b"%d" % number)


async def test_connections_are_kept() -> None:
    upstream = Upstream()
    async with serving(upstream) as port, transport() as client:
        for expected_reuse in (False, True, True):
            answer = await client.open(request(port))
            assert (answer.status, answer.reused) == (200, expected_reuse)
            assert (answer.connect_ms is None) is expected_reuse
            assert await body_of(answer) == b"1"
            await answer.aclose()
            await answer.aclose()
    assert upstream.connections == 1


async def test_a_fresh_one_on_demand() -> None:
    upstream = Upstream()
    async with serving(upstream) as port, transport() as client:
        for fresh in (False, True):
            answer = await client.open(request(port, fresh=fresh))
            await body_of(answer)
            await answer.aclose()
    assert upstream.connections == 2


async def test_an_answer_left_early_closes_its_connection() -> None:
    upstream = Upstream()
    async with serving(upstream) as port, transport() as client:
        answer = await client.open(request(port, "/drip"))
        assert await answer.read()
        await answer.aclose()
        assert await answer.read() == b""
        assert await settled(lambda: upstream.open == 0)


async def test_idle_connections_end(clock: ManualClock) -> None:
    upstream = Upstream()
    async with serving(upstream) as port, transport(clock) as client:
        answer = await client.open(request(port))
        await body_of(answer)
        await answer.aclose()
        clock.advance(80)
        await client.close_expired()
        assert upstream.open == 1
        clock.advance(11)
        await client.close_expired()
        assert await settled(lambda: upstream.open == 0)


async def test_a_connection_that_the_server_closed_is_not_used() -> None:
    upstream = Upstream(exchanges=1)
    async with serving(upstream) as port, transport() as client:
        for number in (b"1", b"2", b"3"):
            answer = await client.open(request(port))
            assert not answer.reused
            assert await body_of(answer) == number
            await answer.aclose()
            assert await settled(lambda: upstream.open == 0)
            await anyio.sleep(0.01)  # the kernel's own time to deliver the end


async def test_a_connection_that_closes_under_the_request_is_stale() -> None:
    """The server ends a kept-alive connection when the next request comes: the caller may repeat it for free."""

    async def handler(stream: SocketStream) -> None:
        connection = ServerConnection(stream)
        await connection.read_head()
        await connection.read_body(1_000)
        await connection.responder().send(200, TEXT, b"once")
        await stream.receive()

    async with serving(handler) as port, transport() as client:
        answer = await client.open(request(port))
        await body_of(answer)
        await answer.aclose()
        with pytest.raises(ConnectionLost) as caught:
            await client.open(request(port))
        assert caught.value.reused
        answer = await client.open(request(port, fresh=True))
        assert await body_of(answer) == b"once"
        await answer.aclose()


async def test_lost_on_a_fresh_connection() -> None:
    async def handler(stream: SocketStream) -> None:
        await stream.receive()

    async with serving(handler) as port, transport() as client:
        with pytest.raises(ConnectionLost) as caught:
            await client.open(request(port))
    assert not caught.value.reused


async def test_reset_mid_body() -> None:
    async def handler(stream: SocketStream) -> None:
        await stream.receive()
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
        await anyio.sleep(0.05)

    async with serving(handler) as port, transport() as client:
        answer = await client.open(request(port))
        with pytest.raises(BrokeMidBody):
            await body_of(answer)
        await answer.aclose()


async def test_refused() -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        async with transport() as client:
            with pytest.raises(ConnectFailed) as caught:
                await client.open(request(placeholder.getsockname()[1]))
    assert caught.value.cause is ConnectCause.REFUSED


class TestTimeouts:
    quick = Timeouts(connect=0.05, response_header=0.05, write=0.05)

    async def test_no_head(self) -> None:
        upstream = Upstream()
        async with serving(upstream) as port, transport() as client:
            with pytest.raises(TimedOut) as caught:
                await client.open(request(port, "/hang", timeouts=self.quick))
            assert caught.value.phase is Phase.RESPONSE_HEADER
            assert await settled(lambda: upstream.open == 0)

    async def test_no_connection(self) -> None:
        """A listener whose queue is full answers nothing."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            fillers = [socket.socket() for _ in range(3)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            async with transport() as client:
                with pytest.raises(TimedOut) as caught:
                    await client.open(request(port, timeouts=self.quick))
            assert caught.value.phase is Phase.CONNECT
            for filler in fillers:
                filler.close()

    async def test_server_that_does_not_read(self) -> None:
        async def handler(stream: SocketStream) -> None:
            await stream.receive()
            await anyio.sleep_forever()

        async with serving(handler) as port, transport() as client:
            large = replace(request(port, timeouts=self.quick), body=bytes(50_000_000))
            with pytest.raises(TimedOut) as caught:
                await client.open(large)
            assert caught.value.phase is Phase.WRITE


@pytest.mark.parametrize("path", ["/", "/hang", "/drip"])
async def test_cancelled_requests_leave_nothing(path: str) -> None:
    """Many requests cancelled at many moments: no socket remains, and the next request works."""
    upstream = Upstream()

    async def one(client: HttpTransport, port: int, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            answer = await client.open(request(port, path))
            try:
                await body_of(answer)
            finally:
                await answer.aclose()

    async with serving(upstream) as port, transport() as client:
        before = open_sockets()
        for round_number in range(10):
            async with anyio.create_task_group() as tasks:
                for n in range(20):
                    tasks.start_soon(one, client, port, (n * 0.7 + round_number) / 1_000)
        answer = await client.open(request(port))
        assert await body_of(answer)
        await answer.aclose()
        await client.aclose()
        assert await settled(lambda: upstream.open == 0 and open_sockets() == before), (open_sockets(), before)


async def test_nothing_is_kept_after_the_end() -> None:
    upstream = Upstream()
    async with serving(upstream) as port, transport() as client:
        answer = await client.open(request(port))
        await body_of(answer)
        await client.aclose()
        await answer.aclose()
        assert await settled(lambda: upstream.open == 0)
