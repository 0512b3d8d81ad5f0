"""Cooldowns: how long an endpoint, or one model on it, rests after a refusal that is not ill health."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cccc.domain.failover import Bench, Classification, Outcome
from cccc.domain.resets import DAY

LIMITS = frozenset({Outcome.RATE_LIMITED, Outcome.OVERLOADED, Outcome.NO_CREDIT})
"""What ends by waiting, so that a client can be told until when."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """A bench that is being served: ``level`` counts benches in a row (for doubling)."""

    until: float
    reason: str
    level: int = 0
    until_config_change: bool = False
    outcome: Outcome = Outcome.RATE_LIMITED


def following(last: Cooldown | None, what: Classification, bench: Bench, now: float) -> Cooldown:
    """The cooldown that ``bench`` sets after ``last``: a named reset is believed, without one the length doubles.

    What comes while the same kind of cooldown is served was sent before it began: one burst is one offence.
    """
    same = last is not None and last.outcome is what.outcome
    running = last is not None and now < last.until
    level = 0
    if last is not None and same and now - last.until < bench.longest:
        level = last.level if running else last.level + 1
    if bench.until is not None:
        until = min(bench.until, now + DAY)
    elif last is not None and running and same:
        until = last.until
    else:
        until = now + min(bench.seconds * 2 ** min(level, 16), bench.longest)
    if last is not None and running:
        until = max(until, last.until)
    return Cooldown(until, what.message, level, bench.until_config_change, what.outcome)


def shortened(rest: Cooldown, now: float) -> Cooldown:
    """The same with its end bounded: no cooldown is longer than a day."""
    return replace(rest, until=min(rest.until, now + DAY))
