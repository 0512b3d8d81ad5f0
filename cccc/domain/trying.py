"""What to do next for one client request: a step function over what has been tried so far.

The proxy's loop asks ``next_step``, performs the step, adds the attempt and asks again. Bounds (routing.md §4,
resilience.md §1): so many upstream requests in all, two per endpoint plus one free repeat after a stale connection,
repeats only while the endpoint's retry budget lasts, and nothing at all once content has gone to the client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cccc.domain.answers import Audience, Failure
from cccc.domain.failover import Classification, Outcome
from cccc.domain.telling import Told, tell, tell_busy

FULL_BUDGET = 10.0
"""Tokens of an endpoint's retry budget (gRPC's retry throttling)."""

_REPEATS_ABOVE = 5.0
_PER_ENDPOINT = 2
_REMEDIES = 3
"""Changed requests to one endpoint: one that is new to it may refuse several things, one after the other."""

_LAST_ONE_WAITS = 2.0
_PAUSE = 0.25


def budget_after(tokens: float, *, ok: bool) -> float:
    """An endpoint's retry budget after one more attempt: a failure costs 1, a success gives back 0.1."""
    return min(FULL_BUDGET, tokens + 0.1) if ok else max(0.0, tokens - 1.0)


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint in the order of the ranking. ``context_window`` in tokens, ``None`` where not configured."""

    name: str
    context_window: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One upstream request that has ended.

    ``started`` and ``ended`` in seconds of one and the same clock. ``same_format``: the endpoint's answer can go to the
    client as it is. ``remedy``: the caller knows a change of the request that may cure this failure (the other key
    header, without the parameter that was named, without foreign thinking) and has not made it yet.
    """

    endpoint: str
    classification: Classification
    started: float
    ended: float
    same_format: bool = True
    remedy: bool = False


@dataclass(frozen=True, slots=True)
class Trying:
    """One client request on its way through the pool.

    ``budgets`` are the endpoints' retry tokens when the request came; its own failures are taken off them here. A
    last resort gets none: it is asked once. ``passed_over`` are endpoints that had no place for this request, or became
    unusable before it came to them.
    """

    order: tuple[Place, ...]
    audience: Audience
    max_attempts: int = 6
    budgets: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    attempts: tuple[Attempt, ...] = ()
    passed_over: frozenset[str] = frozenset()

    def after(self, attempt: Attempt) -> Trying:
        """The state with one more attempt behind it."""
        return replace(self, attempts=(*self.attempts, attempt))

    def without(self, endpoint: str) -> Trying:
        """The state in which ``endpoint`` is not asked any more."""
        return replace(self, passed_over=self.passed_over | {endpoint})

    def with_more(self, places: Sequence[Place], budgets: Mapping[str, float]) -> Trying:
        """The state with endpoints that have become usable since the order was made, behind the others."""
        return replace(self, order=(*self.order, *places), budgets=MappingProxyType({**self.budgets, **budgets}))


@dataclass(frozen=True, slots=True)
class Ask:
    """Send the request to ``endpoint`` after ``delay`` seconds.

    ``repeat``: once more where it was tried last. ``fresh``: on a new connection. ``remedied``: changed as the caller
    offered. ``last_candidate``: nothing is left after this one, so it may take its full time.
    """

    endpoint: str
    delay: float = 0.0
    repeat: bool = False
    fresh: bool = False
    remedied: bool = False
    last_candidate: bool = False


@dataclass(frozen=True, slots=True)
class Deliver:
    """The last attempt's answer goes to the client as it is: a good one, or an error of the upstream's own."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to try: the client gets an answer of ours."""

    told: Told


@dataclass(frozen=True, slots=True)
class Drop:
    """Nobody is left to answer: the client has gone."""


Step = Ask | Deliver | End | Drop


def next_step(trying: Trying, *, now: float, jitter: float = 0.0, headers_sent: bool = False) -> Step:
    """The next step. ``now`` is wall time; ``jitter`` a random number in [0, 1) that spreads the pause of repeats.

    ``headers_sent``: the head of our answer is out already, so that an endpoint's own error cannot be passed on.
    ``trying.order`` must not be empty: where the ranking found nobody, ``telling.tell_none`` has the words.
    """
    if not trying.attempts:
        left = _left(trying)
        return Ask(left[0].name, last_candidate=len(left) == 1) if left else End(tell_busy(trying.passed_over))
    last = trying.attempts[-1]
    what = last.classification
    if what.outcome is Outcome.OK:
        return Deliver(last.endpoint)
    if what.outcome is Outcome.CLIENT_GONE:
        return Drop()
    if what.failure not in _FINAL and _counted(trying.attempts) < trying.max_attempts:
        step = _repeat(trying, last, jitter) or _next(trying, last) or _wait_for(trying, last, now)
        if step is not None:
            return step
    if not headers_sent and _goes_back(trying, last):
        return Deliver(last.endpoint)
    tried = [(one.endpoint, one.classification) for one in trying.attempts]
    return End(tell(tried, trying.audience, now=now, no_network=no_network(trying.attempts)))


