"""Mode 4: each key and what it asks for or shows, calm refreshing, and what is said where there is nothing."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from cccc.control.api import ClientType, Span, StatsKey
from cccc.errors import ControlError
from tests.control import world
from tests.tui.counted import KEYS, Counted
from tests.tui.pilot import SMALL, Screens, screens
from tui.screens.stats import REFRESH, StatsScreen
from tui.widgets.chrome import footer
from tui.widgets.live_table import LiveTable

pytestmark = pytest.mark.anyio

HOUR = (Span.HOUR, StatsKey.ENDPOINT, None, None)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files go here."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def counted() -> Counted:
    return Counted()


def keys(shown: Screens, table: str = "#groups") -> list[str]:
    rows = shown.app.screen.query_one(f"{table} LiveTable", LiveTable).rows
    return [row.id for row in rows]


async def ready(shown: Screens) -> None:
    await shown.press("4")
    await shown.until(lambda: keys(shown) == list(KEYS[StatsKey.ENDPOINT]))


async def test_it_tells_the_hour(counted: Counted) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        for said in ("842", "+12% on before", "p50 -40 ms on before", "cache read 71% (+3 points)", "overloaded 529",
                     "5 needed a second endpoint, 4 ended well", "A→C 31  R→C 12   untouched 799"):  # fmt: skip
            assert said in shown.text()
        assert keys(shown, "#beside") == list(KEYS[StatsKey.MODEL])
        assert counted.asked == [HOUR], "it is asked once"


@pytest.mark.parametrize(
    ("pressed", "asked", "said"),
    [
        ("d", (Span.DAY, StatsKey.ENDPOINT, None, None), "Requests per 30 min · last day"),
        ("w", (Span.WEEK, StatsKey.ENDPOINT, None, None), "Requests per 3 h · last week"),
        ("g", (Span.HOUR, StatsKey.MODEL, None, None), "By model"),
        ("c", (Span.HOUR, StatsKey.ENDPOINT, ClientType.CLAUDE_CODE, None), "last hour · claude code"),
        ("e", (Span.HOUR, StatsKey.ENDPOINT, None, "alpha"), "last hour · alpha"),
    ],
)
async def test_other_figures_are_asked_for(counted: Counted, pressed: str, asked: object, said: str) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press(pressed)
        await shown.until(lambda: counted.asked[-1] == asked)
        await shown.says(said)


async def test_h_goes_back_to_the_hour(counted: Counted) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        assert "Hour" not in [label for _, label, _ in footer(shown.app)], "it is the hour already"
        await shown.press("w", "h")
        await shown.until(lambda: counted.asked[-1] == HOUR)
        await shown.says("last hour")


async def test_the_groups_change_places_with_the_table_beside(counted: Counted) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press("g")
        await shown.until(lambda: keys(shown) == list(KEYS[StatsKey.MODEL]))
        assert keys(shown, "#beside") == list(KEYS[StatsKey.ENDPOINT])
        await shown.press("g")
        await shown.until(lambda: keys(shown) == list(KEYS[StatsKey.CLIENT]))


@pytest.mark.parametrize("key", ["c", "e"])
async def test_after_the_last_one_comes_everybody(counted: Counted, key: str) -> None:
    choices = {"c": len(ClientType), "e": len(world.ENDPOINTS)}[key] + 1
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press(*key * choices)
        await shown.until(lambda: counted.asked[-1] == HOUR)
        await shown.says("last hour ")


async def test_t_counts_something_else(counted: Counted) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press("t")
        await shown.says("Tokens per minute")
        assert keys(shown)[:2] == ["anthropic-official", "openrouter"], "shares are of tokens now"
        await shown.press("t")
        await shown.says("Cost per minute")
        await shown.press("t")
        await shown.says("Requests per minute")
        assert counted.asked == [HOUR], "all of it was known"


@pytest.mark.parametrize(
    ("times", "said", "first"),
    [
        (1, "sorted by errors", "openai-official"),
        (2, "sorted by ttfb p95", "openai-official"),
        (3, "sorted by tokens out", "anthropic-official"),
        (4, "sorted by name", "anthropic-official"),
        (5, "sorted by share", "anthropic-official"),
    ],
)
async def test_s_sorts(counted: Counted, times: int, said: str, first: str) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press(*"s" * times)
        await shown.says(said)
        assert keys(shown)[0] == first


async def test_figures_come_anew_after_a_while_and_not_while_paused(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        monkeypatch.setattr(world, "NOW", world.NOW + REFRESH)
        await shown.until(lambda: len(counted.asked) == 2)
        await shown.press("p")
        await shown.says("last hour · paused")
        asked = len(counted.asked)
        monkeypatch.setattr(world, "NOW", world.NOW + 10 * REFRESH)
        before = shown.app.frame
        await shown.until(lambda: shown.app.frame.now > before.now)
        assert len(counted.asked) == asked
        await shown.press("p")
        await shown.until(lambda: len(counted.asked) > asked)


async def test_a_hidden_screen_asks_nothing(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press("1")
        monkeypatch.setattr(world, "NOW", world.NOW + 10 * REFRESH)
        before = shown.app.frame
        await shown.until(lambda: shown.app.frame.now > before.now)
        assert counted.asked == [HOUR]


async def test_x_writes_a_new_file_and_names_it(counted: Counted, here: Path) -> None:
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press("x")
        await shown.until(lambda: shown.said)
        path = here / "cccc-stats-hour-20260701-123200.csv"
        assert shown.said == [f"written to {path}"]
        assert len(path.read_text().splitlines()) == 61
        await shown.press("x")
        await shown.until(lambda: len(shown.said) == 2)
        assert shown.said[1] == f"written to {path.with_name('cccc-stats-hour-20260701-123200-2.csv')}"


async def test_x_says_where_it_cannot_write(counted: Counted, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tui.screens.stats.write_new", full)
    async with screens(counted) as shown:
        await ready(shown)
        await shown.press("x")
        await shown.until(lambda: shown.said)
        assert shown.said == [f"nothing was written to {here}: No space left on device"]


async def test_enter_shows_all_of_it_on_a_page(counted: Counted) -> None:
    async with screens(counted, size=SMALL) as shown:
        await ready(shown)
        await shown.press("enter")
        await shown.says("untouched 799")
        await shown.says("by endpoint")
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.app.screen, StatsScreen))


async def test_without_requests_it_is_calm(counted: Counted) -> None:
    counted.quiet = True
    async with screens(counted, keys=("4", "e")) as shown:
        await shown.says("No requests in the last hour · alpha.")
        counted.quiet = False
        await shown.press("d")
        await shown.says("Requests per 30 min")


async def test_a_proxy_that_refuses_is_a_sentence(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    async with screens(counted) as shown:
        await ready(shown)

        async def refuse(*_: object, **__: object) -> object:
            raise ControlError("the log cannot be read")

        monkeypatch.setattr(counted, "series", refuse)
        await shown.press("d")
        await shown.says("the log cannot be read")
        assert "842" in shown.text(), "what was known stays in sight"
