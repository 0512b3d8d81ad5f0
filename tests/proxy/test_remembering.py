"""What outlives a restart and a reload, and what a changed configuration forgives."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType

import pytest

from cccc.demo import faults
from cccc.domain.cooldown import Cooldown
from cccc.domain.endpoint import Auth, AuthType, Endpoint, ModelRule, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.health import Breaker, EndpointHealth, TurnRecord
from cccc.domain.remembered import clamped, shifted
from cccc.domain.secret import Secret
from cccc.proxy.fingerprint import fingerprint, recognised
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.proxy.house import House, entry, house, providers

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
EVERYTHING = EndpointHealth(
    breaker=Breaker.OPEN,
    records=(TurnRecord(NOW - 1, "req_1", 2, ok=False, reason="no answer in 60 s", overload=True),),
    opened_at=NOW - 1,
    open_until=NOW + 299,
    closed_at=NOW - 100,
    open_reason="no answer in 60 s",
    causes=("req_1",),
    probe_level=3,
    next_probe_at=NOW + 40,
    good_probes=1,
    trial_in_flight=True,
    cooldown=Cooldown(NOW + 10, "no credit", 2, until_config_change=True, outcome=Outcome.NO_CREDIT),
    model_cooldowns=MappingProxyType({"m": Cooldown(NOW + 20, "overloaded", 1, outcome=Outcome.OVERLOADED)}),
    unified_status="allowed_warning",
    unified_reset=NOW + 500,
    last_error="502 Bad Gateway",
    last_error_at=NOW - 1,
    needs_config=True,
)


def test_every_field_of_health_is_kept(tmp_path: Path, clock: ManualClock) -> None:
    plain = EndpointHealth()
    assert [f.name for f in fields(plain) if getattr(plain, f.name) == getattr(EVERYTHING, f.name)] == []
    store = Store.open(tmp_path, clock)
    store.learned.save_health("one", EVERYTHING)
    store.close()
    store = Store.read_only(tmp_path, clock)
    assert store.learned.health() == {"one": EVERYTHING}
    assert clamped(EVERYTHING, NOW) == replace(EVERYTHING, trial_in_flight=False)
    store.close()


def test_moving_health_between_clocks_moves_every_time_and_nothing_else() -> None:
    there = shifted(EVERYTHING, 3600)
    assert shifted(there, -3600) == EVERYTHING
    assert (there.opened_at, there.unified_reset, there.records[0].at) == (NOW + 3599, NOW + 4100, NOW + 3599)
    assert there.cooldown is not None
    assert (there.cooldown.until, there.model_cooldowns["m"].until) == (NOW + 3610, NOW + 3620)


async def refused(home: House) -> None:
    """The only endpoint refuses its key."""
    assert (await home.turn(stream=False)).status == 503
    assert home.breaker("one") is Breaker.OPEN


async def test_a_restart_forgets_neither_breaker_nor_cooldown_nor_what_was_learned(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with providers("one", "two", "three") as (one, two, three):
        one.key = "sk-one"
        settings = entry(one, auth_type="auto"), entry(two), entry(three, priority=2)
        async with house(tmp_path, clock, *settings) as home:
            two.fail_next(*[faults.status(500)] * 2)
            one.fail_next(faults.status(429, retry_after="600"))
            for _ in range(3):
                await home.turn(stream=False)
            roster = home.runtime.context.roster
            roster.learning.counts_no_tokens(roster.member("three").endpoint)
            before = {name: roster.member(name).health for name in ("one", "two", "three")}
            assert before["two"].breaker is Breaker.OPEN
        clock.advance(2)
        async with house(tmp_path, clock, *settings) as home:
            roster = home.runtime.context.roster
            assert {name: roster.member(name).health for name in before} == before
            known = roster.learning.known(roster.member("three").endpoint, None)
            assert known.count_tokens_enabled is False
            assert (await home.turn()).status == 200
            assert home.records[-1].endpoint == "three"


async def test_a_reload_forgets_nothing_either(tmp_path: Path, clock: ManualClock) -> None:
    async with (
        providers("one", "two") as (one, two),
        house(tmp_path, clock, entry(one), entry(two)) as home,
    ):
        one.fail_next(*[faults.status(500)] * 2)
        for _ in range(2):
            await home.turn(stream=False)
        roster, loaded = home.runtime.context.roster, home.runtime.loaded
        before = roster.member("one").health
        home.runtime.apply(loaded)
        assert roster.member("one").health == before
        home.runtime.apply(replace(loaded, endpoints=loaded.endpoints[1:]))
        home.runtime.apply(loaded)
        assert roster.member("one").health == before


@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "while it does not run"])
async def test_a_refused_key_keeps_out_until_the_configuration_changes(
    tmp_path: Path, clock: ManualClock, running: bool
) -> None:
    async with providers("one") as (one,):
        one.key = "sk-new"
        old, new = entry(one, auth_value="sk-old"), entry(one, auth_value="sk-new")
        async with house(tmp_path, clock, old) as home:
            await refused(home)
            asked = len(one.turns)
            if running:
                other = replace(home.runtime.loaded.endpoints[0], auth=Auth(AuthType.AUTO, Secret("sk-new")))
                home.runtime.apply(replace(home.runtime.loaded, endpoints=(other,)))
                assert (await home.turn()).status == 200
                return
        async with house(tmp_path, clock, old) as home:
            assert home.breaker("one") is Breaker.OPEN
        async with house(tmp_path, clock, new) as home:
            assert home.breaker("one") is Breaker.CLOSED
            assert (await home.turn()).status == 200
            assert len(one.turns) == asked + 1


async def test_a_refused_key_is_tried_again_after_a_quarter_of_an_hour(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one") as (one,), house(tmp_path, clock, entry(one)) as home:
        one.fail_next(*[faults.status(401)] * 2)
        await refused(home)
        clock.advance(899)
        assert home.runtime.context.roster.usable == 0
        clock.advance(2)
        assert (await home.turn()).status == 200


ENDPOINT = Endpoint("one", {WireFormat.ANTHROPIC: "https://one/v1/messages"}, Auth(AuthType.AUTO, Secret("sk-1")))


@pytest.mark.parametrize(
    "changed",
    [
        replace(ENDPOINT, auth=Auth(AuthType.AUTO, Secret("sk-2"))),
        replace(ENDPOINT, auth=Auth(AuthType.API_KEY, Secret("sk-1"))),
        replace(ENDPOINT, urls={WireFormat.ANTHROPIC: "https://two/v1/messages"}),
        replace(ENDPOINT, header_overrides={"x-team": "blue"}),
        replace(ENDPOINT, model_rules=(ModelRule("*", "m"),)),
    ],
)
def test_a_fingerprint_tells_a_change_that_may_mend_something(changed: Endpoint) -> None:
    known = fingerprint(ENDPOINT)
    assert recognised(ENDPOINT, known)
    assert not recognised(changed, known)
    assert "sk-1" not in known
    assert fingerprint(ENDPOINT) != known


@pytest.mark.parametrize("same", [replace(ENDPOINT, priority=5, position=3), replace(ENDPOINT, tags=frozenset("ab"))])
def test_a_fingerprint_overlooks_what_cannot_mend_anything(same: Endpoint) -> None:
    assert recognised(same, fingerprint(ENDPOINT))


@pytest.mark.parametrize("nonsense", [None, 5, "", "zz:00", "00", ":" * 9])
def test_a_fingerprint_that_cannot_be_read_is_not_recognised(nonsense: object) -> None:
    assert not recognised(ENDPOINT, nonsense)
