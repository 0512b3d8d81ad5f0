"""The order of endpoints for one request, with its explanation.

``rank`` is pure and total: the sort key *is* the explanation that ``why``, ``rank`` and the routing screen show.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from cccc.domain.endpoint import PATHS, Action, ClientType, Endpoint, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.health import Availability, Standing
from cccc.domain.rewrite import matches, rewritten

LAST_RESORT_EVERY = 5.0
"""Seconds between two real requests to the last resort, over all clients; the others are answered locally."""


@dataclass(frozen=True, slots=True)
class Unsayable:
    """What other formats cannot say: ``path`` in the client's request (empty: all of it), and a reason."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


@dataclass(frozen=True, slots=True)
class Need:
    """What a request asks of an endpoint.

    ``convertible`` are the formats into which this request could be converted (empty: native only, and ``unsayable``
    tells why where that is known). An action that another format lacks is asked for there as a turn.
    ``prompt_tokens`` is the estimate held against ``context_window``, ``None`` where unknown. ``holder`` is the
    endpoint that holds the state to which the request refers, ``None`` where there is none or nobody knows.
    """

    wire_format: WireFormat
    client_type: ClientType
    action: Action = Action.TURN
    model: str | None = None
    tags: frozenset[str] = frozenset()
    convertible: frozenset[WireFormat] = frozenset()
    unsayable: Unsayable | None = None
    prompt_tokens: int | None = None
    holder: str | None = None


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


class Cause(StrEnum):
    """Why an endpoint was left out, as a word. The first group is structural: it does not pass by waiting."""

    DISABLED = "disabled"
    CLIENT_TYPE = "client_type"
    MODEL = "model"
    FORMAT = "format"
    CONTEXT = "context"
    TAGS = "tags"
    STATE = "state"
    # those that fit, but not now
    BREAKER = "breaker"
    LIMITED = "limited"
    QUOTA = "quota"
    RESTING = "resting"


@dataclass(frozen=True, slots=True)
class Excluded:
    """An endpoint that was left out, why, until when, and the place it would have had (1 is first).

    ``key`` and place are those of the endpoint if it were well. ``context_window`` in tokens, where that is the cause.
    ``param`` is the part of the request that cannot be said in its formats, where one part is to blame.
    """

    name: str
    reason: str
    until: float | None = None
    would_be: int | None = None
    key: SortKey | None = None
    cause: Cause = Cause.DISABLED
    context_window: int | None = None
    param: str | None = None


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

    def without(self, name: str, unsayable: Unsayable) -> Ranking:
        """The same when it has turned out that the request cannot be said in the format of a candidate."""
        resort = self.last_resort
        candidates = (*self.order, resort) if resort is not None else self.order
        left_out = next((one for one in candidates if one.name == name), None)
        if left_out is None:
            return self
        entry = Excluded(
            name=name,
            reason=f"is asked in {left_out.target_format}, and this request cannot be converted to that ({unsayable})",
            would_be=left_out.rank or 1,
            key=left_out.key,
            cause=Cause.FORMAT,
            param=unsayable.path or None,
        )
        return replace(
            self,
            order=_numbered([one for one in self.order if one.name != name]),
            excluded=_by_place([entry, *(one for one in self.excluded if one.name != name)]),
            last_resort=None if left_out is resort else resort,
        )


@dataclass(frozen=True, slots=True)
class _No:
    """Why an endpoint does not fit."""

    cause: Cause
    reason: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """An endpoint on its way to a place. ``target`` is ``None`` where it speaks nothing that would do."""

    endpoint: Endpoint
    facts: EndpointFacts
    target: WireFormat | None
    no: _No | None


