"""The demo's world: its file names running providers, its traffic reaches them, and it ends when told."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import anyio
import pytest
from ruamel.yaml import YAML

from cccc.demo import faults
from cccc.demo.faults import End, Point
from cccc.demo.provider import SimulatedProvider
from cccc.demo.traffic import PERSONAS, traffic
from cccc.demo.world import demo_world, now_and_then
from cccc.domain.endpoint import Action, address
from tests.demo.talk import A, C, R, ask, exchange, post

pytestmark = pytest.mark.anyio


async def test_every_endpoint_of_the_file_answers_with_its_key(tmp_path: Path) -> None:
    async with demo_world(tmp_path) as world:
        entries = YAML(typ="safe").load(world.config_path)["endpoints"]
        assert {entry["name"] for entry in entries} == set(world.providers)
        for entry in entries:
            provider = world.providers[entry["name"]]
            provider.pace = type(provider.pace)()
            for wire_format in provider.formats:
                url = address(entry["url_anthropic" if wire_format is A else "url_openai"], wire_format, Action.TURN)
                body = ask(wire_format, stream=False)
                request = post(url.removeprefix(provider.origin), body, authorization=f"Bearer {entry['auth_value']}")
                assert (await exchange(provider.origin, request)).status == 200, (entry["name"], wire_format)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
async def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    async with demo_world(tmp_path) as world:
        assert stat.S_IMODE(world.config_path.stat().st_mode) == 0o600


async def test_the_moody_one_is_moody_and_mostly_well() -> None:
    mishaps = [now_and_then(turn) for turn in range(1, 18)]
    assert 3 <= sum(mishap is not None for mishap in mishaps) <= 6


async def test_traffic_comes_from_every_kind_of_client_and_is_valid() -> None:
    provider = SimulatedProvider(A, C, R)
    async with provider.running() as url, anyio.create_task_group() as group:
        group.start_soon(lambda: traffic(url, seed=1, pause=0.0))
        await provider.until_asked(60)
        group.cancel_scope.cancel()
    agents = {received.header("user-agent") for received in provider.turns}
    assert agents == {persona.headers["user-agent"] for persona in PERSONAS}
    streamed = {received.json["stream"] for received in provider.turns}
    assert streamed == {True, False}
    sessions = {received.header("x-claude-code-session-id") for received in provider.turns} - {None}
    assert sessions


@pytest.mark.parametrize("persona", PERSONAS)
async def test_what_a_client_sends_is_accepted_by_its_vendor(persona) -> None:
    wire_format = {"messages": A, "responses": R, "completions": C}[persona.path.partition("?")[0].rpartition("/")[2]]
    provider = SimulatedProvider(wire_format)
    body = persona.body(persona.models[0], "a-session", [("hello", "hi")], "and now?") | {"stream": False}
    async with provider.running() as url:
        assert (await exchange(url, post(persona.path, body))).status == 200


async def test_the_same_seed_gives_the_same_requests() -> None:
    bodies = []
    for _ in range(2):
        provider = SimulatedProvider(A, C, R)
        async with provider.running() as url, anyio.create_task_group() as group:
            group.start_soon(lambda url=url: traffic(url, seed=7, pause=0.0))
            await provider.until_asked(40)
            group.cancel_scope.cancel()
        codex = [received.body for received in provider.turns if received.target == "/v1/responses"]
        bodies.append(codex[:5])
    assert bodies[0] == bodies[1]


async def test_traffic_outlives_a_proxy_that_breaks_off_and_one_that_is_away() -> None:
    provider = SimulatedProvider(A, C, R)
    provider.fail_next(faults.cut(Point.BEFORE_HEAD, End.RST), faults.cut(Point.CONTENT), faults.garbage())
    async with anyio.create_task_group() as group:
        async with provider.running() as url:
            group.start_soon(lambda: traffic(url, pause=0.01))
            await provider.until_asked(6)
        async with provider.running(int(url.rpartition(":")[2])):
            await provider.until_asked(12)
            group.cancel_scope.cancel()


async def test_a_world_with_traffic_ends_when_cancelled(tmp_path: Path) -> None:
    async with demo_world(tmp_path, seed=3) as world, anyio.create_task_group() as group:
        spare = world.providers["spare-relay"]
        group.start_soon(lambda: world.traffic(spare.origin, pause=0.0))
        await spare.until_asked(3)
        group.cancel_scope.cancel()
    with pytest.raises(OSError, match="connection"):
        await exchange(spare.origin, post("/v1/messages", ask(A)))
