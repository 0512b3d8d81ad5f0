"""The endpoints as they are right now: configuration, health, response time, load, learned facts.

The roster is the only place where these change. It asks the pure core what to do (ranking, breaker) and keeps the
answer; whatever must survive a restart goes to the store through ``Memory``.

Here is also the border between two times. Inside, health runs on steady time, which no setting of the wall clock
moves; everybody outside, the database too, sees wall times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from enum import Enum, auto

from cccc.clock import Clock
from cccc.control.api import EndpointView, Manual
from cccc.domain.endpoint import ClientType, Endpoint
from cccc.domain.failover import Classification
from cccc.domain.health import (
    Availability,
    Breaker,
    EndpointHealth,
    HealthPolicy,
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
)
from cccc.domain.ranking import LAST_RESORT_EVERY, EndpointFacts, Need, Ranking, rank
from cccc.domain.remembered import clamped, shifted
from cccc.domain.response_time import measured
from cccc.domain.rewrite import rewritten
from cccc.domain.trying import budget_after
from cccc.domain.whatif import DOWN, NOTHING, WhatIfs, supposed_down, supposed_endpoints
from cccc.errors import UnknownEndpoint
from cccc.proxy.calibration import Calibration
from cccc.proxy.choices import Choices
from cccc.proxy.endpoint_view import endpoint_view
from cccc.proxy.fingerprint import fingerprint, recognised
from cccc.proxy.holders import Holders
from cccc.proxy.learning import Learning
from cccc.proxy.member import Member
from cccc.proxy.memory import Memory
from cccc.proxy.prompt import NO_PROMPT, Prompt
from cccc.proxy.sessions import WarmSessions
from cccc.proxy.signatures import Signatures

FINGERPRINT = "configuration"
"""Topic of what an endpoint's configuration was when its health was kept; its subjects are endpoints."""

QUEUE_S = 5.0
"""How long a request waits for a place at an endpoint that is full."""

_ONE_TIME = 1.0
"""Wall and steady time drift apart by milliseconds while the wall clock is disciplined: only more is a jump."""


class Admission(Enum):
    """What comes of asking for a place at an endpoint."""

    ADMITTED = auto()
    FULL = auto()
    UNUSABLE = auto()
    """Its breaker opened or it began to cool down after the request was ranked."""


