"""Terminals without colours or without abilities: every screen is drawn, and every state has a word."""

from __future__ import annotations

import re
from typing import cast

import pytest

from tests.tui.pilot import Screens, screens
from tests.tui.terminal import Terminal
from tests.tui.tours import Afternoon
from tui.screens import TABS

pytestmark = pytest.mark.anyio

POOR = {"no colours": {"NO_COLOR": "1"}, "dumb": {"TERM": "dumb", "COLORTERM": ""}}
_COLOUR = re.compile(rb"\x1b\[[0-9;]*[34]8;[25];")


@pytest.mark.parametrize("poor", POOR)
async def test_without_colours_every_state_has_a_word(poor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in POOR[poor].items():
        monkeypatch.setenv(name, value)
    async with screens(Afternoon(), terminal=Terminal) as shown:
        for tab in reversed(TABS):
            await shown.press(tab.digit)
            await shown.says(f"[{tab.digit} {tab.title}]")
        for said in ("● healthy", "◌ cooling", "○ off"):
            await shown.says(said)
        if "NO_COLOR" in POOR[poor]:
            assert not _COLOUR.search(sent(shown))


def sent(shown: Screens) -> bytes:
    return cast("Terminal", shown.app._driver).sent
