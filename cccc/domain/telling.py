"""What the client is told when nothing is left to try: which failure, in which words, and when to come again.

The most fixable cause wins (what a client can mend itself, then what a person can, then quota, rate, the rest), and
every endpoint is listed with its own reason, by name only (resilience.md §12).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from cccc.domain.answers import LONG_WAIT, Audience, Failure
from cccc.domain.failover import Classification, Outcome
from cccc.domain.overflow import Overflow, overflow_message
from cccc.domain.ranking import Cause, Excluded, Ranking
from cccc.domain.wording import span

_SOON = 3.0
"""Seconds after which a passing failure may be tried again."""

_MOST_FIXABLE = (
    Failure.SHUTTING_DOWN,
    Failure.BROKE_MIDWAY,
    Failure.CONTEXT_TOO_LONG,
    Failure.TOO_LARGE,
    Failure.NEEDS_USER,
    Failure.OUT_OF_QUOTA,
    Failure.COOLING_DOWN,
    Failure.ALL_FAILED,
    Failure.UPSTREAM_TIMEOUT,
    Failure.NO_MODEL,
    Failure.UPSTREAM_ERROR,
)

_ADVICE: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.KEY_REFUSED: "Update {it} in cccc",
        Outcome.FORBIDDEN: "Update {its} key in cccc",
        Outcome.PATH_MISSING: "Check {its} URL in cccc",
        Outcome.REDIRECTED: "Check {its} URL in cccc",
        Outcome.CERTIFICATE: "Check {its} URL in cccc",
        Outcome.DNS: "Check {its} URL in cccc",
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer of ours is made from: the arguments of ``answers.answer``."""

    failure: Failure
    message: str
    status: int | None = None
    retry_after: float | None = None
    param: str | None = None


def tell(
    attempts: Sequence[tuple[str, Classification]], audience: Audience, *, now: float, no_network: bool = False
) -> Told:
    """Sum up failed attempts, each with its endpoint's name, in order. ``now`` is wall time."""
    final = attempts[-1][1]
    latest = dict(attempts)
    if not final.go_elsewhere and final.failure is not None:
        return _told_of_one(final.failure, attempts[-1][0], final, audience)
    if no_network:
        return Told(Failure.ALL_FAILED, f"no network: {_listed(latest)}", retry_after=_SOON)
    failures = {what.failure for what in latest.values() if what.failure is not None}
    failure = min(failures, key=_MOST_FIXABLE.index)
    name = next(name for name, what in latest.items() if what.failure is failure)
    if failure is Failure.CONTEXT_TOO_LONG or len(latest) == 1:
        told = _told_of_one(failure, name, latest[name], audience)
    else:
        told = _told_of_many(failure, name, latest)
    if failure is not Failure.COOLING_DOWN:
        return told
    wait = min(_wait(what, now) for what in latest.values())
    # Clients wait for a short pause by themselves; whoever is told to stop has to know when to come again.
    message = f"{told.message}; next try in {span(wait)}" if wait > LONG_WAIT else told.message
    return replace(told, message=message, retry_after=wait)


def tell_none(
    ranking: Ranking, audience: Audience, *, model: str | None, prompt_tokens: int | None, now: float
) -> Told:
    """Say why a ranking has nobody to ask. ``prompt_tokens`` as in ``Need``; ``now`` is wall time."""
    waiting = [one for one in ranking.excluded if one.cause in _WAITING]
    asked_for = f"model '{model}'" if model else "this request"
    if waiting:
        return _told_of_waiting(waiting, asked_for, now)
    causes = {one.cause for one in ranking.excluded if one.cause is not Cause.DISABLED}
    if Cause.CONTEXT in causes:
        windows = [one.context_window for one in ranking.excluded if one.context_window is not None]
        return Told(Failure.CONTEXT_TOO_LONG, overflow_message(audience, prompt_tokens, max(windows, default=None)))
    if Cause.STATE in causes:
        return Told(
            Failure.NOT_CONVERTIBLE,
            "the endpoint that holds what this request continues cannot be used; send the whole conversation",
        )
    if not ranking.excluded:
        none_yet = "none is configured. cccc config path says where the configuration belongs"
        return Told(Failure.NO_ENDPOINT, f"no endpoint is enabled for {asked_for}: {none_yet}")
    reasons = _reasons([one for one in ranking.excluded if one.cause is not Cause.DISABLED])
    if param := next((one.param for one in ranking.excluded if one.param), None):
        return Told(Failure.NOT_CONVERTIBLE, f"no endpoint takes {param} of {asked_for}{reasons}", param=param)
    if causes == {Cause.MODEL}:
        return Told(Failure.NO_MODEL, f"no endpoint serves {asked_for}{reasons}")
    if causes == {Cause.FORMAT}:
        return Told(Failure.NOT_CONVERTIBLE, f"no endpoint can be asked for {asked_for}{reasons}")
    return Told(Failure.NO_ENDPOINT, f"no endpoint is enabled for {asked_for}{reasons}. Open cccc, Endpoints")


