"""A title that stays the same repaints nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from tui.widgets.titles import set_subtitle, set_title

pytestmark = pytest.mark.anyio


class Pane(Widget):
    """Counts how often it is to be painted again."""

    times = 0

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Pane:
        self.times += 1
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield Pane()


@pytest.mark.parametrize("set_it", [set_title, set_subtitle])
@pytest.mark.parametrize(
    "text", ["", "plain", "[bold]no markup[/]", r"\[", "two\nlines\tand \x1b[31m red", "名前 …", "x" * 500]
)
async def test_the_same_words_repaint_nothing(set_it: Callable[[Widget, str | None], None], text: str) -> None:
    app = Shown()
    async with app.run_test():
        pane = app.query_one(Pane)
        for said in (text, "another", None):
            set_it(pane, said)
            pane.times = 0
            set_it(pane, said)
            assert pane.times == 0
            set_it(pane, "something else")
            assert pane.times == 1
