"""Mode 3: each key, following and holding, and filters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from cccc.control.api import RequestFinished, RequestStarted
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.inspector import case
from tests.tui.pilot import Screens, screens
from tui.widgets.chrome import footer
from tui.widgets.log_table import LogTable

pytestmark = pytest.mark.anyio

OK, FAILED_OVER, FAILED, GONE = (record.id for record in world.RECORDS)


def log(shown: Screens) -> LogTable:
    return shown.app.screen.query_one(LogTable)


def ids(shown: Screens) -> list[str]:
    return [row.id for row in log(shown).rows]


async def ready(shown: Screens) -> None:
    await shown.press("3")
    await shown.until(lambda: log(shown).selected == GONE)


def arrives(fake: FakeControl, number: int) -> str:
    record = replace(world.OK, id=f"req_new{number}", time=world.NOW)
    fake.records.append(record)
    fake.emit(RequestFinished(record))
    return record.id


async def test_the_newest_is_followed(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        new = arrives(fake, 1)
        await shown.until(lambda: log(shown).selected == new)


async def test_moving_up_stops_following_and_new_rows_move_nothing(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("k")
        new = arrives(fake, 1)
        await shown.until(lambda: new in ids(shown))
        assert log(shown).selected == FAILED
        assert not log(shown).following
        await shown.press("f")
        assert (log(shown).selected, log(shown).following) == (new, True)


async def test_space_holds_and_counts(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("space")
        new = [arrives(fake, number) for number in range(3)]
        await shown.says("held, 3 new")
        assert ids(shown) == [OK, FAILED_OVER, FAILED, GONE]
        await shown.press("space")
        assert ids(shown)[-3:] == new


async def test_from_error_to_error(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("N")
        assert log(shown).selected == FAILED
        await shown.press("N")
        assert shown.said == ["no error further up"]
        await shown.press("home", "n")
        assert log(shown).selected == FAILED


async def test_a_filter_filters_while_typing_and_asks_the_log_on_enter(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("slash", *"client:codex")
        await shown.until(lambda: ids(shown) == [FAILED])
        await shown.press("enter")
        assert log(shown).has_focus
        await shown.press("slash", "escape")
        assert ids(shown) == [OK, FAILED_OVER, FAILED, GONE]


async def test_enter_finds_what_is_not_loaded(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.feed.ROWS_KEPT", 1)
    async with screens(fake) as shown:
        await shown.press("3")
        await shown.until(lambda: ids(shown) == [GONE])
        await shown.press("slash", *"failed", "enter")
        await shown.until(lambda: ids(shown) == [FAILED])


async def test_a_filter_that_cannot_be_read_says_so_and_changes_nothing(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("slash")
        field = shown.app.screen.query_one(Input)
        field.value = "failed"
        await shown.until(lambda: ids(shown) == [FAILED])
        field.value = "failed status:x"
        await shown.press("enter")
        await shown.says("expected a status such as 429")
        assert ids(shown) == [FAILED]
        assert field.has_focus
        assert shown.app.screen.query_one(Input).has_class("-wrong")


async def test_digits_and_letters_typed_in_the_field_stay_there(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("slash", *"q1TF")
        assert shown.app.screen.query_one(Input).value == "q1TF"
        assert shown.app.current_mode == "requests"


async def test_the_preview_tells_every_try(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.press("home", "down")
        await shown.says("529 overloaded_error: Overloaded")
        await shown.says("2 beta 200")


async def test_the_preview_tells_what_was_asked_lost_and_said() -> None:
    async with screens(case.fake(), keys=("3",)) as shown:
        await shown.says("sent gpt-5.2 · stream · 3 messages · 14 tools · 22 800 tok in (cached 0)")
        await shown.says("lost       cache_control x6 · thinking signature x1")
        await shown.says("said       I'll read the failing test first")


async def test_a_click_selects_and_one_more_inspects(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.pilot.click(LogTable, offset=(3, 1))
        await shown.until(lambda: log(shown).selected == OK)
        assert not log(shown).following
        await shown.pilot.click(LogTable, offset=(3, 1))
        await shown.says(f"Request {OK}")


async def test_a_page_opened_at_once_tells_of_its_own_request(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        await shown.says("tries      1 alpha")
        await shown.press("up", "enter")
        await shown.says("POST https://beta.example/v1/responses")
        assert "alpha" not in shown.text()


async def test_a_live_row_becomes_a_finished_one_in_its_place(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await ready(shown)
        fake.emit(RequestStarted("req_new1", world.NOW, world.OK.client_type, world.OK.wire_format, "glm-5", True))
        await shown.says("▸ claude-code glm-5")
        arrives(fake, 1)
        await shown.until(lambda: "glm-5" not in shown.text())
        assert ids(shown)[-1] == "req_new1"


async def test_keys_that_mean_nothing_are_not_offered() -> None:
    async with screens(FakeControl(records=())) as shown:
        await shown.press("3")
        assert [label for _, label, _ in footer(shown.app)] == ["Filter", "Hold", "Errors only"]
