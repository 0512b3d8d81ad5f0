from __future__ import annotations

import gzip
import logging
import zlib

import anyio
import pytest
import zstandard

from cccc.http.limits import Limits
from cccc.http.messages import Headers, Interruption, Request, Responder
from cccc.server.edge import EdgeRules
from tests.server.wire import QUICK, Client, connected, eventually, request, running

pytestmark = pytest.mark.anyio

JSON = b"content-type: application/json"


async def test_one_connection_serves_request_after_request(client: Client) -> None:
    for body in (b'{"n":1}', b'{"n":2}', b'{"n":3}'):
        await client.post(body)
        status, fields, answered = await client.answer()
        assert (status, answered) == (200, body)
        assert b"connection" not in fields


async def test_requests_sent_ahead_are_answered_in_order(client: Client) -> None:
    ahead = b"".join(request(b"POST /v1/messages", JSON, body=b"%d" % number) for number in range(20))
    await client.say(ahead)

    assert [(await client.answer())[2] for _ in range(20)] == [b"%d" % number for number in range(20)]


async def test_a_request_sent_ahead_while_a_handler_runs_waits_for_its_turn() -> None:
    release = anyio.Event()

    async def slow(asked: Request, responder: Responder) -> None:
        if asked.body == b"1":
            await release.wait()
        await responder.send(200, Headers(), asked.body)

    async with running(slow) as server, connected(server) as client:
        await client.post(b"1")
        await anyio.sleep(0.05)  # long enough for the watch to be reading the socket
        await client.post(b"2")
        release.set()

        assert [(await client.answer())[2], (await client.answer())[2]] == [b"1", b"2"]


async def test_head_is_answered_without_a_body() -> None:
    async def never(asked: Request, responder: Responder) -> None:
        raise AssertionError

    async with running(never) as server, connected(server) as client:
        await client.say(request(b"HEAD /health"))
        status, fields = await client.answer_head()
        assert (status, fields[b"allow"]) == (405, b"GET")

        await client.say(request(b"GET /health"))
        assert await client.status() == 200


@pytest.mark.parametrize(
    ("coding", "encoded"),
    [
        (b"identity", b'{"a":1}'),
        (b"gzip", gzip.compress(b'{"a":1}')),
        (b"deflate", zlib.compress(b'{"a":1}')),
        (b"zstd", zstandard.compress(b'{"a":1}')),
    ],
    ids=["identity", "gzip", "deflate", "zstd"],  # gzip's bytes hold the time
)
async def test_bodies_arrive_decoded(client: Client, coding: bytes, encoded: bytes) -> None:
    await client.post(encoded, b"content-encoding: " + coding)

    assert (await client.answer())[2] == b'{"a":1}'


async def test_a_small_body_that_decodes_to_a_large_one_is_refused_in_the_routes_words() -> None:
    bomb = zstandard.compress(bytes(1001))
    async with running(rules=EdgeRules(max_request_bytes=1000)) as server, connected(server) as client:
        await client.post(bomb, b"content-encoding: zstd")

        status, fields, _ = await client.answer()

        assert (status, fields[b"x-cccc-error"]) == (413, b"too_large")


