"""Every screen as a person sees it, as text. ``UPDATE_SNAPSHOTS=1`` writes them; look at what you have written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cccc.config import form
from cccc.config.loading import load_text
from cccc.control.api import RequestStarted
from cccc.errors import ControlError, NotRunning
from tests.clock import ManualClock
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.counted import Counted
from tests.tui.inspector import case
from tests.tui.pilot import SMALL, WIDE, screens
from tui.inspector.tabs import Tab
from tui.screens.inspector import InspectorScreen
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
async def test_routing(size: str, look: str) -> None:
    async with screens(busy(), size=SIZES[size], look=LOOKS[look], keys=("2",)) as shown:
        await shown.says("placed")
        await shown.says("gamma")
        await shown.press("down")
        if size == "wide":
            await shown.says("Why is beta #2?")
            await shown.says("moves up")
        await shown.matches(f"routing-{size}{look}")


async def test_routing_with_suppositions() -> None:
    async with screens(busy(), keys=("2",)) as shown:
        await shown.says("Why is alpha #1?")
        await shown.press("minus", "down", "x")
        await shown.says("0 of the newest 18")
        await shown.matches("routing-what-if")


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


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_stats(size: str, look: str) -> None:
    async with screens(Counted(), size=SIZES[size], look=LOOKS[look], keys=("4",)) as shown:
        await shown.says("842")
        await shown.says("61%")
        await shown.matches(f"stats-{size}{look}")


@pytest.mark.parametrize("size", SIZES)
async def test_stats_on_a_page(size: str) -> None:
    async with screens(Counted(), size=SIZES[size], keys=("4",)) as shown:
        await shown.says("842")
        await shown.press("enter")
        await shown.says("by endpoint")
        await shown.matches(f"stats-page-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_stats_without_requests(size: str) -> None:
    fake = Counted()
    fake.quiet = True
    async with screens(fake, size=SIZES[size], keys=("4",)) as shown:
        await shown.says("No requests in the last hour.")
        await shown.matches(f"stats-empty-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_routing_without_endpoints(size: str) -> None:
    fake = FakeControl(records=())
    fake.views.clear()
    async with screens(fake, size=SIZES[size], keys=("2",)) as shown:
        await shown.says("no endpoints yet")
        await shown.matches(f"routing-empty-{size}")


@pytest.mark.parametrize("digit", ["2", "4"])
async def test_proxy_gone_behind_figures(digit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Counted()
    async with screens(fake, keys=(digit,)) as shown:
        await shown.says({"2": "Why is alpha #1?", "4": "61%"}[digit])

        async def gone(*_: object, **__: object) -> object:
            raise NotRunning("the proxy is not running any more")

        for name in ("overview", "rank", "series"):
            monkeypatch.setattr(fake, name, gone)
        await shown.says("retrying in 5 s")
        await shown.matches(f"proxy-gone-{digit}")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_inspector(size: str, look: str) -> None:
    """Every tab wide and small; Exchange and Stream in every look."""
    async with screens(case.fake(), size=SIZES[size], look=LOOKS[look], keys=("3",)) as shown:
        await shown.until(lambda: shown.app.frame.rows)
        await shown.press("enter")
        inspector = shown.app.screen
        assert isinstance(inspector, InspectorScreen)
        await shown.until(lambda: inspector.seen.ended)
        for tab in (*list(Tab)[1:], Tab.SUMMARY):
            await shown.until(lambda tab=tab: inspector.tab is tab and inspector.quiet, tab)
            if not look or tab in (Tab.EXCHANGE, Tab.STREAM):
                await shown.matches(f"inspector-{tab}-{size}{look}")
            await shown.press("right_square_bracket")


@pytest.mark.parametrize("look", ["", "-ascii"])
@pytest.mark.parametrize("size", SIZES)
async def test_a_stream_that_is_played_again(size: str, look: str) -> None:
    clock = ManualClock()
    async with screens(case.fake(), size=SIZES[size], look=LOOKS[look], keys=("3",)) as shown:
        await shown.until(lambda: shown.app.frame.rows)
        inspector = InspectorScreen(case.RECORD.id, lambda: shown.app.frame.rows, clock=clock.monotonic)
        await shown.app.push_screen(inspector)
        await shown.until(lambda: inspector.seen.ended)
        await shown.press("left_square_bracket", "left_square_bracket", "p", "greater_than_sign")
        clock.advance(1.75)
        await shown.says("playing x4  +7 310 of 9 362 ms")
        await shown.matches(f"inspector-played-{size}{look}")


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


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_clients(size: str, look: str) -> None:
    async with screens(busy(), size=SIZES[size], look=LOOKS[look], keys=("5",)) as shown:
        await shown.says("Claude Code sends its requests here")
        await shown.matches(f"clients-{size}{look}")


async def test_clients_side_by_side() -> None:
    async with screens(busy(), keys=("5",)) as shown:
        await shown.says("Claude Code sends its requests here")
        await shown.press("v", "n")
        await shown.matches("clients-beside")


@pytest.mark.parametrize("size", SIZES)
async def test_clients_without_a_machine(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = busy()

    async def nothing() -> object:
        raise ControlError("this proxy leaves the files of clients alone")

    monkeypatch.setattr(fake, "clients", nothing)
    async with screens(fake, size=SIZES[size], keys=("5",)) as shown:
        await shown.says("leaves the files of clients alone")
        await shown.matches(f"clients-none-{size}")


def whole_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting, one of them from the environment."""
    loaded = load_text("endpoints: []\n", toml=False, name="config.yaml", environ={"CCCC_ROUTING__GATE_TIMEOUT": "5s"})
    monkeypatch.setattr(world, "FORM", replace(form.form(loaded), path="~/.config/cccc/config.yaml"))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_config(size: str, look: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_form(monkeypatch)
    async with screens(busy(), size=SIZES[size], look=LOOKS[look], keys=("6",)) as shown:
        await shown.says("timeouts")
        await shown.press("down", "down", "down", "down", "enter", "enter", "j", "enter", "backspace", "0")
        await shown.says("too small")
        await shown.matches(f"config-{size}{look}")


async def test_config_review(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_form(monkeypatch)
    async with screens(busy(), keys=("6",)) as shown:
        await shown.says("timeouts")
        await shown.press("down", "down", "down", "down", "enter", "enter", "ctrl+s")
        await shown.says("Save to")
        await shown.matches("config-review")


@pytest.mark.parametrize("size", SIZES)
async def test_wizard(size: str) -> None:
    async with screens(busy(), size=SIZES[size], keys=("a",)) as shown:
        await shown.says("Groq")
        await shown.press("down")
        await shown.matches(f"wizard-1-{size}")
        await shown.press("enter")
        await shown.matches(f"wizard-2-{size}")
        await shown.press("enter", "enter", "enter", "enter")
        await shown.says("cost of this probe")
        await shown.matches(f"wizard-3-{size}")
        await shown.press("enter")
        await shown.matches(f"wizard-4-{size}")
        await shown.press("enter", "enter", "enter", "enter")
        await shown.matches(f"wizard-5-{size}")


async def test_wizard_in_ascii() -> None:
    async with screens(busy(), look=LOOKS["-ascii"], keys=("a",)) as shown:
        await shown.says("Groq")
        await shown.press("down", "enter", "enter", "enter", "enter", "enter")
        await shown.says("cost of this probe")
        await shown.matches("wizard-3-ascii")


@pytest.mark.parametrize("mode", ["clients", "config"])
async def test_proxy_gone_elsewhere(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = busy()
    async with screens(fake, size=SMALL, keys=({"clients": "5", "config": "6"}[mode],)) as shown:
        await shown.says({"clients": "Claude Code sends", "config": "Attempts"}[mode])

        async def gone(*_: object, **__: object) -> object:
            raise NotRunning("the proxy is not running any more")

        monkeypatch.setattr(fake, "overview", gone)
        await shown.says("retrying in 1 s")
        await shown.matches(f"proxy-gone-{mode}")
