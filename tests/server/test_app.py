"""The whole process: what it says at its start, how it follows its configuration, who may manage it."""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import orjson
import pytest

from cccc.control import statefiles
from cccc.control.api import EndpointAction
from cccc.demo.configuration import endpoint
from cccc.demo.faults import status
from cccc.demo.provider import SimulatedProvider
from cccc.errors import ListenError
from tests.proxy.harness import A, eventually, proxy, turn

pytestmark = pytest.mark.anyio


async def test_only_the_admin_token_opens_the_admin_api(tmp_path: Path) -> None:
    one = SimulatedProvider(A)
    server = {"auth_token": "token-of-the-clients"}
    async with one.running(), proxy(tmp_path, [endpoint(one)], server=server) as running:
        token = statefiles.admin_token(running.state_dir).reveal()
        for sent in ([], [("authorization", "Bearer wrong")], [("x-api-key", "token-of-the-clients")]):
            reply = await running.ask("GET", "/admin/api/overview", fields=sent)
            assert (reply.status, reply.json["error"]["type"]) == (401, "wrong_token")
        reply = await running.ask("GET", "/admin/api/overview", fields=[("authorization", f"Bearer {token}")])
        assert (reply.status, reply.json["address"]) == (200, running.address)
        refused = await running.turn(A, fields=[("x-api-key", token)])
        assert refused.status == 401
        foreign = [("authorization", f"Bearer {token}"), ("origin", "http://evil.example")]
        assert (await running.ask("GET", "/admin/api/overview", fields=foreign)).status == 403
        own = [("authorization", f"Bearer {token}")]
        assert (await running.ask("POST", "/admin/api/use", b"{", own)).status == 400
        assert (await running.ask("GET", "/admin/api/none", fields=own)).status == 404


async def test_a_second_proxy_for_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with proxy(tmp_path, []) as running:
        with pytest.raises(ListenError, match=running.address):
            async with proxy(tmp_path, []):
                pass
    async with proxy(tmp_path, []):
        pass


class TestFollowingTheConfiguration:
    async def test_a_changed_file_is_taken_up_and_requests_in_flight_go_on(self, tmp_path: Path) -> None:
        old, new = SimulatedProvider(A, name="old"), SimulatedProvider(A, name="new")
        async with old.running(), new.running(), proxy(tmp_path, [endpoint(old)]) as running:
            async with running.connected() as talk:
                old.hold(after=5)
                await talk.send("POST", "/v1/messages", orjson.dumps(turn(A, stream=True)))
                assert (await talk.head()).status == 200
                running.configure([endpoint(new)])
                await eventually(lambda: any("reloaded" in line for line in running.said))
                assert (await running.turn(A)).field("x-cccc-endpoint") == "new"
                old.release()
                assert (await talk.rest()).endswith(b'data: {"type":"message_stop"}\n\n')
            assert [view.name for view in await running.control.endpoints()] == ["new"]

    async def test_a_broken_file_is_reported_and_the_old_one_stays(self, tmp_path: Path) -> None:
        one = SimulatedProvider(A, name="one")
        async with one.running(), proxy(tmp_path, [endpoint(one)]) as running:
            running.config.write_text("endpoints: [{name: one}]\nservr: {}\n", encoding="utf-8")
            await eventually(lambda: any("not reloaded" in line for line in running.said))
            assert any("config.yaml:2:1" in line and "server" in line for line in running.said)
            assert (await running.turn(A)).status == 200
            running.config.unlink()
            await eventually(lambda: any("is gone" in line for line in running.said))
            assert (await running.turn(A)).status == 200

    async def test_the_edge_follows_too(self, tmp_path: Path) -> None:
        one = SimulatedProvider(A)
        async with one.running(), proxy(tmp_path, [endpoint(one)]) as running:
            assert (await running.turn(A, fields=[("host", "cccc.lan")])).status == 403
            server = {"auth_token": "from-now-on", "allowed_hosts": ["cccc.lan"]}
            running.configure([endpoint(one)], server=server)
            await eventually(lambda: any("reloaded" in line for line in running.said))
            assert (await running.turn(A)).status == 401
            assert (await running.turn(A, fields=[("host", "cccc.lan"), ("x-api-key", "from-now-on")])).status == 200
            assert b"YOUR_CCCC_TOKEN" in (await running.ask("GET", "/help")).body

    async def test_without_configuration_it_says_what_to_do_and_takes_one_up(self, tmp_path: Path) -> None:
        one = SimulatedProvider(A)
        async with one.running(), proxy(tmp_path, None) as running:
            assert any("no configuration yet" in line for line in running.said)
            reply = await running.turn(A)
            assert (reply.status, reply.json["error"]["type"]) == (503, "api_error")
            assert "cccc" in reply.json["error"]["message"]
            assert (await running.ask("GET", "/health")).status == 503
            running.configure([endpoint(one)])
            await eventually(lambda: any("reloaded" in line for line in running.said))
            assert (await running.turn(A)).status == 200

    async def test_what_an_action_writes_is_not_reported_as_news(self, tmp_path: Path) -> None:
        one, two = SimulatedProvider(A, name="one"), SimulatedProvider(A, name="two")
        async with one.running(), two.running(), proxy(tmp_path, [endpoint(one), endpoint(two)]) as running:
            await running.control.endpoint_action("one", EndpointAction.DISABLE)
            assert (await running.turn(A)).field("x-cccc-endpoint") == "two"
            assert "enabled: false" in running.config.read_text(encoding="utf-8")


async def test_events_tell_of_a_request_as_it_goes(tmp_path: Path) -> None:
    one = SimulatedProvider(A, name="one")
    kinds: list[str] = []
    async with one.running(), proxy(tmp_path, [endpoint(one)]) as running, anyio.create_task_group() as tasks:

        async def listen() -> None:
            async for event in running.control.events():
                kinds.append(type(event).__name__)
                if kinds[-1] == "RequestFinished":
                    tasks.cancel_scope.cancel()

        tasks.start_soon(listen)
        while not kinds:
            await running.control.endpoint_action("one", EndpointAction.RESET)
            await anyio.sleep(0.01)
        await running.turn(A, stream=True)
    # How many times its progress is told depends on how long it takes.
    told = [kind for kind in kinds if kind.startswith("Request") and kind != "RequestProgress"]
    assert told == ["RequestStarted", "RequestFinished"]


async def test_it_tells_how_busy_it_is(tmp_path: Path) -> None:
    one = SimulatedProvider(A, name="one")
    async with one.running(), proxy(tmp_path, [endpoint(one)]) as running:
        quiet = await running.control.overview()
        assert (quiet.per_minute, quiet.error_share, quiet.attached) == (0, None, True)
        await running.turn(A)
        one.fail_always(status(500))
        await running.turn(A)
        busy = await running.control.overview()
        assert (busy.per_minute, busy.error_share) == (2, 0.5)


async def test_it_stops_at_once_when_it_is_asked_to_hurry(tmp_path: Path) -> None:
    one = SimulatedProvider(A, name="one")
    async with one.running(), proxy(tmp_path, [endpoint(one)]) as running, running.connected() as talk:
        one.hold(after=0)
        await talk.send("POST", "/v1/messages", orjson.dumps(turn(A, stream=True)))
        await one.gate.until_held()
        await running.control.stop(drain=False)
        await eventually(lambda: not (running.state_dir / "run.json").exists())


async def test_it_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    async with proxy(tmp_path, []) as running:
        await running.control.stop()
        await eventually(lambda: not (running.state_dir / "run.json").exists())
        with pytest.raises((OSError, httpx.HTTPError)):
            await running.ask("GET", "/health")
