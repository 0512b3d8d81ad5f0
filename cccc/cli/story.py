"""The story of one request: who was considered, who was left out and why, what was tried, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from cccc.cli.table import Column, Row, table
from cccc.cli.text import safe_line
from cccc.cli.words import (
    NOTHING,
    VERDICT_MARKS,
    clock_length,
    milliseconds,
    placed_by,
    said,
    standing,
    wall,
)
from cccc.control.api import AttemptRecord, Candidate, Excluded, FailureClass, Outcome, Ranking, RequestRecord, SortKey

KEY = f"key: {', '.join(said(name) for name in SortKey._fields)}; the smaller key is tried first"

_INDENT = "  "
_COUNTED_AS: Mapping[FailureClass, str] = MappingProxyType(
    {
        FailureClass.BUSINESS: "counted as a business failure",
        FailureClass.CONFIG: "counted as a configuration failure",
        FailureClass.SERVER: "counted as a server failure",
        FailureClass.SSE: "counted as a broken stream",
    }
)
_NO_POOL = "no endpoint is configured"
_WHY_NOBODY = "every endpoint is left out"
_ORDER = (
    Column("#", right=True),
    Column("endpoint", shrinks=True),
    Column("native", drop=2),
    Column("priority", right=True, drop=1),
    Column("health"),
    Column("response", right=True),
    Column("key"),
    Column("placed here by", shrinks=True),
)
_LOSSES = (
    Column("lost"),
    Column("times", right=True),
    Column("first at", shrinks=True),
    Column("because", shrinks=True),
)
_ATTEMPTS = (
    Column("#", right=True),
    Column("time"),
    Column("endpoint", shrinks=True),
    Column("model sent", shrinks=True, drop=2),
    Column("code", right=True),
    Column("outcome"),
    Column("head", right=True, drop=1),
    Column("first", right=True),
    Column("total", right=True),
)


def order(ranking: Ranking, now: float, width: int | None = None) -> list[str]:
    """The candidates with their keys and reasons, then those left out."""
    told = []
    if ranking.order:
        pairs = [(None, ranking.order[0]), *pairwise(ranking.order)]
        told += table(_ORDER, [_candidate(one, above) for above, one in pairs], width, indent=_INDENT)
        told += [f"{_INDENT}({KEY})"]
    else:
        told += [f"{_INDENT}nobody: {_WHY_NOBODY if ranking.excluded else _NO_POOL}"]
    if ranking.last_resort is not None:
        told += [f"{_INDENT}as last resort: {safe_line(ranking.last_resort.name)}"]
    if ranking.rate_limited_until is not None:
        told += [f"{_INDENT}everything that fits is cooling down until {wall(ranking.rate_limited_until, now)}"]
    if ranking.excluded:
        told += ["", "Left out", *(_excluded(one, now) for one in ranking.excluded)]
    return told


def attempts(record: RequestRecord, now: float, width: int | None = None) -> list[str]:
    """One line for each upstream request, and under it what it had to say."""
    if not record.attempts:
        return [f"{_INDENT}none: no endpoint was asked"]
    lines = table(_ATTEMPTS, [_attempt(n, one, now) for n, one in enumerate(record.attempts, 1)], width, indent=_INDENT)
    told = [lines[0]]
    for row, attempt in zip(lines[1:], record.attempts, strict=True):
        told += [row, *(f"{_INDENT * 3}{remark}" for remark in _remarks(attempt, now))]
    return told


def why(record: RequestRecord, now: float, width: int | None = None) -> list[str]:
    """The whole story, told in the order in which it happened."""
    asked = safe_line(record.model or "no model") + (", streaming" if record.stream else "")
    known_by = f"{record.client_type}: {safe_line(record.client_reason)}"
    told = [
        f"{record.id} at {wall(record.time, now, precise=True)}",
        f"{safe_line(record.client)} asked for {asked} ({known_by})",
    ]
    if record.tags:
        told += [f"tags: {safe_line(', '.join(record.tags))}"]
    told += ["", "The order was"]
    told += order(record.ranking, now, width) if record.ranking else [f"{_INDENT}not kept: nothing had to be chosen"]
    told += ["", "What was tried", *attempts(record, now, width)]
    if record.losses:
        told += ["", f"Lost on the way from {record.wire_format} to {record.target_format}", *losses(record, width)]
    noted = [f"{_INDENT}{safe_line(name)}: {safe_line(text)}" for name, text in record.notes.items()]
    if noted:
        told += ["", "Noted", *noted]
    return [*told, "", _ending(record)]


def losses(record: RequestRecord, width: int | None = None) -> list[str]:
    """What the conversion could not carry over: a line for each kind of loss, with its first place and their number."""
    places: dict[tuple[str, str], list[str]] = {}
    for loss in record.losses:
        places.setdefault((loss.what, loss.why), []).append(loss.path)
    rows = [(what, str(len(paths)), paths[0], why) for (what, why), paths in places.items()]
    return table(_LOSSES, rows, width, indent=_INDENT)


def _candidate(one: Candidate, above: Candidate | None) -> Row:
    return (
        str(one.rank),
        one.name,
        "yes" if one.native else f"no: {one.target_format}",
        str(one.key.priority),
        standing(one.standing),
        milliseconds(one.ttft_ms),
        " ".join(map(str, one.key)),
        placed_by(one, above),
    )


def _excluded(one: Excluded, now: float) -> str:
    until = "" if one.until is None else f", until {wall(one.until, now)}{_wait(one.until, now)}"
    place = "" if one.would_be is None else f" (would be #{one.would_be})"
    key = "" if one.key is None else f"  key {' '.join(map(str, one.key))}"
    return f"{_INDENT}{safe_line(one.name)}: {safe_line(one.reason)}{until}{place}{key}"


def _wait(until: float, now: float) -> str:
    return f", in {clock_length(until - now)}" if until > now else ""


def _attempt(number: int, one: AttemptRecord, now: float) -> Row:
    return (
        str(number),
        wall(one.started, now, precise=True),
        one.endpoint,
        one.model_sent or NOTHING,
        NOTHING if one.status is None else str(one.status),
        said(one.outcome),
        milliseconds(one.head_ms),
        milliseconds(one.ttft_ms),
        milliseconds(one.duration_ms),
    )


def _remarks(one: AttemptRecord, now: float) -> Sequence[str]:
    remarks = [] if one.error is None else [safe_line(one.error)]
    if one.failure_class is not None:
        remarks.append(_COUNTED_AS[one.failure_class])
    if one.cooldown_until is not None:
        remarks.append(f"benched until {wall(one.cooldown_until, now)}")
    if one.outcome is Outcome.STALE_CONNECTION:
        remarks.append("the endpoint had closed the kept connection: asked again on a fresh one")
    return remarks


def _ending(record: RequestRecord) -> str:
    mark = VERDICT_MARKS[record.verdict].text
    by = f" from {safe_line(record.endpoint)}" if record.endpoint else ""
    times = f"first content after {milliseconds(record.ttft_ms)}, " if record.ttft_ms is not None else ""
    error = f": {safe_line(record.error)}" if record.error else ""
    got = "The client left" if record.status == 499 else f"The client got {record.status}{by}"
    return f"{mark} {said(record.verdict)}. {got}, {times}{milliseconds(record.duration_ms)} in all{error}"
