"""A command line in a fixed world: the time, the zone, the environment and the proxy are a test's own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cccc.cli.main import main
from cccc.cli.session import Session
from cccc.control.api import Control
from cccc.errors import NotRunning
from tests.clock import ManualClock
from tests.control import world
from tests.control.fake import FakeControl

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def fake() -> FakeControl:
    return FakeControl()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment that the command sees."""
    return {"CCCC_STATE_DIR": str(tmp_path / "state")}


def reaching(control: Control, environ: dict[str, str]) -> Session:
    """A session that reaches this as a running proxy."""

    @asynccontextmanager
    async def reach(session: Session, running: bool) -> AsyncIterator[Control]:
        yield control

    return Session(environ=environ, clock=ManualClock(world.NOW), reach=reach)


@pytest.fixture
def session(fake: FakeControl, environ: dict[str, str]) -> Session:
    """A session that reaches the fake as a running proxy."""
    return reaching(fake, environ)


@pytest.fixture
def offline(session: Session, fake: FakeControl) -> Session:
    """The same session without a running proxy."""

    @asynccontextmanager
    async def reach(session: Session, running: bool) -> AsyncIterator[Control]:
        if running:
            raise NotRunning("no proxy is running (start one with: cccc --no-tui)")
        yield fake

    session.reach = reach
    return session


@pytest.fixture
def run(session: Session) -> Run:
    """Run a command line in this process."""

    def run(*args: str, input: str | None = None) -> Result:  # noqa: A002  (click's own word)
        return CliRunner().invoke(main, list(args), obj=session, prog_name="cccc", input=input)

    return run