def response_time_bucket(ms: float) -> int:
    """Response times in steps of 10 %: ``round(log(ms) / log(1.1))``, so that noise does not reorder."""
    return round(math.log(max(ms, 1.0)) / math.log(1.1))


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
    entries = _entries(endpoints, need, facts)
    fitting = [entry for entry in entries if entry.no is None]
    known = [entry.facts.ttft_ms for entry in fitting if entry.facts.ttft_ms is not None]
    typical = median(known) if known else None

    def candidate(entry: _Entry, target: WireFormat) -> Candidate:
        key = _key(entry, target, need, typical, auto_sort=auto_sort, chosen=entry.endpoint.name in chosen)
        return Candidate(
            name=entry.endpoint.name,
            rank=0,
            key=key,
            decided_by=None,
            native=key.native == 0,
            target_format=target,
            model_sent=None if need.model is None else rewritten(need.model, entry.endpoint.model_rules),
            standing=entry.facts.availability.standing,
            ttft_ms=entry.facts.ttft_ms,
        )

    placed = [(entry, None if entry.target is None else candidate(entry, entry.target)) for entry in entries]
    usable = [one for entry, one in placed if one and entry.no is None and entry.facts.availability.usable]
    order = _numbered(sorted(usable, key=lambda one: (one.key, one.name)))
    waiting = [(entry, one) for entry, one in placed if entry.no is None and not entry.facts.availability.usable]
    behind_breaker = [one for entry, one in waiting if one and entry.facts.availability.breaker_open]
    return Ranking(
        order=order,
        excluded=_excluded(placed, order),
        last_resort=None if order else min(behind_breaker, key=lambda one: (one.key, one.name), default=None),
        rate_limited_until=None if order else _soonest([entry.facts.availability for entry, _ in waiting]),
    )


def _entries(endpoints: Sequence[Endpoint], need: Need, facts: Mapping[str, EndpointFacts]) -> list[_Entry]:
    entries = []
    for endpoint in endpoints:
        own = facts[endpoint.name]
        target = _target(endpoint, need)
        entries.append(_Entry(endpoint, own, target, _unfit(endpoint, need, own, target)))
    untagged_fits = any(entry.no is None and not entry.endpoint.tags for entry in entries)
    for place, entry in enumerate(entries):
        if entry.no is None and (no := _wrong_tags(entry.endpoint, need, untagged_fits=untagged_fits)):
            entries[place] = replace(entry, no=no)
    return entries


def _target(endpoint: Endpoint, need: Need) -> WireFormat | None:
    """The client's own format where the endpoint speaks it, else its target format, else the first that is possible."""
    if need.wire_format in endpoint.urls:
        return need.wire_format if (need.wire_format, need.action) in PATHS else None
    preferred = (endpoint.target_format, *endpoint.urls)
    possible = (one for one in preferred if one in endpoint.urls and one in need.convertible)
    return next(possible, None)


def _unfit(endpoint: Endpoint, need: Need, facts: EndpointFacts, target: WireFormat | None) -> _No | None:
    """The first reason for which an endpoint cannot serve the request at all, tags aside."""
    if not endpoint.enabled:
        return _No(Cause.DISABLED, "disabled")
    if endpoint.client_type is not None and endpoint.client_type is not need.client_type:
        return _No(Cause.CLIENT_TYPE, f"serves {endpoint.client_type.value} only")
    if not _serves(endpoint, need.model):
        return _No(Cause.MODEL, f"its models do not include {need.model}")
    if target is None:
        return _No(Cause.FORMAT, _speaks(endpoint, need), need.unsayable.path or None if need.unsayable else None)
    if need.action is Action.COUNT_TOKENS and endpoint.count_tokens_enabled is False:
        return _No(Cause.FORMAT, "does not count tokens")
    if need.holder is not None and endpoint.name != need.holder:
        return _No(Cause.STATE, f"what this request continues is held by '{need.holder}'")
    if facts.lacks is not None:
        return _No(Cause.MODEL, facts.lacks)
    if need.prompt_tokens and endpoint.context_window and need.prompt_tokens > endpoint.context_window:
        return _No(
            Cause.CONTEXT,
            f"its context of {endpoint.context_window} tokens is too small for about {need.prompt_tokens}",
        )
    return None


def _serves(endpoint: Endpoint, model: str | None) -> bool:
    """Whether ``models`` allows the model, under the name that was asked for or the one that is sent."""
    if not endpoint.models or model is None:
        return True
    names = {model, rewritten(model, endpoint.model_rules)}
    return any(matches(pattern, name) for pattern in endpoint.models for name in names)


