"""Statistics over the request log, computed by SQLite: groups, and series of buckets.

Only turns are counted (``count_tokens`` and model lists say nothing about how an endpoint does). Percentiles are
nearest-rank. By endpoint a request counts for every endpoint that it asked: ``failovers`` are those that left it for
another one, ``errors`` those that ended on it badly; tokens, cost and response times belong to the one that answered.

Everything is read from one index that holds all the columns it needs (``m003_figures``): a row of the log is
kilobytes long, and a week of them is not to be walked through for a chart.
"""

# ruff: noqa: S608  (what is put into the statements are constants of this module; every value is bound)

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from cccc.control.api import (
    Bucket,
    ClientType,
    ConversionCount,
    ErrorCount,
    Figures,
    Lost,
    Outcome,
    SeriesView,
    Span,
    StatsGroup,
    StatsKey,
    StatsView,
    Verdict,
    WireFormat,
)
from cccc.domain.endpoint import Action
from cccc.domain.usage import Usage
from cccc.storage.db import Reader
from cccc.storage.policy import ERRORS, FAILED

NOBODY = "(none)"
"""The key of requests that have no value for the grouping: no endpoint was asked, no model was named."""

_WELL = (Verdict.OK, Verdict.OK_AFTER_FAILOVER)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


TURNS = _listed((Action.TURN, Action.COMPACT))
"""The actions that count, as a list in SQL."""

# Which requests. The plus sign keeps SQLite from looking an endpoint's attempts up for every request of the log.
_WANTED = f"""
    time >= :since AND time < :until AND action IN ({TURNS})
    AND (:client_type IS NULL OR client_type = :client_type)
    AND (:endpoint IS NULL OR requests.endpoint = :endpoint OR requests.endpoint IS NULL
        AND EXISTS (SELECT 1 FROM attempts WHERE request = seq AND +attempts.endpoint = :endpoint))
"""

_MOVED = "attempts > 1 AND (SELECT count(DISTINCT endpoint) FROM attempts WHERE request = seq) > 1"

_CONSUMED = (
    "ttft_ms", "usage_input", "usage_cache_read", "usage_cache_write", "usage_output", "usage_reasoning",
    "usage_estimated", "cost_usd", "streamed", "streaming_ms",
)  # fmt: skip

# "streamed" tokens came within "streaming_ms", where the answer was a stream.
_CONSUMPTION = """
    requests.ttft_ms, usage_input, usage_cache_read, usage_cache_write, usage_output, usage_reasoning,
    usage_estimated, cost_usd,
    CASE WHEN stream AND requests.duration_ms > requests.ttft_ms THEN usage_output END AS streamed,
    CASE WHEN stream AND usage_output THEN max(requests.duration_ms - requests.ttft_ms, 0) END AS streaming_ms
"""

# One row per request, in the columns that all groupings share. "moved" is 1 where it went on to another endpoint.
_BY_REQUEST = f"""
    SELECT {{key}} AS key, verdict IN ({_listed(ERRORS)}) AS bad, {_MOVED} AS moved,
        verdict IN ({_listed(_WELL)}) AS well, {_CONSUMPTION}
    FROM requests WHERE {_WANTED}
"""

# The one endpoint that a request belongs to, where every request is to count once.
_ANSWERED = f"""coalesce(requests.endpoint,
    iif(attempts, (SELECT endpoint FROM attempts WHERE request = seq ORDER BY number DESC LIMIT 1), '{NOBODY}'))
"""

# One row per request and endpoint that it asked; what was consumed stands at the last one only. Nearly every request
# makes one attempt: only the others are worth a join.
_BY_ENDPOINT = f"""
    SELECT {_ANSWERED} AS key, verdict IN ({_listed(ERRORS)}) AS bad, 0 AS moved, 0 AS well, {_CONSUMPTION}
    FROM requests WHERE attempts <= 1 AND {_WANTED}
    UNION ALL
    SELECT key, bad AND last, NOT last, well,
        {", ".join(f"iif(last, {name}, NULL)" for name in _CONSUMED)}
    FROM (
        SELECT asked.endpoint AS key, verdict IN ({_listed(ERRORS)}) AS bad, verdict IN ({_listed(_WELL)}) AS well,
            max(asked.number) = max(max(asked.number)) OVER (PARTITION BY seq) AS last, {_CONSUMPTION}
        FROM requests JOIN attempts AS asked ON asked.request = seq
        WHERE attempts > 1 AND {_WANTED}
        GROUP BY seq, asked.endpoint
    )
"""

