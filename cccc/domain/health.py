"""Breaker and cooldowns of one endpoint, as values: (state, observation, now) -> state.

Rules: routing.md §5. A rate limit is a cooldown and never ill health; the breaker counts client requests, not attempts.

                     more than one failed request in the window and no good one, or a refused key
              CLOSED ────────────────────────────────────────────────────────────────────────────▶ OPEN
                 ▲                                                                                  │
                 │ good request        HALF_OPEN ◀── good probes, or nobody probed until its end ────┤
                 └──────────────────── (one live request at a time)                                 │
                                           └───────── bad request: longer wait ─────────────────────▶

Times are seconds since the epoch, passed in, all of one clock. Everything is bounded: at most 100 records of the last
140 s, at most 64 models resting, every "until" at most a day ahead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from itertools import islice
from types import MappingProxyType

from cccc.domain.cooldown import LIMITS, Cooldown, following
from cccc.domain.failover import Bench, BenchScope, Classification, FailureClass, Outcome
from cccc.domain.resets import DAY, epoch
from cccc.domain.wording import span

WINDOW = 140.0
"""Seconds for which a client request counts."""

LONGEST_PROBE_WAIT = 300.0
"""The open breaker's longest wait between probes unless the user sets another."""

_MOST_RECORDS = 100
_MOST_MODELS = 64
_MOST_CAUSES = 10
_FIRST_PROBE_WAIT = 5.0
_RECOVERING = 60.0
_OVERLOAD_MEMORY = 60.0
_RATE_SAMPLE = 20
_DEGRADED_BELOW = 0.8
LONGEST_UNIFIED = 8 * DAY


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
class EndpointHealth:
    """All that is remembered about an endpoint's health. Survives restart and reload.

    ``open_until``: when the breaker turns half-open by itself if no probe has done it before. ``probe_level`` counts
    bad probes in a row and reopenings. ``needs_config``: the breaker opened for what a change of the endpoint's
    configuration may have mended.
    """

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
    needs_config: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an endpoint may be used for a model now, and why not. ``until`` is a wall time where one is known.

    ``rate_limited``: it rests because of rate, load or quota (``resting`` says which) and its reset is known.
    ``breaker_open``: only its breaker stands in the way, so that it may be asked as the last resort.
    """

    usable: bool
    standing: Standing
    reason: str | None = None
    until: float | None = None
    rate_limited: bool = False
    breaker_open: bool = False
    resting: Outcome | None = None


@dataclass(frozen=True, slots=True)
class TurnObservation:
    """What one client request showed about one endpoint (all its attempts there folded into one)."""

    request_id: str
    model: str | None
    classification: Classification


_NEITHER_SIDE = frozenset({Outcome.CLIENT_GONE, Outcome.SHUTDOWN})


def availability(state: EndpointHealth, model: str | None, now: float, policy: HealthPolicy) -> Availability:
    """May the endpoint be asked for ``model`` now?"""
    resting = _resting(state, model, now)
    if resting is not None:
        return Availability(
            usable=False,
            standing=Standing.UNUSABLE,
            reason=f"{resting.reason}, cooling down for {span(resting.until - now)}",
            until=resting.until,
            rate_limited=resting.outcome in LIMITS,
            resting=resting.outcome,
        )
    if policy.enhanced_protection and state.unified_status == "allowed_warning" and now < (state.unified_reset or 0.0):
        return Availability(
            usable=False,
            standing=Standing.UNUSABLE,
            reason="left at its rate-limit warning (enhanced_protection)",
            until=state.unified_reset,
            rate_limited=True,
            resting=Outcome.RATE_LIMITED,
        )
    return _behind_breaker(state, now, policy)


def breaker_now(state: EndpointHealth, now: float) -> Breaker:
    """The breaker's state at ``now``: an open one turns half-open when its time is over, probed or not."""
    if state.breaker is Breaker.OPEN and state.open_until is not None and now >= state.open_until:
        return Breaker.HALF_OPEN
    return state.breaker


def observe(state: EndpointHealth, seen: TurnObservation, now: float, policy: HealthPolicy) -> EndpointHealth:
    """Take in the end of a turn. A success on a half-open endpoint closes it, a failure opens it again.

    A turn that says nothing about the endpoint (the client left, we were stopped) changes nothing: use
    ``release_trial`` where it was the half-open endpoint's one request.
    """
    what = seen.classification
    if what.outcome in _NEITHER_SIDE:
        return state
    if what.outcome is Outcome.OK:
        return _good(state, seen, now)
    if what.failure_class is not None:
        state = replace(state, last_error=what.message, last_error_at=now)
    if what.bench is not None:
        state = _benched(state, seen, what.bench, now)
    return _bad(state, seen, now, policy)


def begin_trial(state: EndpointHealth) -> EndpointHealth:
    """A half-open endpoint has been given its one live request. Nothing changes on a closed one."""
    if state.breaker is Breaker.CLOSED:
        return state
    return replace(state, breaker=Breaker.HALF_OPEN, trial_in_flight=True, next_probe_at=None)


