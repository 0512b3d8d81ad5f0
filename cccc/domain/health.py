"""Breaker and cooldowns of one endpoint, as values: (state, observation, now) -> state.

Rules: routing.md §5. A rate limit is a cooldown and never ill health; the breaker counts client requests, not attempts.
Times are wall times in seconds, passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType

from cccc.domain.failover import Classification, FailureClass


class Standing(IntEnum):
    """Layer 3 of the ranking: smaller is better."""

    HEALTHY = 0
    RECOVERING = 1
    DEGRADED = 2
    UNUSABLE = 3


class Breaker(StrEnum):
    """The breaker's states."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """The user's settings for the breaker. ``ignored`` are the classes whose ``*_safe`` switch is on."""

    enabled: bool = True
    ignored: frozenset[FailureClass] = frozenset({FailureClass.BUSINESS})
    recovery_threshold: int = 1
    longest_probe_wait: float = 300.0
    enhanced_protection: bool = False


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One client request in the breaker's window."""

    at: float
    request_id: str
    weight: int
    ok: bool
    reason: str | None = None
    overload: bool = False


@dataclass(frozen=True, slots=True)
class Cooldown:
    """A bench that is being served: ``level`` counts benches in a row (for doubling)."""

    until: float
    reason: str
    level: int = 0
    until_config_change: bool = False


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """All that is remembered about an endpoint's health. Survives restart and reload."""

    breaker: Breaker = Breaker.CLOSED
    records: tuple[TurnRecord, ...] = ()
    opened_at: float | None = None
    open_until: float | None = None
    closed_at: float | None = None
    open_reason: str | None = None
    causes: tuple[str, ...] = ()
    probe_level: int = 0
    next_probe_at: float | None = None
    good_probes: int = 0
    trial_in_flight: bool = False
    cooldown: Cooldown | None = None
    model_cooldowns: Mapping[str, Cooldown] = field(default_factory=lambda: MappingProxyType({}))
    unified_status: str | None = None
    unified_reset: float | None = None
    last_error: str | None = None
    last_error_at: float | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an endpoint may be used for a model now, and why not. ``until`` is a wall time where one is known."""

    usable: bool
    standing: Standing
    reason: str | None = None
    until: float | None = None
    rate_limited: bool = False


@dataclass(frozen=True, slots=True)
class TurnObservation:
    """What one client request showed about one endpoint (all its attempts there folded into one)."""

    request_id: str
    model: str | None
    classification: Classification


def availability(state: EndpointHealth, model: str | None, now: float, policy: HealthPolicy) -> Availability:
    """May the endpoint be asked for ``model`` now?"""
    raise NotImplementedError


def observe(state: EndpointHealth, seen: TurnObservation, now: float, policy: HealthPolicy) -> EndpointHealth:
    """Take in the end of a turn. A success on a half-open endpoint closes it, a failure opens it again."""
    raise NotImplementedError


def begin_trial(state: EndpointHealth) -> EndpointHealth:
    """A half-open endpoint has been given its one live request."""
    raise NotImplementedError


def release_trial(state: EndpointHealth) -> EndpointHealth:
    """That request said nothing about the endpoint (the client left): the trial is free again."""
    raise NotImplementedError


def observe_probe(
    state: EndpointHealth, *, good: bool, now: float, jitter: float, policy: HealthPolicy
) -> EndpointHealth:
    """Take in a background probe's answer. ``jitter`` is a random number in [0, 1)."""
    raise NotImplementedError


def observe_limits(state: EndpointHealth, headers: Mapping[str, str], now: float) -> EndpointHealth:
    """Remember ``anthropic-ratelimit-unified-*`` of an answer, good or bad."""
    raise NotImplementedError


def reset(state: EndpointHealth) -> EndpointHealth:
    """A person's reset: closed, no cooldowns."""
    raise NotImplementedError


def config_changed(state: EndpointHealth) -> EndpointHealth:
    """Drop what was to last until the endpoint's configuration changes."""
    raise NotImplementedError


def clamped(state: EndpointHealth, now: float) -> EndpointHealth:
    """A state read back from disk, every "until" bounded by its cap: a clock jump must not bench anybody for years."""
    raise NotImplementedError


def success_rate(state: EndpointHealth) -> float | None:
    """Share of good turns among the last 20, or ``None`` without any."""
    raise NotImplementedError
