"""Which control surface a command gets: the running proxy's, else the one over database and configuration."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from cccc.cli.session import Session
from cccc.control import statefiles
from cccc.control.api import Control, EndpointAction
from cccc.control.remote import Remote
from cccc.errors import ControlError, NotRunning
from cccc.server.admin_routes import admin_routes
from cccc.server.edge import EdgeRules
from cccc.server.routing import Router
from cccc.server.serve import Server
from cccc.setup.machine import Machine
from tests.clock import ManualClock
from tests.control import world
from tests.control.fake import FakeControl

pytestmark = pytest.mark.anyio


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(state_dir=str(tmp_path), environ={"A": "b"})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Path | None, Mapping[str, str]]]:
    """What the offline control surface was opened with."""
    asked = []

    @asynccontextmanager
    async def offline(
        state_dir: Path, config_path: Path | None, environ: Mapping[str, str], *, machine: Machine
    ) -> AsyncIterator[FakeControl]:
        assert machine.environ is environ
        asked.append((state_dir, config_path, environ))
        yield FakeControl()

    monkeypatch.setitem(sys.modules, "cccc.control.local", SimpleNamespace(offline=offline))
    return asked


@asynccontextmanager
async def proxy(state_dir: Path) -> AsyncIterator[FakeControl]:
    """A proxy of this state folder: our own server with the management API over a fake."""
    fake = FakeControl()
    rules = EdgeRules(admin_tokens=[statefiles.admin_token(state_dir)])
    server = Server(Router(admin_routes(fake, ManualClock(world.NOW))), rules, port=0)
    async with anyio.create_task_group() as tasks:
        host, port = await tasks.start(server.run)
        statefiles.announce(state_dir, f"http://{host}:{port}", pid=1, started=world.NOW)
        yield fake
        server.stop(now=True)


async def test_prefers_the_running_proxy(session: Session, tmp_path: Path, asked: list[object]) -> None:
    async with proxy(tmp_path) as fake, session.control(running=False) as control:
        assert isinstance(control, Remote)
        await control.endpoint_action("alpha", EndpointAction.DISABLE)
    assert not fake.views["alpha"].enabled
    assert asked == []


@pytest.mark.parametrize("stale", [False, True])
async def test_works_on_the_files_where_nothing_runs(
    session: Session, tmp_path: Path, asked: list[object], free_tcp_port: int, stale: bool
) -> None:
    if stale:
        statefiles.announce(tmp_path, f"http://127.0.0.1:{free_tcp_port}", pid=1, started=0.0)
    async with session.control(running=False) as control:
        assert isinstance(control, FakeControl)
    assert asked == [(tmp_path, None, {"A": "b"})]


async def test_does_not_pretend_where_a_proxy_is_needed(session: Session, asked: list[object]) -> None:
    with pytest.raises(NotRunning):
        async with session.control(running=True):
            pass
    assert asked == []


async def test_a_proxy_that_stops_while_it_is_asked_is_not_replaced_silently(
    session: Session, tmp_path: Path, asked: list[object]
) -> None:
    control: Control
    with pytest.raises(NotRunning):
        async with found_of(session, tmp_path) as control:
            await control.overview()
    assert asked == []


@asynccontextmanager
async def found_of(session: Session, state_dir: Path) -> AsyncIterator[Control]:
    """A control surface whose proxy has gone by the time it is used."""
    async with proxy(state_dir):
        opened = session.control(running=False)
        control = await opened.__aenter__()
    try:
        yield control
    finally:
        await opened.__aexit__(None, None, None)


async def test_a_run_file_that_cannot_be_read_is_an_error(session: Session, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ControlError, match=r"run\.json"):
        async with session.control(running=False):
            pass