def release_trial(state: EndpointHealth) -> EndpointHealth:
    """That request said nothing about the endpoint (the client left): the trial is free again."""
    return replace(state, trial_in_flight=False)


def observe_probe(
    state: EndpointHealth, *, good: bool, now: float, jitter: float, policy: HealthPolicy
) -> EndpointHealth:
    """Take in a background probe's answer. ``jitter`` is a random number in [0, 1)."""
    if state.breaker is not Breaker.OPEN:
        return state
    if not good:
        return _wait(replace(state, good_probes=0), state.probe_level + 1, now, policy, jitter)
    good_probes = state.good_probes + 1
    if good_probes >= policy.recovery_threshold:
        return replace(state, breaker=Breaker.HALF_OPEN, good_probes=0, next_probe_at=None, trial_in_flight=False)
    return _wait(replace(state, good_probes=good_probes), state.probe_level, now, policy, jitter)


def observe_limits(
    state: EndpointHealth, headers: Mapping[str, str], now: float, *, ahead: float = 0.0
) -> EndpointHealth:
    """Remember ``anthropic-ratelimit-unified-*`` of an answer, good or bad.

    ``ahead``: by how much the wall clock, in which the answer names its reset, is ahead of ``now``.
    """
    status = headers.get("anthropic-ratelimit-unified-status")
    if status is None:
        return state
    reset = epoch(headers.get("anthropic-ratelimit-unified-reset"))
    if reset is not None:
        reset -= round(ahead)
    believed = reset if reset is not None and now <= reset <= now + LONGEST_UNIFIED else None
    if (status, believed) == (state.unified_status, state.unified_reset):
        return state
    return replace(state, unified_status=status[:40], unified_reset=believed)


def reset(state: EndpointHealth) -> EndpointHealth:
    """A person's reset: closed, no cooldowns."""
    return EndpointHealth(
        unified_status=state.unified_status,
        unified_reset=state.unified_reset,
        last_error=state.last_error,
        last_error_at=state.last_error_at,
    )


def config_changed(state: EndpointHealth) -> EndpointHealth:
    """Drop what was to last until the endpoint's configuration changes."""
    if state.needs_config and state.breaker is not Breaker.CLOSED:
        state = replace(_closed(state), closed_at=None)
    kept = {model: rest for model, rest in state.model_cooldowns.items() if not rest.until_config_change}
    dropped = state.cooldown is not None and state.cooldown.until_config_change
    return replace(
        state, cooldown=None if dropped else state.cooldown, model_cooldowns=MappingProxyType(kept), needs_config=False
    )


def success_rate(state: EndpointHealth) -> float | None:
    """Share of good turns among the last 20, or ``None`` without any."""
    return _rate(state.records)


def _rate(records: Sequence[TurnRecord]) -> float | None:
    newest_first = (record.ok for record in reversed(records) if record.ok or record.weight)
    counted = list(islice(newest_first, _RATE_SAMPLE))
    return sum(counted) / len(counted) if counted else None


def slow_start(state: EndpointHealth, now: float) -> int | None:
    """Requests that may be in flight at once on an endpoint that has just closed: 2, then 4, then any (``None``)."""
    if state.closed_at is None or now - state.closed_at >= _RECOVERING:
        return None
    good = sum(record.ok for record in state.records)
    return 2 if good <= 1 else 4 if good <= 3 else None


def _resting(state: EndpointHealth, model: str | None, now: float) -> Cooldown | None:
    """The cooldown that ends last among those that hold for ``model``."""
    candidates = (state.cooldown, state.model_cooldowns.get(model or ""))
    return max((rest for rest in candidates if rest and now < rest.until), key=lambda rest: rest.until, default=None)


def _behind_breaker(state: EndpointHealth, now: float, policy: HealthPolicy) -> Availability:
    standing = _standing(state, now)
    if not policy.enabled:
        return Availability(usable=True, standing=standing)
    match breaker_now(state, now):
        case Breaker.CLOSED:
            return Availability(usable=True, standing=standing)
        case Breaker.HALF_OPEN if not state.trial_in_flight:
            return Availability(usable=True, standing=Standing.RECOVERING)
        case Breaker.HALF_OPEN:
            return Availability(
                usable=False,
                standing=Standing.UNUSABLE,
                reason="breaker half-open, its one trial request is under way",
                breaker_open=True,
            )
        case Breaker.OPEN:
            until = min((at for at in (state.next_probe_at, state.open_until) if at is not None), default=None)
            return Availability(
                usable=False,
                standing=Standing.UNUSABLE,
                reason=f"breaker open: {state.open_reason or 'failed'}",
                until=until if until is None else max(until, now),
                breaker_open=True,
            )


def _standing(state: EndpointHealth, now: float) -> Standing:
    recent = _window(state, now)
    rate = _rate(recent)
    if rate is not None and rate < _DEGRADED_BELOW:
        return Standing.DEGRADED
    if any([record.overload and now - record.at < _OVERLOAD_MEMORY for record in recent]):  # noqa: C419
        return Standing.DEGRADED
    if state.closed_at is not None and now - state.closed_at < _RECOVERING:
        return Standing.RECOVERING
    return Standing.HEALTHY


