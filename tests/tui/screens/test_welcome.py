"""Before there is an endpoint: what was found, the look at what it would write, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cccc.control.api import Saved
from cccc.errors import ControlError
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import screens

pytestmark = pytest.mark.anyio


@pytest.fixture
def empty(fake: FakeControl) -> FakeControl:
    fake.views.clear()
    return fake


async def test_i_shows_first_and_writes_then(empty: FakeControl) -> None:
    async with screens(empty) as shown:
        await shown.says("base url https://relay.example.eu")
        await shown.press("i")
        await shown.says("written with the key itself")
        await shown.says("ChatGPT login: a login belongs to its client")
        assert not empty.views, "looking writes nothing"
        await shown.press("s")
        await shown.until(lambda: set(empty.views) == {"relay.example.eu", "openai"})
        await shown.says("relay.example.eu")
        assert any("2 endpoints imported; z takes it back" in said for said in shown.said)
        await shown.press("z")
        await shown.until(lambda: empty.undone == [world.SAVED])
        await shown.says("Welcome")


async def test_what_cannot_be_imported_is_told_and_not_written(empty: FakeControl) -> None:
    empty.importable = replace(empty.importable, found=empty.importable.found[1:2], diff="")
    async with screens(empty) as shown:
        await shown.says("why none is imported")
        await shown.press("i")
        await shown.says("Nothing can be imported")
        await shown.press("s")
        assert not empty.views


async def test_without_anything_found_there_is_no_key(empty: FakeControl) -> None:
    empty.importable = replace(empty.importable, found=(), diff="")
    async with screens(empty) as shown:
        await shown.says("Welcome")
        assert "Import" not in shown.text()
        await shown.press("i")
        await shown.says("Welcome")


async def test_a_plan_that_changed_meanwhile_is_not_written(
    empty: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(path: str | None = None, *, seen: str | None = None) -> Saved:
        raise ControlError("what would be imported is not what was shown")

    monkeypatch.setattr(empty, "import_apply", refused)
    async with screens(empty) as shown:
        await shown.says("Found on this machine")
        await shown.press("i", "s")
        await shown.until(lambda: "what would be imported is not what was shown" in shown.said)
        assert not empty.views


async def test_with_endpoints_nothing_is_looked_for(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(FakeControl, "import_plan")
    async with screens(fake) as shown:
        await shown.says("alpha")
        await shown.press("i")
        await shown.says("alpha")
