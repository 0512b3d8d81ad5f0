"""Mode 1: each key and what it does to the proxy, and what the table says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cccc.control.api import EndpointChanged
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import Screens, screens
from tui.screens import endpoints
from tui.screens.endpoints import COLUMNS
from tui.widgets.chrome import footer
from tui.widgets.live_table import LiveTable

pytestmark = pytest.mark.anyio


def table(shown: Screens) -> LiveTable:
    return shown.app.screen.query_one(LiveTable)


async def ready(shown: Screens) -> None:
    await shown.until(lambda: table(shown).selected is not None)


async def test_b_resets_what_is_not_well(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("b")
        assert not shown.said, "alpha is well: the key means nothing"
        assert "Reset breaker" not in [label for _, label, _ in footer(shown.app)]
        await shown.press("down")
        assert "Reset breaker" in [label for _, label, _ in footer(shown.app)]
        await shown.press("b")
        await shown.until(lambda: fake.views["beta"].cooldown_until is None)


async def test_what_the_proxy_refuses_is_said(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        del fake.views["alpha"]
        await shown.press("space")
        await shown.until(lambda: shown.said)
        assert shown.said[0].startswith("no endpoint is named 'alpha'")


async def test_the_selection_stays_with_its_endpoint(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async with screens(fake, keys=("down",)) as shown:
        await shown.until(lambda: table(shown).selected == "beta")
        alpha, beta = world.RANKING.order
        turned = replace(world.RANKING, order=(replace(beta, rank=1), replace(alpha, rank=2)))

        async def rank(*_: object, **__: object) -> object:
            return turned

        monkeypatch.setattr(fake, "rank", rank)
        fake.emit(EndpointChanged("beta"))
        await shown.until(lambda: [row.id for row in table(shown).rows] == ["beta", "alpha", "gamma"])
        assert (table(shown).selected, table(shown).place) == ("beta", 0)


async def test_a_move_is_not_lost_to_a_frame_that_comes_at_that_moment(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        table(shown).action_cursor_down()
        shown.front.on_frame(shown.app.frame)
        await shown.pilot.pause()
        assert table(shown).selected == "beta"


async def test_an_endpoint_that_leaves_hands_the_selection_on(fake: FakeControl) -> None:
    async with screens(fake, keys=("down", "down")) as shown:
        await shown.until(lambda: table(shown).selected == "gamma")
        del fake.views["gamma"]
        fake.emit(EndpointChanged("gamma"))
        await shown.until(lambda: table(shown).selected == "beta")


async def test_without_endpoints_only_what_means_something_is_offered() -> None:
    fake = FakeControl(records=())
    fake.views.clear()
    async with screens(fake) as shown:
        await shown.says("Three steps")
        await shown.says("Found on this machine")
        assert [label for _, label, _ in footer(shown.app)] == ["Add", "Import"]


async def test_a_deletion_can_be_undone_for_a_while_only(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "UNDO_FOR", 0.05)
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("d")
        await shown.until(lambda: "alpha" not in fake.views)
        await shown.until(lambda: "Undo" not in [label for _, label, _ in footer(shown.app)])
        await shown.press("z")
        assert not fake.undone


async def test_the_selected_one_is_looked_at_closely(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await shown.says("p50 1.12 s   p95 2.48 s   p99 4.01 s")
        for said in ("61 tokens/s out", "failed over 3 of 184", "refuses context_management", "sk-…4f2a", "60 min"):
            assert said in shown.text()


@pytest.mark.parametrize("width", [40, 76, 96, 116])
def test_the_columns_fit(width: int) -> None:
    shown = [column for column in COLUMNS if column.from_width <= width]
    needed = sum(column.width + 1 for column in shown)
    assert needed <= max(width, 66)
