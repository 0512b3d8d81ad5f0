"""Lines are drawn when something on them changes, and at no other time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.events import MouseScrollDown
from textual.strip import Strip

from cccc.errors import NotRunning
from tests.control.fake import FakeControl
from tests.tui.pilot import screens
from tui.inspector.lines import Lines, line
from tui.theme import GLYPHS, Palette
from tui.widgets.drawn import Written
from tui.widgets.facts import Fact, Facts, fact
from tui.widgets.line import Piece
from tui.widgets.line_view import LineView

pytestmark = pytest.mark.anyio


class Said(Written):
    """Lines, and how often each is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = ["one", "two", "three"]
        self.drawn: Counter[int] = Counter()

    def written(self) -> list[list[Piece]]:
        return [[(line, Style.null())] for line in self.lines]

    def render_line(self, y: int) -> Strip:
        self.drawn[y] += 1
        return super().render_line(y)


class Shown(App[None]):
    CSS = "Said { height: 4; } .-framed { border: ascii red; height: 6; }"

    def compose(self) -> ComposeResult:
        yield Said()

    @property
    def said(self) -> Said:
        return self.query_one(Said)

    @property
    def text(self) -> list[str]:
        return [line.text.rstrip() for line in self.screen._compositor.render_strips()][:6]


async def test_a_line_that_says_the_same_is_not_drawn_again() -> None:
    app = Shown()
    async with app.run_test(size=(20, 6)) as pilot:
        assert app.text == ["one", "two", "three", "", "", ""]
        app.said.drawn.clear()
        app.said.rewrite()
        await pilot.pause()
        assert not app.said.drawn
        app.said.lines = ["one", "2"]
        app.said.rewrite()
        await pilot.pause()
        assert app.said.drawn == {1: 1, 2: 1}
        assert app.text == ["one", "2", "", "", "", ""]


async def test_another_size_and_another_theme_draw_everything_anew() -> None:
    app = Shown()
    async with app.run_test(size=(20, 6)) as pilot:
        app.said.drawn.clear()
        await pilot.resize_terminal(10, 6)
        await pilot.pause()
        assert set(app.said.drawn) == {0, 1, 2, 3}
        before = _colours(app)
        app.theme = "textual-light"
        await pilot.pause()
        assert _colours(app) != before


async def test_a_frame_and_dimming_are_drawn_too() -> None:
    app = Shown()
    async with app.run_test(size=(20, 6)) as pilot:
        before = _colours(app)
        app.said.styles.opacity = 0.5
        await pilot.pause()
        assert app.text[0] == "one"
        assert _colours(app) != before
        app.said.styles.opacity = 1.0
        app.said.add_class("-framed")
        await pilot.pause()
        assert app.text[:3] == ["+------------------+", "|one               |", "|two               |"]


async def test_facts_more_or_fewer_move_nothing_while_there_is_room() -> None:
    app = Panes()
    async with app.run_test(size=(20, 5)) as pilot:
        facts = app.query_one(Facts)
        layouts = 0

        def count(_: object) -> None:
            nonlocal layouts
            layouts += 1

        facts.show(_facts(1))
        await pilot.pause()
        app.screen.screen_layout_refresh_signal.subscribe(facts, count)
        for number in (4, 2, 5):
            facts.show(_facts(number))
            await pilot.pause()
        assert not layouts
        facts.show(_facts(9))
        await pilot.pause()
        assert layouts
        assert app.query_one(VerticalScroll).max_scroll_y == 4


async def test_a_document_that_is_longer_than_the_screen_has_a_bar_and_obeys_the_wheel() -> None:
    app = Paper()
    async with app.run_test(size=(20, 5)) as pilot:
        view = app.query_one(LineView)
        view.show(Lines([line(str(each)) for each in range(9)]))
        await pilot.pause()
        assert view.show_vertical_scrollbar
        await pilot._post_mouse_events([MouseScrollDown], LineView, offset=(3, 2))
        await pilot.wait_for_scheduled_animations()
        assert view.scroll_offset.y > 0


async def test_what_was_known_of_a_proxy_that_is_gone_is_dimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeControl()
    async with screens(fake) as shown:
        await shown.says("alpha")
        before = _colours(shown.app, "alpha")

        async def gone(*_: object, **__: object) -> object:
            raise NotRunning("the proxy is not running any more")

        monkeypatch.setattr(fake, "overview", gone)
        await shown.says("proxy gone")
        assert not before & _colours(shown.app, "alpha")


class Paper(App[None]):
    glyphs = GLYPHS["ascii"]
    palette = Palette({})

    def compose(self) -> ComposeResult:
        yield LineView()


class Panes(App[None]):
    glyphs = GLYPHS["ascii"]

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Facts()


def _facts(number: int) -> Sequence[Fact]:
    return [fact(None, str(each)) for each in range(number)]


def _colours(app: App[Any], word: str = "") -> set[object]:
    """The colours in which this word is written on the screen, or all words are."""
    return {
        segment.style.color
        for line in app.screen._compositor.render_strips()
        for segment in line
        if segment.style is not None and segment.text.strip() and word in segment.text
    }
