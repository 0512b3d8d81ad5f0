"""Every screen as a person sees it, as text. ``UPDATE_SNAPSHOTS=1`` writes them; look at what you have written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cccc.control.api import RequestStarted
from cccc.errors import NotRunning
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import SMALL, WIDE, screens
from tui.theme import Look

pytestmark = pytest.mark.anyio

SIZES = {"wide": WIDE, "small": SMALL}
LOOKS = {"": Look(), "-ascii": Look(glyphs="ascii"), "-light": Look(theme="textual-light")}
PREVIEWED = "tries" + " " * 6 + "1 alpha"


def busy() -> FakeControl:
    """An afternoon: the world's requests again and again."""
    fake = FakeControl()
    fake.records = [
        replace(record, id=f"req_{number:02}", time=world.NOW - 15 * (24 - number))
        for number, record in enumerate(world.RECORDS * 6)
    ]
    return fake


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_endpoints(size: str, look: str) -> None:
    async with screens(busy(), size=SIZES[size], look=LOOKS[look]) as shown:
        await shown.says("gamma")
        await shown.matches(f"endpoints-{size}{look}")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_requests(size: str, look: str) -> None:
    fake = busy()
    async with screens(fake, size=SIZES[size], look=LOOKS[look], keys=("3",)) as shown:
        await shown.says("all 24")
        fake.emit(
            RequestStarted(
                "req_live", world.NOW - 3, world.OK.client_type, world.OK.wire_format, "claude-opus-4-5", True
            )
        )
        await shown.says("all 25")
        if size == "wide":
            await shown.press("up")
            await shown.says(PREVIEWED)
        await shown.matches(f"requests-{size}{look}")


@pytest.mark.parametrize("size", SIZES)
async def test_a_detail_page(size: str) -> None:
    async with screens(busy(), size=SIZES[size], keys=("down", "enter")) as shown:
        await shown.says("429 Too Many Requests")
        await shown.matches(f"detail-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_help(size: str) -> None:
    async with screens(busy(), size=SIZES[size], keys=("3", "question_mark")) as shown:
        await shown.says("Every request")
        await shown.matches(f"help-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_welcome(size: str) -> None:
    fake = FakeControl(records=())
    fake.views.clear()
    async with screens(fake, size=SIZES[size]) as shown:
        await shown.says("Welcome")
        await shown.matches(f"welcome-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_proxy_gone(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = busy()
    async with screens(fake, size=SIZES[size]) as shown:
        await shown.says("gamma")

        async def gone(*_: object, **__: object) -> object:
            raise NotRunning("the proxy is not running any more")

        monkeypatch.setattr(fake, "overview", gone)
        await shown.says("retrying in 5 s")
        await shown.matches(f"proxy-gone-{size}")


async def test_leave() -> None:
    async with screens(busy(), attached=False, keys=("q",)) as shown:
        await shown.says("Leave cccc?")
        await shown.matches("leave")


async def test_palette() -> None:
    async with screens(busy(), keys=("ctrl+p",)) as shown:
        await shown.press(*"beta")
        await shown.says("beta: switch off")
        await shown.matches("palette")