@pytest.mark.parametrize(("size", "expected"), [(999, 200), (1000, 200), (1001, 413)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_the_size_of_a_body_has_a_sharp_limit(size: int, expected: int, chunked: bool) -> None:
    body = b"x" * size
    async with running(rules=EdgeRules(max_request_bytes=1000)) as server, connected(server) as client:
        if chunked:
            await client.say(request(b"POST /v1/messages", JSON, b"transfer-encoding: chunked"))
            await client.say(b"%x\r\n%s\r\n0\r\n\r\n" % (size, body))
        else:
            await client.post(body)

        status, fields, _ = await client.answer()

        assert status == expected
        if expected == 413:
            assert fields[b"x-cccc-error"] == b"too_large"
            assert await client.closed()


@pytest.mark.parametrize(
    ("line", "fields", "status"),
    [
        (b"POST /v1/messages", [JSON, b"origin: https://attacker.example"], 403),
        (b"POST /v1/messages", [JSON, b"origin: null"], 403),
        (b"POST /v1/messages", [JSON, b"sec-fetch-site: cross-site"], 403),
        (b"POST /v1/messages", [b"content-type: text/plain"], 415),
        (b"POST /v1/messages", [JSON, b"content-encoding: br"], 415),
        (b"POST /nowhere", [JSON], 404),
        (b"PUT /v1/messages", [JSON], 405),
        (b"OPTIONS /v1/messages", [], 405),
        (b"OPTIONS /v1/messages", [b"origin: https://attacker.example"], 403),
        (b"GET /v1/responses", [b"connection: upgrade", b"upgrade: websocket"], 426),
        (b"GET /admin/api/overview", [], 401),
        (b"POST /v1/messages", [JSON, b"x-cccc-hop: me"], 508),
        (b"GET /health", [b"content-length: 2"], 400),
        (b"GET http://127.0.0.1/health", [], 400),
        (b"GET //health", [], 400),
        (b"OPTIONS *", [], 400),
        (b"CONNECT api.anthropic.com:443", [], 405),
        (b"GET /health ", [], 400),
    ],
)
async def test_what_the_edge_refuses_reaches_no_handler(line: bytes, fields: list[bytes], status: int) -> None:
    reached = []

    async def handler(asked: Request, responder: Responder) -> None:
        reached.append(asked)

    async with running(handler, rules=EdgeRules(instance="me")) as server, connected(server) as client:
        await client.say(request(line, *fields))

        answered, answer_fields, body = await client.answer()

        assert answered == status
        assert not any(name.startswith(b"access-control") for name in answer_fields)
        assert b"Traceback" not in body
    assert reached == []


@pytest.mark.parametrize("host", [b"", b"attacker.example", b"localhost:4000/#@attacker.example", b"a/b@c"])
async def test_a_foreign_host_ends_the_connection(client: Client, host: bytes) -> None:
    await client.say(request(b"GET /health", host=host) + request(b"GET /health"))

    status, fields, _ = await client.answer()

    assert (status, fields[b"connection"]) == (403, b"close")
    assert await client.closed()


@pytest.mark.parametrize(
    "broken",
    [
        b"GET /health HTTP/1.1\r\nhost: localhost\r\nbroken\r\n\r\n",
        b"GET /health HTTP/1.1\nhost: localhost\n\n",
        b"GET /health HTTP/2.0\r\nhost: localhost\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
        b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: localhost\r\n" + b"x: y\r\n" * 200 + b"\r\n",
        b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40) + b"\r\n\r\n",
    ],
)
async def test_nothing_follows_broken_framing(client: Client, broken: bytes) -> None:
    await client.say(broken + request(b"GET /health"))

    status, fields, body = await client.answer()

    assert 400 <= status < 506
    assert fields[b"connection"] == b"close"
    assert body.startswith(b"cccc: ")
    assert await client.closed()


async def test_a_broken_chunk_ends_the_connection(client: Client) -> None:
    await client.say(request(b"POST /v1/messages", JSON, b"transfer-encoding: chunked") + b"0x2\r\n{}\r\n0\r\n\r\n")

    assert await client.status() == 400
    assert await client.closed()


async def test_an_unread_body_is_never_taken_for_a_request(client: Client) -> None:
    smuggled = request(b"GET /health")
    await client.say(request(b"POST /nowhere", JSON, body=smuggled))

    status, fields, _ = await client.answer()

    assert (status, fields[b"connection"]) == (404, b"close")
    assert await client.closed()


async def test_a_refusal_without_a_body_keeps_the_connection(client: Client) -> None:
    await client.say(request(b"GET /nowhere") + request(b"GET /health"))

    assert [await client.status(), await client.status()] == [404, 200]


async def test_continue_is_said_only_to_requests_that_passed_the_checks(client: Client) -> None:
    expecting = (JSON, b"expect: 100-continue", b"content-length: 2")
    await client.say(request(b"POST /v1/messages", *expecting))
    assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 \r\n\r\n"
    await client.say(b"{}")
    assert (await client.answer())[2] == b"{}"

    await client.say(request(b"POST /v1/messages", *expecting, b"origin: null"))
    assert await client.status() == 403


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET /hea", 408),
        (request(b"POST /v1/messages", JSON, b"content-length: 20") + b"{", 408),
        (b"", None),
        (request(b"GET /health"), 200),
    ],
    ids=["half a head", "half a body", "nothing", "idle after an answer"],
)
async def test_slow_clients_are_let_go(said: bytes, status: int | None) -> None:
    async with running(limits=QUICK) as server, connected(server) as client:
        if said:
            await client.say(said)
        if status is not None:
            assert await client.status() == status

        assert await client.closed()


