"""Mode 6: a form over the settings model; each key, and nothing written before it was seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.config import form
from cccc.config.loading import load
from cccc.control.api import ConfigDiff, ConfigForm
from cccc.errors import ConfigError, ControlError
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import Screens, screens
from tui.app import Leave
from tui.screens import config
from tui.screens.config import ConfigScreen
from tui.screens.config_items import as_text
from tui.widgets.chrome import footer

pytestmark = pytest.mark.anyio

ROUTING = ("6", "down", "down", "down", "down", "enter")
"""To the settings of ``routing``."""

ENVIRON = {"CCCC_ROUTING__GATE_TIMEOUT": "5s"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConfigForm:
    """The whole form, as the proxy makes it."""
    path = tmp_path / "config.yaml"
    path.write_text("endpoints: []\nrouting:\n  max_attempts: 4\n")
    made = form.form(load(path, environ=ENVIRON, options={}))
    monkeypatch.setattr(world, "FORM", made)
    return made


@pytest.fixture
def saves(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str | None]]:
    """What was saved."""
    made: list[dict[str, str | None]] = []
    save = fake.config_save

    async def noted(changes: dict[str, str | None]) -> object:
        made.append(dict(changes))
        return await save(changes)

    monkeypatch.setattr(fake, "config_save", noted)
    return made


def screen(shown: Screens) -> ConfigScreen:
    assert isinstance(shown.app.screen, ConfigScreen)
    return shown.app.screen


async def walk(shown: Screens, *keys: str) -> None:
    await shown.says("Sections")
    await shown.until(lambda: screen(shown).section is not None)
    await shown.press(*keys)


def keys_shown(shown: Screens) -> list[str]:
    return [label for _, label, _ in footer(shown.app)]


@pytest.mark.usefixtures("settings")
async def test_enter_turns_a_switch_and_ctrl_s_saves_it(fake: FakeControl, saves: list[dict[str, str | None]]) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "enter")
        await shown.says("[ ] off")
        await shown.says("1 edit not saved")
        await shown.press("ctrl+s")
        await shown.says("Save to")
        await shown.says("max_attempts")
        assert not saves
        await shown.press("s")
        await shown.until(lambda: saves == [{"routing.sticky_sessions": "false"}])
        await shown.says("u takes back the")
        assert "edit" not in (screen(shown).query_one("#settings").border_subtitle or "")
        await shown.press("u")
        await shown.until(lambda: fake.undone == [world.SAVED])
        assert "Undo save" not in keys_shown(shown)


@pytest.mark.usefixtures("settings")
async def test_a_value_is_typed_and_checked_while_it_is(fake: FakeControl, saves: list[dict[str, str | None]]) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "j", "enter", "backspace", "0")
        await shown.says("✗ too small")
        await shown.press("enter", "ctrl+s")
        await shown.says("cannot be saved like this")
        await shown.press("s")
        assert not saves, "what cannot be used is not offered to be saved"
        await shown.press("escape", "enter", "backspace", "7", "enter")
        await shown.says("[ 7 ]")
        await shown.until(lambda: "too small" not in shown.text())


@pytest.mark.usefixtures("settings")
async def test_what_the_environment_says_cannot_be_edited_into_silence(fake: FakeControl) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "j", "j")
        await shown.says("From env CCCC_ROUTING__GATE_TIMEOUT; an edit here would not win. Unset it first.")
        await shown.press("enter")
        assert shown.said[0].startswith("routing.gate_timeout comes from env CCCC_ROUTING__GATE_TIMEOUT")
        assert "Default" not in keys_shown(shown)
        assert not screen(shown)._edits


@pytest.mark.usefixtures("settings")
async def test_a_choice_takes_the_next(fake: FakeControl) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, "down", "enter", "enter")
        await shown.says("< warn >")


@pytest.mark.usefixtures("settings")
async def test_slash_searches_all_sections(fake: FakeControl) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, "slash", *"days")
        await shown.says("2 found")
        await shown.says("Days rows are kept")
        await shown.press("enter", "j", "y")
        assert shown.app.clipboard == "logging.retention_days = 30"
        await shown.press("escape")
        await shown.says("Where the proxy listens")


@pytest.mark.parametrize("toml", [False, True])
def test_every_section_as_text_can_be_read_back(settings: ConfigForm, tmp_path: Path, *, toml: bool) -> None:
    text = "\n".join(line for section in settings.sections for line in as_text(section, {}, toml=toml))
    path = tmp_path / ("c.toml" if toml else "c.yaml")
    path.write_text(text + "\n")
    again = form.form(load(path, environ=ENVIRON, options={}))
    values = [[(field.key, field.value) for field in one.fields] for one in (*again.sections, *settings.sections)]
    half = len(values) // 2
    assert values[:half] == values[half:]


@pytest.mark.usefixtures("settings")
async def test_escape_goes_back_step_by_step_and_asks_before_edits_are_lost(fake: FakeControl) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "enter", "escape", "escape")
        await shown.says("1 edit would be lost")
        await shown.press("escape")
        assert screen(shown)._edits
        await shown.press("escape", "d")
        await shown.until(lambda: not screen(shown)._edits)
        await shown.says("[x] on")


@pytest.mark.usefixtures("settings")
async def test_a_secret_is_never_put_into_the_field(fake: FakeControl) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, "enter", "j", "j", "enter")
        assert (screen(shown).form.editing, screen(shown).form.typed) == ("server.auth_token", "")
        await shown.press(*"hush", "enter")
        await shown.says("[ a new key ]")
        assert "hush" not in shown.text()


@pytest.mark.usefixtures("settings")
async def test_o_opens_the_file(fake: FakeControl, settings: ConfigForm, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(config, "edit", lambda _, path: opened.append(path))
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, "o")
        assert opened == [settings.path]


@pytest.mark.usefixtures("settings")
async def test_what_the_proxy_refuses_is_said(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(_: object) -> object:
        raise ConfigError(["config.yaml: was changed meanwhile"])

    monkeypatch.setattr(fake, "config_save", refused)
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "enter", "ctrl+s")
        await shown.says("Save to")
        await shown.press("s")
        await shown.until(lambda: shown.said)
        assert "was changed meanwhile" in shown.said[0]
        assert screen(shown)._edits, "edits stay"


async def test_without_a_form_it_says_why(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing() -> object:
        raise ControlError("the proxy has no configuration to show")

    monkeypatch.setattr(fake, "config_form", nothing)
    async with screens(fake, keys=("6",)) as shown:
        await shown.says("the proxy has no configuration to show")
        assert keys_shown(shown) == ["Help", "Leave"]


@pytest.mark.usefixtures("settings")
async def test_what_a_restart_needs_is_said_before(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def diff(_: object) -> ConfigDiff:
        return ConfigDiff("@@ -1 +1 @@\n-a\n+b\n", (), ("server.port",))

    monkeypatch.setattr(fake, "config_diff", diff)
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "enter", "ctrl+s")
        await shown.says("takes effect at the next start")
        await shown.says("server.port")


EDITED = (*ROUTING[1:], "enter")
"""To the first edit: a switch turned."""


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("key", ["q", "Q", "ctrl+q"])
async def test_leaving_asks_before_edits_are_lost(fake: FakeControl, saves: list[object], key: str) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *EDITED)
        await shown.says("1 edit not saved")
        await shown.press("1", key)
        await shown.says("Not saved: 1 edit of the configuration")
        await shown.press("escape", "6")
        await shown.says("1 edit not saved")
        await shown.press(key, "d")
        assert shown.app.return_value is Leave.FINISH
        assert not saves


@pytest.mark.usefixtures("settings")
async def test_what_was_edited_can_be_saved_while_leaving(
    fake: FakeControl, saves: list[dict[str, str | None]]
) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *EDITED, "1", "q")
        await shown.says("Leave cccc?")
        await shown.press("s")
        await shown.says("Save to")
        await shown.press("escape")
        assert shown.app.return_value is None, "whoever does not save stays"
        await shown.press("q", "s")
        await shown.says("Save to")
        await shown.press("s")
        await shown.until(lambda: shown.app.return_value is Leave.FINISH)
        assert saves == [{"routing.sticky_sessions": "false"}]


@pytest.mark.usefixtures("settings")
async def test_a_value_that_is_being_typed_is_not_lost_either(fake: FakeControl) -> None:
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "j", "enter", "ctrl+q")
        assert shown.app.return_value is Leave.FINISH, "nothing was typed"
    async with screens(fake, keys=("6",)) as shown:
        await walk(shown, *ROUTING[1:], "j", "enter", "7", "ctrl+q")
        await shown.says("Leave cccc?")
