"""What if: rankings with one thing changed, computed by the same rules and never by rules of their own.

``supposed_endpoints`` and ``DOWN`` are the ranking's inputs as they would be; ``first_again`` sorts a ranking that was
stored with its request; ``ways_up`` asks again with one change at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from cccc.domain.endpoint import Endpoint
from cccc.domain.health import Availability, Standing
from cccc.domain.ranking import Candidate, Ranking


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One endpoint as it is not: ``down`` leaves it out, ``priority`` stands in for its own."""

    down: bool = False
    priority: int | None = None


WhatIfs = Mapping[str, WhatIf]
"""What is supposed, by the endpoint's name."""

NOTHING: WhatIfs = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Move:
    """A request of the log that would have been sent elsewhere first; ``after`` is ``None``: nowhere."""

    request_id: str
    time: float
    before: str
    after: str | None


@dataclass(frozen=True, slots=True)
class Moves:
    """``checked`` requests were ranked again; these of them would have gone elsewhere, newest first."""

    checked: int
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class WayUp:
    """A change that would move an endpoint up, and the place it would then have (1 is first)."""

    changes: WhatIfs
    place: int


DOWN = Availability(usable=False, standing=Standing.UNUSABLE, reason="supposed to be down")
"""What stands in for the state of an endpoint that is supposed to be down."""


def supposed_endpoints(endpoints: Sequence[Endpoint], what_if: WhatIfs) -> tuple[Endpoint, ...]:
    """The endpoints with the priorities that are supposed."""
    return tuple(
        endpoint if (supposed := what_if.get(endpoint.name)) is None or supposed.priority is None
        else replace(endpoint, priority=supposed.priority)
        for endpoint in endpoints
    )  # fmt: skip


def supposed_down(name: str, what_if: WhatIfs) -> bool:
    """Whether an endpoint is supposed to be down."""
    supposed = what_if.get(name)
    return supposed is not None and supposed.down


def first_again(ranking: Ranking, what_if: WhatIfs) -> Candidate | None:
    """Who would have come first in a ranking that was stored, ``None`` where nobody would.

    Its candidates are sorted again by their own keys; who had been left out stays out, for what kept them out is not
    changed by any supposition.
    """
    left = [_supposed(one, what_if) for one in ranking.order if not supposed_down(one.name, what_if)]
    return min(left, key=lambda one: (one.key, one.name), default=None)


def _supposed(candidate: Candidate, what_if: WhatIfs) -> Candidate:
    supposed = what_if.get(candidate.name)
    if supposed is None or supposed.priority is None:
        return candidate
    return replace(candidate, key=candidate.key._replace(priority=supposed.priority))


def moves(requests: Iterable[tuple[str, float, Ranking]], what_if: WhatIfs) -> Moves:
    """Which requests would have gone elsewhere first; each with its id, time and stored ranking."""
    checked, found = 0, []
    for request_id, time, ranking in requests:
        if not ranking.order:
            continue
        checked += 1
        before, after = ranking.order[0].name, first_again(ranking, what_if)
        if after is None or after.name != before:
            found.append(Move(request_id, time, before, None if after is None else after.name))
    return Moves(checked, tuple(found))


def ways_up(name: str, rank: Callable[[WhatIfs], Ranking], what_if: WhatIfs = NOTHING) -> tuple[WayUp, ...]:
    """Single changes that would move ``name`` up, each tried by ranking again with ``rank``; the best place first.

    Tried are: each endpoint above being down, all of them being down, and the priority just better than that of each
    endpoint above. ``what_if`` is supposed besides. Empty where it is first already, or not in the order at all.
    """
    order = rank(what_if).order
    place = _place(order, name)
    if place is None:
        return ()
    above = order[: place - 1]
    suppositions = [{one.name: _with(what_if, one.name, down=True)} for one in above]
    if len(above) > 1:
        suppositions.append({one.name: _with(what_if, one.name, down=True) for one in above})
    better = sorted({one.key.priority - 1 for one in above}, reverse=True)
    suppositions += [{name: _with(what_if, name, priority=priority)} for priority in better]
    found: dict[tuple[str, int], WayUp] = {}
    for changes in suppositions:
        then = _place(rank({**what_if, **changes}).order, name)
        if then is not None and then < place:
            # Of several priorities that lead to the same place the one nearest to its own is enough.
            kind = "priority" if name in changes else ",".join(changes)
            found.setdefault((kind, then), WayUp(changes, then))
    return tuple(sorted(found.values(), key=lambda way: way.place))


def _with(what_if: WhatIfs, name: str, *, down: bool = False, priority: int | None = None) -> WhatIf:
    supposed = what_if.get(name, WhatIf())
    return replace(supposed, down=supposed.down or down, priority=supposed.priority if priority is None else priority)


def _place(order: Sequence[Candidate], name: str) -> int | None:
    return next((one.rank for one in order if one.name == name), None)
