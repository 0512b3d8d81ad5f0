"""Statistics over the request log, computed by SQLite.

Only turns are counted (``count_tokens`` and model lists say nothing about how an endpoint does). Percentiles are
nearest-rank. By endpoint a request counts for every endpoint that it asked: ``failovers`` are those that left it for
another one, ``errors`` those that ended on it badly; tokens, cost, response times and what was lost in conversion
belong to the one that answered.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from cccc.control.api import Converted, Lost, StatsGroup, StatsKey, StatsView
from cccc.domain.endpoint import Action, WireFormat
from cccc.domain.usage import Usage
from cccc.storage.db import Reader
from cccc.storage.policy import ERRORS

NOBODY = "(none)"
"""The key of requests that have no value for the grouping: no endpoint was asked, no model was named."""

_TURNS_SQL = ", ".join(f"'{action}'" for action in (Action.TURN, Action.COMPACT))

# One row per request, in the columns that all groupings share. "moved" is 1 where it went on to another endpoint.
_BY_REQUEST = """
    SELECT {key} AS key, verdict IN ({errors}) AS bad,
        (SELECT count(DISTINCT endpoint) FROM attempts WHERE request = seq) > 1 AS moved,
        ttft_ms, usage_input, usage_cache_read, usage_cache_write, usage_output, usage_reasoning, usage_estimated,
        cost_usd
    FROM requests WHERE time >= ? AND action IN ({turns})
"""

# One row per request and endpoint that it asked; what was consumed stands at the last one only.
_BY_ENDPOINT = """
    SELECT key, bad AND last AS bad, NOT last AS moved,
        iif(last, ttft_ms, NULL) AS ttft_ms,
        iif(last, usage_input, NULL) AS usage_input,
        iif(last, usage_cache_read, NULL) AS usage_cache_read,
        iif(last, usage_cache_write, NULL) AS usage_cache_write,
        iif(last, usage_output, NULL) AS usage_output,
        iif(last, usage_reasoning, NULL) AS usage_reasoning,
        iif(last, usage_estimated, NULL) AS usage_estimated,
        iif(last, cost_usd, NULL) AS cost_usd
    FROM (
        SELECT requests.*, asked.endpoint AS key, verdict IN ({errors}) AS bad,
            asked.number = max(asked.number) OVER (PARTITION BY seq) AS last
        FROM requests
        JOIN (SELECT request, endpoint, max(number) AS number FROM attempts GROUP BY request, endpoint) AS asked
            ON asked.request = seq
        WHERE time >= ? AND action IN ({turns})
    )
    UNION ALL
    SELECT '{nobody}', verdict IN ({errors}), 0, ttft_ms, usage_input, usage_cache_read, usage_cache_write,
        usage_output, usage_reasoning, usage_estimated, cost_usd
    FROM requests
    WHERE time >= ? AND action IN ({turns}) AND NOT EXISTS (SELECT 1 FROM attempts WHERE request = seq)
"""

_SUMS = """
    WITH rows AS ({rows}),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY key, ttft_ms IS NULL ORDER BY ttft_ms) AS place,
            count(ttft_ms) OVER (PARTITION BY key) AS timed
        FROM rows
    )
    SELECT key, count(*), sum(bad), sum(moved),
        min(CASE WHEN place >= 0.50 * timed THEN ttft_ms END),
        min(CASE WHEN place >= 0.95 * timed THEN ttft_ms END),
        total(usage_input), total(usage_cache_read), total(usage_cache_write), total(usage_output),
        total(usage_reasoning), max(usage_estimated), sum(cost_usd)
    FROM ranked GROUP BY key ORDER BY {order}
"""

_CONVERTED = """
    SELECT {key}, count(*) FROM requests WHERE time >= ? AND action IN ({turns}) AND converted GROUP BY 1
"""

_LOST = """
    SELECT {key}, json_extract(lost.value, '$.what'), count(*)
    FROM requests, json_each(requests.losses) AS lost
    WHERE time >= ? AND action IN ({turns}) AND converted GROUP BY 1, 2 ORDER BY 3 DESC, 2
"""

_PAIRS = """
    SELECT wire_format, target_format, count(*) FROM requests
    WHERE time >= ? AND action IN ({turns}) AND converted AND target_format IS NOT NULL
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""

_COLUMNS: Mapping[StatsKey, str] = MappingProxyType(
    {
        StatsKey.ENDPOINT: f"coalesce(endpoint, '{NOBODY}')",
        StatsKey.MODEL: f"coalesce(model, '{NOBODY}')",
        StatsKey.CLIENT: "client_type",
        StatsKey.DAY: "date(time, 'unixepoch', 'localtime')",
    }
)


class Stats:
    """Computes statistics. ``settle`` waits until everything submitted so far can be read."""

    def __init__(self, reader: Reader, settle: Callable[[], object]) -> None:
        self._reader = reader
        self._settle = settle

    def view(self, by: StatsKey, *, since: float) -> StatsView:
        """Groups with the most requests first; days in their order (days of this machine's time zone)."""
        self._settle()
        statement, times = _statement(by)
        key = _COLUMNS[by]
        with self._reader.connection() as connection:
            found = connection.execute(statement, (since,) * times).fetchall()
            converted = dict(connection.execute(_CONVERTED.format(key=key, turns=_TURNS_SQL), (since,)).fetchall())
            lost = connection.execute(_LOST.format(key=key, turns=_TURNS_SQL), (since,)).fetchall()
            pairs = connection.execute(_PAIRS.format(turns=_TURNS_SQL), (since,)).fetchall()
        losses: defaultdict[str, list[Lost]] = defaultdict(list)
        for group, what, count in lost:
            losses[group].append(Lost(what, count))
        groups = [_group(row) for row in found]
        return StatsView(
            since,
            by,
            tuple(replace(one, converted=converted.get(one.key, 0), losses=tuple(losses[one.key])) for one in groups),
            tuple(Converted(WireFormat(asked), WireFormat(target), count) for asked, target, count in pairs),
        )


def _statement(by: StatsKey) -> tuple[str, int]:
    """The statement and how often it takes ``since``. Everything that is put in here is a constant of ours."""
    errors = ", ".join(f"'{verdict}'" for verdict in sorted(ERRORS))
    turns = _TURNS_SQL
    order = "key" if by is StatsKey.DAY else "count(*) DESC, key"
    if by is StatsKey.ENDPOINT:
        rows, times = _BY_ENDPOINT.format(errors=errors, turns=turns, nobody=NOBODY), 2
    else:
        rows, times = _BY_REQUEST.format(key=_COLUMNS[by], errors=errors, turns=turns), 1
    return _SUMS.format(rows=rows, order=order), times


def _group(row: sqlite3.Row) -> StatsGroup:
    key, requests, errors, failovers, p50, p95, *counts, estimated, cost = row
    fresh, read, written, output, reasoning = map(int, counts)
    usage = Usage(fresh, read, written, output, reasoning, estimated=bool(estimated))
    share = usage.cache_read / usage.prompt if usage.prompt else None
    return StatsGroup(key, requests, errors, failovers, p50, p95, usage, cost, share)
