"""Mode 2: each key, what is supposed and what comes of it, and the reasons for a place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cccc.control.api import ClientType, Lost
from cccc.errors import ControlError
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import Screens, screens
from tui.screens.endpoints import EndpointsScreen
from tui.screens.routing import RoutingScreen
from tui.screens.routing_rows import COLUMNS, LEFT_OUT
from tui.widgets.chrome import footer
from tui.widgets.field import Field
from tui.widgets.live_table import LiveTable
from tui.widgets.stacked_table import StackedTable

pytestmark = pytest.mark.anyio


def routing(shown: Screens) -> RoutingScreen:
    (screen,) = shown.app.get_screen_stack("routing")[:1]
    assert isinstance(screen, RoutingScreen)
    return screen


def names(shown: Screens) -> tuple[list[str], list[str]]:
    order, left_out = routing(shown).query(StackedTable)
    return [row.id for row in order.rows], [row.id for row in left_out.rows]


async def ready(shown: Screens) -> None:
    await shown.press("2")
    await shown.until(lambda: routing(shown).chosen == "alpha")
    await shown.until(lambda: names(shown) == (["alpha", "beta"], ["gamma"]))


async def test_the_order_and_the_reasons(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.says("Why is alpha #1?")
        await shown.says("It stands before #2 beta: decided by 1 native")
        await shown.press("j")
        await shown.says("It stands behind #1 alpha: decided by 1 native")
        await shown.says("it becomes #1")
        await shown.says("went to alpha, 1 attempt")


async def test_what_conversion_has_cost(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha, beta = world.STATS.groups
    lost = (Lost("cache_control", 31), Lost("\x1b[2J", 4))
    monkeypatch.setattr(world, "STATS", replace(world.STATS, groups=(alpha, replace(beta, losses=lost))))
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("j")
        await shown.says("1 of the newest 1 answer here  A→C")
        await shown.says("cache_control 31, ␛[2J 4  lost in the last 24 h")


async def test_the_cursor_walks_through_both_tables(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("down", "down")
        await shown.until(lambda: routing(shown).chosen == "gamma")
        await shown.says("Why is gamma not considered?")
        await shown.says("switched off in the configuration")
        await shown.press("down")
        assert routing(shown).chosen == "gamma", "there is nothing below"
        await shown.press("up")
        await shown.until(lambda: routing(shown).chosen == "beta")
        await shown.press("up", "up")
        assert routing(shown).chosen == "alpha"


async def test_x_supposes_it_down_and_up_again(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("x")
        await shown.until(lambda: names(shown) == (["beta"], ["alpha", "gamma"]))
        assert routing(shown).chosen == "alpha", "the selection goes with it"
        await shown.says("what if alpha down")
        await shown.says("3 of the newest 3 requests would have gone elsewhere")
        await shown.says("3 from alpha → beta")
        assert fake.views["alpha"].enabled, "nothing is done to it"
        await shown.press("x")
        await shown.until(lambda: names(shown) == (["alpha", "beta"], ["gamma"]))
        await shown.until(lambda: "what if" not in shown.text())


async def test_x_means_nothing_for_what_is_left_out_anyhow(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("down", "down")
        await shown.until(lambda: routing(shown).chosen == "gamma")
        assert "What if down" not in [label for _, label, _ in footer(shown.app)]


async def test_priorities_are_supposed_and_only_ctrl_s_writes_them(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        assert not {"Write", "Clear"} & {label for _, label, _ in footer(shown.app)}
        await shown.press("minus", "minus")
        await shown.says("what if alpha priority 3")
        await shown.says("*3")
        assert fake.views["alpha"].priority == 1
        await shown.press("plus")
        await shown.says("what if alpha priority 2")
        await shown.press("ctrl+s")
        await shown.until(lambda: fake.views["alpha"].priority == 2)
        assert shown.said == ["alpha has priority 2, written into the configuration"]
        await shown.until(lambda: "what if" not in shown.text())


async def test_the_own_priority_is_no_supposition(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("plus", "plus")
        await shown.says("what if alpha priority 0")
        await shown.press("minus")
        await shown.until(lambda: "what if" not in shown.text())


async def test_a_priority_that_cannot_be_written_stays_supposed(
    fake: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> object:
        raise ControlError("there is no configuration file to write to")

    monkeypatch.setattr(fake, "endpoint_action", refuse)
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("minus", "ctrl+s")
        await shown.until(lambda: shown.said)
        assert shown.said == ["there is no configuration file to write to"]
        await shown.says("what if alpha priority 2")


async def test_m_asks_for_a_model(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("m", *"glm-5", "enter")
        await shown.says("Order of attempts · claude code · glm-5")
        await shown.until(lambda: (ClientType.CLAUDE_CODE, "glm-5", None) in fake.ranked)
        assert not shown.app.screen.query_one(Field).has_focus
        await shown.press("m", "x", "escape")
        await shown.says("Order of attempts · claude code · glm-5")
        await shown.press("m", *["backspace"] * 5, "enter")
        await shown.until(lambda: "glm-5" not in shown.text())


async def test_the_field_knows_the_models_of_the_log(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("m", *"gpt")
        field = shown.app.screen.query_one(Field)
        await shown.until(lambda: field._suggestion)
        await shown.press("right", "enter")
        await shown.says("· gpt-5.2-codex")


async def test_escape_in_the_field_leaves_what_is_supposed(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("x", "m", "escape")
        await shown.says("what if alpha down")
        await shown.press("x")
        await shown.until(lambda: "what if" not in shown.text())


async def test_tab_goes_to_the_other_table_and_its_endpoint(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("tab")
        await shown.until(lambda: routing(shown).chosen == "gamma")
        await shown.frames(2)
        assert routing(shown).chosen == "gamma"


async def test_a_click_on_the_selected_row_opens_its_endpoint(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        order, left_out = routing(shown).query(StackedTable)
        await shown.pilot.click(order, offset=(4, 2))
        await shown.until(lambda: routing(shown).chosen == "beta")
        await shown.pilot.click(left_out, offset=(4, 1))
        await shown.until(lambda: isinstance(shown.app.screen, EndpointsScreen))
        await shown.until(lambda: shown.app.screen.query_one(LiveTable).selected == "gamma")


async def test_enter_opens_the_endpoint_on_its_screen(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("down", "down")
        await shown.until(lambda: routing(shown).chosen == "gamma")
        await shown.press("enter")
        await shown.until(lambda: isinstance(shown.app.screen, EndpointsScreen))
        await shown.until(lambda: shown.app.screen.query_one(LiveTable).selected == "gamma")


async def test_y_copies_the_order_as_text(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("minus")
        await shown.says("what if alpha priority 2")
        await shown.until(lambda: "*2" in shown.text())
        await shown.press("y")
        assert shown.app.clipboard.splitlines() == [
            "order of attempts for claude code, model any",
            "supposing alpha priority 2",
            " 1 alpha  A = A ✓  2  ● healthy  612 ms  best in every layer",
            " 2 beta  A → C ~  2  ◐ degraded  1.12 s  layer 1 · converted",
            " - gamma  switched off in the configuration",
        ]
        assert shown.said == ["copied 5 lines"]


async def test_what_is_supposed_of_an_endpoint_ends_with_it(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("x")
        await shown.says("what if alpha down")
        del fake.views["alpha"]
        shown.app.feed.ask_again()
        await shown.until(lambda: "what if" not in shown.text())


async def test_a_proxy_that_refuses_is_a_sentence(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> object:
        raise ControlError("no way up is known")

    monkeypatch.setattr(fake, "ways_up", refuse)
    async with screens(fake, keys=("2",)) as shown:
        await shown.says("no way up is known")


async def test_without_endpoints_it_says_where_to_begin() -> None:
    fake = FakeControl(records=())
    fake.views.clear()
    async with screens(fake, keys=("2",)) as shown:
        await shown.says("no endpoints yet: key 1 says what to do first")
        assert [label for _, label, _ in footer(shown.app)] == ["Help", "Leave"]


async def test_nothing_is_asked_while_nothing_changes(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        asked: list[str] = []

        async def count(name: str, *_: object, **__: object) -> tuple[()]:
            asked.append(name)
            return ()

        fake.ways_up = count  # type: ignore[method-assign]
        before = shown.app.frame
        await shown.until(lambda: shown.app.frame is not before)
        assert asked == []


@pytest.mark.parametrize("width", [40, 56, 62, 76, 90, 200])
@pytest.mark.parametrize("columns", [COLUMNS, LEFT_OUT], ids=["order", "left out"])
def test_the_columns_fit(columns, width: int) -> None:  # type: ignore[no-untyped-def]
    shown = [column for column in columns if column.from_width <= width < column.to_width]
    assert sum(column.width + 1 for column in shown) <= max(width, 75)