def tell_busy(endpoints: Collection[str]) -> Told:
    """Say that no endpoint had a place in time."""
    who = "every endpoint is" if len(endpoints) != 1 else "the only endpoint is"
    return Told(Failure.TOO_BUSY, f"{who} busy with as many requests as it may have ({', '.join(sorted(endpoints))})")


_WAITING = frozenset({Cause.BREAKER, Cause.LIMITED, Cause.QUOTA, Cause.RESTING})


def _told_of_waiting(waiting: Sequence[Excluded], asked_for: str, now: float) -> Told:
    causes = {one.cause for one in waiting}
    if causes == {Cause.RESTING}:
        return Told(Failure.NO_MODEL, f"no endpoint serves {asked_for}{_reasons(waiting)}")
    soonest = min((one.until for one in waiting if one.until is not None), default=now + _SOON)
    wait = max(1.0, soonest - now)
    if causes == {Cause.QUOTA}:
        message = f"no endpoint has credit; the first one may have it again in {span(wait)}{_reasons(waiting)}"
        return Told(Failure.OUT_OF_QUOTA, message, retry_after=wait)
    count = "the only endpoint is paused" if len(waiting) == 1 else f"all {len(waiting)} endpoints are paused"
    return Told(Failure.COOLING_DOWN, f"{count}; next try in {span(wait)}{_reasons(waiting)}", retry_after=wait)


def _reasons(left_out: Sequence[Excluded]) -> str:
    return f" ({'; '.join(f'{one.name}: {one.reason}' for one in left_out)})" if left_out else ""


def _told_of_one(failure: Failure, name: str, what: Classification, audience: Audience) -> Told:
    if failure is Failure.CONTEXT_TOO_LONG:
        numbers = what.overflow or Overflow()
        message = overflow_message(audience, numbers.tokens, numbers.maximum, numbers.reserved)
        return Told(failure, message, status=what.status)
    message = f"endpoint '{name}' {_verb(_clause(what))}"
    if failure is Failure.BROKE_MIDWAY:
        message = f"{message}; the answer above is incomplete"
    return Told(failure, message + _advice(what, it="it", its="its"), status=what.status)


def _told_of_many(failure: Failure, name: str, latest: Mapping[str, Classification]) -> Told:
    """``name`` is the first endpoint that failed so."""
    statuses = {what.status for what in latest.values()}
    message = f"{len(latest)} endpoints failed: {_listed(latest)}"
    return Told(
        failure,
        message + _advice(latest[name], it=name, its=f"{name}'s"),
        status=statuses.pop() if len(statuses) == 1 else None,
    )


def _advice(what: Classification, *, it: str, its: str) -> str:
    advice = _ADVICE.get(what.outcome)
    return f". {advice.format(it=it, its=its)}" if advice else ""


def _verb(message: str) -> str:
    """A reason that is no predicate ("502 Bad Gateway", "no answer in 60 s") is given one."""
    if message[:1].isdigit():
        return f"answered {message}"
    return f"gave {message}" if message.startswith("no ") else message


def _listed(latest: Mapping[str, Classification]) -> str:
    return "; ".join(f"{name} {_clause(what)}" for name, what in latest.items())


def _clause(what: Classification) -> str:
    """The reason without the full stop of an upstream's own sentence."""
    return what.message if what.message.endswith("...") else what.message.removesuffix(".")


def _wait(what: Classification, now: float) -> float:
    if what.bench is None:
        return _SOON
    return max(1.0, what.bench.until - now) if what.bench.until is not None else what.bench.seconds
