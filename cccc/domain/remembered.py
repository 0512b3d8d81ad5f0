"""Health that outlives the process: moved between two clocks, and bounded when it is read back.

A running proxy keeps health in steady time, on disk it stands in wall time. Whoever reads it back trusts neither the
clock that wrote it nor the one that reads it: nobody is benched for longer than his cap, and no moment that has passed
lies in the future.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from cccc.domain.cooldown import shortened
from cccc.domain.health import LONGEST_UNIFIED, WINDOW, EndpointHealth
from cccc.domain.resets import DAY


def shifted(state: EndpointHealth, by: float) -> EndpointHealth:
    """The same state by a clock that is ``by`` seconds ahead."""
    if not by:
        return state

    def moved(at: float | None) -> float | None:
        return None if at is None else at + by

    return replace(
        state,
        records=tuple(replace(record, at=record.at + by) for record in state.records),
        opened_at=moved(state.opened_at),
        open_until=moved(state.open_until),
        closed_at=moved(state.closed_at),
        next_probe_at=moved(state.next_probe_at),
        cooldown=None if state.cooldown is None else replace(state.cooldown, until=state.cooldown.until + by),
        model_cooldowns=MappingProxyType(
            {model: replace(rest, until=rest.until + by) for model, rest in state.model_cooldowns.items()}
        ),
        unified_reset=moved(state.unified_reset),
        last_error_at=moved(state.last_error_at),
    )


def clamped(state: EndpointHealth, now: float) -> EndpointHealth:
    """A state read back from disk, every "until" bounded by its cap: a clock jump must not bench anybody for years.

    Something in it that has passed and lies ahead of ``now`` shows that the clock was set back by at least so much.
    Then all of it is moved, as if no time had gone by since: a wait of ten seconds does not become an hour.
    """
    passed = (state.opened_at, state.closed_at, state.last_error_at, *(record.at for record in state.records))
    latest = max((at for at in passed if at is not None), default=now)
    state = shifted(state, min(0.0, now - latest))
    return replace(
        state,
        records=tuple(record for record in state.records if now - WINDOW < record.at <= now),
        opened_at=_at_most(state.opened_at, now),
        open_until=_at_most(state.open_until, now + DAY),
        closed_at=_at_most(state.closed_at, now),
        next_probe_at=_at_most(state.next_probe_at, now + DAY),
        trial_in_flight=False,
        cooldown=None if state.cooldown is None else shortened(state.cooldown, now),
        model_cooldowns=MappingProxyType(
            {model: shortened(rest, now) for model, rest in state.model_cooldowns.items()}
        ),
        unified_reset=_at_most(state.unified_reset, now + LONGEST_UNIFIED),
        last_error_at=_at_most(state.last_error_at, now),
    )


def _at_most(value: float | None, bound: float) -> float | None:
    return None if value is None else min(value, bound)
