"""The proxy in a thread: it listens, it answers across, and its end and its error are told."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import pytest

from cccc.cli import run
from cccc.cli.background import BackgroundProxy, make_room
from cccc.cli.run import Listening, run_loop
from cccc.cli.session import Session
from cccc.errors import ListenError, NotRunning
from cccc.server.app import App

pytestmark = pytest.mark.anyio


def proxy(state_dir: Path) -> BackgroundProxy:
    async def main(listening: Listening) -> None:
        app = App(state_dir, lambda: None, {}, {"port": "0"}, lambda _: None)
        await app.run(lambda url: listening(app, url), signals=False)

    return BackgroundProxy(run_loop, main)


async def test_it_answers_from_its_thread_and_stops(tmp_path: Path) -> None:
    background = proxy(tmp_path)
    control = await background.start()
    overview = await control.overview()
    assert overview.address is not None
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{overview.address}/health")
    assert answer.status_code in (200, 503)
    background.stop()
    await asyncio.wait_for(background.ended, 10)
    background.stop()
    with pytest.raises(NotRunning):
        await control.overview()
    for thread in threading.enumerate():
        if thread.name == "proxy":
            thread.join(5)
            assert not thread.is_alive()


async def test_asked_over_the_control_surface_it_stops_too(tmp_path: Path) -> None:
    background = proxy(tmp_path)
    await (await background.start()).stop()
    await asyncio.wait_for(background.ended, 10)


async def test_asked_to_stop_before_it_listens_it_stops_as_soon_as_it_does(tmp_path: Path) -> None:
    background = proxy(tmp_path)
    starting = asyncio.ensure_future(background.start())
    background.stop()
    await starting
    await asyncio.wait_for(background.ended, 10)


async def test_one_that_ends_before_it_listens() -> None:
    async def main(_: Listening) -> None:
        await anyio.lowlevel.checkpoint()

    with pytest.raises(NotRunning):
        await asyncio.wait_for(BackgroundProxy(run_loop, main).start(), 10)


async def test_stopping_waits_for_nobody(tmp_path: Path) -> None:
    """Its loop may be busy, or may have run for the last time: the screens must not hang on it."""
    may_go_on = threading.Event()

    async def main(listening: Listening) -> None:
        app = App(tmp_path, lambda: None, {}, {"port": "0"}, lambda _: None)

        def begin(url: str) -> None:
            listening(app, url)
            asyncio.get_running_loop().call_soon(may_go_on.wait, 30)

        await app.run(begin, signals=False)

    background = BackgroundProxy(run_loop, main)
    await background.start()
    background.stop()
    assert not background.ended.done()
    may_go_on.set()
    await asyncio.wait_for(background.ended, 10)


async def test_what_keeps_it_from_listening_is_raised(tmp_path: Path) -> None:
    background = proxy(tmp_path)
    control = await background.start()
    with pytest.raises(ListenError, match="already running"):
        await proxy(tmp_path).start()
    await control.stop()
    await background.ended


async def test_whatever_ends_it_is_told(tmp_path: Path) -> None:
    async def main(listening: Listening) -> None:
        app, begun = App(tmp_path, lambda: None, {}, {"port": "0"}, lambda _: None), anyio.Event()

        def begin(url: str) -> None:
            listening(app, url)
            begun.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(app.run, begin, signals=False))
            await begun.wait()
            raise LookupError("a defect")

    background = BackgroundProxy(run_loop, main)
    try:
        await background.start()
    except BaseExceptionGroup:
        pass  # its end may be heard of as soon as its beginning
    with pytest.raises(BaseExceptionGroup) as caught:
        await asyncio.wait_for(background.ended, 10)
    assert caught.group_contains(LookupError, match="a defect")


@pytest.fixture
def normal_room() -> Iterator[float]:
    before, thresholds = sys.getswitchinterval(), gc.get_threshold()
    yield before
    sys.setswitchinterval(before)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_making_room_shortens_turns_and_leaves_what_is_loaded_alone(normal_room: float) -> None:
    thresholds = gc.get_threshold()
    make_room()
    assert sys.getswitchinterval() < normal_room
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[:2] == thresholds[:2]
    assert gc.get_threshold()[2] > thresholds[2]


def test_a_proxy_without_screens_makes_room_once_it_listens(
    normal_room: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def listens(say: object, log: object, listening: Callable[..., None], *, signals: bool) -> None:
        listening(None, "http://127.0.0.1:1")

    monkeypatch.setattr(run, "_proxy", lambda _: listens)
    run.run_proxy(Session())
    assert "listening on http://127.0.0.1:1" in capsys.readouterr().err
    assert sys.getswitchinterval() < normal_room
    assert gc.get_freeze_count() > 0
