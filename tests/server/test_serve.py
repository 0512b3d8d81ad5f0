from __future__ import annotations

import os
import resource
import signal
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import to_thread

from cccc.domain.secret import Secret
from cccc.errors import ConfigError, ListenError
from cccc.http.messages import Headers, Interruption, Request, Responder
from cccc.server import serve as serve_module
from cccc.server.edge import EdgeRules
from cccc.server.routing import Router
from cccc.server.serve import Server, raise_file_limit, serve
from tests.server.tables import routes
from tests.server.wire import Client, connected, eventually, request, running

pytestmark = pytest.mark.anyio

TOKEN = EdgeRules(proxy_tokens=[Secret("tok-0123456789abcdef")])


class Streams:
    """A handler whose answers go on until they are released; says goodbye when it is interrupted."""

    def __init__(self, *, say_goodbye: bool = True) -> None:
        self.release = anyio.Event()
        self.begun = 0
        self.interruptions: list[Interruption | None] = []
        self._say_goodbye = say_goodbye

    async def __call__(self, asked: Request, responder: Responder) -> None:
        if asked.body == b"silent":
            self.begun += 1
            await self.release.wait()
            await responder.send(200, Headers(), b"late")
            return
        await responder.start(200, Headers())
        await responder.write(b"first")
        self.begun += 1
        try:
            await self.release.wait()
            await responder.write(b"last")
        except anyio.get_cancelled_exc_class():
            self.interruptions.append(responder.interruption)
            if self._say_goodbye:
                with anyio.CancelScope(shield=True):
                    await responder.write(b"goodbye")
                    await responder.finish()
            raise
        await responder.finish()

    async def until_begun(self, count: int) -> None:
        await eventually(lambda: self.begun >= count)


@asynccontextmanager
async def streaming(server: Server, streams: Streams, body: bytes = b"{}") -> AsyncIterator[Client]:
    """A client in the middle of an answer."""
    begun = streams.begun
    async with connected(server) as client:
        await client.post(body)
        await streams.until_begun(begun + 1)
        if body != b"silent":
            await client.until(b"first\r\n")
        yield client


async def stopped(server: Server) -> None:
    await eventually(lambda: server.address is None)


async def refuses_connections(address: tuple[str, int]) -> bool:
    try:
        async with await anyio.connect_tcp(*address):
            return False
    except OSError:
        return True


async def test_tells_its_address_and_counts() -> None:
    streams = Streams()
    async with running(streams) as server:
        assert server.address is not None
        assert server.address[0] == "127.0.0.1"
        assert server.address[1] > 0
        async with streaming(server, streams), connected(server):
            await eventually(lambda: server.connections == 2)
            assert server.in_flight == 1
        await eventually(lambda: not server.connections)
        assert server.in_flight == 0


async def test_a_drain_lets_answers_end_and_takes_nothing_new() -> None:
    streams = Streams()
    async with running(streams) as server, connected(server) as idle, connected(server) as used:
        assert server.address is not None
        address = server.address
        await used.say(request(b"GET /health"))
        assert await used.status() == 200
        async with streaming(server, streams) as client, streaming(server, streams, b"silent") as silent:
            server.stop()
            server.stop()

            assert await idle.closed()
            assert await used.closed()
            assert await refuses_connections(address)
            assert server.in_flight == 2

            streams.release.set()
            assert await client.until(b"0\r\n\r\n") == b"4\r\nlast\r\n0\r\n\r\n"
            status, fields, body = await silent.answer()
            assert (status, fields[b"connection"], body) == (200, b"close", b"late")
            assert await client.closed()
        await stopped(server)