_SUMS = """
    SELECT key, count(*), sum(bad), sum(moved), sum(moved AND well),
        total(usage_input), total(usage_cache_read), total(usage_cache_write), total(usage_output),
        total(usage_reasoning), max(usage_estimated), sum(cost_usd), total(streamed), total(streaming_ms)
    FROM ({rows}) GROUP BY key ORDER BY {order}
"""

# Apart from the sums: what is sorted should be narrow.
_PERCENTILES = """
    SELECT key, min(CASE WHEN place >= 0.50 * timed THEN ttft_ms END),
        min(CASE WHEN place >= 0.95 * timed THEN ttft_ms END)
    FROM (
        SELECT key, ttft_ms, row_number() OVER (PARTITION BY key ORDER BY ttft_ms) AS place,
            count(*) OVER (PARTITION BY key) AS timed
        FROM ({rows}) WHERE ttft_ms IS NOT NULL
    ) GROUP BY key
"""

_COLUMNS: Mapping[StatsKey, str] = MappingProxyType(
    {
        StatsKey.MODEL: f"coalesce(model, '{NOBODY}')",
        StatsKey.CLIENT: "client_type",
        StatsKey.DAY: "date(time, 'unixepoch', 'localtime')",
    }
)

_STEP = "cast((time - :first) / :step AS INTEGER)"

_PARTS = f"SELECT {_STEP} AS step, {{key}} AS part, count(*) FROM requests WHERE {_WANTED} GROUP BY step, part"

_ERRORS = f"""
    SELECT verdict, iif(attempts, (SELECT outcome FROM attempts WHERE request = seq ORDER BY number DESC LIMIT 1), NULL)
        AS outcome,
        iif(attempts, (SELECT attempts.status FROM attempts WHERE request = seq ORDER BY number DESC LIMIT 1),
            requests.status) AS answered,
        count(*)
    FROM requests WHERE verdict IN ({_listed(FAILED)}) AND {_WANTED}
    GROUP BY verdict, outcome, answered ORDER BY count(*) DESC, verdict, outcome, answered
"""

_CONVERSIONS = f"""
    SELECT wire_format, target_format, count(*) FROM requests WHERE target_format IS NOT NULL AND {_WANTED}
    GROUP BY wire_format, target_format ORDER BY count(*) DESC, wire_format, target_format
"""

