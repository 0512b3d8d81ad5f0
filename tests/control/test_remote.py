"""The remote control: the contract through JSON, and what happens when the proxy is not what it should be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from cccc.control import statefiles
from cccc.control.api import Control
from cccc.control.remote import Remote, connect
from cccc.domain.secret import Secret
from cccc.errors import ControlError, NotRunning
from cccc.server.admin_routes import admin_routes
from cccc.server.edge import EdgeRules
from cccc.server.routing import Router
from cccc.server.serve import Server
from tests.clock import ManualClock
from tests.control import world
from tests.control.contract import ControlContract
from tests.control.fake import FakeControl
from tests.control.routes_transport import RoutesTransport

TOKEN = Secret("admin-token-of-this-test")


class TestOverTheRoutes(ControlContract):
    @pytest.fixture
    async def control(self) -> AsyncIterator[Remote]:
        routes = admin_routes(FakeControl(), ManualClock(world.NOW))
        async with anyio.create_task_group() as tasks:
            async with Remote("http://127.0.0.1:1", TOKEN, transport=RoutesTransport(routes, tasks)) as remote:
                yield remote
            tasks.cancel_scope.cancel()

    async def test_hostile_text_arrives_as_it_was(self) -> None:
        routes = admin_routes(FakeControl([world.HOSTILE]), ManualClock(world.NOW))
        async with (
            anyio.create_task_group() as tasks,
            Remote("http://127.0.0.1:1", TOKEN, transport=RoutesTransport(routes, tasks)) as remote,
        ):
            assert await remote.request(world.HOSTILE.id) == world.HOSTILE

    async def test_stops_the_proxy(self) -> None:
        fake = FakeControl()
        async with anyio.create_task_group() as tasks:
            transport = RoutesTransport(admin_routes(fake, ManualClock(world.NOW)), tasks)
            async with Remote("http://127.0.0.1:1", TOKEN, transport=transport) as remote:
                await remote.stop()
                assert fake.drained
                await remote.stop(drain=False)
        assert fake.drained is False


class TestOverTheWire(ControlContract):
    """The same through our own server: its guards, its framing, a real socket."""

    @pytest.fixture
    async def control(self, tmp_path: Path) -> AsyncIterator[Control]:
        rules = EdgeRules(admin_tokens=[statefiles.admin_token(tmp_path)])
        server = Server(Router(admin_routes(FakeControl(), ManualClock(world.NOW))), rules, port=0)
        async with anyio.create_task_group() as tasks:
            host, port = await tasks.start(server.run)
            statefiles.announce(tmp_path, f"http://{host}:{port}", pid=4711, started=world.NOW)
            async with connect(tmp_path) as remote:
                yield remote
            server.stop(now=True)

    async def test_another_state_folder_does_not_get_in(self, control: Control, tmp_path: Path) -> None:
        (tmp_path / "admin.token").unlink()
        with pytest.raises(NotRunning, match="other admin token"):
            async with connect(tmp_path):
                pass


def answering(response: httpx.Response) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: response)


def failing(error: type[httpx.TransportError]) -> httpx.MockTransport:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("", request=request)

    return httpx.MockTransport(fail)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("transport", "kind", "says"),
    [
        (answering(httpx.Response(401, json={})), NotRunning, "other admin token"),
        (answering(httpx.Response(200, text="<html>")), NotRunning, "not a proxy of this program"),
        (answering(httpx.Response(200, json={"version": 3})), ControlError, "no str at version"),
        (answering(httpx.Response(409, json={"error": {"message": "not now"}})), ControlError, "not now"),
        (failing(httpx.ConnectError), NotRunning, "is not running any more"),
        (failing(httpx.ReadTimeout), ControlError, "does not answer within 10 s"),
        (failing(httpx.ReadError), ControlError, "broke"),
    ],
)
async def test_trouble_is_one_sentence(transport: httpx.MockTransport, kind: type[ControlError], says: str) -> None:
    async with Remote("http://127.0.0.1:1", TOKEN, transport=transport) as remote:
        with pytest.raises(kind) as caught:
            await remote.overview()
        with pytest.raises(ControlError):
            async for _ in remote.events():
                pass
    assert says in str(caught.value)
    assert TOKEN.reveal() not in str(caught.value)


@pytest.mark.anyio
async def test_sends_the_token_to_a_loopback_address_only_of_its_own() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401)

    for address in ("http://0.0.0.0:8080", "http://[::]:8080", "http://192.168.1.5:8080"):
        async with Remote(address, TOKEN, transport=httpx.MockTransport(answer)) as remote:
            with pytest.raises(NotRunning):
                await remote.overview()
    assert [request.url.netloc for request in seen] == [b"127.0.0.1:8080", b"[::1]:8080", b"192.168.1.5:8080"]
    assert {request.headers["authorization"] for request in seen} == {f"Bearer {TOKEN.reveal()}"}


@pytest.mark.anyio
async def test_a_run_file_whose_proxy_is_gone(tmp_path: Path, free_tcp_port: int) -> None:
    statefiles.announce(tmp_path, f"http://127.0.0.1:{free_tcp_port}", pid=1, started=world.NOW)
    with pytest.raises(NotRunning, match="not running any more"):
        async with connect(tmp_path):
            pass
