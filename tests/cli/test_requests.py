"""The log and following it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import anyio
import pytest

from cccc.cli import requests
from cccc.cli.session import Session
from cccc.control.api import Control, RequestFilter
from cccc.errors import NotRunning
from tests.cli.conftest import Run
from tests.control import world
from tests.control.fake import FakeControl


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "POLL_SECONDS", 0.001)


def test_n_limits(run: Run) -> None:
    assert [row["id"] for row in json.loads(run("requests", "-n", "1", "--json").stdout)] == [world.GONE.id]


def test_an_empty_log_says_so_beside_the_data(run: Run, fake: FakeControl) -> None:
    fake.records = []
    assert (run("requests").stdout, run("requests").stderr) == ("", "No request yet.\n")
    assert run("requests", "--filter", "failed").stderr == "No request matches.\n"
    assert json.loads(run("requests", "--json").stdout) == []


@pytest.mark.parametrize(
    "args", [("requests",), ("show", world.HOSTILE.id), ("why", world.HOSTILE.id), ("requests", "--json")]
)
def test_hostile_text_is_shown_and_not_obeyed(run: Run, fake: FakeControl, args: tuple[str, ...]) -> None:
    fake.records.append(world.HOSTILE)
    result = run(*args)
    assert result.exit_code == 0
    assert not set(result.output) & {"\x1b", "\x07", "\x9b", "\r", "\u202e", "\ud800"}
    assert "ZXZpbA==" in result.output


@pytest.mark.anyio
async def test_following_goes_on_with_later_rows(session: Session, fake: FakeControl) -> None:
    with anyio.fail_after(5):
        async with aclosing(requests.rows_as_they_come(session, RequestFilter(), 2)) as rows:
            assert [(await anext(rows)).id for _ in range(2)] == [world.FAILED.id, world.GONE.id]
            fake.records += [world.HOSTILE, world.OK]
            assert [(await anext(rows)).id for _ in range(2)] == [world.HOSTILE.id, world.OK.id]


@pytest.mark.anyio
async def test_following_begins_with_an_empty_log(session: Session, fake: FakeControl) -> None:
    fake.records = []
    with anyio.fail_after(5):
        async with (
            anyio.create_task_group() as tasks,
            aclosing(requests.rows_as_they_come(session, RequestFilter(), 2)) as rows,
        ):

            async def later() -> None:
                await anyio.sleep(0.01)
                fake.records.append(world.OK)

            tasks.start_soon(later)
            assert (await anext(rows)).id == world.OK.id


@pytest.mark.anyio
async def test_following_survives_the_end_of_the_proxy(session: Session, fake: FakeControl) -> None:
    """The remote control breaks, the database goes on; no row is lost and none told twice."""
    reached = []

    class Ending(FakeControl):
        async def requests(self, *args: object, **more: object) -> tuple[object, ...]:  # type: ignore[override]
            if more.get("after") is not None:
                raise NotRunning("the proxy is not running any more")
            return await super().requests(*args, **more)  # type: ignore[arg-type]

    @asynccontextmanager
    async def reach(session: Session, running: bool) -> AsyncIterator[Control]:
        reached.append(running)
        yield Ending() if len(reached) == 1 else fake  # type: ignore[misc]

    session.reach = reach
    fake.records.append(world.HOSTILE)
    with anyio.fail_after(5):
        async with aclosing(requests.rows_as_they_come(session, RequestFilter(), 50)) as rows:
            told = [(await anext(rows)).id for _ in range(5)]
    assert told == [record.id for record in (*world.RECORDS, world.HOSTILE)]
    assert reached == [False, False]


def interrupted_after(fake: FakeControl, polls: int) -> None:
    """Ctrl-C arrives at the given poll."""
    asked = FakeControl.requests
    count = 0

    async def requests(*args: object, **more: object) -> object:
        nonlocal count
        count += 1
        if count > polls:
            raise KeyboardInterrupt
        return await asked(fake, *args, **more)  # type: ignore[arg-type]

    fake.requests = requests  # type: ignore[method-assign,assignment]


def test_following_ends_quietly_with_ctrl_c(run: Run, fake: FakeControl) -> None:
    interrupted_after(fake, 2)
    result = run("requests", "-f", "-n", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split()[:3] == ["time", "id", "client"]
    assert [line.split()[2] for line in lines[1:]] == [world.FAILED.id, world.GONE.id]


def test_following_in_json_is_one_object_a_line(run: Run, fake: FakeControl) -> None:
    interrupted_after(fake, 2)
    result = run("requests", "-f", "--json", "--filter", "failed")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [world.FAILED.id]


@pytest.mark.anyio
async def test_following_lets_go_of_the_proxy_when_nobody_reads_any_more(
    session: Session, fake: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []

    def closed_pipe(*_: object, **__: object) -> None:
        raise BrokenPipeError

    @asynccontextmanager
    async def reaching(session: Session, running: bool) -> AsyncIterator[Control]:
        try:
            yield fake
        finally:
            left.append("closed")

    session.reach, session.json = reaching, True
    monkeypatch.setattr(Session, "say_json", closed_pipe)
    with pytest.raises(BrokenPipeError):
        await requests.print_rows(session, RequestFilter(), 2)
    assert left == ["closed"]
