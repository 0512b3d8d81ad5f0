"""One client connection as the server sees it: keep-alive, bodies, limits, and clients that leave."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from cccc.errors import BadRequest, ClientGone
from cccc.http.limits import Limits
from cccc.http.messages import Headers
from cccc.http.server_connection import ServerConnection
from tests.http.streams import ScriptedStream, read_all, read_until, serving, settled

pytestmark = pytest.mark.anyio

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
TEXT = Headers.of([("content-type", "text/plain")])
MAX = 1_000_000


def post(body: bytes, *fields: bytes) -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST /p HTTP/1.1\r\nHost: x\r\n" + length + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body


def chunked(body: bytes) -> bytes:
    return b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body


async def echo(connection: ServerConnection) -> list[str]:
    """Answer every request with its own path and body; returns the paths."""
    paths = []
    while (head := await connection.read_head()) is not None:
        paths.append(head.path)
        body = await connection.read_body(MAX)
        await connection.responder().send(200, TEXT, head.path.encode() + body)
    await connection.aclose()
    return paths


class TestRequests:
    async def test_target_is_split(self) -> None:
        connection = ServerConnection(ScriptedStream([b"GET /v1/x%20y?a=b&c HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n"]))
        head = await connection.read_head()
        assert head is not None
        assert (head.method, head.path, head.query) == ("GET", "/v1/x%20y", "a=b&c")
        assert head.headers == Headers.of([("host", "x"), ("x-a", "1")])

    async def test_closed_between_requests(self) -> None:
        assert await ServerConnection(ScriptedStream([])).read_head() is None

    async def test_closed_within_a_head(self) -> None:
        with pytest.raises(ClientGone):
            await ServerConnection(ScriptedStream([GET[:9]])).read_head()

    async def test_closed_within_a_body(self) -> None:
        connection = ServerConnection(ScriptedStream([post(b"abc")[:-1]]))
        await connection.read_head()
        with pytest.raises(ClientGone):
            await connection.read_body(MAX)

    async def test_keep_alive(self) -> None:
        stream = ScriptedStream([GET, post(b"xyz"), GET])
        assert await echo(ServerConnection(stream)) == ["/a", "/p", "/a"]
        assert stream.output.count(b"HTTP/1.1 200 OK\r\n") == 3

    async def test_pipelined_requests_are_answered_in_order(self) -> None:
        stream = ScriptedStream([GET + chunked(b"3\r\nxyz\r\n0\r\n\r\n") + post(b"123") + GET])
        assert await echo(ServerConnection(stream)) == ["/a", "/p", "/p", "/a"]
        assert stream.output.endswith(b"/a")
        assert b"/pxyzHTTP/1.1" in stream.output

    async def test_pipelined_bytes_split_anywhere(self) -> None:
        payload = post(b"xyz") + GET
        for cut in range(1, len(payload)):
            assert await echo(ServerConnection(ScriptedStream([payload[:cut], payload[cut:]]))) == ["/p", "/a"]

    @pytest.mark.parametrize(
        "request_bytes", [b"GET /a HTTP/1.0\r\n\r\n", GET[:-2] + b"Connection: close\r\n\r\n"], ids=["1.0", "close"]
    )
    async def test_connections_that_end(self, request_bytes: bytes) -> None:
        stream = ScriptedStream([request_bytes + GET])
        assert await echo(ServerConnection(stream)) == ["/a"]
        assert b"connection: close\r\n" in stream.output
        assert stream.closed

    async def test_idle_connection_ends_quietly(self) -> None:
        connection = ServerConnection(ScriptedStream(open_end=True), Limits(idle_seconds=0.01))
        assert connection.idle
        assert await connection.read_head() is None

    async def test_slow_head(self) -> None:
        connection = ServerConnection(ScriptedStream([GET[:9]], open_end=True), Limits(head_seconds=0.01))
        with pytest.raises(BadRequest) as caught:
            await connection.read_head()
        assert caught.value.status == 408
        assert not connection.idle


class TestBodies:
    @pytest.mark.parametrize(("over", "fits"), [(-1, True), (0, True), (1, False)])
    @pytest.mark.parametrize("framing", ["length", "chunked"])
    async def test_size_limit(self, over: int, fits: bool, framing: str) -> None:
        body = b"a" * (100_000 + over)
        payload = post(body) if framing == "length" else chunked(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        connection = ServerConnection(ScriptedStream([payload]))
        await connection.read_head()
        if fits:
            assert await connection.read_body(100_000) == body
        else:
            with pytest.raises(BadRequest) as caught:
                await connection.read_body(100_000)
            assert caught.value.status == 413

    async def test_declared_size_is_refused_before_reading(self) -> None:
        stream = ScriptedStream([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n"])
        connection = ServerConnection(stream)
        await connection.read_head()
        with pytest.raises(BadRequest) as caught:
            await connection.read_body(100)
        assert (caught.value.status, stream.output) == (413, b"")

    async def test_chunk_extensions_count_on_the_wire(self) -> None:
        padding = b"1;" + b"x" * 1_000 + b"\r\na\r\n"
        stream = ScriptedStream([chunked(b"")] + [padding] * 1_000 + [b"0\r\n\r\n"])
        connection = ServerConnection(stream)
        await connection.read_head()
        with pytest.raises(BadRequest) as caught:
            await connection.read_body(1_000)
        assert caught.value.status == 413
        assert len(stream.pieces) > 900, "reading goes on for no longer than the limit"

    async def test_endless_chunk_extension(self) -> None:
        connection = ServerConnection(ScriptedStream([chunked(b"1;")] + [b"x" * 60_000] * 100))
        await connection.read_head()
        with pytest.raises(BadRequest) as caught:
            await connection.read_body(MAX)
        assert caught.value.status in (400, 413)

    async def test_continue_is_sent_only_when_the_body_is_wanted(self) -> None:
        stream = ScriptedStream(
            [b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", b"abc"]
        )
        connection = ServerConnection(stream)
        await connection.read_head()
        assert stream.output == b""
        assert await connection.read_body(MAX) == b"abc"
        assert stream.output == b"HTTP/1.1 100 \r\n\r\n"

    async def test_continue_is_not_sent_when_the_body_is_there(self) -> None:
        stream = ScriptedStream([post(b"abc", b"Expect: 100-continue")])
        connection = ServerConnection(stream)
        await connection.read_head()
        assert await connection.read_body(MAX) == b"abc"
        assert stream.output == b""

    async def test_slow_body(self) -> None:
        stream = ScriptedStream([post(b"abc")[:-1]], open_end=True)
        connection = ServerConnection(stream, Limits(body_seconds=0.01))
        await connection.read_head()
        with pytest.raises(BadRequest) as caught:
            await connection.read_body(MAX)
        assert caught.value.status == 408
        await connection.responder().send(408, TEXT, b"slow")
        assert b"connection: close\r\n" in stream.output

    async def test_a_body_that_nobody_read_ends_the_connection(self) -> None:
        stream = ScriptedStream([post(b"abc") + GET])
        connection = ServerConnection(stream)
        await connection.read_head()
        assert connection.has_body
        await connection.responder().send(401, TEXT, b"who are you")
        assert b"connection: close\r\n" in stream.output
        assert await connection.read_head() is None


class TestAnswers:
    async def answer(
        self, reply: Callable[[ServerConnection], Awaitable[None]], request_bytes: bytes = GET
    ) -> ScriptedStream:
        stream = ScriptedStream([request_bytes])
        connection = ServerConnection(stream)
        await connection.read_head()
        await reply(connection)
        return stream

    async def test_whole_answer_is_one_write(self) -> None:
        async def reply(connection: ServerConnection) -> None:
            responder = connection.responder()
            assert not responder.started
            await responder.send(200, TEXT, b"hello")
            assert responder.started
            assert (responder.status, responder.bytes_sent) == (200, len(stream_of(connection).output))

        stream = await self.answer(reply)
        assert stream.sent == [b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"]

    async def test_pieces_are_chunks_of_one_write_each(self) -> None:
        async def reply(connection: ServerConnection) -> None:
            responder = connection.responder()
            await responder.start(200, TEXT, b"first")
            await responder.write(b"second")
            await responder.write(b"")
            await responder.finish()

        stream = await self.answer(reply)
        assert stream.sent[0].endswith(b"transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert stream.sent[1:] == [b"6\r\nsecond\r\n", b"0\r\n\r\n"]

    async def test_http_1_0_ends_with_the_connection(self) -> None:
        async def reply(connection: ServerConnection) -> None:
            responder = connection.responder()
            await responder.start(200, TEXT)
            await responder.write(b"abc")
            await responder.finish()

        stream = await self.answer(reply, b"GET /a HTTP/1.0\r\n\r\n")
        assert stream.output.endswith(b"connection: close\r\n\r\nabc")
        assert b"chunked" not in stream.output

    async def test_head_has_no_body(self) -> None:
        async def whole(connection: ServerConnection) -> None:
            await connection.responder().send(200, TEXT, b"hello")

        async def pieces(connection: ServerConnection) -> None:
            responder = connection.responder()
            await responder.start(200, TEXT, b"hello")
            await responder.write(b"more")
            await responder.finish()

        head = b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await self.answer(whole, head)).output.endswith(b"content-length: 5\r\n\r\n")
        assert (await self.answer(pieces, head)).output.endswith(b"\r\n\r\n")

    @pytest.mark.parametrize("status", [204, 304])
    async def test_statuses_without_body(self, status: int) -> None:
        async def reply(connection: ServerConnection) -> None:
            await connection.responder().send(status, TEXT, b"")
            assert await connection.read_head() is None

        assert b"content-length" not in (await self.answer(reply)).output

    async def test_close_after(self) -> None:
        async def reply(connection: ServerConnection) -> None:
            responder = connection.responder()
            responder.close_after()
            await responder.send(503, TEXT, b"")
            assert await connection.read_head() is None

        assert b"connection: close\r\n" in (await self.answer(reply, GET + GET)).output

    async def test_close_after_the_head_ends_the_connection_too(self) -> None:
        """What the client had sent ahead is served, with a head that says close; nothing is waited for."""
        stream = ScriptedStream([GET + GET], open_end=True)
        connection = ServerConnection(stream)
        for expected in (b"transfer-encoding: chunked\r\n\r\n0", b"connection: close\r\n\r\n0"):
            assert await connection.read_head() is not None
            responder = connection.responder()
            await responder.start(200, TEXT)
            responder.close_after()
            await responder.finish()
            assert expected in stream.output
        assert await connection.read_head() is None

    async def test_framing_of_the_caller_is_replaced(self) -> None:
        headers = Headers.of([("content-length", "999"), ("transfer-encoding", "chunked"), ("connection", "close")])

        async def reply(connection: ServerConnection) -> None:
            await connection.responder().send(200, headers, b"abc")

        assert (await self.answer(reply)).output == b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"

    async def test_answer_to_a_broken_head(self) -> None:
        stream = ScriptedStream([b"GET / HTTP/1.1\nHost: x\n\n"])
        connection = ServerConnection(stream)
        with pytest.raises(BadRequest):
            await connection.read_head()
        await connection.responder().send(400, TEXT, b"no")
        assert stream.output.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"connection: close\r\n" in stream.output


def stream_of(connection: ServerConnection) -> ScriptedStream:
    stream = connection._stream
    assert isinstance(stream, ScriptedStream)
    return stream


class TestSockets:
    """What only real connections show."""

    async def test_nagle_is_off(self) -> None:
        options = []

        async def handler(stream: SocketStream) -> None:
            options.append(stream.extra(SocketAttribute.raw_socket).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

        async with serving(handler) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
            assert await read_all(client) == b""
        assert options[0] != 0

    @pytest.mark.parametrize("how", ["fin", "rst"])
    async def test_a_client_that_leaves_is_noticed(self, how: str) -> None:
        noticed = anyio.Event()

        async def handler(stream: SocketStream) -> None:
            connection = ServerConnection(stream)
            await connection.read_head()
            await connection.wait_disconnected()
            with pytest.raises(ClientGone):
                await connection.responder().send(200, TEXT, b"too late")
            noticed.set()

        async with serving(handler) as port:
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(GET)
            if how == "rst":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            client.close()
            with anyio.fail_after(5):
                await noticed.wait()

    async def test_what_is_sent_ahead_is_kept_and_bounded(self) -> None:
        limits = Limits(pipelined=1_000)
        kept: list[int] = []
        paths: list[str] = []

        async def handler(stream: SocketStream) -> None:
            connection = ServerConnection(stream, limits)
            await connection.read_head()
            with anyio.move_on_after(0.3):
                await connection.wait_disconnected()
                kept.append(-1)
            kept.append(len(connection._received))
            await connection.responder().send(200, TEXT, b"")
            paths.extend(await echo(connection))

        async with serving(handler) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
            await client.send(GET)
            await anyio.sleep(0.05)
            await client.send(GET * 100)
            await client.send_eof()
            answers = await read_all(client)
        assert 1_000 <= kept[0] <= 1_000 + 64 * 1024
        assert paths == ["/a"] * 100
        assert answers.count(b"200 OK") == 101

    async def test_a_client_that_does_not_read_is_let_go(self) -> None:
        outcome: list[str] = []

        async def handler(stream: SocketStream) -> None:
            connection = ServerConnection(stream, Limits(write_seconds=0.1))
            await connection.read_head()
            responder = connection.responder()
            await responder.start(200, TEXT)
            try:
                for _ in range(1_000):
                    await responder.write(b"x" * 100_000)
            except ClientGone as gone:
                outcome.append(str(gone))

        async with serving(handler) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
            await client.send(GET)
            assert await settled(lambda: bool(outcome))
        assert outcome == ["the client took nothing for 0.1 s"]

    async def test_slow_progress_is_progress(self) -> None:
        """A large answer may take longer than the limit as long as the client takes something now and then."""
        size = 6_000_000
        done = anyio.Event()

        async def handler(stream: SocketStream) -> None:
            stream.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 100_000)
            connection = ServerConnection(stream, Limits(write_seconds=0.5))
            await connection.read_head()
            begun = anyio.current_time()
            await connection.responder().send(200, TEXT, b"x" * size)
            assert anyio.current_time() - begun > 0.5
            done.set()

        async with serving(handler) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
            await client.send(GET)
            received = 0
            while received < size:
                received += len(await client.receive(200_000))
                await anyio.sleep(0.03)
            with anyio.fail_after(5):
                await done.wait()

    async def test_a_refusal_arrives_although_the_body_was_not_read(self) -> None:
        async def handler(stream: SocketStream) -> None:
            connection = ServerConnection(stream)
            await connection.read_head()
            with pytest.raises(BadRequest):
                await connection.read_body(1_000)
            await connection.responder().send(413, TEXT, b"too large")
            await connection.aclose()

        async with serving(handler) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
            await client.send(post(b"x" * 2_000_000))
            await client.send_eof()
            answer = await read_all(client)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert answer.endswith(b"too large")

    async def test_cancellation_never_tears_a_chunk(self) -> None:
        """A handler that is cancelled while it writes may still end its stream: the framing holds."""

        async def handler(stream: SocketStream) -> None:
            connection = ServerConnection(stream)
            await connection.read_head()
            responder = connection.responder()
            await responder.start(200, TEXT)
            with anyio.move_on_after(0.05):
                while True:
                    await responder.write(b"x" * 1_000_000)
            with anyio.CancelScope(shield=True):
                await responder.write(b"end")
                await responder.finish()

        async with serving(handler) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
            await client.send(GET)
            await anyio.sleep(0.1)
            answer = await read_until(client, b"0\r\n\r\n")
        body = answer.split(b"\r\n\r\n", 1)[1]
        while body != b"0\r\n\r\n":
            size, rest = body.split(b"\r\n", 1)
            assert rest[int(size, 16) : int(size, 16) + 2] == b"\r\n"
            body = rest[int(size, 16) + 2 :]
