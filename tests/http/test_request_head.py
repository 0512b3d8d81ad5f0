"""The framing policy as a table: what is refused with which status, what passes as exactly which request."""

from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.errors import BadRequest, ClientGone
from cccc.http.limits import Limits
from cccc.http.server_connection import ServerConnection
from tests.http.streams import ScriptedStream, slicings

HOST = b"Host: x\r\n"


def post(*fields: bytes, body: bytes = b"abc", version: bytes = b"1.1") -> bytes:
    return b"POST /v1 HTTP/" + version + b"\r\n" + HOST + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body


def get(line: bytes = b"GET / HTTP/1.1", *fields: bytes) -> bytes:
    return line + b"\r\n" + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


CHUNKED = b"Transfer-Encoding: chunked"
BODY = b"3\r\nabc\r\n0\r\n\r\n"

REFUSED: list[tuple[str, int, bytes]] = [
    ("both framings", 400, post(b"Content-Length: 3", CHUNKED, body=BODY)),
    ("both framings, other order", 400, post(CHUNKED, b"Content-Length: 3", body=BODY)),
    ("chunked in HTTP/1.0", 400, post(CHUNKED, body=BODY, version=b"1.0")),
    ("differing lengths", 400, post(b"Content-Length: 3", b"Content-Length: 4")),
    ("same length twice", 400, post(b"Content-Length: 3", b"Content-Length: 3")),
    ("same length twice, other case", 400, post(b"Content-Length: 3", b"CONTENT-LENGTH: 3")),
    ("length list", 400, post(b"Content-Length: 3, 3")),
    ("length list, differing", 400, post(b"Content-Length: 3, 4")),
    ("length +3", 400, post(b"Content-Length: +3")),
    ("length 0x3", 400, post(b"Content-Length: 0x3")),
    ("length -1", 400, post(b"Content-Length: -1")),
    ("length 1e1", 400, post(b"Content-Length: 1e1")),
    ("length 3_0", 400, post(b"Content-Length: 3_0")),
    ("length empty", 400, post(b"Content-Length:")),
    ("length of Arabic digits", 400, post("Content-Length: ٣".encode())),
    ("length of latin-1 superscripts", 400, post(b"Content-Length: \xb3")),
    ("length of 22 digits", 400, post(b"Content-Length: 1000000000000000000000")),
    ("gzip, chunked", 501, post(b"Transfer-Encoding: gzip, chunked", body=BODY)),
    ("identity", 501, post(b"Transfer-Encoding: identity")),
    ("xchunked", 501, post(b"Transfer-Encoding: xchunked", body=BODY)),
    ("chunked twice", 501, post(CHUNKED, CHUNKED, body=BODY)),
    ("chunked, chunked", 501, post(b"Transfer-Encoding: chunked, chunked", body=BODY)),
    ("chunked;q=1", 501, post(b"Transfer-Encoding: chunked;q=1", body=BODY)),
    ("transfer encoding empty", 501, post(b"Transfer-Encoding:", body=BODY)),
    ("transfer encoding with vertical tab", 400, post(b"Transfer-Encoding: \x0bchunked", body=BODY)),
    ("space before the colon", 400, post(b"Transfer-Encoding : chunked", body=BODY)),
    ("space before the length's colon", 400, post(b"Content-Length : 3")),
    ("tab before the colon", 400, post(b"Content-Length\t: 3")),
    ("folded header", 400, get(b"GET / HTTP/1.1", b"X: a\r\n b")),
    ("folded with tab", 400, get(b"GET / HTTP/1.1", b"X: a\r\n\tb")),
    ("folded transfer encoding", 400, post(b"Transfer-Encoding:\r\n chunked", body=BODY)),
    ("fold as first header", 400, b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n"),
    ("bare LF everywhere", 400, b"GET / HTTP/1.1\nHost: x\n\n"),
    ("bare LF after one header", 400, b"GET / HTTP/1.1\r\nX: a\nHost: x\r\n\r\n"),
    ("bare LF as end of head", 400, b"GET / HTTP/1.1\r\nHost: x\r\n\n"),
    ("bare LF after the request line", 400, b"GET / HTTP/1.1\nHost: x\r\n\r\n"),
    ("bare CR in a value", 400, get(b"GET / HTTP/1.1", b"X: a\rb")),
    ("CR CR LF", 400, get(b"GET / HTTP/1.1", b"X: a\r")),
    ("NUL in a value", 400, get(b"GET / HTTP/1.1", b"X: a\x00b")),
    ("vertical tab in a value", 400, get(b"GET / HTTP/1.1", b"X: a\x0bb")),
    ("ESC in a value", 400, get(b"GET / HTTP/1.1", b"X: \x1b[2J")),
    ("SOH in a value", 400, get(b"GET / HTTP/1.1", b"X: a\x01")),
    ("US in a value", 400, get(b"GET / HTTP/1.1", b"X: a\x1fb")),
    ("DEL in a value", 400, get(b"GET / HTTP/1.1", b"X: a\x7fb")),
    ("NUL in a name", 400, get(b"GET / HTTP/1.1", b"X\x00: a")),
    ("space in a name", 400, get(b"GET / HTTP/1.1", b"X Y: a")),
    ("empty name", 400, get(b"GET / HTTP/1.1", b": a")),
    ("no colon", 400, get(b"GET / HTTP/1.1", b"nonsense")),
    ("non-ASCII name", 400, get(b"GET / HTTP/1.1", b"X\xe4: a")),
    ("no Host", 400, b"GET / HTTP/1.1\r\n\r\n"),
    ("two Hosts", 400, get(b"GET / HTTP/1.1", b"Host: y")),
    ("HTTP/0.9", 400, b"GET /\r\n\r\n"),
    ("HTTP/1.2", 505, get(b"GET / HTTP/1.2")),
    ("HTTP/2.0", 505, get(b"GET / HTTP/2.0")),
    ("HTTP/9.9", 505, get(b"GET / HTTP/9.9")),
    ("HTTP/0.0", 505, get(b"GET / HTTP/0.0")),
    ("the HTTP/2 preface", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("http/1.1 in lower case", 400, get(b"GET / http/1.1")),
    ("HTTP/1.10", 400, get(b"GET / HTTP/1.10")),
    ("HTTP/+1.1", 400, get(b"GET / HTTP/+1.1")),
    ("two spaces", 400, get(b"GET  / HTTP/1.1")),
    ("tab as separator", 400, get(b"GET\t/ HTTP/1.1")),
    ("space in the target", 400, get(b"GET /a b HTTP/1.1")),
    ("trailing space", 400, get(b"GET / HTTP/1.1 ")),
    ("leading space", 400, get(b" GET / HTTP/1.1")),
    ("leading empty line", 400, b"\r\n" + get()),
    ("absolute form", 400, get(b"GET http://evil.example/ HTTP/1.1")),
    ("absolute form, https", 400, get(b"POST https://127.0.0.1/v1 HTTP/1.1")),
    ("CONNECT", 405, get(b"CONNECT example.com:443 HTTP/1.1")),
    ("asterisk", 400, get(b"OPTIONS * HTTP/1.1")),
    ("two slashes", 400, get(b"GET //evil.example/ HTTP/1.1")),
    ("no slash", 400, get(b"GET v1/messages HTTP/1.1")),
    ("question mark first", 400, get(b"GET ?a=b HTTP/1.1")),
    ("backslash first", 400, get(b"GET \\v1 HTTP/1.1")),
    ("fragment", 400, get(b"GET /a#b HTTP/1.1")),
    ("non-ASCII target", 400, get(b"GET /\xe4 HTTP/1.1")),
    ("odd method", 400, get(b"G@T / HTTP/1.1")),
    ("a TLS hello", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
]

PASSES: list[tuple[str, tuple[str, str, bytes], bytes]] = [
    ("plain", ("GET", "/", b""), get()),
    ("HTTP/1.0", ("GET", "/", b""), get(b"GET / HTTP/1.0")),
    ("length", ("POST", "/v1", b"abc"), post(b"Content-Length: 3")),
    ("length with leading zeros", ("POST", "/v1", b"abc"), post(b"Content-Length: 003")),
    ("length 0", ("POST", "/v1", b""), post(b"Content-Length: 0", body=b"")),
    ("chunked", ("POST", "/v1", b"abc"), post(CHUNKED, body=BODY)),
    ("chunked in capitals", ("POST", "/v1", b"abc"), post(b"TRANSFER-ENCODING: CHUNKED", body=BODY)),
    ("chunk extension", ("POST", "/v1", b"abc"), post(CHUNKED, body=b"3;a=b\r\nabc\r\n0\r\n\r\n")),
    ("trailers are dropped", ("POST", "/v1", b"abc"), post(CHUNKED, body=BODY[:-2] + b"Content-Length: 9\r\n\r\n")),
    ("underscored length", ("POST", "/v1", b"abc"), post(b"Content-Length: 3", b"Content_Length: 99")),
    ("h2c upgrade is ignored", ("GET", "/", b""), get(b"GET / HTTP/1.1", b"Connection: Upgrade", b"Upgrade: h2c")),
    ("websocket is a GET", ("GET", "/v1/responses", b""), get(b"GET /v1/responses HTTP/1.1", b"Upgrade: websocket")),
    ("latin-1 value", ("GET", "/", b""), get(b"GET / HTTP/1.1", b"X: \xe4")),
    ("tab in a value", ("GET", "/", b""), get(b"GET / HTTP/1.1", b"X: a\tb")),
    ("query", ("GET", "/a?b=c?d", b""), get(b"GET /a?b=c?d HTTP/1.1")),
    ("empty Host is the edge's matter", ("GET", "/", b""), b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
]

BROKEN_BODY = {
    "plus": b"+3\r\nabc\r\n0\r\n\r\n",
    "hex prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "underscore": b"0_3\r\nabc\r\n0\r\n\r\n",
    "leading space": b" 3\r\nabc\r\n0\r\n\r\n",
    "line feed only": b"3\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "wrong footer": b"3\r\nabcXX0\r\n\r\n",
    "too long chunk": b"3\r\nabcd\r\n0\r\n\r\n",
    "22 digits": b"1000000000000000000000\r\nabc\r\n",
    "garbage trailer": b"3\r\nabc\r\n0\r\nnonsense\r\n\r\n",
}


async def parse(pieces: list[bytes]) -> tuple[str, str, bytes] | int:
    connection = ServerConnection(ScriptedStream(pieces))
    try:
        head = await connection.read_head()
        assert head is not None
        result = (head.method, head.target, await connection.read_body(1_000_000))
        assert not {name for name, _ in head.headers if "_" in name}
    except BadRequest as error:
        assert await connection.read_head() is None, "a connection is never reused after an error"
        return error.status
    return result


@pytest.mark.anyio
@pytest.mark.parametrize(("status", "payload"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_refused_in_every_slicing(status: int, payload: bytes) -> None:
    for pieces in slicings(payload):
        assert await parse(pieces) == status


@pytest.mark.anyio
@pytest.mark.parametrize(("expected", "payload"), [row[1:] for row in PASSES], ids=[row[0] for row in PASSES])
async def test_one_request_in_every_slicing(expected: tuple[str, str, bytes], payload: bytes) -> None:
    for pieces in slicings(payload):
        assert await parse(pieces) == expected


@pytest.mark.anyio
@pytest.mark.parametrize("body", BROKEN_BODY.values(), ids=BROKEN_BODY)
async def test_broken_chunks_are_refused(body: bytes) -> None:
    for pieces in slicings(post(CHUNKED, body=body)):
        assert await parse(pieces) == 400


@given(st.data())
def test_any_mutation_is_refused_or_one_request(data: st.DataObject) -> None:
    """Whatever is done to a request: 4xx or 5xx, a client that left, or a request; the same in every slicing."""
    seed = data.draw(st.sampled_from([row[2] for row in REFUSED] + [row[2] for row in PASSES]))
    at = data.draw(st.integers(0, len(seed)))
    cut = data.draw(st.integers(0, 3))
    insert = data.draw(st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b"\t", b"\x00", b":", b",", b"0", CHUNKED]))
    payload = seed[:at] + insert + seed[at + cut :]

    async def outcomes() -> list[object]:
        seen: list[object] = []
        for pieces in slicings(payload):
            try:
                seen.append(await parse(pieces))
            except ClientGone:
                seen.append("gone")
            except AssertionError:
                seen.append("nothing came")
        return seen

    results = anyio.run(outcomes)
    assert all(result == results[0] for result in results), results
    assert results[0] != 500


class TestLimits:
    """Exactly at a limit passes, one above does not."""

    limits = Limits(request_line=100, header_line=60, header_block=200, header_count=5)

    async def status(self, payload: bytes) -> int | None:
        statuses = set()
        for pieces in slicings(payload):
            connection = ServerConnection(ScriptedStream(pieces, open_end=True), self.limits)
            try:
                await connection.read_head()
                statuses.add(None)
            except BadRequest as error:
                statuses.add(error.status)
        assert len(statuses) == 1
        return statuses.pop()

    @pytest.mark.anyio
    @pytest.mark.parametrize(("over", "expected"), [(-1, None), (0, None), (1, 414)])
    async def test_request_line(self, over: int, expected: int | None) -> None:
        target = b"/" + b"a" * (100 - len(b"GET / HTTP/1.1") + over)
        assert await self.status(get(b"GET " + target + b" HTTP/1.1")) == expected

    @pytest.mark.anyio
    @pytest.mark.parametrize(("over", "expected"), [(-1, None), (0, None), (1, 431)])
    async def test_one_header(self, over: int, expected: int | None) -> None:
        assert await self.status(get(b"GET / HTTP/1.1", b"X: " + b"a" * (57 + over))) == expected

    @pytest.mark.anyio
    @pytest.mark.parametrize(("over", "expected"), [(-1, None), (0, None), (1, 431)])
    async def test_all_headers(self, over: int, expected: int | None) -> None:
        fields = [b"X: " + b"a" * 45] * 3
        used = len(HOST) + 3 * 50
        fields.append(b"Y: " + b"a" * (200 - used - 5 + over))
        assert await self.status(get(b"GET / HTTP/1.1", *fields)) == expected

    @pytest.mark.anyio
    @pytest.mark.parametrize(("over", "expected"), [(-1, None), (0, None), (1, 431)])
    async def test_header_count(self, over: int, expected: int | None) -> None:
        assert await self.status(get(b"GET / HTTP/1.1", *[b"X: a"] * (4 + over))) == expected

    @pytest.mark.anyio
    async def test_endless_request_line_is_refused_early(self) -> None:
        assert await self.status(b"GET /" + b"a" * 200) == 414

    @pytest.mark.anyio
    async def test_endless_header_is_refused_early(self) -> None:
        assert await self.status(b"GET / HTTP/1.1\r\nX: " + b"a" * 300) == 431

    @pytest.mark.anyio
    @pytest.mark.parametrize("fields", [[b"X: " + b"a" * 65_000], [b"X: a"] * 9_000], ids=["65 KB", "9000 headers"])
    async def test_large_heads_with_the_usual_limits(self, fields: list[bytes]) -> None:
        assert await parse([get(b"GET / HTTP/1.1", *fields)]) == 431