def no_network(attempts: Sequence[Attempt]) -> bool:
    """Whether it is our side that is cut off: no name resolved and no host was reachable, all within two seconds.

    Then nothing is held against any endpoint. A refused connection is no such sign: somebody refused it.
    """
    return (
        bool(attempts)
        and all(one.classification.outcome in (Outcome.DNS, Outcome.UNREACHABLE) for one in attempts)
        and attempts[-1].ended - attempts[0].started <= 2.0
    )


# Content has gone out, or we are stopping: nothing may be tried any more.
_FINAL = frozenset({Failure.BROKE_MIDWAY, Failure.SHUTTING_DOWN})


def _repeat(trying: Trying, last: Attempt, jitter: float) -> Ask | None:
    """The same endpoint once more: free after a stale connection, with a remedy, or because the table says so."""
    here = [one for one in trying.attempts if one.endpoint == last.endpoint]
    if last.endpoint in trying.passed_over:
        return None
    what = last.classification
    only = _following(trying, last) is None
    if what.free and sum(one.classification.free for one in here) == 1:
        return Ask(last.endpoint, repeat=True, fresh=True, last_candidate=only)
    if last.remedy and sum(one.remedy for one in here) <= _REMEDIES:
        return Ask(last.endpoint, repeat=True, remedied=True, last_candidate=only)
    if _counted(here) >= _PER_ENDPOINT:
        return None
    tokens = trying.budgets.get(last.endpoint, FULL_BUDGET) - len(here)
    if what.repeat_here and not what.free and tokens > _REPEATS_ABOVE:
        return Ask(last.endpoint, delay=_PAUSE * (1 + jitter), repeat=True, fresh=True, last_candidate=only)
    return None


def _next(trying: Trying, last: Attempt) -> Ask | None:
    if not last.classification.go_elsewhere:
        return None
    following = _following(trying, last)
    if following is None:
        return None
    after = _following(trying, last, skip=following.name)
    return Ask(following.name, last_candidate=after is None)


def _following(trying: Trying, last: Attempt, *, skip: str | None = None) -> Place | None:
    """The best endpoint that has not been asked; for a prompt that is too long, only one with a larger context."""
    left = [place for place in _left(trying) if place.name != skip]
    if last.classification.outcome is Outcome.CONTEXT_TOO_LONG:
        needed = _known_length(trying, last)
        left = [place for place in left if needed and place.context_window and place.context_window > needed]
    return left[0] if left else None


def _left(trying: Trying) -> list[Place]:
    """The endpoints that may still be asked for the first time."""
    asked = {one.endpoint for one in trying.attempts} | trying.passed_over
    return [place for place in trying.order if place.name not in asked]


def _known_length(trying: Trying, last: Attempt) -> int | None:
    """The most that is known about how long a prompt was: its own tokens, else the context it did not fit into."""
    numbers = last.classification.overflow
    window = next((place.context_window for place in trying.order if place.name == last.endpoint), None)
    known = (window, numbers and numbers.tokens and numbers.tokens - 1, numbers and numbers.maximum)
    return max((number for number in known if number), default=None)


def _wait_for(trying: Trying, last: Attempt, now: float) -> Ask | None:
    """A rate limit that ends within two seconds is waited for where nobody else is left."""
    bench = last.classification.bench
    here = [one for one in trying.attempts if one.endpoint == last.endpoint]
    if last.classification.outcome is not Outcome.RATE_LIMITED or bench is None or bench.until is None:
        return None
    if last.endpoint in trying.passed_over:
        return None
    wait = bench.until - now
    if wait > _LAST_ONE_WAITS or _counted(here) >= _PER_ENDPOINT:
        return None
    return Ask(last.endpoint, delay=max(0.0, wait), repeat=True, last_candidate=True)


def _counted(attempts: Sequence[Attempt]) -> int:
    """Upstream requests that count: of each endpoint one repeat after a stale connection is free."""
    free = {one.endpoint for one in attempts if one.classification.free}
    return len(attempts) - len(free)


def _goes_back(trying: Trying, last: Attempt) -> bool:
    """Whether the endpoint's own error goes to the client unmodified.

    It does where the formats agree and either the request itself was at fault or only this endpoint was asked.
    Codex asks once after a 400 only; a 5xx it sends thirty times, most 4xx six times, and after a 429 it waits for as
    long as it is told. So it gets all of those in words of ours.
    """
    what = last.classification
    if not (what.unmodified and last.same_format):
        return False
    if trying.audience is Audience.CODEX and what.status != 400:
        return False
    alone = all(one.endpoint == last.endpoint for one in trying.attempts)
    return alone or not what.go_elsewhere
