"""Terminals without colours, without abilities, and with hardly any room: every screen is drawn, and says the same."""

from __future__ import annotations

import re
from typing import cast

import pytest

from tests.tui.pilot import WIDE, Screens, screens
from tests.tui.terminal import Terminal
from tests.tui.tours import TOURS, Afternoon
from tui.screens import TABS
from tui.theme import Look

pytestmark = pytest.mark.anyio

ROOMS = ((60, 20), (20, 5), (5, 2), (1, 1))
"""Narrow, tiny, and what is left of a window that somebody drags shut."""

POOR = {"no colours": {"NO_COLOR": "1"}, "dumb": {"TERM": "dumb", "COLORTERM": ""}}
_COLOUR = re.compile(rb"\x1b\[[0-9;]*[34]8;[25];")


@pytest.mark.parametrize("name", TOURS)
async def test_hardly_any_room(name: str) -> None:
    tour = TOURS[name]
    async with screens(tour.world(), attached=tour.attached, look=Look("textual-dark")) as shown:
        async for stop in tour.way(shown):
            for size in (*ROOMS, WIDE):
                await shown.resize(size)
                assert len(shown.lines()) == size[1], stop
            await shown.matches(f"{stop}-wide")


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
