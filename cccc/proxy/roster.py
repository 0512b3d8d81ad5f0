"""The endpoints as they are right now: configuration, health, response time, load, learned facts.

The roster is the only place where these change. It asks the pure core what to do (ranking, breaker) and keeps the
answer; whatever must survive a restart goes to the store through ``Memory``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from cccc.clock import Clock
from cccc.control.api import EndpointView, Manual
from cccc.domain.endpoint import ClientType, Endpoint
from cccc.domain.failover import Classification
from cccc.domain.health import (
    Breaker,
    EndpointHealth,
    HealthPolicy,
    TurnObservation,
    availability,
    begin_trial,
    breaker_now,
    clamped,
    config_changed,
    observe,
    observe_limits,
    release_trial,
    reset,
    success_rate,
)
from cccc.domain.ranking import LAST_RESORT_EVERY, EndpointFacts, Need, Ranking, rank
from cccc.domain.response_time import ResponseTime, measured
from cccc.domain.rewrite import rewritten
from cccc.domain.trying import FULL_BUDGET, budget_after
from cccc.errors import UnknownEndpoint
from cccc.proxy.holders import Holders
from cccc.proxy.learning import Learning
from cccc.proxy.memory import Memory
from cccc.proxy.prompt import NO_PROMPT, Prompt
from cccc.proxy.sessions import WarmSessions
from cccc.proxy.signatures import Signatures


@dataclass(slots=True)
class Member:
    """One endpoint and its live state."""

    endpoint: Endpoint
    health: EndpointHealth = field(default_factory=EndpointHealth)
    response_time: ResponseTime | None = None
    in_flight: int = 0
    retry_tokens: float = FULL_BUDGET

    def sent(self, model: str | None) -> str | None:
        """The name under which this endpoint is asked for a model."""
        return None if model is None else rewritten(model, self.endpoint.model_rules)


class Roster:
    """All configured endpoints with their live state."""

    def __init__(self, clock: Clock, memory: Memory) -> None:
        self._clock = clock
        self._memory = memory
        self._members: dict[str, Member] = {}
        self._policy = HealthPolicy()
        self._early_policy = HealthPolicy(enhanced_protection=True)
        self._auto_sort = True
        self._sticky = True
        self._manual: tuple[Manual, ...] = ()
        self._last_resort = -LAST_RESORT_EVERY
        self.sessions = WarmSessions()
        self.learning = Learning(clock, memory)
        self.signatures = Signatures(memory)
        self.holders = Holders(memory)

    # configuration

    def configure(
        self, endpoints: Sequence[Endpoint], policy: HealthPolicy, *, auto_sort: bool, sticky_sessions: bool
    ) -> None:
        """Take a configuration; endpoints that keep their name keep their live state."""
        now = self._clock.now()
        remembered = {} if self._members else self._memory.health()
        members: dict[str, Member] = {}
        for endpoint in endpoints:
            known = self._members.get(endpoint.name)
            if known is None:
                known = Member(endpoint)
                if endpoint.name in remembered:
                    known.health = clamped(remembered[endpoint.name], now)
            elif known.endpoint != endpoint:
                known.health = config_changed(known.health)
                if known.endpoint.auth != endpoint.auth:
                    self.learning.forget(endpoint.name)
                known.endpoint = endpoint
            members[endpoint.name] = known
        for name in self._members.keys() - members.keys():
            self.sessions.forget(name)
        self._members = members
        self._policy = policy
        self._early_policy = replace(policy, enhanced_protection=True)
        self._auto_sort = auto_sort
        self._sticky = sticky_sessions

    def _policy_of(self, member: Member) -> HealthPolicy:
        return self._early_policy if member.endpoint.enhanced_protection else self._policy

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

    def rank(self, need: Need, session: str | None = None, prompt: Prompt = NO_PROMPT) -> Ranking:
        """The order of endpoints for a request, now."""
        now = self._clock.now()
        warm = self.sessions.endpoint(session, now) if self._sticky else None
        facts = {
            name: EndpointFacts(
                availability=availability(member.health, member.sent(need.model), now, self._policy_of(member)),
                ttft_ms=member.response_time.current(now) if member.response_time else None,
                in_flight=member.in_flight,
                warm=name == warm,
            )
            for name, member in self._members.items()
        }
        endpoints = [self.known(member, member.sent(need.model), prompt) for member in self._members.values()]
        windows = [endpoint.context_window for endpoint in endpoints if endpoint.context_window is not None]
        if windows:
            need = replace(need, prompt_tokens=prompt.at_least(min(windows)))
        return rank(
            endpoints,
            need,
            facts,
            auto_sort=self._auto_sort,
            chosen=[choice.endpoint for choice in self.manual(need.client_type)],
        )

    def manual(self, client_type: ClientType | None = None) -> tuple[Manual, ...]:
        """A person's choices in force, for one kind of client or for all."""
        now = self._clock.now()
        self._manual = tuple(choice for choice in self._manual if choice.until is None or choice.until > now)
        return tuple(
            choice
            for choice in self._manual
            if client_type is None or choice.client_type is None or choice.client_type is client_type
        )

    def use(self, endpoint: str | None, client_type: ClientType | None, seconds: float | None) -> tuple[Manual, ...]:
        """Set or end a person's choice; a new one replaces the old one for the same clients."""
        kept = tuple(
            choice for choice in self.manual() if client_type is not None and choice.client_type is not client_type
        )
        if endpoint is not None:
            until = None if seconds is None else self._clock.now() + seconds
            kept = (*kept, Manual(self.member(endpoint).endpoint.name, client_type, until))
        self._manual = kept
        return kept

    # what a turn shows

    @contextmanager
    def in_use(self, member: Member) -> Iterator[None]:
        """Count a request in flight; a half-open endpoint is on trial meanwhile."""
        member.in_flight += 1
        on_trial = breaker_now(member.health, self._clock.now()) is Breaker.HALF_OPEN
        if on_trial:
            member.health = begin_trial(member.health)
        try:
            yield
        finally:
            member.in_flight -= 1
            if on_trial:
                member.health = release_trial(member.health)

    def observe(self, member: Member, request_id: str, model: str | None, seen: Classification) -> float | None:
        """Take in how a turn went on an endpoint; returns until when it cools down now, if it does."""
        now = self._clock.now()
        before = member.health
        member.health = observe(before, TurnObservation(request_id, model, seen), now, self._policy_of(member))
        if member.health != before:
            self._memory.save_health(member.endpoint.name, member.health)
        state = availability(member.health, model, now, self._policy_of(member))
        return None if state.usable else state.until

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
        before = member.health
        member.health = observe_limits(before, headers, self._clock.now())
        if member.health != before:
            self._memory.save_health(member.endpoint.name, member.health)

    def measured(self, member: Member, ms: float) -> None:
        """Take in a response time for layer 4."""
        member.response_time = measured(member.response_time, ms, self._clock.now())

    def reset(self, name: str) -> None:
        """A person's reset of an endpoint's health."""
        member = self.member(name)
        member.health = reset(member.health)
        self._memory.save_health(name, member.health)

    # showing

    @property
    def usable(self) -> int:
        """How many enabled endpoints may be used now, for whatever model."""
        now = self._clock.now()
        return sum(
            member.endpoint.enabled and availability(member.health, None, now, self._policy_of(member)).usable
            for member in self._members.values()
        )

    def views(self) -> tuple[EndpointView, ...]:
        """Every endpoint for the screens, in the order of the file."""
        return tuple(self.view(name) for name in self._members)

    def view(self, name: str) -> EndpointView:
        """One endpoint for the screens."""
        now = self._clock.now()
        member = self.member(name)
        endpoint, health = member.endpoint, member.health
        state = availability(health, None, now, self._policy_of(member))
        key = endpoint.auth.secret
        return EndpointView(
            name=endpoint.name,
            enabled=endpoint.enabled,
            client_type=endpoint.client_type,
            formats=tuple(endpoint.urls),
            urls=tuple(dict.fromkeys(endpoint.urls.values())),
            auth=f"{endpoint.auth.type} {key.masked}" if key else endpoint.auth.type.value,
            priority=endpoint.priority,
            native_format=endpoint.native_format,
            tags=tuple(sorted(endpoint.tags)),
            models=endpoint.models,
            health=state.standing,
            breaker=health.breaker,
            cooldown_until=health.cooldown.until if health.cooldown and health.cooldown.until > now else None,
            reason=state.reason,
            ttft_ms=member.response_time.current(now) if member.response_time else None,
            success_rate=success_rate(health),
            in_flight=member.in_flight,
            last_error=health.last_error,
            last_error_at=health.last_error_at,
            causes=health.causes,
            unified_status=health.unified_status,
        )


def _nearest(name: str, names: Mapping[str, object]) -> str | None:
    return next(iter(get_close_matches(name, names, n=1)), None)
