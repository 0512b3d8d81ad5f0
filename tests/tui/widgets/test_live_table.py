"""A table draws what changed, says what was chosen, and is silent otherwise."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.app import App, ComposeResult

from tui.widgets.live_table import Column, LiveTable, TableRow

pytestmark = pytest.mark.anyio

COLUMNS = (Column("name", "name", 10), Column("number", "number", 6, right=True))


def row(name: str, number: int = 0) -> TableRow:
    return TableRow(name, {"name": (name, Style.null()), "number": (str(number), Style.null())})


class Shown(App[None]):
    """A table alone, and what it says of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.selected: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield LiveTable(COLUMNS)

    @property
    def table(self) -> LiveTable:
        return self.query_one(LiveTable)

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        self.selected.append(message.row_id)


async def test_it_says_only_that_another_row_is_selected() -> None:
    app = Shown()
    async with app.run_test(size=(40, 11)) as pilot:
        for rows in ([], [], [row("a"), row("b")], [row("a", 1), row("b")], [], []):
            app.table.show(rows)
            await pilot.pause()
        assert app.selected == ["a", None]
