"""The inspector: each tab, each key, a request seen while it runs, and bodies of every kind."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    FlowEnded,
    FlowLost,
    FlowPiece,
    RequestProgress,
    RequestRecord,
    RequestStarted,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from cccc.domain.record import NO_PACE
from cccc.errors import NotRunning
from tests.clock import ManualClock
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.inspector import case
from tests.tui.pilot import BEAT, WIDE, Screens, screens
from tui.inspector.tabs import Tab
from tui.screens.inspector import InspectorScreen
from tui.screens.requests import RequestsScreen
from tui.widgets.chrome import footer
from tui.widgets.line_view import LineView

pytestmark = pytest.mark.anyio


def inspector(shown: Screens) -> InspectorScreen:
    assert isinstance(shown.app.screen, InspectorScreen)
    return shown.app.screen


def lines(shown: Screens) -> LineView:
    return inspector(shown).lines


async def inspect(shown: Screens, tab: Tab = Tab.EXCHANGE) -> None:
    """Open the newest request on this tab."""
    await shown.press("3")
    await shown.until(lambda: shown.app.frame.rows)
    await shown.press("enter")
    await shown.until(lambda: inspector(shown).seen.asked is not None)
    await shown.press(*["right_square_bracket"] * ((list(Tab).index(tab) - 1) % len(Tab)))
    await shown.until(lambda: inspector(shown).tab is tab and len(lines(shown).document) > 0)
    await shown.until(lambda: "reading" not in shown.lines()[6:8])


async def test_the_exchange_marks_what_was_changed() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.says('"model": "anthropic/claude-opus-4.5"  ● rewritten')
        text = shown.text()
        for mark in ("● added", "● renamed", "● from thinking", "● dropped"):
            assert mark in text
        assert "x-api-key: ****  (never stored)" in text
        assert "notes   6x cache_control" in text
        assert "try 2    5.00 s" in text


async def test_j_and_k_go_through_the_list() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.press("j")
        assert shown.said == ["this is the newest one"]
        await shown.press("k")
        await shown.until(lambda: inspector(shown).seen.asked is not None)
        assert inspector(shown).request_id == world.GONE.id
        await shown.says("4 of 5")
        await shown.press("j")
        await shown.says(f"Request {case.RECORD.id}")


async def test_enter_opens_and_closes_a_fold() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.says("▸ 2 other headers")
        for _ in range(5):
            await shown.press("down")
        assert "Open" in [label for _, label, _ in footer(shown.app)]
        await shown.press("enter")
        await shown.says("user-agent: claude-cli/2.1.197")
        await shown.press("enter")
        await shown.says("▸ 2 other headers")


async def test_an_answer_opens_below() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.says("▸ 93 chars")
        await shown.press("tab", "down", "down", "enter")
        await shown.says("what it does with a torn")


async def test_find_goes_to_it_and_on_and_back() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown, Tab.RAW_CLIENT)
        await shown.says('"model": "claude-opus-4-5"')
        await shown.press("slash", *"tool1", "enter")
        first = lines(shown).cursor
        assert '"Tool1"' in lines(shown).document.plain(first)
        await shown.press("n")
        assert '"Tool10"' in lines(shown).document.plain(lines(shown).cursor)
        await shown.press("N")
        assert lines(shown).cursor == first
        await shown.press("slash", *"zzz", "enter")
        assert shown.said[-1].endswith("stands nowhere in this tab")
        await shown.press("slash", "escape")
        assert "Next/prev found" not in [label for _, label, _ in footer(shown.app)]


async def test_letters_typed_into_find_stay_there() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.press("slash", *"jkuq[")
        assert inspector(shown).query_one(Input).value.startswith("jkuq")
        assert inspector(shown).request_id == case.RECORD.id


async def test_y_copies_the_tab() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown, Tab.ATTEMPTS)
        await shown.press("y")
        assert "no connection within 5 s" in shown.app.clipboard
        assert shown.said[-1].startswith("copied ")


async def test_r_says_where_it_goes_and_then_shows_the_new_one() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.press("r")
        await shown.says("It goes to alpha first, then to 1 other where that fails.")
        await shown.says("It costs tokens")
        await shown.press("escape")
        assert inspector(shown).request_id == case.RECORD.id
        await shown.press("r", "s")
        await shown.until(lambda: inspector(shown).request_id.startswith("req_01JZ8Q4T000000000000000R"))


def file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_s_writes_a_new_file_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with screens(case.fake()) as shown:
        await inspect(shown)
        for number in (1, 2):
            await shown.press("s")
            await shown.until(lambda number=number: len(shown.said) == number)
    names = file_names(tmp_path)
    assert names == [f"cccc-{case.RECORD.id}-2.zip", f"cccc-{case.RECORD.id}.zip"]
    assert zipfile.ZipFile(tmp_path / names[1]).testzip() is None
    assert (tmp_path / names[0]).stat().st_mode & 0o777 == 0o600


async def test_o_shows_the_tab_in_the_pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", f"tee {tmp_path / 'seen'}")
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.press("o")
        assert shown.said == ["this terminal cannot be lent to a pager"]
        driver = shown.app._driver
        assert driver is not None
        monkeypatch.setattr(type(driver), "can_suspend", True)
        monkeypatch.setattr(type(driver), "suspend_application_mode", lambda _: None)
        monkeypatch.setattr(type(driver), "resume_application_mode", lambda _: None)
        await shown.press("o")
        assert "client request" in (tmp_path / "seen").read_text()
        monkeypatch.setenv("PAGER", "no-such-pager-here")
        await shown.press("o")
        assert shown.said[-1].startswith("PAGER cannot be run")


async def test_f_maximises_and_escape_gives_back_then_leaves() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown)
        await shown.press("F")
        assert shown.app.screen.maximized is lines(shown)
        await shown.press("escape")
        assert shown.app.screen.maximized is None
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, RequestsScreen))


# bodies


async def raw(body: bytes | None, *, text: str) -> None:
    fake = FakeControl(records=(replace(case.RECORD, request_body=body),))
    async with screens(fake) as shown:
        await inspect(shown, Tab.RAW_CLIENT)
        await shown.says(text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, "its body was not kept: logging.log_request_body"),
        (b"\x00\x01\x02", "00000000  00 01 02"),
        (b'{"model": "x", oops', "oops"),
        (b"", "empty"),
        (b'{"a":1\n[... 999 bytes left out ...]\n]}', "999 bytes left out ..."),
    ],
)
async def test_bodies_of_every_kind(body: bytes | None, text: str) -> None:
    await raw(body, text=text)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "its body was not kept"),
        (b"{oops", "not JSON, 5 B"),
        (b"{\n[... 9 bytes left out ...]\n}", "only a part of it was kept"),
    ],
)
async def test_the_exchange_says_why_it_cannot_compare(body: bytes | None, why: str) -> None:
    async with screens(FakeControl(records=(replace(case.RECORD, request_body=body),))) as shown:
        await inspect(shown)
        await shown.says(why)


# while it runs

LIVE = "req_01JZ8Q4T0000000000000000L7"


def asked() -> list[FlowPiece]:
    body = b'{"model":"claude-opus-4-5","stream":true}'
    return [
        ClientAsked("POST", "/v1/messages", case.CLIENT_HEADERS, body),
        UpstreamAsked(1, "alpha", "POST", "https://api.alpha.example/v1/messages", (), body, False, 0.4),
        UpstreamAnswered(1, 200, (("content-type", "text/event-stream"),), 400.0),
    ]


def event(number: int) -> list[FlowPiece]:
    data = json.dumps({"type": "content_block_delta", "index": 0, "delta": {"text": f"w{number} "}}).encode()
    at_ms = 500.0 + number
    return [UpstreamSaid(1, "content_block_delta", data, at_ms), ClientGot("content_block_delta", data, at_ms + 0.2)]


def ended() -> RequestRecord:
    return replace(world.OK, id=LIVE, time=world.NOW - 2, request_body=None, response_body=None)


async def start(fake: FakeControl, shown: Screens) -> None:
    fake.emit(RequestStarted(LIVE, world.NOW - 2, world.OK.client_type, world.OK.wire_format, "claude-opus-4-5", True))
    await shown.until(lambda: shown.app.frame.row(LIVE))


async def test_a_running_request_flows_in_live() -> None:
    fake = FakeControl()
    with fake.runs(LIVE) as flow:
        async with screens(fake) as shown:
            await start(fake, shown)
            for piece in asked():
                flow.send_nowait(piece)
            await inspect(shown, Tab.STREAM)
            assert "As curl" not in [label for _, label, _ in footer(shown.app)]
            for piece in event(1):
                flow.send_nowait(piece)
            await shown.says("+501  content_block_delta")
            for piece in (*event(2), FlowLost(3)):
                flow.send_nowait(piece)
            await shown.says("Stream 4 events")
            await shown.says("3 pieces were missed")
            await shown.press(*["right_square_bracket"] * 2)
            await shown.says("text      w1 w2")
            flow.send_nowait(UpstreamEnded(1, None, 600.0))
            flow.send_nowait(FlowEnded(ended()))
            await shown.until(lambda: inspector(shown).seen.ended)


async def test_the_end_is_followed_until_somebody_looks_back() -> None:
    fake = FakeControl()
    with fake.runs(LIVE) as flow:
        async with screens(fake) as shown:
            await start(fake, shown)
            for piece in (*asked(), *(piece for number in range(100) for piece in event(number))):
                flow.send_nowait(piece)
            await inspect(shown, Tab.STREAM)
            await shown.says("+599  content_block_delta")
            await shown.press("home")
            for piece in event(150):
                flow.send_nowait(piece)
            await shown.says("Stream 202 events")
            assert lines(shown).cursor == 0
            await shown.press("end")
            for piece in event(160):
                flow.send_nowait(piece)
            await shown.says("+660  content_block_delta")


async def test_many_events_are_few_redraws(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeControl()
    drawn: list[object] = []
    show = LineView.show

    def counted(self: LineView, *args: object, **more: object) -> None:
        drawn.append(self)
        show(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(LineView, "show", counted)
    with fake.runs(LIVE) as flow:
        async with screens(fake) as shown:
            await start(fake, shown)
            for piece in asked():
                flow.send_nowait(piece)
            await inspect(shown, Tab.STREAM)
            drawn.clear()
            for number in range(3_000):
                for piece in event(number % 400):
                    flow.send_nowait(piece)
            await shown.says("Stream 6 000 events")
            await asyncio.sleep(3 * BEAT)
            assert len(drawn) < 1_200, "a fifth of what one redraw for every event would be, however slow the machine"


# played again


def keys(shown: Screens) -> list[str]:
    return [label for _, label, _ in footer(shown.app)]


@asynccontextmanager
async def playing(shown: Screens) -> AsyncIterator[ManualClock]:
    """The case's stream, by a clock that the test moves."""
    clock = ManualClock()
    await shown.press("3")
    await shown.until(lambda: shown.app.frame.row(case.RECORD.id))
    await shown.app.push_screen(InspectorScreen(case.RECORD.id, lambda: shown.app.frame.rows, clock=clock.monotonic))
    await shown.until(lambda: inspector(shown).seen.ended)
    await shown.press("left_square_bracket", "left_square_bracket")
    await shown.says("+9 362  data  [DONE]")
    yield clock


