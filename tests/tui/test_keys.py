"""The one table of keys: complete, unambiguous, and every line of it does something."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest
from rich.cells import cell_len

from tests.control.fake import FakeControl
from tests.tui.pilot import WIDE, screens
from tui.app import CcccApp
from tui.keys import BY_ID, EVERYWHERE, KEYS, LISTS, Key
from tui.screens import TABS
from tui.screens.base import Dashboard
from tui.screens.detail import DetailScreen
from tui.screens.dialog import DiscardDialog, ImportDialog, KeepTableDialog, ReviewDialog
from tui.screens.help import HelpScreen, help_text
from tui.screens.inspector import InspectorScreen
from tui.screens.leave import LeaveDialog, UnsavedDialog
from tui.screens.replay import ReplayDialog
from tui.screens.wizard import Wizard
from tui.widgets.form import Form
from tui.widgets.line_view import LineView
from tui.widgets.live_table import LiveTable
from tui.widgets.log_table import LogTable

CLASSES = {
    "app": CcccApp,
    "detail": DetailScreen,
    "discard": DiscardDialog,
    "help": HelpScreen,
    "keep_table": KeepTableDialog,
    "review": ReviewDialog,
    "importing": ImportDialog,
    "unsaved": UnsavedDialog,
    "leave": LeaveDialog,
    "form": Form,
    "table": LiveTable,
    "wizard": Wizard,
    "log": LogTable,
    "lines": LineView,
    "inspector": InspectorScreen,
    "replay": ReplayDialog,
    **{tab.mode: tab.screen for tab in TABS},
}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_is_complete_and_does_something(key: Key) -> None:
    assert key.label
    assert key.tooltip
    assert cell_len(key.tooltip) <= 80
    assert callable(getattr(CLASSES[key.context], f"action_{key.verb}"))


def test_no_id_stands_twice() -> None:
    assert len(BY_ID) == len(KEYS)


@pytest.mark.parametrize("context", sorted({key.context for key in KEYS} - {EVERYWHERE}))
def test_no_key_stands_twice_in_one_context(context: str) -> None:
    """A screen's keys and those of everywhere are in force together; so are a list's, where the screen leaves them."""
    digits = [tab.digit for tab in TABS]
    closing = {"help.back"}  # the key that opened the help closes it
    inside = [
        name
        for key in KEYS
        if key.context in (context, EVERYWHERE) and key.id not in closing
        for name in key.keys.split(",")
    ]
    doubled = [name for name, times in Counter([*inside, *digits]).items() if times > 1]
    assert doubled == []


def test_no_pair_has_more_than_two_keys() -> None:
    pairs = [(key.context, key.pair) for key in KEYS if key.pair]
    assert {len(list(keys)) for _, keys in groupby(pairs)} <= {2}


@pytest.mark.parametrize("mode", [tab.mode for tab in TABS])
def test_no_footer_is_wider_than_the_screen(mode: str) -> None:
    shown: dict[str, str] = {}
    never_beside_others = {"endpoints.import_found"}
    for key in KEYS:
        if key.footer and key.context in (mode, EVERYWHERE) and key.id not in never_beside_others:
            name = key.keys.partition(",")[0].replace("slash", "/").replace("plus", "+").replace("minus", "-")
            name = name.replace("exclamation_mark", "!")
            label = key.pair or key.label
            shown[label] = f"{shown[label]}/{name}" if label in shown else name
    assert sum(cell_len(f" {name} {label} ") for label, name in shown.items()) <= WIDE[0]


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.mode)
def test_every_mode_has_keys_and_help(tab) -> None:  # type: ignore[no-untyped-def]
    assert issubclass(tab.screen, Dashboard)
    assert tab.mode == tab.screen.CONTEXT
    assert help_text(tab.mode)


def test_lists_leave_the_screens_their_keys() -> None:
    """A list has the focus: a key of its own would hide the screen's."""
    own = {name for key in KEYS if key.context in LISTS for name in key.keys.split(",")}
    screens_own = {
        name for key in KEYS if key.context in {tab.mode for tab in TABS} for name in key.keys.split(",")
    } - {"end", "G", "g"}  # the log has no keys for its end: following is that; the tables of statistics have no g
    assert own & screens_own == set()


@pytest.mark.anyio
async def test_every_binding_in_force_has_an_id(fake: FakeControl) -> None:
    theirs = {"app.toggle_dark", "screen.copy_text"}
    async with screens(fake) as shown:
        for tab in TABS:
            await shown.press(tab.digit)
            for active in shown.app.screen.active_bindings.values():
                if active.binding.id is None:
                    theirs.add(active.binding.action)
    assert theirs <= {
        "app.toggle_dark", "screen.copy_text", "app.focus_next", "app.focus_previous", "help_quit", "quit",
        "screen.minimize", "scroll_left", "scroll_right",
    }  # fmt: skip
