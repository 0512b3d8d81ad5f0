"""Breaker and cooldowns: the rules one by one, then as a machine that must keep its invariants whatever happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cccc.domain.failover import Bench, BenchScope, BodyKind, Classification, Evidence, FailureClass, Outcome, classify
from cccc.domain.health import (
    LONGEST_PROBE_WAIT,
    WINDOW,
    Availability,
    Breaker,
    EndpointHealth,
    HealthPolicy,
    Standing,
    TurnObservation,
    availability,
    begin_trial,
    breaker_now,
    config_changed,
    observe,
    observe_limits,
    observe_probe,
    release_trial,
    reset,
    slow_start,
    success_rate,
)
from cccc.domain.remembered import clamped
from cccc.domain.resets import DAY
from cccc.errors import ConnectionLost, Phase, TimedOut

NOW = 1_800_000_000.0
POLICY = HealthPolicy()


def answered(status: int, **more: str) -> Classification:
    return classify(Evidence(status=status, body_kind=BodyKind.JSON, **more), now=NOW)


OK = classify(Evidence(status=200, body_kind=BodyKind.JSON, content=True), now=NOW)
BAD_GATEWAY = answered(502)
TIMEOUT = classify(Evidence(error=TimedOut(Phase.RESPONSE_HEADER, 60)), now=NOW)
KEY_REFUSED = answered(401)
RATE_LIMITED = answered(429)
OVERLOADED = answered(529)
NO_CREDIT = answered(402)
MODEL_MISSING = answered(404, fault_code="model_not_found")
BAD_REQUEST = answered(400)
CLIENT_GONE = classify(Evidence(client_gone=True), now=NOW)


class World:
    """One endpoint and a clock; every request has an id of its own."""

    def __init__(self, policy: HealthPolicy = POLICY) -> None:
        self.now = NOW
        self.policy = policy
        self.state = EndpointHealth()
        self.ids = 0

    def sees(self, *what: Classification, model: str = "m", request_id: str | None = None) -> World:
        for one in what:
            self.ids += 1
            seen = TurnObservation(request_id or f"req_{self.ids}", model, one)
            self.state = observe(self.state, seen, self.now, self.policy)
        return self

    def after(self, seconds: float) -> World:
        self.now += seconds
        return self

    def probed(self, *, good: bool, jitter: float = 0.0) -> World:
        self.state = observe_probe(self.state, good=good, now=self.now, jitter=jitter, policy=self.policy)
        return self

    def may(self, model: str | None = "m") -> Availability:
        return availability(self.state, model, self.now, self.policy)

    @property
    def open(self) -> bool:
        return self.state.breaker is Breaker.OPEN


# --- opening


def test_one_failed_request_does_not_open_but_two_do() -> None:
    world = World().sees(BAD_GATEWAY)
    assert not world.open
    assert world.sees(BAD_GATEWAY).open


def test_a_good_request_in_the_window_keeps_it_closed() -> None:
    world = World().sees(OK, BAD_GATEWAY, BAD_GATEWAY, BAD_GATEWAY)
    assert not world.open
    assert world.after(WINDOW + 1).sees(BAD_GATEWAY, BAD_GATEWAY).open


def test_failures_further_apart_than_the_window_do_not_open() -> None:
    assert not World().sees(BAD_GATEWAY).after(WINDOW + 1).sees(BAD_GATEWAY).open


def test_two_attempts_of_one_request_are_one_record() -> None:
    assert not World().sees(BAD_GATEWAY, BAD_GATEWAY, request_id="req_1").open


def test_a_timeout_counts_double() -> None:
    assert World().sees(TIMEOUT).open


def test_a_refused_key_opens_at_once_and_for_a_quarter_of_an_hour() -> None:
    world = World().sees(OK, KEY_REFUSED)
    assert world.open
    assert world.may().until == NOW + 900
    assert world.state.open_reason == "rejected its API key (401)"
    assert world.after(901).may().standing is Standing.RECOVERING


@pytest.mark.parametrize("what", [RATE_LIMITED, OVERLOADED, NO_CREDIT, MODEL_MISSING, BAD_REQUEST, CLIENT_GONE])
def test_what_is_not_ill_health_never_opens(what: Classification) -> None:
    world = World()
    for _ in range(10):
        world.sees(what).after(1)
    assert world.state.breaker is Breaker.CLOSED


def test_the_causes_are_kept() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY)
    assert world.state.causes == ("req_1", "req_2")
    assert (world.state.opened_at, world.state.open_reason) == (NOW, "502 Bad Gateway")
    assert (world.state.last_error, world.state.last_error_at) == ("502 Bad Gateway", NOW)


@pytest.mark.parametrize(
    ("what", "switch"),
    [(BAD_GATEWAY, FailureClass.SERVER), (KEY_REFUSED, FailureClass.CONFIG), (NO_CREDIT, FailureClass.BUSINESS)],
)
def test_a_safe_class_does_not_count_and_an_unsafe_one_does(what: Classification, switch: FailureClass) -> None:
    safe = World(HealthPolicy(ignored=frozenset({switch}))).sees(what, what, what)
    unsafe = World(HealthPolicy(ignored=frozenset())).sees(what, what, what)
    assert (safe.open, unsafe.open) == (False, True)


def test_a_disabled_breaker_never_opens_and_opens_what_was_shut() -> None:
    off = HealthPolicy(enabled=False)
    assert not World(off).sees(*[BAD_GATEWAY] * 5).open
    world = World().sees(KEY_REFUSED)
    assert availability(world.state, "m", NOW, off).usable


# --- recovery


def test_probes_wait_five_seconds_then_double_to_five_minutes() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY)
    waits = []
    for _ in range(9):
        assert world.state.next_probe_at is not None
        waits.append(world.state.next_probe_at - world.now)
        world.after(waits[-1]).probed(good=False)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_the_users_interval_is_the_longest_wait() -> None:
    world = World(HealthPolicy(longest_probe_wait=30)).sees(BAD_GATEWAY, BAD_GATEWAY)
    for _ in range(8):
        world.after(40).probed(good=False, jitter=0.99)
    assert world.state.next_probe_at == world.now + 30


def test_jitter_makes_a_wait_longer_by_a_tenth_at_most() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY).after(5).probed(good=False, jitter=0.5)
    assert world.state.next_probe_at == pytest.approx(world.now + 10.5)


def test_good_probes_make_it_half_open_with_one_trial() -> None:
    world = World(HealthPolicy(recovery_threshold=2)).sees(BAD_GATEWAY, BAD_GATEWAY)
    world.after(5).probed(good=True)
    assert world.open
    world.after(5).probed(good=True)
    assert world.state.breaker is Breaker.HALF_OPEN
    assert world.may() == Availability(usable=True, standing=Standing.RECOVERING)
    world.state = begin_trial(world.state)
    assert (world.may().usable, world.may().breaker_open) == (False, True)
    world.state = release_trial(world.state)
    assert world.may().usable


def test_a_good_trial_closes_and_the_endpoint_recovers_for_a_minute() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY).after(5).probed(good=True)
    world.state = begin_trial(world.state)
    world.sees(OK)
    assert world.state.breaker is Breaker.CLOSED
    assert world.may().standing is Standing.RECOVERING
    assert world.after(61).may().standing is Standing.HEALTHY


def test_a_bad_trial_opens_again_with_a_longer_wait() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY).after(5).probed(good=True)
    world.state = begin_trial(world.state)
    world.sees(BAD_GATEWAY)
    assert world.open
    assert world.state.next_probe_at == world.now + 10


@pytest.mark.parametrize("what", [RATE_LIMITED, BAD_REQUEST])
def test_a_trial_that_proved_nothing_is_free_again(what: Classification) -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY).after(5).probed(good=True)
    world.state = begin_trial(world.state)
    world.sees(what)
    assert world.state.breaker is Breaker.HALF_OPEN
    assert not world.state.trial_in_flight


def test_a_good_last_resort_closes_an_open_breaker() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY)
    assert not world.may().usable
    assert not world.sees(OK).open


def test_a_bad_last_resort_changes_no_schedule() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY)
    before = world.state
    world.after(2).sees(BAD_GATEWAY)
    assert (world.state.next_probe_at, world.state.probe_level) == (before.next_probe_at, before.probe_level)


def test_without_any_probe_an_open_breaker_turns_half_open_at_its_cap() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY).after(LONGEST_PROBE_WAIT - 1)
    assert not world.may().usable
    assert world.after(1).may().usable
    assert breaker_now(world.state, world.now) is Breaker.HALF_OPEN
    world.state = begin_trial(world.state)
    assert not world.may().usable
    assert world.sees(BAD_GATEWAY).open


def test_slow_start_after_closing() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY).sees(OK)
    assert slow_start(world.state, world.now) == 2
    limits = [slow_start(world.sees(OK).state, world.now) for _ in range(3)]
    assert limits == [4, 4, None]
    assert slow_start(World().sees(OK).state, NOW) is None


# --- degraded


def test_degraded_below_four_fifths_of_the_last_twenty() -> None:
    world = World().sees(*[OK] * 4, BAD_GATEWAY)
    assert (success_rate(world.state), world.may().standing) == (0.8, Standing.HEALTHY)
    world.sees(BAD_GATEWAY)
    assert world.may().standing is Standing.DEGRADED
    world.sees(*[OK] * 20)
    assert (success_rate(world.state), world.may().standing) == (1.0, Standing.HEALTHY)
    assert success_rate(EndpointHealth()) is None


def test_an_overload_degrades_for_a_minute() -> None:
    world = World().sees(OVERLOADED)
    assert world.may("another").standing is Standing.DEGRADED
    assert world.after(60).may("another").standing is Standing.HEALTHY


# --- cooldowns


def test_rate_limits_double_and_start_small_after_a_good_turn() -> None:
    world = World()
    lengths = []
    for _ in range(7):
        world.sees(RATE_LIMITED)
        until = world.may().until
        assert until is not None
        lengths.append(until - world.now)
        world.after(lengths[-1])
    assert lengths == [10, 20, 40, 80, 160, 300, 300]
    assert world.may().usable
    world.sees(OK, RATE_LIMITED)
    assert world.may().until == world.now + 10


def test_a_burst_is_one_offence() -> None:
    world = World()
    for _ in range(30):
        world.sees(RATE_LIMITED).after(0.1)
    assert world.may().until == NOW + 10


def test_a_named_reset_is_believed_and_never_shortened_by_a_later_answer() -> None:
    named = classify(Evidence(status=429, headers={"retry-after": "120"}), now=NOW)
    world = World().sees(named, RATE_LIMITED)
    found = world.may()
    assert (found.until, found.rate_limited, found.resting) == (NOW + 120, True, Outcome.RATE_LIMITED)
    assert found.reason == "is rate limited (429), cooling down for 2 min"


def test_an_empty_purse_outlasts_the_rate_limit_before_it() -> None:
    world = World().sees(RATE_LIMITED, NO_CREDIT)
    assert (world.may().until, world.may().resting) == (NOW + 3600, Outcome.NO_CREDIT)


def test_a_missing_model_rests_alone() -> None:
    world = World().sees(MODEL_MISSING, model="big")
    assert (world.may("big").usable, world.may("small").usable) == (False, True)
    assert (world.may("big").rate_limited, world.may("big").breaker_open) == (False, False)
    assert world.after(600).may("big").usable


def test_models_at_rest_are_bounded() -> None:
    world = World()
    for number in range(500):
        world.sees(MODEL_MISSING, model=f"m{number}")
    assert len(world.state.model_cooldowns) == 64
    assert not world.may("m499").usable


def test_records_are_bounded() -> None:
    assert len(World().sees(*[OK] * 500).state.records) == 100


def test_a_running_cooldown_survives_a_good_turn_that_was_under_way() -> None:
    assert not World().sees(RATE_LIMITED, OK).may().usable


# --- unified status


def test_enhanced_protection_leaves_at_the_warning_until_the_reset() -> None:
    headers = {
        "anthropic-ratelimit-unified-status": "allowed_warning",
        "anthropic-ratelimit-unified-reset": str(int(NOW) + 500),
    }
    state = observe_limits(EndpointHealth(), headers, NOW)
    assert (state.unified_status, state.unified_reset) == ("allowed_warning", NOW + 500)
    guarded = HealthPolicy(enhanced_protection=True)
    assert availability(state, "m", NOW, POLICY).usable
    found = availability(state, "m", NOW, guarded)
    assert (found.usable, found.until, found.rate_limited) == (False, NOW + 500, True)
    assert availability(state, "m", NOW + 500, guarded).usable
    assert observe_limits(state, {}, NOW) is state
    assert observe_limits(state, headers, NOW) is state


@pytest.mark.parametrize("stamp", ["0", "-1", "nan", "soon", str(int(NOW + 365 * DAY)), str(int(NOW - 60))])
def test_a_reset_nobody_can_believe_is_dropped(stamp: str) -> None:
    headers = {"anthropic-ratelimit-unified-status": "allowed", "anthropic-ratelimit-unified-reset": stamp}
    assert observe_limits(EndpointHealth(), headers, NOW).unified_reset is None


# --- a person's and the configuration's doings


def test_reset_makes_all_well() -> None:
    world = World().sees(KEY_REFUSED, RATE_LIMITED, MODEL_MISSING)
    world.state = reset(world.state)
    assert world.may() == Availability(usable=True, standing=Standing.HEALTHY)


def test_a_changed_configuration_forgives_a_refused_key_and_an_empty_purse() -> None:
    world = World().sees(KEY_REFUSED, NO_CREDIT)
    world.state = config_changed(world.state)
    assert world.may() == Availability(usable=True, standing=Standing.HEALTHY)


def test_a_changed_configuration_does_not_forgive_a_server() -> None:
    world = World().sees(BAD_GATEWAY, BAD_GATEWAY)
    assert config_changed(world.state).breaker is Breaker.OPEN
    limited = World().sees(RATE_LIMITED)
    assert not availability(config_changed(limited.state), "m", NOW, POLICY).usable


# --- clocks


JUMPS = [3600.0, -3600.0, 10 * 365 * DAY, -NOW, 8 * 3600.0, -7200.0]


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("what", [RATE_LIMITED, NO_CREDIT, KEY_REFUSED, BAD_GATEWAY, MODEL_MISSING])
def test_no_jump_of_the_clock_benches_anybody_for_longer_than_a_day(what: Classification, jump: float) -> None:
    world = World().sees(what, what)
    now = NOW + jump
    state = clamped(world.state, now)
    found = availability(state, "m", now, POLICY)
    assert found.usable or (found.until is not None and now <= found.until <= now + DAY)
    assert all(record.at <= now for record in state.records)
    assert availability(state, "m", now + DAY, POLICY).usable


def test_a_trial_that_a_restart_cut_off_is_free_again() -> None:
    state = begin_trial(replace(EndpointHealth(), breaker=Breaker.HALF_OPEN))
    assert availability(clamped(state, NOW), "m", NOW, POLICY).usable


def test_without_a_jump_nothing_is_lost() -> None:
    world = World().sees(RATE_LIMITED, KEY_REFUSED, BAD_GATEWAY)
    assert clamped(world.state, NOW) == world.state


# --- the machine (testplan T25)

NEUTRAL = st.sampled_from([CLIENT_GONE, classify(Evidence(shutdown=True), now=NOW)])
NOT_ILL = st.sampled_from([RATE_LIMITED, OVERLOADED, NO_CREDIT, MODEL_MISSING, BAD_REQUEST, answered(409)])
ILL = st.sampled_from(
    [
        BAD_GATEWAY,
        TIMEOUT,
        KEY_REFUSED,
        answered(403),
        classify(Evidence(error=ConnectionLost("x", reused=False)), now=0),
    ]
)


class HealthMachine(RuleBasedStateMachine):
    """Requests start and end in any order, probes come, clocks run, the configuration changes."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.running: list[bool] = []  # whether the request is the half-open endpoint's trial

    @rule(seconds=st.floats(0.1, 400))
    def time_passes(self, seconds: float) -> None:
        self.world.after(seconds)

    @precondition(lambda self: self.world.may().usable)
    @rule()
    def request_starts(self) -> None:
        trial = breaker_now(self.world.state, self.world.now) is Breaker.HALF_OPEN
        if trial:
            self.world.state = begin_trial(self.world.state)
        self.running.append(trial)

    @precondition(lambda self: self.running)
    @rule(what=st.one_of(st.just(OK), NOT_ILL, ILL))
    def request_ends(self, what: Classification) -> None:
        self.running.pop(0)
        before = self.world.state
        self.world.sees(what)
        if what.outcome is Outcome.RATE_LIMITED:
            assert self.world.state.breaker is before.breaker
            assert self.world.state.records == before.records

    @precondition(lambda self: self.running)
    @rule(what=NEUTRAL)
    def client_leaves(self, what: Classification) -> None:
        before = self.world.state
        self.world.sees(what)
        assert self.world.state == before
        if self.running.pop(0):
            self.world.state = release_trial(self.world.state)
            assert replace(before, trial_in_flight=False) == self.world.state

    @rule(good=st.booleans(), jitter=st.floats(0, 0.999))
    def probe(self, good: bool, jitter: float) -> None:
        self.world.probed(good=good, jitter=jitter)

    @rule(seconds=st.floats(1, DAY))
    def limited_until(self, seconds: float) -> None:
        bench = Bench(BenchScope.ENDPOINT, 10, 300, until=self.world.now + seconds)
        self.world.sees(Classification(Outcome.RATE_LIMITED, "slow", bench=bench))

    @rule()
    def configuration_changes(self) -> None:
        self.world.state = config_changed(self.world.state)

    @rule()
    def restart(self) -> None:
        self.running.clear()
        self.world.state = clamped(self.world.state, self.world.now)

    @invariant()
    def open_time_is_bounded(self) -> None:
        state, now = self.world.state, self.world.now
        if state.breaker is Breaker.OPEN:
            assert state.open_until is not None
            assert state.open_until - now <= 900
            assert state.next_probe_at is not None
            assert state.next_probe_at <= state.open_until

    @invariant()
    def cooldowns_are_bounded(self) -> None:
        rests = [*self.world.state.model_cooldowns.values(), self.world.state.cooldown]
        assert all(rest.until - self.world.now <= DAY for rest in rests if rest is not None)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.world.state.records) <= 100
        assert len(self.world.state.model_cooldowns) <= 64
        assert len(self.world.state.causes) <= 10

    @invariant()
    def a_trial_under_way_keeps_everybody_else_out(self) -> None:
        if self.world.state.breaker is Breaker.HALF_OPEN and self.world.state.trial_in_flight:
            assert not self.world.may().usable

    @invariant()
    def what_is_unusable_says_why(self) -> None:
        found = self.world.may()
        assert found.usable or found.reason
        assert found.usable is (found.standing is not Standing.UNUSABLE)


TestHealthMachine = HealthMachine.TestCase