# The few requests that lost something have an index of their own.
_LOSSES = f"""
    SELECT {{key}} AS whose, json_extract(lost.value, '$.what') AS what, count(*)
    FROM requests INDEXED BY requests_losses, json_each(requests.losses) AS lost WHERE losses IS NOT NULL AND {_WANTED}
    GROUP BY whose, what ORDER BY count(*) DESC, what
"""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which requests count: the values that ``_WANTED`` binds."""

    since: float
    until: float
    client_type: ClientType | None
    endpoint: str | None


class Stats:
    """Computes statistics. ``settle`` waits until everything submitted so far can be read."""

    def __init__(self, reader: Reader, settle: Callable[[], object]) -> None:
        self._reader = reader
        self._settle = settle

    def view(
        self, by: StatsKey, *, since: float, client_type: ClientType | None = None, endpoint: str | None = None
    ) -> StatsView:
        """Groups with the most requests first; days in their order (days of this machine's time zone)."""
        scope = _Scope(since, math.inf, client_type, endpoint)
        return StatsView(since, by, self._groups(by, scope), self._conversions(scope))

    def series(
        self,
        span: Span,
        by: StatsKey,
        *,
        now: float,
        client_type: ClientType | None = None,
        endpoint: str | None = None,
    ) -> SeriesView:
        """The span up to ``now``; its last bucket is the one that ``now`` is in."""
        step, count = span.bucket_s, round(span.seconds / span.bucket_s)
        since = (now // step + 1 - count) * step
        scope = _Scope(since, now, client_type, endpoint)
        before = _Scope(since - span.seconds, now - span.seconds, client_type, endpoint)
        groups = self._groups(by, scope)
        key = _ANSWERED if by is StatsKey.ENDPOINT else _COLUMNS[by]
        times = {"first": since, "step": step}
        parts: dict[int, dict[str, int]] = {}
        for at, part, requests in self._rows(_PARTS.format(key=key), scope, times):
            parts.setdefault(at, {})[part] = requests
        sums = {sums.key: sums for sums in self._sums(_BY_REQUEST.format(key=_STEP), scope, times)}
        return SeriesView(
            span=span,
            by=by,
            since=since,
            until=now,
            buckets=tuple(_bucket(since + at * step, sums.get(at), parts.get(at, {})) for at in range(count)),
            totals=self._total(scope),
            before=self._total(before),
            groups=groups,
            errors=tuple(
                ErrorCount(Verdict(verdict), None if outcome is None else Outcome(outcome), status, requests)
                for verdict, outcome, status, requests in self._rows(_ERRORS, scope)
            ),
            conversions=self._conversions(scope),
        )

    def _groups(self, by: StatsKey, scope: _Scope) -> tuple[StatsGroup, ...]:
        order = "key" if by is StatsKey.DAY else "count(*) DESC, key"
        rows = _BY_ENDPOINT if by is StatsKey.ENDPOINT else _BY_REQUEST.format(key=_COLUMNS[by])
        losses: dict[str, list[Lost]] = {}
        key = _ANSWERED if by is StatsKey.ENDPOINT else _COLUMNS[by]
        for group, what, count in self._rows(_LOSSES.format(key=key), scope):
            losses.setdefault(group, []).append(Lost(what, count))
        return tuple(sums.group(losses.get(sums.key, ())) for sums in self._sums(rows, scope, order=order))

    def _conversions(self, scope: _Scope) -> tuple[ConversionCount, ...]:
        return tuple(
            ConversionCount(WireFormat(asked), WireFormat(sent), requests)
            for asked, sent, requests in self._rows(_CONVERSIONS, scope)
        )

    def _total(self, scope: _Scope) -> Figures:
        return next((sums.figures() for sums in self._sums(_BY_REQUEST.format(key="0"), scope)), Figures())

    def _sums(
        self, rows: str, scope: _Scope, more: Mapping[str, float] | None = None, *, order: str = "key"
    ) -> list[_Sums]:
        times = {key: (p50, p95) for key, p50, p95 in self._rows(_PERCENTILES.format(rows=rows), scope, more)}
        sums = self._rows(_SUMS.format(rows=rows, order=order), scope, more)
        return [_Sums.read(row, *times.get(row[0], (None, None))) for row in sums]

    def _rows(self, statement: str, scope: _Scope, more: Mapping[str, float] | None = None) -> list[tuple[Any, ...]]:
        self._settle()
        with self._reader.connection() as connection:
            return connection.execute(statement, {**asdict(scope), **(more or {})}).fetchall()


@dataclass(frozen=True, slots=True)
class _Sums:
    """One row of ``_SUMS``."""

    key: Any
    requests: int
    errors: int
    failovers: int
    recovered: int
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    usage: Usage
    cost_usd: float | None
    tokens_per_s: float | None

    @classmethod
    def read(cls, row: tuple[Any, ...], p50: float | None, p95: float | None) -> _Sums:
        key, requests, errors, failovers, recovered, *counts, estimated, cost, tokens, ms = row
        fresh, read, written, output, reasoning = map(int, counts)
        usage = Usage(fresh, read, written, output, reasoning, estimated=bool(estimated))
        speed = tokens / ms * 1000.0 if ms else None
        return cls(key, requests, errors, failovers, recovered, p50, p95, usage, cost, speed)

    @property
    def cache_share(self) -> float | None:
        return self.usage.cache_read / self.usage.prompt if self.usage.prompt else None

    def group(self, losses: Iterable[Lost]) -> StatsGroup:
        return StatsGroup(
            key=self.key,
            requests=self.requests,
            errors=self.errors,
            failovers=self.failovers,
            ttft_p50_ms=self.ttft_p50_ms,
            ttft_p95_ms=self.ttft_p95_ms,
            usage=self.usage,
            cost_usd=self.cost_usd,
            cache_share=self.cache_share,
            tokens_per_s=self.tokens_per_s,
            losses=tuple(losses),
        )

    def figures(self) -> Figures:
        return Figures(
            requests=self.requests,
            errors=self.errors,
            failovers=self.failovers,
            recovered=self.recovered,
            ttft_p50_ms=self.ttft_p50_ms,
            ttft_p95_ms=self.ttft_p95_ms,
            usage=self.usage,
            cost_usd=self.cost_usd,
            cache_share=self.cache_share,
            tokens_per_s=self.tokens_per_s,
        )


def _bucket(time: float, sums: _Sums | None, parts: Mapping[str, int]) -> Bucket:
    if sums is None:
        return Bucket(time)
    return Bucket(
        time=time,
        requests=sums.requests,
        errors=sums.errors,
        ttft_p50_ms=sums.ttft_p50_ms,
        ttft_p95_ms=sums.ttft_p95_ms,
        prompt_tokens=sums.usage.prompt,
        output_tokens=sums.usage.output,
        cost_usd=sums.cost_usd,
        cache_share=sums.cache_share,
        parts=MappingProxyType(dict(parts)),
    )
