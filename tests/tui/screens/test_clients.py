"""Mode 5: each key and what it does to a client's files, and what the preview says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from cccc.control.api import ClientOptions, ClientState, ClientType
from cccc.errors import ControlError
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import Screens, screens
from tui.screens import clients
from tui.widgets.chrome import footer
from tui.widgets.diff import DiffView
from tui.widgets.live_table import LiveTable

pytestmark = pytest.mark.anyio

PREVIEW = "Claude Code sends its requests here"


def keys_shown(shown: Screens) -> list[str]:
    return [label for _, label, _ in footer(shown.app)]


async def test_a_applies_what_was_seen_and_u_undoes_it(fake: FakeControl) -> None:
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        await shown.press("a")
        await shown.says("✓ through cccc")
        await shown.until(lambda: "Undo" in keys_shown(shown))
        assert ("apply", ClientType.CLAUDE_CODE, ClientOptions()) in fake.client_calls
        assert shown.said[0].startswith("Claude Code: wrote ~/.claude/settings.json")
        await shown.says("Nothing to change")
        assert "Apply" not in keys_shown(shown)
        await shown.press("u")
        await shown.until(lambda: ("restore", ClientType.CLAUDE_CODE, False) in fake.client_calls)
        await shown.says(PREVIEW)


async def test_a_plan_that_was_not_seen_is_not_carried_out(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        seen = world.client_plan
        monkeypatch.setattr(world, "client_plan", lambda view, options: replace(seen(view, options), seen="another"))
        await shown.press("a")
        await shown.until(lambda: shown.said)
        assert "nothing was written" in shown.said[0]
        assert fake.client_views[ClientType.CLAUDE_CODE].state is ClientState.NOT_SET_UP


async def test_capital_a_sets_up_what_is_there(fake: FakeControl) -> None:
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        await shown.press("A")
        await shown.until(lambda: shown.said)
        applied = [client for verb, client, _ in fake.client_calls if verb == "apply"]
        assert applied == [ClientType.CLAUDE_CODE], "Codex is set up, the third is not there"


async def test_v_puts_old_and_new_beside_each_other(fake: FakeControl) -> None:
    async with screens(fake, keys=("5",)) as shown:
        await shown.says("1      - {}")
        await shown.press("v")
        await shown.says("1 - {}      ")
        assert any(" - {}" in line and " + {" in line for line in shown.lines())
        await shown.press("v")
        await shown.says("1      - {}")


async def test_n_walks_through_the_changes(fake: FakeControl) -> None:
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        await shown.press("n")
        assert shown.app.screen.query_one(DiffView).current == 0
        await shown.press("n")
        assert shown.said == ["no change further down"]
        await shown.press("N")
        assert shown.said[-1] == "no change further up"


async def test_o_opens_the_file(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(clients, "edit", lambda _, path: opened.append(path) or "no such editor")
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        await shown.press("o")
        assert opened == ["~/.claude/settings.json"]
        assert shown.said == ["no such editor"]


async def test_y_copies_the_path(fake: FakeControl) -> None:
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        await shown.press("y")
        assert shown.app.clipboard == "~/.claude/settings.json"


async def test_a_proxy_without_a_machine_says_so_calmly(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing() -> object:
        raise ControlError("this proxy leaves the files of clients alone")

    monkeypatch.setattr(fake, "clients", nothing)
    async with screens(fake, keys=("5",)) as shown:
        await shown.says("this proxy leaves the files of clients alone")
        assert keys_shown(shown) == ["Help", "Leave"]
        assert not shown.said


async def test_a_proxy_without_a_machine_is_not_asked_again_and_again(
    fake: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def nothing() -> object:
        asked.append(None)
        raise ControlError("this proxy leaves the files of clients alone")

    monkeypatch.setattr(fake, "clients", nothing)
    async with screens(fake, keys=("5",)) as shown:
        await shown.says("this proxy leaves the files of clients alone")
        await shown.frames(3)
        assert len(asked) == 1


async def test_another_client_is_another_plan_and_no_second_look_at_all_files(
    fake: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, clients_of = [], fake.clients

    async def counted() -> object:
        asked.append(None)
        return await clients_of()

    monkeypatch.setattr(fake, "clients", counted)
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        await shown.press("down")
        await shown.until(lambda: "Undo" in keys_shown(shown))
        await shown.frames(2)
        assert len(asked) == 1


async def test_a_file_that_cannot_be_edited_says_so(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> object:
        raise ControlError("~/.claude/settings.json: is not JSON")

    monkeypatch.setattr(fake, "client_plan", refused)
    async with screens(fake, keys=("5",)) as shown:
        await shown.says("~/.claude/settings.json: is not JSON")
        assert "Apply" not in keys_shown(shown)
        await shown.press("A")
        assert shown.said == ["Claude Code: ~/.claude/settings.json: is not JSON"]


async def test_what_changes_elsewhere_is_seen(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "ASKED_EVERY", 0.05)
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        view = fake.client_views[ClientType.CLAUDE_CODE]
        fake.client_views[ClientType.CLAUDE_CODE] = replace(view, state=ClientState.DIFFERS)
        await shown.says("! differs")
        assert shown.app.screen.query_one(LiveTable).selected == "claude_code"


async def test_the_editor_is_told_of_what_is_not_there(fake: FakeControl, tmp_path: Path) -> None:
    view = fake.client_views[ClientType.CLAUDE_CODE]
    fake.client_views[ClientType.CLAUDE_CODE] = replace(view, files=(str(tmp_path / "no.json"),))
    async with screens(fake, keys=("5",)) as shown:
        await shown.says(PREVIEW)
        await shown.press("o")
        assert shown.said == [f"{tmp_path / 'no.json'} is not on this machine"]
        (tmp_path / "no.json").write_text("{}")
        await shown.press("o")
        assert "terminal of its own" in shown.said[-1]


async def test_a_proxy_that_takes_its_time_is_asked_once(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go = [], anyio.Event()
    clients = fake.clients

    async def slowly() -> object:
        asked.append(1)
        await go.wait()
        return await clients()

    monkeypatch.setattr(fake, "clients", slowly)
    async with screens(fake, keys=("5",)) as shown:
        await shown.settled()
        assert len(asked) <= 2, "once when it came to the front, once when its table was drawn"
        go.set()
        await shown.says("Claude Code sends its requests here")
