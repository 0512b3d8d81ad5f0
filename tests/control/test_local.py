"""The real control: the contract over a runtime in this process, and over a proxy that runs with its admin API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cccc.config import load
from cccc.control.api import ClientType, Control, EndpointAction, ProofState
from cccc.control.local import Local, offline
from cccc.errors import ControlError, NotRunning, UnknownEndpoint
from cccc.http.transport import HttpTransport
from cccc.proxy.runtime import Runtime
from cccc.setup.service import ClientFiles
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.control import world
from tests.control.contract import ControlContract
from tests.proxy.harness import proxy, write
from tests.setup.machines import machine

ENTRIES: list[dict[str, Any]] = [
    {
        "name": "alpha",
        "url_anthropic": "https://api.alpha.example/v1/messages",
        "auth_value": "the-key-of-alpha-4f2a",
        "client_type": "claude_code",
        "models": ["claude-*"],
    },
    {"name": "beta", "url_openai": "https://beta.example/v1", "auth_value": "the-key-of-beta", "priority": 2},
    {"name": "gamma", "url_anthropic": "https://gamma.example", "auth_value": "k", "priority": 5, "enabled": False},
]


SHELL = {"OPENAI_API_KEY": "the-key-of-the-shell"}


def remembering(state_dir: Path) -> Path:
    """A state folder with the world's requests in its log."""
    state_dir.mkdir(parents=True, exist_ok=True)
    store = Store.open(state_dir, ManualClock(world.NOW))
    for record in world.RECORDS:
        store.submit(record)
    store.close()
    return state_dir


class TestInThisProcess(ControlContract):
    @pytest.fixture
    async def control(self, tmp_path: Path) -> AsyncIterator[Control]:
        clock = ManualClock(world.NOW)
        config = tmp_path / "config.yaml"
        write(config, ENTRIES)
        store = Store.open(remembering(tmp_path / "state"), clock)
        transport = HttpTransport(clock)
        reload = partial(load, config, environ=SHELL, options={})
        files = ClientFiles(tmp_path / "state", machine(tmp_path, **SHELL), clock)
        runtime = Runtime(reload(), store, transport, clock)
        yield Local(runtime, reload, address="http://127.0.0.1:1", client_files=files)
        await transport.aclose()
        store.close()


class TestOverARunningProxy(ControlContract):
    @pytest.fixture
    async def control(self, tmp_path: Path) -> AsyncIterator[Control]:
        remembering(tmp_path / "state")
        there = machine(tmp_path, **SHELL)
        async with proxy(tmp_path, ENTRIES, clock=ManualClock(world.NOW), machine=there, environ=SHELL) as running:
            yield running.control


@pytest.mark.anyio
async def test_a_proxy_is_told_to_hurry(tmp_path: Path) -> None:
    clock = ManualClock(world.NOW)
    store, transport = Store.open(tmp_path / "state", clock), HttpTransport(clock)
    reload = partial(load, None, environ={}, options={})
    runtime = Runtime(reload(), store, transport, clock)
    control = Local(runtime, reload, address="http://127.0.0.1:1")
    await control.stop()
    assert (runtime.stop_requested.is_set(), runtime.stop_at_once.is_set()) == (True, False)
    await control.stop(drain=False)
    assert runtime.stop_at_once.is_set()
    await transport.aclose()
    store.close()


@pytest.mark.anyio
async def test_without_a_proxy_everything_can_be_seen_and_little_done(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    write(config, ENTRIES)
    clock = ManualClock(world.NOW)
    async with offline(remembering(tmp_path / "state"), config, {}, clock=clock) as control:
        assert (await control.overview()).address is None
        assert len(await control.requests()) == len(world.RECORDS)
        assert (await control.rank(ClientType.CLAUDE_CODE, model="claude-x")).order[0].name == "alpha"
        assert not (await control.endpoint_action("alpha", EndpointAction.DISABLE)).enabled
        with pytest.raises(NotRunning):
            await control.use("beta")
        with pytest.raises(NotRunning):
            await control.stop()


@pytest.mark.anyio
async def test_without_a_configuration_there_is_nothing_to_write_to(tmp_path: Path) -> None:
    clock = ManualClock(world.NOW)
    async with offline(tmp_path, None, {}, clock=clock) as control:
        with pytest.raises(UnknownEndpoint):
            await control.endpoint_action("alpha", EndpointAction.PRIORITY, priority=3)
        assert (await control.config()).path is None


@pytest.mark.anyio
async def test_a_proxy_without_a_machine_leaves_clients_alone(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    write(config, ENTRIES)
    async with offline(remembering(tmp_path / "state"), config, {}, clock=ManualClock(world.NOW)) as control:
        with pytest.raises(ControlError, match="leaves the files of clients alone"):
            await control.clients()


@pytest.mark.anyio
async def test_the_first_request_closes_an_open_proof(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    write(config, ENTRIES)
    state, clock = remembering(tmp_path / "state"), ManualClock(world.RECORDS[0].time - 60)
    async with offline(state, config, {}, clock=clock, machine=machine(tmp_path)) as control:
        await control.client_apply(ClientType.CLAUDE_CODE)
        assert (await control.client_prove(ClientType.CLAUDE_CODE)).state is ProofState.OPEN
        proof = (await control.clients())[0].proof
    assert proof is not None
    assert proof.state is ProofState.PROVED
