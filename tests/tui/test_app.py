"""What is the same on every screen: modes, palette, help, themes, copying, leaving, keys of one's own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.control.fake import FakeControl
from tests.tui.pilot import screens
from tui.app import Leave
from tui.screens import TABS
from tui.screens.endpoints import EndpointsScreen
from tui.theme import Look
from tui.widgets.live_table import LiveTable

pytestmark = pytest.mark.anyio


def test_the_screens_load_nothing_of_the_proxy() -> None:
    code = "import sys, tui.app; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert {"h11", "httpx", "sqlite3", "sqlite_utils", "pydantic", "anyio"} & set(done.stdout.split()) == set()


async def test_digits_show_the_modes(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        for tab in reversed(TABS):
            await shown.press(tab.digit)
            assert shown.app.current_mode == tab.mode
            await shown.says(f"[{tab.digit} {tab.title}]")


async def test_a_screen_behind_is_drawn_when_it_comes_to_the_front(fake: FakeControl) -> None:
    async with screens(fake, keys=("3",)) as shown:
        before = shown.app.frame
        del fake.views["gamma"]
        shown.app.feed.ask_again()
        await shown.until(lambda: shown.app.frame is not before and len(shown.app.frame.endpoints) == 2)
        behind = shown.app.get_screen_stack("endpoints")[0]
        assert behind.query_one(LiveTable).row_count == 3, "a hidden screen draws nothing"
        await shown.press("1")
        await shown.until(lambda: behind.query_one(LiveTable).row_count == 2)


async def test_help_shows_the_keys_in_force(fake: FakeControl) -> None:
    async with screens(fake, keys=("question_mark",)) as shown:
        await shown.says("Every endpoint of the pool")
        await shown.says("space      On/off")
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, EndpointsScreen))


async def test_own_keys_are_obeyed_and_shown(fake: FakeControl) -> None:
    look = Look(keymap={"endpoints.switch": "x", "nobody.knows": "z"})
    async with screens(fake, look=look) as shown:
        await shown.says("x On/off")
        await shown.press("x")
        await shown.until(lambda: not fake.views["alpha"].enabled)


async def test_t_tries_the_next_theme_and_everything_is_drawn_anew(fake: FakeControl) -> None:
    async with screens(fake, look=Look(theme="textual-dark")) as shown:
        await shown.press("T")
        assert shown.app.theme == "textual-light"
        assert shown.said == ["theme textual-light; ctrl+p, theme: keep writes it into the configuration"]


async def test_a_theme_that_nobody_knows_is_the_usual_one(fake: FakeControl) -> None:
    async with screens(fake, look=Look(theme="no such")) as shown:
        assert shown.app.theme == "textual-dark"


async def test_without_colours(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with screens(fake) as shown:
        await shown.says("● healthy")
        assert shown.app.no_color


async def test_the_palette_does_what_it_says(fake: FakeControl) -> None:
    async with screens(fake, keys=("ctrl+p",)) as shown:
        await shown.press(*"beta: off")
        await shown.says("beta: switch off")
        await shown.press("down", "enter")
        await shown.until(lambda: not fake.views["beta"].enabled)


async def test_f_maximises_the_pane_in_focus(fake: FakeControl) -> None:
    async with screens(fake, keys=("F",)) as shown:
        assert shown.app.screen.maximized is not None
        await shown.press("F")
        assert shown.app.screen.maximized is None


@pytest.mark.parametrize("key", ["q", "Q", "ctrl+q"])
async def test_attached_screens_just_leave(fake: FakeControl, key: str) -> None:
    async with screens(fake, attached=True) as shown:
        await shown.press(key)
        assert shown.app.return_value is Leave.FINISH


@pytest.mark.parametrize(("key", "leaves"), [("s", Leave.FINISH), ("enter", Leave.FINISH), ("S", Leave.NOW)])
async def test_with_requests_in_flight_it_asks(fake: FakeControl, key: str, leaves: Leave) -> None:
    async with screens(fake, attached=False, keys=("q",)) as shown:
        await shown.says("The proxy has 1 request in flight.")
        await shown.press(key)
        assert shown.app.return_value is leaves


async def test_staying_stays(fake: FakeControl) -> None:
    async with screens(fake, attached=False, keys=("q", "escape")) as shown:
        assert shown.app.is_running
        await shown.says("alpha")
        await shown.press("Q")
        assert shown.app.return_value is Leave.FINISH


async def test_a_theme_is_kept_by_the_palette_after_a_look_at_the_change(
    fake: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[dict[str, str | None]] = []
    save = fake.config_save

    async def noted(changes: dict[str, str | None]) -> object:
        saved.append(dict(changes))
        return await save(changes)

    monkeypatch.setattr(fake, "config_save", noted)
    async with screens(fake, keys=("ctrl+p", *"keep")) as shown:
        assert "theme: keep" not in shown.text(), "there is nothing to keep"
        await shown.press("escape", "T", "ctrl+p", *"theme keep")
        await shown.says("theme: keep")
        await shown.press("enter")
        await shown.says("Save to")
        assert not saved
        await shown.press("s")
        await shown.until(lambda: saved == [{"ui.theme": shown.app.theme}])
        await shown.until(lambda: shown.app.kept_theme == shown.app.theme)
