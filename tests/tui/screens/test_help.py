"""The help: searching it, the manual, and giving something another key."""

from __future__ import annotations

import json

import pytest

from cccc.config import form, load_text
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import screens
from tui import pager
from tui.screens.help import found, manual

pytestmark = pytest.mark.anyio


@pytest.fixture
def saves(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str | None]]:
    """What was saved."""
    loaded = load_text("ui:\n  keymap: {stats.pause: P}\n", toml=False, name="config.yaml")
    monkeypatch.setattr(world, "FORM", form.form(loaded))
    made: list[dict[str, str | None]] = []
    save = fake.config_save

    async def noted(changes: dict[str, str | None]) -> object:
        made.append(dict(changes))
        return await save(changes)

    monkeypatch.setattr(fake, "config_save", noted)
    return made


async def test_slash_finds_keys_and_words(fake: FakeControl) -> None:
    async with screens(fake, keys=("question_mark",)) as shown:
        await shown.says("Half-open:")
        await shown.press("slash", *"priority")
        await shown.until(lambda: "Half-open:" not in shown.text() and "  Add" not in shown.text())
        await shown.says("Priority up")
        await shown.says("On/off and priority are written")
        await shown.press("enter", "escape")
        await shown.says("Half-open:")
        await shown.press("escape")
        await shown.says("alpha")


async def test_k_changes_a_key_after_a_look_at_what_is_written(
    fake: FakeControl, saves: list[dict[str, str | None]]
) -> None:
    async with screens(fake, keys=("question_mark", "k")) as shown:
        await shown.says("Press the key that you want to change")
        await shown.press("f9")
        await shown.says("f9 does nothing here")
        await shown.press("t")
        await shown.says("Press its new key")
        await shown.press("e")
        await shown.says("e is Edit already")
        await shown.press("f9")
        await shown.says("Save to")
        assert not saves
        await shown.press("s")
        await shown.until(lambda: saves)
        assert json.loads(saves[0]["ui.keymap"] or "") == {"stats.pause": "P", "endpoints.test": "f9"}
        await shown.says("f9 Test")


async def test_esc_changes_no_key(fake: FakeControl, saves: list[dict[str, str | None]]) -> None:
    async with screens(fake, keys=("question_mark", "k", "t", "escape")) as shown:
        await shown.says("Half-open:")
        assert not saves


async def test_o_opens_the_manual_in_the_pager(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    lent: list[str] = []
    monkeypatch.setattr(pager, "lent", lambda _, text: lent.append(text) or "no terminal")
    async with screens(fake, keys=("question_mark", "o")) as shown:
        await shown.until(lambda: "no terminal" in shown.said)
        assert lent == [manual()]
    assert manual().startswith("# Clients\n\n")


def test_of_a_table_only_the_rows_that_say_it() -> None:
    said = "One thing.\n\n| a | b |\n|---|---|\n| x | One |\n| y | two |"
    assert found(said, ["one"]) == "One thing.\n\n| a | b |\n|---|---|\n| x | One |"
    assert found(said, ["two"]) == "| a | b |\n|---|---|\n| y | two |"
    assert found(said, ["three"]) == "Nothing here says that."
    assert found(said, []) == said
