"""One endpoint closely: the log, the roster and the lessons put together."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from cccc.control.local import Local
from cccc.demo import faults
from cccc.domain.endpoint import EgressProxy, EgressType, WireFormat
from cccc.domain.secret import Secret
from cccc.proxy import closeup
from cccc.proxy.learning import CONTEXT_WINDOW, COUNTS_NO_TOKENS, LACKS_FORMAT, Lesson
from cccc.proxy.remedies import LASTS, Kind
from cccc.storage.activity import Lately
from tests.clock import ManualClock
from tests.proxy.house import A, House, entry, house, providers

pytestmark = pytest.mark.anyio


def control(home: House) -> Local:
    return Local(home.runtime, lambda: home.runtime.loaded)


async def test_the_minutes_in_which_the_breaker_was_open(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        await home.turn()
        clock.advance(180)
        one.fail_always(faults.status(500))
        await home.turn()
        await home.turn()
        clock.advance(180)
        home.runtime.context.roster.reset("one")
        clock.advance(60)
        (activity,) = await control(home).activity(10)
    assert [minute.open for minute in activity.minutes] == [False] * 5 + [True] * 3 + [False] * 2
    assert sum(minute.attempts for minute in activity.minutes[:5]) == 1
    assert sum(minute.errors for minute in activity.minutes[5:]) >= 2
    assert activity.ok_share is not None
    assert 0 < activity.ok_share < 1


async def test_the_rate_is_that_of_the_newest_minutes(tmp_path: Path, clock: ManualClock) -> None:
    clock.advance(30)
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        roster, now = home.runtime.context.roster, clock.now()
        since = closeup.first_minute(now, 10)
        assert since == now - 30 - 9 * 60
        lately = Lately(
            MappingProxyType({at: closeup.Minute(since + at * 60, attempts=3) for at in range(10)}), 1.0, 5.0
        )
        seen = closeup.activity(roster, "one", lately, minutes=10, now=now)
    assert seen.per_minute == pytest.approx(15 / 4.5)


async def test_what_was_learned_is_said_in_words(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one)) as home:
        roster = home.runtime.context.roster
        roster.learning.counts_no_tokens(roster.member("one").endpoint)
        roster.learning.takes_at_most(roster.member("one").endpoint, "m", 200_000)
        detail = await control(home).endpoint_detail("one")
    assert [one.text for one in detail.learned] == ["does not count tokens", "has a context of 200000 tokens (m)"]
    assert all(one.until is not None and one.until > clock.now() for one in detail.learned)


@pytest.mark.parametrize(
    "kind", [*(kind for kind in Kind if LASTS[kind] != 0), LACKS_FORMAT, COUNTS_NO_TOKENS, CONTEXT_WINDOW]
)
def test_every_kind_of_lesson_has_its_words(kind: str) -> None:
    said = closeup._learned(Lesson(kind, "what", "8", WireFormat.ANTHROPIC, "a-model", None))
    assert said.text.endswith("(a-model, anthropic)")
    assert "{" not in said.text


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (None, None),
        ("sk-ant-0123456789abcdef4f2a", "sk-…4f2a"),
        ("0123456789abcdef-0123-4f2a", "…4f2a"),
        ("sk-short", "…"),
    ],
)
def test_what_may_be_seen_of_a_key(key: str | None, shown: str | None) -> None:
    assert closeup._key(None if key is None else Secret(key)) == shown


@pytest.mark.parametrize(
    ("egress", "shown"),
    [
        (None, None),
        (EgressProxy(EgressType.HTTP, "127.0.0.1", 3128, "me", Secret("hidden")), "http://127.0.0.1:3128"),
        (EgressProxy(EgressType.SOCKS5, "::1", 1080), "socks5://[::1]:1080"),
    ],
)
def test_the_way_out(egress: EgressProxy | None, shown: str | None) -> None:
    assert closeup._way_out(egress) == shown
