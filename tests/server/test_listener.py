from __future__ import annotations

import errno
from ipaddress import ip_network
from typing import Any

import anyio
import pytest
from anyio.abc import SocketListener

from cccc.http.messages import Headers, Request, Responder
from cccc.server import listener as listener_module
from cccc.server.edge import Edge, EdgeRules
from cccc.server.listener import Caps, Listener
from cccc.server.routing import Router
from tests.clock import ManualClock
from tests.server.tables import routes
from tests.server.wire import connected, eventually, request, running

pytestmark = pytest.mark.anyio


async def test_there_are_never_more_connections_than_allowed() -> None:
    async with running(caps=Caps(connections=2)) as server, connected(server) as first:
        async with connected(server) as second:
            for client in (first, second):
                await client.say(request(b"GET /health"))
                assert await client.status() == 200
            async with connected(server) as third:
                assert await third.closed()
        await eventually(lambda: server.connections == 1)
        async with connected(server) as fourth:
            await fourth.say(request(b"GET /health"))
            assert await fourth.status() == 200


async def test_a_peer_on_this_machine_has_no_cap_of_its_own() -> None:
    async with running(caps=Caps(per_peer=1)) as server, connected(server), connected(server) as second:
        await second.say(request(b"GET /health"))
        assert await second.status() == 200


async def test_a_peer_elsewhere_has_a_cap_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_peer", lambda stream: ("192.168.0.7", 4711))
    async with running(caps=Caps(per_peer=1)) as server, connected(server) as first, connected(server) as second:
        assert await second.closed()
        await first.say(request(b"GET /health"))
        assert await first.status() == 200


@pytest.mark.parametrize(("peer", "served"), [("192.168.0.7", True), ("::ffff:10.0.0.1", True), ("8.8.8.8", False)])
async def test_peers_from_outside_are_let_go_unread(monkeypatch: pytest.MonkeyPatch, peer: str, served: bool) -> None:
    monkeypatch.setattr(listener_module, "_peer", lambda stream: (peer, 4711))
    async with running() as server, connected(server) as client:
        if served:
            await client.say(request(b"GET /health"))
            assert await client.status() == 200
        else:
            assert await client.closed()


async def test_the_networks_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_peer", lambda stream: ("100.64.0.1", 4711))
    async with running(caps=Caps(networks=(ip_network("100.64.0.0/10"),))) as server, connected(server) as client:
        await client.say(request(b"GET /health"))
        assert await client.status() == 200


async def test_a_refusal_of_the_system_is_waited_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listener_module, "_PAUSE_SECONDS", 0.0)
    tried = anyio.Event()

    class OutOfFiles:
        calls = 0

        async def accept(self) -> Any:
            self.calls += 1
            if self.calls < 3:
                raise OSError(errno.EMFILE, "Too many open files")
            tried.set()
            await anyio.sleep_forever()

    listener = Listener(Edge(Router(routes()), EdgeRules(), ManualClock()))
    async with anyio.create_task_group() as tasks:
        socket: SocketListener = OutOfFiles()  # type: ignore[assignment]
        tasks.start_soon(listener.accept, socket, tasks)
        await tried.wait()
        tasks.cancel_scope.cancel()

    assert "Too many open files" in caplog.text


async def test_many_connections_at_once_all_get_their_own_answer() -> None:
    async def answer(asked: Request, responder: Responder) -> None:
        await anyio.sleep(0.03)
        await responder.send(200, Headers(), asked.body)

    async with running(answer) as server:

        async def ask(number: int) -> None:
            async with connected(server) as client:
                for turn in range(3):
                    body = b"%d/%d" % (number, turn)
                    await client.post(body)
                    assert (await client.answer())[2] == body

        async with anyio.create_task_group() as tasks:
            for number in range(60):
                tasks.start_soon(ask, number)
        assert server.in_flight == 0
