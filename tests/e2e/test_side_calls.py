"""What the real clients send besides turns: knocks, WebSocket upgrades, token counts, model lists."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cccc.demo import faults
from cccc.demo.configuration import endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action
from tests.e2e.real_clients import LIMIT, ClaudeCode, Codex, require_clients
from tests.e2e.relay import Relay, relay_to
from tests.e2e.scripts import CLAUDE_CODE, CODEX, UPSTREAM_KEY, Script
from tests.proxy.harness import Proxy, proxy

pytestmark = [pytest.mark.anyio, pytest.mark.real_clients]


@pytest.fixture(autouse=True)
def clients() -> None:
    require_clients()


@dataclass
class Place:
    """A client before a proxy with one endpoint."""

    client: ClaudeCode | Codex
    provider: SimulatedProvider
    proxy: Proxy
    relay: Relay


@asynccontextmanager
async def place(folder: Path, script: Script) -> AsyncIterator[Place]:
    provider = SimulatedProvider(script.wire_format, key=UPSTREAM_KEY, models=[script.model])
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(provider.running())
        running = await stack.enter_async_context(proxy(folder, [endpoint(provider)], patience=LIMIT))
        relay = await stack.enter_async_context(relay_to(running.address))
        yield Place(script.client(home=folder / "home", folder=folder / "work"), provider, running, relay)


@pytest.mark.parametrize("counts", [True, False], ids=["counted upstream", "counted here"])
async def test_claude_code_counts_its_context_without_a_turn(counts: bool, tmp_path: Path) -> None:
    async with place(tmp_path, CLAUDE_CODE) as here:
        if not counts:
            here.provider.fail_always(faults.status(404), Action.COUNT_TOKENS)
        run = await here.client.ask("/context", here.relay.base_url)
        rows = await here.proxy.rows()
    assert run.code == 0, run
    assert "Context Usage" in run.stdout
    assert ("HEAD", "/") in here.relay.requests
    counted = [target for method, target in here.relay.requests if method == "POST"]
    assert counted
    assert set(counted) == {"/v1/messages/count_tokens?beta=true"}
    assert here.provider.turns == []
    assert rows == ()


@pytest.mark.parametrize("built_in", [True, False], ids=["built-in provider", "supports_websockets"])
async def test_codex_falls_back_from_websocket_at_once(built_in: bool, tmp_path: Path) -> None:
    async with place(tmp_path, CODEX) as here:
        assert isinstance(here.client, Codex)
        if built_in:
            run = await here.client.ask_built_in("hello", here.relay.base_url)
        else:
            run = await here.client.ask("hello", here.relay.base_url, supports_websockets="true")
    assert run.code == 0, run
    assert run.stdout.startswith("You said: hello")
    assert here.relay.requests == [("GET", "/v1/responses"), ("POST", "/v1/responses")]


async def test_codex_knows_any_model_by_the_catalogue(tmp_path: Path) -> None:
    async with place(tmp_path, replace(CODEX, model="glm-5")) as here:
        catalogue = f'"{here.relay.base_url}/v1/models"'
        run = await here.client.ask("hello", here.relay.base_url, model="glm-5", model_catalog_url=catalogue)
        asked = next(target for method, target in here.relay.requests if method == "GET")
        lists: Any = (await here.proxy.ask("GET", asked, fields=[("user-agent", "codex_exec/0.169.0")])).json
    assert run.code == 0, run
    assert "failed to decode models response" not in run.stderr
    assert asked.startswith("/v1/models?client_version=")
    assert [model["id"] for model in lists["data"]] == ["glm-5"]
    assert [model["slug"] for model in lists["models"]] == ["glm-5"]
    assert "Model metadata for" not in run.stderr
    (turn,) = here.provider.turns
    assert ("custom", "apply_patch") in {(tool["type"], tool.get("name")) for tool in turn.json["tools"]}
