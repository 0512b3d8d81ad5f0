"""One real request through a real proxy, seen in the inspector while it flows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.control.local import Local
from tests.clock import ManualClock
from tests.proxy.house import A, C, entry, house, providers
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


async def test_a_converted_stream_has_both_its_sides_when_it_has_ended(tmp_path: Path, clock: ManualClock) -> None:
    """Asked by a client of one format, answered in another, looked at from the log alone and played again."""
    async with providers("one", formats=(C,)) as (one,), house(tmp_path, clock, entry(one)) as home:
        assert (await home.turn(A, text="what is in here?")).status == 200
        one.hold(after=3)
        async with home.asking(A) as talk:
            got = b""
            while b"message_start" not in got:
                got += await talk.receive()
            clock.advance(2.0)
            one.release()
            while b"message_stop" not in got:
                got += await talk.receive()
        await home.quiet()
        ticks = ManualClock()
        control = Local(home.runtime, lambda: home.runtime.loaded, home.url)
        async with screens(control, keys=("3",)) as shown:
            await shown.until(lambda: len(shown.app.frame.rows) == 2, "the rows")
            newest = shown.app.frame.rows[-1].id
            inspector = InspectorScreen(newest, lambda: shown.app.frame.rows, clock=ticks.monotonic)
            await shown.app.push_screen(inspector)
            await shown.until(lambda: inspector.seen.ended)
            await shown.press("left_square_bracket", "left_square_bracket")
            await shown.says("message_stop")
            await shown.says("+2 000  content_block_delta")
            await shown.press("p", "home")
            await shown.says("playing x1  +0 of 2 000 ms")
            assert "message_start" in shown.text()
            assert "+2 000  " not in shown.text()
            ticks.advance(2.0)
            await shown.says("message_stop")
            await shown.press("left_square_bracket", "left_square_bracket")
            assert inspector.tab is Tab.RAW_CLIENT
            await shown.until(lambda: "event: message_stop" in (inspector.copyable() or ""), "the client's own bytes")
            assert "chat.completion.chunk" not in (inspector.copyable() or "")
