"""One real request through a real proxy, seen in the inspector while it flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.control.local import Local
from tests.clock import ManualClock
from tests.proxy.house import A, entry, house, providers
from tests.tui.pilot import screens
from tui.inspector.tabs import Tab
from tui.screens.inspector import InspectorScreen

pytestmark = pytest.mark.anyio


async def test_a_request_is_seen_while_it_flows_and_after(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one)) as home:
        one.hold(after=5)
        control = Local(home.runtime, lambda: home.runtime.loaded, home.url)
        async with screens(control, keys=("3",)) as shown, home.asking(text="what is in here?") as talk:
            await one.gate.until_held()
            await shown.until(lambda: shown.app.frame.rows, "the row")
            await shown.press("enter")
            inspector = shown.app.screen
            assert isinstance(inspector, InspectorScreen)
            await shown.until(lambda: inspector.seen.events >= 5, "the first events")
            assert not inspector.seen.ended
            await shown.says("Messages · unchanged")
            await shown.press(*["left_square_bracket"] * 2)
            assert inspector.tab is Tab.STREAM
            await shown.says("content_block_delta")
            heard = inspector.seen.events
            one.release()
            await talk.receive()
            await shown.until(lambda: inspector.seen.ended, "the end")
            assert inspector.seen.events > heard
            assert any(both.upstream and both.client for both in inspector.seen.lines)
            assert inspector.seen.answer.stop == "end_turn"
            await shown.says("message_stop")
