"""The log draws only what changed, and what it draws it draws in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.style import Style
from textual.app import App, ComposeResult

from tests.control import world
from tui.state import Row, logged
from tui.widgets.line import Piece
from tui.widgets.log_table import LogTable

pytestmark = pytest.mark.anyio

ROW = logged(world.summary(world.OK, 1))


def rows(number: int) -> list[Row]:
    return [replace(ROW, id=f"req_{each}", time=world.NOW + each) for each in range(number)]


class Shown(App[None]):
    """A log alone, that counts how often each row is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: Counter[str] = Counter()

    def compose(self) -> ComposeResult:
        yield LogTable(self.draw, lambda width: "id")

    def draw(self, row: Row, width: int) -> Sequence[Piece]:
        self.drawn[row.id] += 1
        return [(row.id, Style.null())]

    @property
    def log_table(self) -> LogTable:
        return self.query_one(LogTable)


async def test_of_many_rows_only_those_in_sight_are_drawn() -> None:
    app = Shown()
    async with app.run_test(size=(40, 11)) as pilot:
        app.log_table.show(rows(2_000), world.NOW)
        await pilot.pause()
        assert set(app.drawn) == {f"req_{each}" for each in range(1_990, 2_000)}
        assert app.log_table.selected == "req_1999"
        assert app.log_table.show_vertical_scrollbar


async def test_a_row_more_costs_its_own_line_and_those_of_the_cursor() -> None:
    app = Shown()
    async with app.run_test(size=(40, 11)) as pilot:
        app.log_table.show(rows(100), world.NOW)
        await pilot.pause()
        app.drawn.clear()
        app.log_table.show(rows(101), world.NOW)
        await pilot.pause()
        assert app.drawn == {"req_100": 1, "req_99": 1}


async def test_a_changed_row_is_drawn_again_and_no_other() -> None:
    app = Shown()
    async with app.run_test(size=(40, 11)) as pilot:
        before = rows(10)
        app.log_table.show(before, world.NOW)
        await pilot.pause()
        app.drawn.clear()
        app.log_table.show([*before[:4], replace(before[4], revision=1, status=500), *before[5:]], world.NOW)
        await pilot.pause()
        assert app.drawn == {"req_4": 1}


async def test_rows_in_flight_are_drawn_once_a_second() -> None:
    app = Shown()
    async with app.run_test(size=(40, 11)) as pilot:
        live = [*rows(5), replace(ROW, id="req_live", verdict=None)]
        app.log_table.show(live, world.NOW)
        await pilot.pause()
        app.drawn.clear()
        for tenth in range(10, 31):
            app.log_table.show(live, world.NOW + tenth / 10)
            await pilot.pause()
        assert app.drawn == {"req_live": 3}


async def test_who_looks_back_is_left_where_they_are() -> None:
    app = Shown()
    async with app.run_test(size=(40, 11)) as pilot:
        app.log_table.show(rows(100), world.NOW)
        await pilot.press("pageup", "pageup")
        at = app.log_table.selected
        offset = app.log_table.scroll_offset
        app.log_table.show(rows(150), world.NOW)
        await pilot.pause()
        assert (app.log_table.selected, app.log_table.scroll_offset) == (at, offset)
        await pilot.press("home")
        assert app.log_table.selected == "req_0"


async def test_a_click_selects() -> None:
    app = Shown()
    async with app.run_test(size=(40, 11)) as pilot:
        app.log_table.show(rows(5), world.NOW)
        await pilot.pause()
        await pilot.click(LogTable, offset=(3, 2))
        assert app.log_table.selected == "req_1"