async def test_who_asks_on_an_open_connection_while_we_drain_is_told_so() -> None:
    streams = Streams()
    async with running(streams) as server, connected(server) as half:
        await half.say(b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\n")
        async with streaming(server, streams) as client:
            server.stop()
            await client.post()  # sent ahead: the answer at hand was promised to leave the connection open
            await half.say(b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
            streams.release.set()
            await client.until(b"0\r\n\r\n")

            for told in (client, half):
                status, fields, _ = await told.answer()
                assert status == 503
                assert fields[b"retry-after"] == b"2"
                assert fields[b"connection"] == b"close"
                assert fields[b"x-cccc-error"] == b"shutting_down"
                assert await told.closed()
        await stopped(server)
        assert streams.begun == 1


async def test_a_refusal_while_we_drain_ends_the_connection_too() -> None:
    streams = Streams()
    async with running(streams) as server, connected(server) as half, streaming(server, streams):
        await half.say(b"GET /nowhere HTTP/1.1\r\n")
        await eventually(lambda: server.connections == 2)
        await anyio.sleep(0.02)
        server.stop()
        await half.say(b"host: localhost\r\n\r\n")

        status, fields, _ = await half.answer()

        assert (status, fields[b"connection"]) == (404, b"close")
        assert await half.closed()


async def test_a_body_under_way_when_the_drain_begins_is_still_served() -> None:
    streams = Streams()
    streams.release.set()
    async with running(streams) as server, connected(server) as client:
        await client.say(request(b"POST /v1/messages", b"content-type: application/json", b"content-length: 6"))
        await eventually(lambda: server.in_flight)
        server.stop()
        await client.say(b"silent")

        status, fields, body = await client.answer()

        assert (status, fields[b"connection"], body) == (200, b"close", b"late")
        await stopped(server)


async def test_after_the_grace_handlers_may_say_goodbye() -> None:
    streams = Streams()
    async with (
        running(streams, drain_grace=0.05) as server,
        streaming(server, streams) as client,
        streaming(server, streams, b"silent") as silent,
    ):
        server.stop()

        assert await client.until(b"0\r\n\r\n") == b"7\r\ngoodbye\r\n0\r\n\r\n"
        status, fields, _ = await silent.answer()
        assert (status, fields[b"retry-after"], fields[b"x-cccc-error"]) == (503, b"2", b"shutting_down")
        assert await client.closed()
        await stopped(server)
        assert streams.interruptions == [Interruption.SHUTDOWN]


async def test_a_second_stop_does_not_wait() -> None:
    streams = Streams(say_goodbye=False)
    async with running(streams) as server, streaming(server, streams) as client:
        server.stop()
        with anyio.move_on_after(0.05):
            await stopped(server)
        assert server.in_flight == 1

        server.stop(now=True)

        await stopped(server)
        assert server.in_flight == 0
        assert streams.interruptions == [Interruption.SHUTDOWN]
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await client.until(b"0\r\n\r\n")


async def test_a_handler_that_will_not_end_does_not_hold_up_a_second_stop() -> None:
    async def stubborn(asked: Request, responder: Responder) -> None:
        await responder.start(200, Headers())
        with anyio.CancelScope(shield=True):
            while True:
                await responder.write(b"x" * 65536)

    async with running(stubborn) as server, connected(server) as client:
        await client.post()
        await client.until(b"\r\n\r\n")

        server.stop(now=True)

        await stopped(server)


async def test_starts_again_after_a_stop() -> None:
    server = Server(Router(routes()), EdgeRules(), port=0)
    for _ in range(5):
        async with anyio.create_task_group() as tasks:
            await tasks.start(server.run)
            async with connected(server) as client:
                await client.post(b"[]")
                assert await client.status() == 200
            server.stop()
        assert server.address is None


async def test_runs_in_a_loop_of_another_thread() -> None:
    server = Server(Router(routes()), EdgeRules(), port=0)
    thread = threading.Thread(target=anyio.run, args=(server.run,))
    thread.start()
    try:
        await eventually(lambda: server.address is not None)
        async with connected(server) as client:
            await client.post(b"[]")
            assert await client.status() == 200
    finally:
        server.stop()
        await to_thread.run_sync(thread.join)
    server.stop()  # its loop has ended by now: nothing to do
    assert server.address is None


async def test_stopping_what_never_ran_is_nothing() -> None:
    server = Server(Router(routes()), EdgeRules(), port=0)

    server.stop()

    assert not server.stopping


async def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = Server(Router(routes()), EdgeRules(), port=port)

        with pytest.raises(ListenError, match=f"port {port} on 127.0.0.1 is taken"):
            await server.run()


@pytest.mark.parametrize(
    ("host", "said"), [("192.0.2.1", "not an address of this machine"), ("no.such.invalid", "name")]
)
async def test_an_address_that_is_not_ours_is_named(host: str, said: str) -> None:
    server = Server(Router(routes()), TOKEN, host=host, port=0)

    with pytest.raises(ListenError, match=said):
        await server.run()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "cccc.lan"])
def test_off_loopback_a_token_is_required(host: str) -> None:
    with pytest.raises(ConfigError, match=r"refused, no token is set. Set server.auth_token"):
        Server(Router(routes()), EdgeRules(), host=host)

    Server(Router(routes()), TOKEN, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_on_loopback_no_token_is_required(host: str) -> None:
    Server(Router(routes()), EdgeRules(), host=host)


def test_a_token_cannot_be_taken_away_off_loopback() -> None:
    server = Server(Router(routes()), TOKEN, host="0.0.0.0")

    with pytest.raises(ConfigError):
        server.reconfigure(EdgeRules())


async def test_the_address_we_are_bound_to_is_a_host_of_ours() -> None:
    async with running(rules=TOKEN, host="127.0.0.2") as server, connected(server) as client:
        await client.say(request(b"GET /health", host=b"127.0.0.2:80"))
        assert await client.status() == 200
        server.reconfigure(TOKEN)
        await client.say(request(b"GET /health", host=b"127.0.0.2:80"))
        assert await client.status() == 200
        await client.say(request(b"GET /health", host=b"127.0.0.3:80"))
        assert await client.status() == 403


def test_the_soft_limit_of_open_files_becomes_the_hard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [256, 4096]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.__setitem__(slice(None), pair))

    raise_file_limit()
    raise_file_limit()

    assert limits == [4096, 4096]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_a_signal_drains_and_a_second_one_stops(name: str) -> None:
    streams = Streams()
    server = Server(Router(routes(streams)), EdgeRules(), port=0)
    listening: list[tuple[str, int]] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, server, listening.append)
        await eventually(lambda: listening)
        assert server.address == listening[0]
        async with streaming(server, streams):
            os.kill(os.getpid(), getattr(signal, name))
            await eventually(lambda: server.stopping)
            with anyio.move_on_after(0.05):
                await stopped(server)
            assert server.in_flight == 1

            os.kill(os.getpid(), getattr(signal, name))
            await stopped(server)


async def test_serve_reports_that_it_cannot_listen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = Server(Router(routes()), EdgeRules(), port=other.getsockname()[1])

        with pytest.raises(ListenError):
            await serve(server, lambda address: None)


async def test_serve_gives_the_address_back_where_nobody_could_be_told_of_it() -> None:
    server = Server(Router(routes()), EdgeRules(), port=0)
    told: list[tuple[str, int]] = []

    def complain(address: tuple[str, int]) -> None:
        told.append(address)
        raise OSError("the disk is full")

    with pytest.raises(ExceptionGroup):
        await serve(server, complain, signals=False)

    assert server.address is None
    with socket.create_server(told[0]):
        pass


def test_closing_frames_have_a_bounded_time() -> None:
    assert 0 < serve_module.CLOSING_SECONDS <= 5  # with the grace of 30 s: gone within 35 s