async def test_p_plays_the_stream_again_and_pauses() -> None:
    async with screens(case.fake()) as shown, playing(shown) as clock:
        assert "Play/pause" in keys(shown)
        assert "Slower/faster" not in keys(shown)
        await shown.press("p")
        await shown.says("playing x1  +310 of 9 362 ms")
        assert "+6 162" not in shown.text()
        clock.advance(6.253)
        await shown.says("playing x1  +6 563 of 9 362 ms")
        await shown.says("+6 562  data")
        assert "+6 564" not in shown.text(), "the client's event comes a moment later"
        await shown.press("p")
        clock.advance(100.0)
        await shown.says("paused x1  +6 563 of 9 362 ms")
        assert "+6 962" not in shown.text()
        await shown.press("p")
        clock.advance(0.4)
        await shown.says("+6 962  data")
        clock.advance(3.0)
        await shown.says("[DONE]")
        await shown.until(lambda: inspector(shown).playback is None)
        assert "playing" not in shown.text()


async def test_the_speed_is_changed_in_steps() -> None:
    async with screens(case.fake()) as shown, playing(shown) as clock:
        await shown.press("less_than_sign", "greater_than_sign")
        assert inspector(shown).playback is None, "nothing plays"
        await shown.press("p", "greater_than_sign")
        clock.advance(1.0)
        await shown.says("playing x4  +4 310 of 9 362 ms")
        await shown.press("greater_than_sign", "greater_than_sign")
        clock.advance(0.125)
        await shown.says("playing x16  +6 310 of 9 362 ms")
        await shown.press("less_than_sign", "less_than_sign", "less_than_sign")
        clock.advance(0.5)
        await shown.says("playing x1  +6 810 of 9 362 ms")


