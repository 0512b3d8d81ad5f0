"""The roster as a machine (testplan T25): whatever happens to three endpoints, its promises hold."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import anyio
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cccc.domain.endpoint import ClientType, Endpoint, WireFormat
from cccc.domain.failover import BodyKind, Classification, Evidence, Outcome, classify
from cccc.domain.health import Breaker, EndpointHealth, HealthPolicy, slow_start
from cccc.domain.ranking import Need
from cccc.errors import ConnectionLost, Phase, TimedOut
from cccc.proxy import roster as roster_module
from cccc.proxy.member import Member
from cccc.proxy.roster import Admission, Roster
from tests.clock import ManualClock

MOST = {"one": 2, "two": None, "three": 5}
POOL = [
    Endpoint(name, {WireFormat.ANTHROPIC: f"https://{name}/v1/messages"}, max_concurrency=most, position=position)
    for position, (name, most) in enumerate(MOST.items())
]
NEED = Need(WireFormat.ANTHROPIC, ClientType.CLAUDE_CODE, model="m")


def status(code: int) -> Evidence:
    return Evidence(status=code, body_kind=BodyKind.JSON)


GOOD = Evidence(status=200, body_kind=BodyKind.JSON, content=True)
LIMITED = status(429)
LEFT = Evidence(client_gone=True)
ENDS = st.sampled_from(
    [
        GOOD,
        GOOD,
        LIMITED,
        LEFT,
        status(400),
        status(401),
        status(500),
        status(529),
        Evidence(error=TimedOut(Phase.RESPONSE_HEADER, 60)),
        Evidence(error=ConnectionLost("lost", reused=False)),
    ]
)


class Notes:
    """A memory that is read back after a restart."""

    def __init__(self) -> None:
        self.states: dict[str, EndpointHealth] = {}
        self.facts: dict[tuple[str, str], Any] = {}

    def health(self) -> Mapping[str, EndpointHealth]:
        return dict(self.states)

    def save_health(self, endpoint: str, state: EndpointHealth) -> None:
        self.states[endpoint] = state

    def get(self, topic: str, subject: str) -> Any:
        return self.facts.get((topic, subject))

    def set(self, topic: str, subject: str, value: Any, *, seconds: float | None = None) -> None:
        self.facts[topic, subject] = value

    def forget(self, *, topic: str | None = None, subject: str | None = None) -> None:
        self.facts = {key: value for key, value in self.facts.items() if key != (topic, subject)}


@dataclass
class Running:
    """A request under way."""

    member: Member
    place: ExitStack
    trial: bool


class RosterMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock, self.notes = ManualClock(), Notes()
        self.running: list[Running] = []
        self.asked = 0
        self.start()

    def start(self) -> None:
        self.roster = Roster(self.clock, self.notes)
        self.roster.configure(POOL, HealthPolicy(), auto_sort=True, sticky_sessions=True)

    @rule(seconds=st.floats(0.1, 400))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(jump=st.floats(-1e8, 1e8))
    def somebody_sets_the_wall_clock(self, jump: float) -> None:
        self.clock.set_wall(max(0.0, self.clock.now() + jump))

    @rule()
    def a_request_comes(self) -> None:
        order = self.roster.rank(NEED).order
        refused = True
        for number, candidate in enumerate(order, 1):
            member = self.roster.member(candidate.name)
            most, before = MOST[candidate.name], member.in_flight
            with patch.object(roster_module, "QUEUE_S", 0.0):
                admission = anyio.run(lambda m=member, n=number: self.roster.admit(m, "m", last=n == len(order)))
            if admission is Admission.ADMITTED:
                place = ExitStack()
                trials = member.trials
                place.enter_context(self.roster.in_use(member))
                self.running.append(Running(member, place, member.trials > trials))
                refused = False
                break
            assert admission is Admission.FULL
            slow = slow_start(member.health, self.clock.steady())
            assert before >= min(limit for limit in (most, slow) if limit is not None)
        # Whoever is usable and has room lets a request in: only the configured limits may refuse it.
        if refused:
            assert all(self.roster.member(one.name).in_flight >= (MOST[one.name] or 0) for one in order)
            assert not order or MOST[order[-1].name] is not None

    @precondition(lambda self: self.running)
    @rule(evidence=ENDS, which=st.integers(0, 50))
    def a_request_ends(self, evidence: Evidence, which: int) -> None:
        request = self.running.pop(which % len(self.running))
        request.place.close()
        seen: Classification = classify(evidence, now=self.clock.now())
        before = request.member.health
        self.asked += 1
        until = self.roster.observe(request.member, f"req_{self.asked}", "m", seen)
        after = request.member.health
        assert until is None or until - self.clock.now() <= 86_400
        if seen.outcome is Outcome.CLIENT_GONE:
            assert after == before
        if seen.outcome is Outcome.RATE_LIMITED:
            assert after.breaker is before.breaker

    @rule(good=st.booleans(), jitter=st.floats(0, 0.999))
    def probes_come_due(self, good: bool, jitter: float) -> None:
        for member in self.roster.due_for_probe():
            self.roster.probed(member, good=good, jitter=jitter)
            assert member.health.breaker is (Breaker.HALF_OPEN if good else Breaker.OPEN)

    @rule()
    def the_configuration_is_read_again(self) -> None:
        self.roster.configure(POOL, HealthPolicy(), auto_sort=True, sticky_sessions=True)

    @precondition(lambda self: not self.running)
    @rule()
    def the_proxy_starts_anew(self) -> None:
        before = [self.roster.member(name).health.breaker is Breaker.CLOSED for name in MOST]
        self.start()
        assert [self.roster.member(name).health.breaker is Breaker.CLOSED for name in MOST] == before

    @invariant()
    def places_are_counted(self) -> None:
        for name in MOST:
            member = self.roster.member(name)
            assert member.in_flight == sum(request.member is member for request in self.running)
            assert member.slots.waiting == 0
            most = MOST[name]
            assert most is None or member.in_flight <= most

    @invariant()
    def a_half_open_endpoint_has_one_trial_at_most(self) -> None:
        for name in MOST:
            member = self.roster.member(name)
            if member.health.breaker is Breaker.HALF_OPEN and member.health.trial_in_flight:
                own = [request for request in self.running if request.member is member and request.trial]
                assert len(own) >= 1
                assert name not in {one.name for one in self.roster.rank(NEED).order}

    @invariant()
    def nothing_lasts_for_ever(self) -> None:
        now = self.clock.steady()
        for name in MOST:
            health = self.roster.member(name).health
            if health.breaker is Breaker.OPEN:
                assert health.open_until is not None
                assert health.open_until - now <= 900
            assert health.cooldown is None or health.cooldown.until - now <= 86_400


TestRosterMachine = RosterMachine.TestCase