class Roster:
    """All configured endpoints with their live state."""

    def __init__(self, clock: Clock, memory: Memory) -> None:
        self._clock = clock
        self._memory = memory
        self._members: dict[str, Member] = {}
        self._auto_sort = True
        self._sticky = True
        self._choices = Choices()
        self._last_resort = -LAST_RESORT_EVERY
        self.sessions = WarmSessions()
        self.learning = Learning(clock, memory)
        self.signatures = Signatures(memory)
        self.holders = Holders(memory)
        self.calibration = Calibration(memory)

    # configuration

    def configure(
        self, endpoints: Sequence[Endpoint], policy: HealthPolicy, *, auto_sort: bool, sticky_sessions: bool
    ) -> None:
        """Take a configuration; endpoints that keep their name keep their live state."""
        kept = self._memory.health()
        members: dict[str, Member] = {}
        for endpoint in endpoints:
            member = self._members.get(endpoint.name)
            if member is None:
                member = Member(endpoint)
                if endpoint.name in kept:
                    member.health = shifted(clamped(kept[endpoint.name], self._clock.now()), -self._ahead)
                    member.openings.note(member.health.breaker, member.health.opened_at or self._clock.steady())
            member.endpoint = endpoint
            member.policy = replace(policy, enhanced_protection=endpoint.enhanced_protection)
            members[endpoint.name] = member
        for name in self._members.keys() - members.keys():
            self.sessions.forget(name)
        self._members = members
        self._auto_sort = auto_sort
        self._sticky = sticky_sessions
        for member in members.values():
            self._forgive_if_changed(member)
            member.slots.limit = self._limit(member)

    def _forgive_if_changed(self, member: Member) -> None:
        """Drop what was to last until the configuration changes, if it did: now, or while no proxy ran."""
        name = member.endpoint.name
        if not recognised(member.endpoint, self._memory.get(FINGERPRINT, name)):
            self._memory.set(FINGERPRINT, name, fingerprint(member.endpoint))
            self.learning.forget(name)
            self._become(member, config_changed(member.health))

    def member(self, name: str) -> Member:
        """The live endpoint of that name. Raises ``UnknownEndpoint``."""
        try:
            return self._members[name]
        except KeyError:
            raise UnknownEndpoint(name, _nearest(name, self._members)) from None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The configured endpoints in the order of the file."""
        return tuple(member.endpoint for member in self._members.values())

    # choosing

    def known(self, member: Member, model: str | None, prompt: Prompt = NO_PROMPT) -> Endpoint:
        """The endpoint with what was learned about it; ``model`` as it is sent there."""
        return self.learning.known(member.endpoint, prompt.context_of(model))

    def rank(
        self, need: Need, session: str | None = None, prompt: Prompt = NO_PROMPT, what_if: WhatIfs = NOTHING
    ) -> Ranking:
        """The order of endpoints for a request, now; under ``what_if``, which changes nothing."""
        now = self._clock.steady()
        warm = self.sessions.endpoint(session, now) if self._sticky else None
        facts = {
            name: EndpointFacts(
                availability=DOWN
                if supposed_down(name, what_if)
                else self._outside(member, _sent(member.endpoint, need.model), now),
                ttft_ms=member.response_time.current(now) if member.response_time else None,
                in_flight=member.in_flight,
                warm=name == warm,
            )
            for name, member in self._members.items()
        }
        members = self._members.values()
        endpoints = [self.known(member, _sent(member.endpoint, need.model), prompt) for member in members]
        windows = [endpoint.context_window for endpoint in endpoints if endpoint.context_window is not None]
        if windows:
            need = replace(need, prompt_tokens=prompt.at_least(min(windows)))
        return rank(
            supposed_endpoints(endpoints, what_if) if what_if else endpoints,
            need,
            facts,
            auto_sort=self._auto_sort,
            chosen=[choice.endpoint for choice in self.manual(need.client_type)],
        )

    def manual(self, client_type: ClientType | None = None) -> tuple[Manual, ...]:
        """A person's choices in force, for one kind of client or for all; they end in wall time."""
        ahead = self._ahead
        return tuple(
            choice if choice.until is None else replace(choice, until=choice.until + ahead)
            for choice in self._choices.of(client_type, self._clock.steady())
        )

    def use(self, endpoint: str | None, client_type: ClientType | None, seconds: float | None) -> tuple[Manual, ...]:
        """Set or end a person's choice for so many seconds, or until it is ended; returns those in force."""
        name = None if endpoint is None else self.member(endpoint).endpoint.name
        self._choices.choose(name, client_type, seconds, self._clock.steady())
        return self.manual()

    # asking

    async def admit(self, member: Member, model: str | None, *, last: bool, resort: bool = False) -> Admission:
        """Get a place at an endpoint; ``ADMITTED`` must be followed by ``in_use`` without awaiting anything.

        ``model`` is the name to be sent. Where the endpoint is full the request waits a little. A slow start is no
        reason to wait while there is somebody else to ask, nor to refuse anybody: at the ``last`` endpoint the
        request goes in all the same. ``resort``: that the breaker is open is known and accepted.
        """
        slots = member.slots
        slots.limit = self._limit(member)
        if not (resort or self._usable(member, model)):
            return Admission.UNUSABLE
        if slots.try_take():
            return Admission.ADMITTED
        if self._starts_slowly(member) and not last:
            return Admission.FULL
        if not await slots.take(QUEUE_S):
            if not self._starts_slowly(member):
                return Admission.FULL
            slots.overbook()
        if resort or self._usable(member, model):
            return Admission.ADMITTED
        slots.give_back()
        return Admission.UNUSABLE

    def _usable(self, member: Member, model: str | None) -> bool:
        return availability(member.health, model, self._clock.steady(), member.policy).usable

    def _limit(self, member: Member) -> int | None:
        """How many requests may be in flight: as configured, and fewer just after the breaker has closed."""
        limits = (member.endpoint.max_concurrency, slow_start(member.health, self._clock.steady()))
        return min((limit for limit in limits if limit is not None), default=None)

    def _starts_slowly(self, member: Member) -> bool:
        """Whether the configuration alone would let one more in."""
        most = member.endpoint.max_concurrency
        return most is None or member.slots.in_use < most

    # what a turn shows

    @contextmanager
    def in_use(self, member: Member, *, counts: bool = True) -> Iterator[None]:
        """Hold the place that ``admit`` gave; a half-open endpoint is on trial meanwhile.

        ``counts``: whether the request says anything about the endpoint's health.
        """
        trial = 0
        if counts and breaker_now(member.health, self._clock.steady()) is Breaker.HALF_OPEN:
            member.trials += 1
            trial = member.trials
            member.health = begin_trial(member.health)
        try:
            yield
        finally:
            if trial and trial == member.trials:
                member.health = release_trial(member.health)
            member.slots.give_back()

    def observe(self, member: Member, request_id: str, model: str | None, seen: Classification) -> float | None:
        """Take in how a turn went on an endpoint; returns until when it cools down now, if it does."""
        now = self._clock.steady()
        bench = seen.bench
        if bench is not None and bench.until is not None:
            seen = replace(seen, bench=replace(bench, until=bench.until - self._ahead))
        self._become(member, observe(member.health, TurnObservation(request_id, model, seen), now, member.policy))
        state = self._outside(member, model, now)
        return None if state.usable else state.until

    def due_for_probe(self) -> tuple[Member, ...]:
        """The endpoints whose breaker is open and whose next probe should be under way by now."""
        now = self._clock.steady()
        return tuple(
            member
            for member in self._members.values()
            if member.endpoint.enabled
            and member.policy.enabled
            and member.health.breaker is Breaker.OPEN
            and member.health.next_probe_at is not None
            and member.health.next_probe_at <= now
        )

    def probed(self, member: Member, *, good: bool, jitter: float) -> None:
        """Take in a probe's answer: it moves the breaker and nothing else."""
        now = self._clock.steady()
        self._become(member, observe_probe(member.health, good=good, now=now, jitter=jitter, policy=member.policy))

    def completed(self, session: str | None, endpoint: str) -> None:
        """A turn of the session was completed by ``endpoint``."""
        self.sessions.completed(session, endpoint, self._clock.steady())

    def spend(self, member: Member, *, ok: bool) -> None:
        """Keep the endpoint's retry budget after one more attempt."""
        member.retry_tokens = budget_after(member.retry_tokens, ok=ok)

    def last_resort(self) -> bool:
        """Whether a request may go to an endpoint whose breaker is open: one in five seconds, for all together."""
        now = self._clock.monotonic()
        if now - self._last_resort < LAST_RESORT_EVERY:
            return False
        self._last_resort = now
        return True

    def observe_limits(self, member: Member, headers: Mapping[str, str]) -> None:
        """Remember the rate-limit status that every answer carries."""
        self._become(member, observe_limits(member.health, headers, self._clock.steady(), ahead=self._ahead))

    def measured(self, member: Member, ms: float) -> None:
        """Take in a response time for layer 4."""
        member.response_time = measured(member.response_time, ms, self._clock.steady())

    def reset(self, name: str) -> None:
        """A person's reset of an endpoint's health."""
        member = self.member(name)
        self._become(member, reset(member.health))

    def _become(self, member: Member, health: EndpointHealth) -> None:
        """The one place where health changes for good: it is kept, and whoever waits may come in."""
        if health != member.health:
            member.health = health
            member.openings.note(health.breaker, self._clock.steady())
            self._memory.save_health(member.endpoint.name, shifted(health, self._ahead))
            member.slots.limit = self._limit(member)

    # showing

    @property
    def _ahead(self) -> float:
        """By how much the wall clock is ahead of steady time, which is nothing until it jumps."""
        ahead = self._clock.now() - self._clock.steady()
        return ahead if abs(ahead) >= _ONE_TIME else 0.0

    def _outside(self, member: Member, model: str | None, now: float) -> Availability:
        """An endpoint's availability at steady time ``now``, as others see it: in wall time."""
        state = availability(member.health, model, now, member.policy)
        return state if state.until is None else replace(state, until=state.until + self._ahead)

    @property
    def usable(self) -> int:
        """How many enabled endpoints may be used now, for whatever model."""
        return sum(member.endpoint.enabled and self._usable(member, None) for member in self._members.values())

    def was_open(self, name: str, begin: float, end: float) -> bool:
        """Whether an endpoint's breaker was not closed at some moment between two wall times of this process."""
        ahead = self._ahead
        return self.member(name).openings.during(begin - ahead, end - ahead)

    def views(self) -> tuple[EndpointView, ...]:
        """Every endpoint for the screens, in the order of the file."""
        return tuple(self.view(name) for name in self._members)

    def view(self, name: str) -> EndpointView:
        """One endpoint for the screens."""
        now = self._clock.steady()
        member = self.member(name)
        state = self._outside(member, None, now)
        return endpoint_view(member, state, now=now, ahead=self._ahead)


def _nearest(name: str, names: Mapping[str, object]) -> str | None:
    return next(iter(get_close_matches(name, names, n=1)), None)


def _sent(endpoint: Endpoint, model: str | None) -> str | None:
    """The name under which an endpoint is asked for a model: what rests there rests under that name."""
    return None if model is None else rewritten(model, endpoint.model_rules)