async def test_another_tab_or_request_ends_it() -> None:
    async with screens(case.fake()) as shown, playing(shown):
        await shown.press("p", "right_square_bracket")
        assert inspector(shown).playback is None
        assert "Play/pause" not in keys(shown)
        await shown.press("left_square_bracket", "p", "k")
        assert inspector(shown).playback is None


async def test_a_stream_whose_times_are_lost_cannot_be_played() -> None:
    attempts = tuple(replace(one, response_pace=NO_PACE) for one in case.RECORD.attempts)
    record = replace(case.RECORD, response_pace=NO_PACE, attempts=attempts)
    async with screens(FakeControl(records=(record,))) as shown:
        await inspect(shown, Tab.STREAM)
        await shown.says("-  data  [DONE]")
        await shown.says("message_stop")
        assert "Play/pause" not in keys(shown)


# both sides


async def test_the_raw_tabs_have_each_sides_own_answer() -> None:
    async with screens(case.fake()) as shown:
        await inspect(shown, Tab.RAW_CLIENT)
        await shown.until(lambda: "answered 200" in (inspector(shown).copyable() or ""))
        text = inspector(shown).copyable() or ""
        assert "x-cccc-endpoint: beta" in text
        assert "event: message_start" in text
        assert "reasoning_content" not in text
        await shown.press("right_square_bracket")
        await shown.until(lambda: "reasoning_content" in (inspector(shown).copyable() or ""))
        assert "message_start" not in (inspector(shown).copyable() or "")


