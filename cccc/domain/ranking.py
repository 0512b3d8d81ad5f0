"""The order of endpoints for one request, with its explanation.

``rank`` is pure and total: the sort key *is* the explanation that ``why``, ``rank`` and the routing screen show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cccc.domain.endpoint import Action, ClientType, Endpoint, WireFormat
from cccc.domain.health import Availability, Standing


@dataclass(frozen=True, slots=True)
class Need:
    """What a request asks of an endpoint.

    ``convertible`` are the formats into which this request could be converted (empty: native only).
    ``prompt_tokens`` is the estimate held against ``context_window``, ``None`` where unknown.
    """

    wire_format: WireFormat
    client_type: ClientType
    action: Action = Action.TURN
    model: str | None = None
    tags: frozenset[str] = frozenset()
    convertible: frozenset[WireFormat] = frozenset()
    prompt_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What is known about an endpoint when a request is ranked.

    ``ttft_ms`` is the moving average of the time to the first content, ``None`` when unknown or forgotten.
    ``warm``: it completed the last turn of this session. ``lacks``: learned formats or models it does not serve, as
    a reason, or ``None``.
    """

    availability: Availability
    ttft_ms: float | None = None
    in_flight: int = 0
    warm: bool = False
    lacks: str | None = None


class SortKey(NamedTuple):
    """The tuple that sorts; smaller comes first. The field names are what ``decided_by`` says."""

    choice: int
    tags: int
    native: int
    priority: int
    health: int
    warm: int
    response_time: int
    in_flight: int
    position: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint's place. ``decided_by`` is the first field of the key that differs from the endpoint above."""

    name: str
    rank: int
    key: SortKey
    decided_by: str | None
    native: bool
    target_format: WireFormat
    model_sent: str | None
    standing: Standing
    ttft_ms: float | None


@dataclass(frozen=True, slots=True)
class Excluded:
    """An endpoint that was left out, why, until when, and the place it would have had (1 is first)."""

    name: str
    reason: str
    until: float | None = None
    would_be: int | None = None
    key: SortKey | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order in which endpoints are tried, and those left out.

    ``last_resort`` is the candidate to try when ``order`` is empty only because breakers are open.
    ``rate_limited_until`` is the soonest reset where everything that fits is cooling down.
    """

    order: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...] = ()
    last_resort: Candidate | None = None
    rate_limited_until: float | None = None


def response_time_bucket(ms: float) -> int:
    """Response times in steps of 10 %: ``round(log(ms) / log(1.1))``, so that noise does not reorder."""
    raise NotImplementedError


def rank(
    endpoints: Sequence[Endpoint],
    need: Need,
    facts: Mapping[str, EndpointFacts],
    *,
    auto_sort: bool = True,
    chosen: Collection[str] = (),
) -> Ranking:
    """Order the endpoints for one request (routing.md §2 and §3).

    ``auto_sort=False`` leaves layers 3 and 4 out of the key; unusable endpoints stay out all the same.
    ``chosen`` are endpoints a person put above all layers with ``cccc use``.
    """
    raise NotImplementedError