async def test_slow_clients_hold_nobody_up() -> None:
    async with running() as server, anyio.create_task_group() as tasks:

        async def dawdle(*, task_status: anyio.abc.TaskStatus[None]) -> None:
            async with connected(server) as slow:
                await slow.say(b"POST /v1/messages HT")
                task_status.started()
                await anyio.sleep_forever()

        for _ in range(100):
            await tasks.start(dawdle)
        async with connected(server) as client:
            await client.post(b"[]")
            assert await client.status() == 200
        tasks.cancel_scope.cancel()


async def test_a_client_that_does_not_read_ends_the_request() -> None:
    seen: list[Interruption | None] = []

    async def flood(asked: Request, responder: Responder) -> None:
        try:
            await responder.start(200, Headers())
            while True:
                await responder.write(bytes(2**20))
        finally:
            seen.append(responder.interruption)

    async with running(flood, limits=QUICK) as server, connected(server) as client:
        await client.post()
        await eventually(lambda: seen and server.in_flight == 0)


class Held:
    """A handler that waits for ever and tells what became of it."""

    def __init__(self, *, start: bool) -> None:
        self.start = start
        self.begun = anyio.Event()
        self.ended = anyio.Event()
        self.interruption: Interruption | None = None

    async def __call__(self, asked: Request, responder: Responder) -> None:
        if self.start:
            await responder.start(200, Headers())
            await responder.write(b"first")
        self.begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.interruption = responder.interruption
            self.ended.set()


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("leave", ["close", "half-close", "reset"])
async def test_a_client_that_leaves_cancels_the_handler(start: bool, leave: str) -> None:
    held = Held(start=start)
    async with running(held) as server, connected(server) as client:
        await client.post()
        await held.begun.wait()
        if leave == "half-close":
            await client.stream.send_eof()
        elif leave == "close":
            await client.stream.aclose()
        else:
            await anyio.aclose_forcefully(client.stream)

        await held.ended.wait()

        assert held.interruption is Interruption.CLIENT_GONE


async def test_a_client_that_leaves_amid_its_body_reaches_no_handler() -> None:
    held = Held(start=False)
    async with running(held) as server:
        async with connected(server) as client:
            await client.say(request(b"POST /v1/messages", JSON, b"content-length: 20") + b"{")
        await eventually(lambda: not server.connections)
        assert not held.begun.is_set()
        assert server.in_flight == 0


@pytest.mark.parametrize("patience", [0.0, 0.05])
async def test_a_bug_in_a_handler_is_a_500_and_no_more(caplog: pytest.LogCaptureFixture, patience: float) -> None:
    async def buggy(asked: Request, responder: Responder) -> None:
        await anyio.sleep(patience)
        raise ValueError("Illegal header value b'Bearer sk-ant-api03-0123456789abcdef'")

    async with running(buggy) as server, connected(server) as client:
        await client.post()
        status, fields, body = await client.answer()

        assert (status, fields[b"x-cccc-error"], fields[b"connection"]) == (500, b"internal", b"close")
        assert b"ValueError" not in body
        assert b"sk-ant" not in body
        assert await client.closed()
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "ValueError" in record.getMessage()
    assert "test_conversation.py" in record.getMessage()
    assert "sk-ant-api03" not in caplog.text


async def test_a_bug_after_the_head_cuts_the_answer_off() -> None:
    async def buggy(asked: Request, responder: Responder) -> None:
        await responder.start(200, Headers())
        await responder.write(b"first")
        raise ValueError

    async with running(buggy) as server, connected(server) as client:
        await client.post()
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await client.until(b"0\r\n\r\n")


@pytest.mark.parametrize("start", [False, True])
async def test_a_handler_that_forgets_to_answer_is_a_bug(start: bool) -> None:
    async def forgetful(asked: Request, responder: Responder) -> None:
        if start:
            await responder.start(200, Headers())

    async with running(forgetful) as server, connected(server) as client:
        await client.post()
        status, _, _ = await client.answer()
        assert status == (200 if start else 500)
        assert await client.closed()


async def test_limits_of_the_configuration_can_change_while_we_run() -> None:
    async with running() as server, connected(server) as client:
        await client.post(b"x" * 100)
        assert await client.status() == 200
        server.reconfigure(EdgeRules(max_request_bytes=10))
        await client.post(b"x" * 100)
        assert await client.status() == 413


async def test_limits_are_those_given() -> None:
    async with running(limits=Limits(header_count=3)) as server, connected(server) as client:
        await client.say(request(b"GET /health", b"a: 1", b"b: 2", b"c: 3"))
        assert await client.status() == 431
