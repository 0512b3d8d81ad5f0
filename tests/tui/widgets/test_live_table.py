"""A table draws the lines that changed and no others, says what was chosen, and is silent otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.strip import Strip

from tui.theme import UNICODE
from tui.widgets.line_table import LineTable
from tui.widgets.live_table import Column, LiveTable, TableRow

pytestmark = pytest.mark.anyio

COLUMNS = (
    Column("name", "name", 8),
    Column("number", "number", 7, right=True),
    Column("note", "note", 12, from_width=20),
    Column("short", "n", 1, to_width=20),
)
SIZE = (40, 6)


def row(name: str, number: int = 0) -> TableRow:
    said = {"name": name, "number": str(number), "note": f"says {name}", "short": name[0]}
    return TableRow(name, {column: (text, Style.null()) for column, text in said.items()})


def rows(names: str) -> list[TableRow]:
    return [row(name) for name in names]


class Counted(LiveTable):
    """Notes which of its lines are asked for."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(columns)
        self.asked: list[int] = []
        self.drawn: list[str] = []

    def render_line(self, y: int) -> Strip:
        self.asked.append(y)
        return super().render_line(y)

    def _pieces(self, place: int, width: int) -> list[tuple[str, Style]]:
        self.drawn.append(self.rows[place].id)
        return list(super()._pieces(place, width))


class Shown(App[None]):
    """A table alone, and what it says of itself."""

    glyphs = UNICODE

    def __init__(self) -> None:
        super().__init__()
        self.selected: list[str | None] = []
        self.opened = 0

    def compose(self) -> ComposeResult:
        yield Counted(COLUMNS)

    @property
    def table(self) -> Counted:
        return self.query_one(Counted)

    def on_line_table_selected(self, message: LineTable.Selected) -> None:
        self.selected.append(message.row.id if message.row else None)

    def on_line_table_opened(self) -> None:
        self.opened += 1

    def lines(self) -> list[str]:
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


async def test_it_says_only_that_another_row_is_selected() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        for shown in ([], [], [row("a"), row("b")], [row("a", 1), row("b")], [], []):
            app.table.show(shown)
            await pilot.pause()
        assert app.selected == ["a", None]


async def test_a_changed_row_costs_its_line() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("abc"))
        await pilot.pause()
        app.table.asked.clear()
        app.table.show([row("a"), row("b", 1), row("c")])
        await pilot.pause()
        assert app.table.asked == [2]
        assert app.lines()[2].split() == ["b", "1", "says", "b"]


async def test_where_nothing_changed_nothing_is_drawn() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("abc"))
        await pilot.pause()
        app.table.asked.clear()
        app.table.show(rows("abc"))
        app.table.show_columns(list(COLUMNS))
        await pilot.pause()
        assert app.table.asked == []


async def test_the_cursor_costs_the_lines_it_leaves_and_enters() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("abc"))
        await pilot.pause()
        app.table.asked.clear()
        await pilot.press("down")
        assert sorted(app.table.asked) == [1, 2]
        app.table.drawn.clear()
        await pilot.press("up", "down")
        assert app.table.drawn == [], "how they look is known"


async def test_one_row_more_draws_one_row() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("abc"))
        await pilot.pause()
        app.table.drawn.clear()
        app.table.show(rows("dabc"))
        await pilot.pause()
        assert app.table.drawn == ["d"]


async def test_other_columns_are_drawn() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("ab"))
        await pilot.pause()
        app.table.show_columns([Column("number", "count", 5), Column("name", "who", 5)])
        await pilot.pause()
        assert [line.split() for line in app.lines()[:3]] == [["count", "who"], ["0", "a"], ["0", "b"]]


async def test_the_selection_stays_with_its_row_and_goes_to_the_next_one_with_it() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("abcd"))
        app.table.select("c")
        app.table.select("no such row")
        app.table.show(rows("cdab"))
        assert (app.table.selected, app.table.place) == ("c", 0)
        app.table.select("a")
        app.table.show(rows("cdb"))
        await pilot.pause()
        assert app.table.selected == "b"
        app.table.show(rows("cd"))
        await pilot.pause()
        assert app.table.selected == "d"
        assert app.selected == ["a", "c", "a", "b", "d"]


async def test_columns_come_and_go_with_the_width_and_what_does_not_fit_is_seen_to_be_cut() -> None:
    app = Shown()
    async with app.run_test(size=(29, 4)) as pilot:
        app.table.show([row("alphabetical", 12_345_678)])
        await pilot.pause()
        assert app.lines()[:2] == ["name      number note", "alphabe… 123456… says alphab…"]
        await pilot.resize_terminal(24, 4)
        await pilot.pause()
        assert app.lines()[:2] == ["name      number note", "alphabe… 123456… says a…"]
        await pilot.resize_terminal(19, 4)
        await pilot.pause()
        assert app.lines()[:2] == ["name      number n", "alphabe… 123456… a"]
        await pilot.resize_terminal(6, 4)
        await pilot.pause()
        assert app.lines()[:2] == ["name", "alpha…"]


async def test_the_bar_hides_nothing() -> None:
    app = Shown()
    async with app.run_test(size=(30, 4)) as pilot:
        app.table.show([row("alphabetical"), *rows("bcdefgh")])
        await pilot.pause()
        assert app.table.show_vertical_scrollbar
        assert app.lines()[1][:28] == "alphabe…       0 says alpha…"
        app.table.show([row("alphabetical"), *rows("bc")])
        await pilot.pause()
        assert app.lines()[1] == "alphabe…       0 says alphab…"


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        ("down down", "c"), ("j j k", "b"), ("up", "a"), ("end", "h"), ("G down", "h"), ("end home", "a"),
        ("G g", "a"), ("pagedown", "e"), ("pagedown pagedown pagedown", "h"), ("G pageup", "d"),
    ],
)  # fmt: skip
async def test_its_keys(keys: str, selected: str) -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("abcdefgh"))
        await pilot.press(*keys.split())
        assert app.table.selected == app.selected[-1] == selected
        assert f"says {selected}" in "\n".join(app.lines()), "it is in sight"


async def test_the_mouse_selects_opens_and_scrolls() -> None:
    app = Shown()
    async with app.run_test(size=SIZE) as pilot:
        app.table.show(rows("abcdefgh"))
        await pilot.pause()
        await pilot.click(LiveTable, offset=(3, 2))
        assert (app.table.selected, app.opened) == ("b", 0)
        await pilot.click(LiveTable, offset=(3, 2))
        assert (app.table.selected, app.opened) == ("b", 1)
        await pilot.click(LiveTable, offset=(3, 0))
        assert (app.table.selected, app.opened) == ("b", 1), "the header is no row"
        await pilot._post_mouse_events([MouseScrollDown], LiveTable, offset=(3, 2))
        await pilot.wait_for_scheduled_animations()
        assert app.lines()[1].startswith("c"), "the wheel moves what is seen"
        assert app.table.selected == "b", "and not what is selected"
