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
from tui.terminal import TerminalGone
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
        assert len(behind.query_one(LiveTable).rows) == 3, "a hidden screen draws nothing"
        await shown.press("1")
        await shown.until(lambda: len(behind.query_one(LiveTable).rows) == 2)


async def test_help_shows_the_keys_in_force(fake: FakeControl) -> None:
    async with screens(fake, keys=("question_mark",)) as shown:
        await shown.says("Every endpoint of the pool")
        await shown.says("space      On/off")
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, EndpointsScreen))


async def test_a_theme_that_nobody_knows_is_the_usual_one(fake: FakeControl) -> None:
    async with screens(fake, look=Look(theme="no such")) as shown:
        assert shown.app.theme == "textual-dark"


async def test_the_palette_does_what_it_says(fake: FakeControl) -> None:
    async with screens(fake, keys=("ctrl+p",)) as shown:
        await shown.press(*"beta: off")
        await shown.says("beta: switch off")
        await shown.press("down", "enter")
        await shown.until(lambda: not fake.views["beta"].enabled)


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


async def test_a_terminal_that_is_gone_is_like_a_signal_to_leave(fake: FakeControl) -> None:
    async with screens(fake, attached=False, keys=("q",)) as shown:
        await shown.says("The proxy has 1 request in flight.")
        shown.app.post_message(TerminalGone())
        await shown.until(lambda: not shown.app.is_running)
        assert shown.app.return_value is Leave.FINISH


async def test_ctrl_z_does_not_stop_a_proxy_of_this_process(fake: FakeControl) -> None:
    async with screens(fake, attached=False, keys=("ctrl+z",)) as shown:
        assert shown.said == ["ctrl+z would stop the proxy too, in the middle of every answer; q leaves"]