async def test_the_same_bytes_are_said_to_be_the_same() -> None:
    record = replace(case.RECORD, response_body=None, response_same=True)
    async with screens(FakeControl(records=(record,))) as shown:
        await inspect(shown, Tab.RAW_CLIENT)
        await shown.until(lambda: "the same bytes as the endpoint sent (" in (inspector(shown).copyable() or ""))
        assert "reasoning_content" in (inspector(shown).copyable() or "")
        await shown.press("right_square_bracket", "right_square_bracket")
        await shown.says("client events  the same bytes")


async def test_of_a_request_that_the_log_does_not_want_the_raw_tabs_have_what_was_seen() -> None:
    fake = FakeControl()
    with fake.runs(LIVE) as flow:
        async with screens(fake) as shown:
            await start(fake, shown)
            for piece in (*asked(), *event(1), UpstreamEnded(1, None, 600.0), FlowEnded(ended())):
                flow.send_nowait(piece)
            await inspect(shown, Tab.RAW_CLIENT)
            await shown.until(lambda: inspector(shown).seen.ended and inspector(shown).quiet)
            await shown.says('data: {"type": "content_block_delta"')


@pytest.mark.parametrize("tab", [Tab.RAW_CLIENT, Tab.RAW_UPSTREAM])
async def test_an_answer_that_was_not_kept_says_why(tab: Tab) -> None:
    attempts = tuple(replace(one, response_body=None) for one in case.RECORD.attempts)
    record = replace(case.RECORD, response_body=None, request_body=b"{}", attempts=attempts)
    async with screens(FakeControl(records=(record,))) as shown:
        await inspect(shown, tab)
        await shown.until(lambda: "its answer was not kept: logging.log" in (inspector(shown).copyable() or ""))


async def test_the_raw_tabs_grow_while_an_answer_comes() -> None:
    fake = FakeControl()
    with fake.runs(LIVE) as flow:
        async with screens(fake) as shown:
            await start(fake, shown)
            for piece in (*asked(), ClientAnswered(200, (("x-cccc-endpoint", "alpha"),), 500.0), *event(1)):
                flow.send_nowait(piece)
            await inspect(shown, Tab.RAW_CLIENT)
            await shown.says("x-cccc-endpoint: alpha")
            await shown.says('data: {"type": "content_block_delta"')
            assert "w2" not in shown.text()
            for piece in event(2):
                flow.send_nowait(piece)
            await shown.says("w2")
            await shown.press("right_square_bracket")
            await shown.says("attempt 1 alpha")
            await shown.says("w2")


async def test_a_request_from_before_the_screens_has_its_row_at_once() -> None:
    fake = FakeControl()
    fake.emit(RequestStarted(LIVE, world.NOW - 2, world.OK.client_type, world.OK.wire_format, "claude-opus-4-5", True))
    fake.emit(RequestProgress(LIVE, "alpha", 1, 400.0, 99))
    with fake.runs(LIVE) as flow:
        for piece in (*asked(), *event(1)):
            flow.send_nowait(piece)
        async with screens(fake) as shown:
            await inspect(shown, Tab.STREAM)
            assert inspector(shown).request_id == LIVE
            await shown.says("+501  content_block_delta")


async def test_a_request_that_nobody_knows_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.inspector.following.LATE", ())
    async with screens(case.fake()) as shown:
        await shown.press("3")
        await shown.app.push_screen(InspectorScreen("req_nobody", lambda: ()))
        await shown.says("req_nobody")
        await shown.says("no request")


async def test_what_was_seen_stays_when_the_proxy_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = case.fake()
    async with screens(fake) as shown:
        await inspect(shown)
        await shown.says("● rewritten")

        async def gone(*_: object, **__: object) -> object:
            raise NotRunning("the proxy is not running any more")

        monkeypatch.setattr(fake, "request", gone)
        await shown.press("u")
        assert "● rewritten" in shown.text()
        await shown.until(lambda: "the proxy is not running any more" in shown.said)


async def test_a_click_shows_a_tab_and_opens_a_fold() -> None:
    async with screens(case.fake(), size=WIDE) as shown:
        await inspect(shown)
        await shown.pilot.click("InnerTabs", offset=(2, 0))
        await shown.until(lambda: inspector(shown).tab is Tab.SUMMARY)
        await shown.press("right_square_bracket")
        await shown.says("▸ 2 other headers")
        for _ in range(2):
            await shown.pilot.click("#lines", offset=(3, 5))
        await shown.says("user-agent: claude-cli/2.1.197")
