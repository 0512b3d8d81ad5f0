"""A frame that says nothing new paints nothing, on every screen."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.widget import Widget

from tests.control.fake import FakeControl
from tests.tui.counted import Counted
from tests.tui.pilot import screens
from tui.screens import TABS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", [tab.mode for tab in TABS])
async def test_where_nothing_changed_nothing_is_painted(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: Counter[str] = Counter()
    refresh = Widget.refresh

    def counted(widget: Widget, *regions: object, **how: object) -> Widget:
        painted[type(widget).__name__] += 1
        return refresh(widget, *regions, **how)  # type: ignore[arg-type]

    fake: FakeControl = Counted() if mode == "stats" else FakeControl()
    async with screens(fake) as shown:
        shown.app.action_go(mode)
        await shown.settled()
        await shown.frames(2)
        monkeypatch.setattr(Widget, "refresh", counted)
        await shown.frames(3)
        assert not painted
        shown.front.refresh_look()
        assert painted, "what is painted is counted"