def _speaks(endpoint: Endpoint, need: Need) -> str:
    spoken = ", ".join(wire_format.value for wire_format in endpoint.urls)
    if need.wire_format in endpoint.urls:
        return f"{need.wire_format.value} has no {need.action.value}"
    because = f" ({need.unsayable})" if need.unsayable else ""
    return f"speaks {spoken}, and this request cannot be converted to that{because}"


def _wrong_tags(endpoint: Endpoint, need: Need, *, untagged_fits: bool) -> _No | None:
    if not endpoint.tags or (need.tags and need.tags <= endpoint.tags):
        return None
    own = ", ".join(sorted(endpoint.tags))
    if need.tags:
        return _No(Cause.TAGS, f"tagged {own}; the request is tagged {', '.join(sorted(need.tags))}")
    return _No(Cause.TAGS, f"tagged {own}; the request has no tag") if untagged_fits else None


def _key(
    entry: _Entry, target: WireFormat, need: Need, typical: float | None, *, auto_sort: bool, chosen: bool
) -> SortKey:
    endpoint, facts = entry.endpoint, entry.facts
    standing = facts.availability.standing
    ttft = typical if facts.ttft_ms is None else facts.ttft_ms
    tagged_first = bool(need.tags) and need.tags <= endpoint.tags
    return SortKey(
        choice=0 if chosen else 1,
        tags=0 if tagged_first or (not need.tags and not endpoint.tags) else 1,
        native=0 if target is need.wire_format and endpoint.native_format else 1,
        priority=endpoint.priority,
        health=int(standing) if auto_sort and standing is not Standing.UNUSABLE else 0,
        warm=0 if facts.warm or not auto_sort else 1,
        response_time=0 if ttft is None or not auto_sort else response_time_bucket(ttft),
        in_flight=facts.in_flight if auto_sort else 0,
        position=endpoint.position,
    )


def _numbered(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Places from 1, each with the first field of its key that differs from the one above."""
    numbered: list[Candidate] = []
    for place, candidate in enumerate(candidates, start=1):
        decided_by = _difference(candidates[place - 2].key, candidate.key) if place > 1 else None
        numbered.append(replace(candidate, rank=place, decided_by=decided_by))
    return tuple(numbered)


def _difference(above: SortKey, below: SortKey) -> str | None:
    return next((name for name, a, b in zip(SortKey._fields, above, below, strict=True) if a != b), None)


def _excluded(placed: Sequence[tuple[_Entry, Candidate | None]], order: Sequence[Candidate]) -> tuple[Excluded, ...]:
    """Everything left out, the best place first; those that could have no place at all come last."""
    out = []
    for entry, candidate in placed:
        if entry.no is None and entry.facts.availability.usable:
            continue
        state = entry.facts.availability
        out.append(
            Excluded(
                name=entry.endpoint.name,
                reason=(state.reason or "not usable now") if entry.no is None else entry.no.reason,
                until=state.until if entry.no is None else None,
                would_be=None if candidate is None else 1 + sum(other.key < candidate.key for other in order),
                key=None if candidate is None else candidate.key,
                cause=_waiting_cause(state) if entry.no is None else entry.no.cause,
                context_window=entry.endpoint.context_window if entry.no and entry.no.cause is Cause.CONTEXT else None,
                param=entry.no.param if entry.no else None,
            )
        )
    return _by_place(out)


def _by_place(out: Sequence[Excluded]) -> tuple[Excluded, ...]:
    return tuple(sorted(out, key=lambda one: (one.would_be is None, one.would_be or 0, one.name)))


def _waiting_cause(state: Availability) -> Cause:
    if state.resting is Outcome.NO_CREDIT:
        return Cause.QUOTA
    if state.rate_limited:
        return Cause.LIMITED
    return Cause.BREAKER if state.breaker_open else Cause.RESTING


def _soonest(states: Sequence[Availability]) -> float | None:
    """The soonest reset where everything that fits is limited until a known time."""
    resets = [state.until for state in states if state.rate_limited and state.until is not None]
    return min(resets) if resets and len(resets) == len(states) else None