def _window(state: EndpointHealth, now: float) -> tuple[TurnRecord, ...]:
    records = state.records
    # Records come in the order of their times: where the first one counts, all do.
    if not records or now - records[0].at < WINDOW:
        return records
    return tuple(record for record in records if now - record.at < WINDOW)


def _recorded(state: EndpointHealth, record: TurnRecord) -> EndpointHealth:
    """The record added; a second one of the same request replaces the first."""
    others = [other for other in _window(state, record.at) if other.request_id != record.request_id]
    return replace(state, records=(*others, record)[-_MOST_RECORDS:])


def _good(state: EndpointHealth, seen: TurnObservation, now: float) -> EndpointHealth:
    if state.breaker is not Breaker.CLOSED:
        state = replace(_closed(state), closed_at=now)
    state = _recorded(state, TurnRecord(now, seen.request_id, weight=0, ok=True))
    return _rested(state, seen.model or "", now)


def _closed(state: EndpointHealth) -> EndpointHealth:
    return replace(
        state,
        breaker=Breaker.CLOSED,
        records=(),
        opened_at=None,
        open_until=None,
        open_reason=None,
        causes=(),
        next_probe_at=None,
        good_probes=0,
        trial_in_flight=False,
        needs_config=False,
    )


def _rested(state: EndpointHealth, model: str, now: float) -> EndpointHealth:
    """A good turn ends rows of cooldowns, so that the next one starts small. One that still runs goes on."""
    if state.cooldown is not None and state.cooldown.until <= now:
        state = replace(state, cooldown=None)
    rest = state.model_cooldowns.get(model)
    if rest is not None and rest.until <= now:
        kept = {name: other for name, other in state.model_cooldowns.items() if name != model}
        state = replace(state, model_cooldowns=MappingProxyType(kept))
    return state


def _bad(state: EndpointHealth, seen: TurnObservation, now: float, policy: HealthPolicy) -> EndpointHealth:
    what = seen.classification
    excused = not policy.enabled or what.failure_class in policy.ignored
    weight = 0 if excused else what.health_weight
    overload = what.outcome is Outcome.OVERLOADED
    if weight or overload:
        state = _recorded(
            state, TurnRecord(now, seen.request_id, weight, ok=False, reason=what.message, overload=overload)
        )
    if not weight:
        # The endpoint is there, which is all that a trial has to show, but the request proved no more than that.
        return release_trial(state) if state.breaker is Breaker.HALF_OPEN else state
    if what.opens is not None:
        return _opened(state, what, now, policy)
    match state.breaker:
        case Breaker.HALF_OPEN:
            return _opened(state, what, now, policy)
        case Breaker.CLOSED if not any(r.ok for r in state.records) and sum(r.weight for r in state.records) > 1:
            return _opened(state, what, now, policy)
        case Breaker.OPEN if breaker_now(state, now) is Breaker.HALF_OPEN:
            return _opened(state, what, now, policy)
        case _:
            return state


def _opened(state: EndpointHealth, what: Classification, now: float, policy: HealthPolicy) -> EndpointHealth:
    """Open, with the causes kept. What opens again soon after it closed waits longer than the first time."""
    again = state.breaker is not Breaker.CLOSED or (state.closed_at is not None and now - state.closed_at < _RECOVERING)
    level = state.probe_level + 1 if again else 0
    state = replace(
        state,
        breaker=Breaker.OPEN,
        opened_at=now,
        closed_at=None,
        open_reason=what.message,
        causes=tuple(record.request_id for record in state.records if record.weight)[-_MOST_CAUSES:],
        good_probes=0,
        trial_in_flight=False,
        needs_config=what.failure_class is FailureClass.CONFIG,
    )
    if what.opens is None:
        return _wait(state, level, now, policy, 0.0)
    # A probe would prove no more than that the endpoint is there, which is not in doubt.
    return replace(state, probe_level=level, next_probe_at=now + what.opens, open_until=now + what.opens)


def _wait(state: EndpointHealth, level: int, now: float, policy: HealthPolicy, jitter: float) -> EndpointHealth:
    """The next probe after 5 s, doubling up to the cap, and up to a tenth later for jitter."""
    longest = policy.longest_probe_wait
    wait = min(_FIRST_PROBE_WAIT * 2 ** min(level, 16), longest)
    return replace(
        state,
        probe_level=level,
        next_probe_at=now + min(wait * (1 + 0.1 * jitter), longest),
        open_until=now + max(longest, LONGEST_PROBE_WAIT),
    )


def _benched(state: EndpointHealth, seen: TurnObservation, bench: Bench, now: float) -> EndpointHealth:
    if bench.scope is BenchScope.ENDPOINT:
        return replace(state, cooldown=following(state.cooldown, seen.classification, bench, now))
    model = seen.model or ""
    rest = following(state.model_cooldowns.get(model), seen.classification, bench, now)
    others = sorted(
        ((name, other) for name, other in state.model_cooldowns.items() if name != model),
        key=lambda item: item[1].until,
    )
    return replace(state, model_cooldowns=MappingProxyType(dict([*others[-_MOST_MODELS + 1 :], (model, rest)])))
