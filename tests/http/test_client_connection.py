"""One request and one answer over prepared bytes, in every slicing."""

from __future__ import annotations

import gzip

import pytest

from cccc.domain.endpoint import Timeouts
from cccc.errors import BadAnswer, BrokeMidBody, ConnectionLost, Phase, TimedOut, UpstreamError
from cccc.http.client_connection import MAX_HEAD, ClientConnection
from cccc.http.messages import Headers, Origin, UpstreamRequest
from tests.http.streams import ScriptedStream, slicings

pytestmark = pytest.mark.anyio

NONE = Headers()
USUAL = Timeouts()
ORIGIN = Origin("https", "api.example.com", 443)
OK = b"HTTP/1.1 200 OK\r\n"


def request(
    body: bytes = b"{}", *, method: str = "POST", headers: Headers = NONE, timeouts: Timeouts = USUAL
) -> UpstreamRequest:
    return UpstreamRequest(method, ORIGIN, "/v1/messages?beta=true", headers, body, timeouts)


async def exchange(stream: ScriptedStream, *, method: str = "POST") -> tuple[ClientConnection, bytes]:
    connection = ClientConnection(stream)
    await connection.send(request(method=method))
    await connection.read_head(5)
    body = b""
    while data := await connection.read():
        body += data
    return connection, body


