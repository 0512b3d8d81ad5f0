"""The worker between proxy and screens: few frames, nothing raised, and back as soon as the proxy is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from cccc.control.api import ClientType, EndpointChanged
from cccc.errors import NotRunning
from tests.control import world
from tests.control.fake import FakeControl
from tui.feed import Feed, FrameReady
from tui.state import Frame

pytestmark = pytest.mark.anyio

BEAT = 0.01


class Followed:
    def __init__(self, fake: FakeControl) -> None:
        self.frames: list[Frame] = []
        self.feed = Feed(fake, self.frames.append, lambda: world.NOW, beat=BEAT)

    async def until(self, true: Callable[[Frame], object]) -> Frame:
        async with asyncio.timeout(10):
            while not (self.frames and true(self.frames[-1])):  # noqa: ASYNC110  (frames come by themselves)
                await asyncio.sleep(BEAT)
        return self.frames[-1]


@asynccontextmanager
async def following(fake: FakeControl) -> AsyncIterator[Followed]:
    followed = Followed(fake)
    task = asyncio.create_task(followed.feed.run())
    try:
        yield followed
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()


def test_a_frame_gives_way_to_the_next() -> None:
    assert FrameReady(Frame(1.0)).can_replace(FrameReady(Frame(2.0)))


async def test_the_first_frame_knows_everything(fake: FakeControl) -> None:
    async with following(fake) as followed:
        frame = await followed.until(lambda frame: frame.overview)
        assert len(followed.frames) == 1
        assert (frame.endpoints, len(frame.rows), frame.ranked_for) == (world.ENDPOINTS, 4, ClientType.CLAUDE_CODE)


async def test_events_are_gathered_into_few_frames(fake: FakeControl) -> None:
    async with following(fake) as followed:
        await followed.until(lambda frame: frame.overview)
        before = len(followed.frames)
        for number in range(50):
            fake.emit(EndpointChanged(str(number)))
        await asyncio.sleep(BEAT * 3)
        assert len(followed.frames) - before <= 4


async def test_a_change_is_asked_about(fake: FakeControl) -> None:
    async with following(fake) as followed:
        await followed.until(lambda frame: frame.overview)
        del fake.views["gamma"]
        fake.emit(EndpointChanged("gamma"))
        await followed.until(lambda frame: len(frame.endpoints) == 2)


async def test_it_ranks_for_whom_the_screen_wants(fake: FakeControl) -> None:
    async with following(fake) as followed:
        followed.feed.rank_for(ClientType.CODEX)
        await followed.until(lambda frame: frame.ranked_for is ClientType.CODEX)


async def test_a_proxy_that_goes_is_a_state_and_comes_back(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async with following(fake) as followed:
        await followed.until(lambda frame: frame.overview)

        async def gone() -> object:
            raise NotRunning("the proxy is not running any more")

        with monkeypatch.context() as patch:
            patch.setattr(fake, "overview", gone)
            frame = await followed.until(lambda frame: frame.trouble)
            assert frame.trouble is not None
            assert (frame.trouble.why, frame.heard) == ("the proxy is not running any more", world.NOW)
            assert frame.endpoints == world.ENDPOINTS, "what was known stays in sight"
        await followed.until(lambda frame: frame.trouble is None)


async def test_the_end_of_the_events_is_the_end_of_the_proxy(fake: FakeControl) -> None:
    async with following(fake) as followed:
        await followed.until(lambda frame: fake.listeners)
        fake.listeners[0].close()
        frame = await followed.until(lambda frame: frame.trouble)
        assert frame.trouble is not None
        assert frame.trouble.why == "the proxy has stopped"
        await followed.until(lambda frame: frame.trouble is None)