ANSWERS: list[tuple[str, bytes, bytes, bool]] = [
    ("length", OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
    ("length 0", OK + b"Content-Length: 0\r\n\r\n", b"", True),
    ("chunked", OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello", True),
    ("trailers", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"hello", True),
    ("to the end", OK + b"\r\nhello", b"hello", False),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello", False),
    ("close", OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
    ("no reason", b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    ("interim", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 H\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", b"", True),
    ("no content", b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    ("both", OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello", False),
    ("more than asked for", OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n", b"hello", False),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "body", "reusable"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
async def test_answers_in_every_slicing(raw: bytes, body: bytes, reusable: bool) -> None:
    for pieces in slicings(raw):
        connection, received = await exchange(ScriptedStream(pieces))
        assert received == body
        if len(pieces) == 1:
            assert connection.reusable == reusable


async def test_what_is_sent() -> None:
    stream = ScriptedStream([OK + b"Content-Length: 0\r\n\r\n"])
    connection = ClientConnection(stream)
    headers = Headers.of([("x-a", "1"), ("content-length", "99"), ("host", "evil"), ("transfer-encoding", "chunked")])
    await connection.send(request(b'{"a":1}', headers=headers))
    assert stream.sent == [
        b'POST /v1/messages?beta=true HTTP/1.1\r\nhost: api.example.com\r\nx-a: 1\r\ncontent-length: 7\r\n\r\n{"a":1}'
    ]


async def test_get_has_no_length() -> None:
    stream = ScriptedStream()
    await ClientConnection(stream).send(request(b"", method="GET"))
    assert b"content-length" not in stream.output


async def test_large_bodies_arrive_unchanged() -> None:
    stream = ScriptedStream()
    body = bytes(range(256)) * 5_000
    await ClientConnection(stream).send(request(body))
    assert stream.output.endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("value", ["sk-secret\n", "sk-secret\x00", "a\r\nx: y"])
async def test_a_header_that_cannot_be_sent_is_not_repeated(value: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        await ClientConnection(ScriptedStream()).send(request(headers=Headers.of([("x-api-key", value)])))
    seen: BaseException | None = caught.value
    while seen is not None:
        assert seen.__suppress_context__ or "secret" not in str(seen)
        seen = seen.__cause__


async def test_all_that_one_read_gave_is_one_piece() -> None:
    chunks = b"".join(b"9\r\ndata: %d\n\n\r\n" % n for n in range(10))
    stream = ScriptedStream([OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks, chunks, b"0\r\n\r\n"])
    connection = ClientConnection(stream)
    await connection.send(request())
    await connection.read_head(5)
    whole = b"".join(b"data: %d\n\n" % n for n in range(10))
    assert [await connection.read() for _ in range(4)] == [whole, whole, b"", b""]


async def test_keep_alive() -> None:
    answer = OK + b"Content-Length: 2\r\n\r\nhi"
    stream = ScriptedStream([answer, answer])
    connection, _ = await exchange(stream)
    assert not connection.reused
    await connection.send(request())
    await connection.read_head(5)
    assert connection.reused
    assert not connection.reusable
    assert await connection.read() == b"hi"
    assert connection.reusable


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"<html>\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        OK + b"Content-Encoding: compress\r\n\r\n",
        OK + b"X: " + b"a" * MAX_HEAD + b"\r\n\r\n",
        OK + b"X: a\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
)
async def test_what_is_no_answer(raw: bytes) -> None:
    with pytest.raises(BadAnswer):
        await exchange(ScriptedStream([raw]))


async def test_head_up_to_the_limit() -> None:
    filler = MAX_HEAD - len(b"Content-Length: 0\r\nX: \r\n")
    for over, fits in ((-1, True), (0, True), (1, False)):
        stream = ScriptedStream([OK + b"Content-Length: 0\r\nX: " + b"a" * (filler + over) + b"\r\n\r\n"])
        if fits:
            await exchange(stream)
        else:
            with pytest.raises(BadAnswer):
                await exchange(stream)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 20"])
async def test_lost_before_the_head(sent: bytes) -> None:
    with pytest.raises(ConnectionLost) as caught:
        await exchange(ScriptedStream([sent] if sent else []))
    assert not caught.value.reused


@pytest.mark.parametrize(("sent", "stale"), [(b"", True), (b"HTTP/1.1 20", False)])
async def test_only_silence_on_a_reused_connection_is_stale(sent: bytes, stale: bool) -> None:
    stream = ScriptedStream([OK + b"Content-Length: 0\r\n\r\n"])
    connection, _ = await exchange(stream)
    stream.pieces = [sent] if sent else []
    await connection.send(request())
    with pytest.raises(ConnectionLost) as caught:
        await connection.read_head(5)
    assert caught.value.reused is stale


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"Content-Length: 5\r\n\r\nhell",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ],
)
async def test_broken_mid_body(raw: bytes) -> None:
    for pieces in slicings(raw):
        with pytest.raises(BrokeMidBody):
            await exchange(ScriptedStream(pieces))


async def test_broken_framing() -> None:
    with pytest.raises(BadAnswer):
        await exchange(ScriptedStream([OK + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"]))


async def test_head_timeout() -> None:
    connection = ClientConnection(ScriptedStream([b"HTTP/1.1 20"], open_end=True))
    await connection.send(request())
    with pytest.raises(TimedOut) as caught:
        await connection.read_head(0.01)
    assert (caught.value.phase, caught.value.seconds) == (Phase.RESPONSE_HEADER, 0.01)


class TestCompressed:
    head = OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"

    @staticmethod
    def chunk(data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data)

    async def test_decoded_in_every_slicing(self) -> None:
        packed = gzip.compress(b"hello " * 20)
        for pieces in slicings(self.head + self.chunk(packed[:11]) + self.chunk(packed[11:]) + b"0\r\n\r\n"):
            connection, body = await exchange(ScriptedStream(pieces))
            assert body == b"hello " * 20
            assert connection.reusable

    async def test_cut_inside_a_clean_framing(self) -> None:
        packed = gzip.compress(b"hello " * 20)
        with pytest.raises(BrokeMidBody):
            await exchange(ScriptedStream([self.head + self.chunk(packed[:-3]) + b"0\r\n\r\n"]))

    async def test_damaged(self) -> None:
        with pytest.raises(BadAnswer):
            await exchange(ScriptedStream([self.head + self.chunk(b"not gzip") + b"0\r\n\r\n"]))

    async def test_bomb(self) -> None:
        packed = gzip.compress(bytes(60_000_000))
        with pytest.raises(BadAnswer):
            await exchange(ScriptedStream([self.head + self.chunk(packed) + b"0\r\n\r\n"]))
