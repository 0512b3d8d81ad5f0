"""How endpoints have been doing, attempt by attempt: minutes, response times, the newest attempts of one of them.

Here an attempt counts for the endpoint that it was made at, however its request ended. An attempt is an error where it
fell into a class of failure; what was the client's own fault, or the client leaving, is none.
"""

# ruff: noqa: S608  (what is put into the statements are constants of this module; every value is bound)

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cccc.control.api import Minute, Outcome, RecentAttempt, Usage
from cccc.storage.db import Reader
from cccc.storage.rows import usage_of
from cccc.storage.stats import TURNS

MINUTE = 60.0
HOUR = 3_600.0

# A request ends before its attempts are stored, and begins before them: an hour is longer than any attempt waits.
_OF_TURNS = f"request IN (SELECT seq FROM requests WHERE time >= :since - {HOUR:g} AND action IN ({TURNS}))"

_MINUTES = f"""
    WITH rows AS (
        SELECT endpoint, cast((started - :since) / {MINUTE:g} AS INTEGER) AS minute, failure_class, ttft_ms,
            row_number() OVER (
                PARTITION BY endpoint, cast((started - :since) / {MINUTE:g} AS INTEGER), ttft_ms IS NULL
                ORDER BY ttft_ms
            ) AS place,
            count(ttft_ms) OVER (
                PARTITION BY endpoint, cast((started - :since) / {MINUTE:g} AS INTEGER)
            ) AS timed
        FROM attempts WHERE endpoint IN ({{names}}) AND started >= :since AND {_OF_TURNS}
    )
    SELECT endpoint, minute, count(*), count(failure_class), min(CASE WHEN place >= 0.5 * timed THEN ttft_ms END)
    FROM rows GROUP BY endpoint, minute
"""

_TIMES = f"""
    SELECT ttft_ms FROM attempts
    WHERE endpoint = :name AND started >= :since AND ttft_ms IS NOT NULL AND {_OF_TURNS} ORDER BY ttft_ms
"""

_SHARES = f"""
    SELECT endpoint, count(*), count(failure_class) FROM attempts
    WHERE endpoint IN ({{names}}) AND started >= :since AND {_OF_TURNS} GROUP BY endpoint
"""

_SPEED = f"""
    SELECT total(usage_output), total(duration_ms - ttft_ms) FROM requests
    WHERE time >= :since AND action IN ({TURNS}) AND endpoint = :name AND stream AND duration_ms > ttft_ms
"""

_ASKED = f"""
    SELECT count(*), total(last <> number) FROM (
        SELECT max(number) AS number, (SELECT max(number) FROM attempts AS other WHERE other.request = attempts.request)
            AS last
        FROM attempts WHERE endpoint = :name AND started >= :since AND {_OF_TURNS} GROUP BY request
    )
"""

_RECENT = """
    SELECT requests.id, started, outcome, attempts.status, model_sent, attempts.ttft_ms, attempts.duration_ms,
        attempts.error, (SELECT next.endpoint FROM attempts AS next
            WHERE next.request = attempts.request AND next.number = attempts.number + 1) AS next_endpoint,
        requests.attempts = number AND requests.endpoint = attempts.endpoint AS delivered,
        usage_input, usage_cache_read, usage_cache_write, usage_output, usage_reasoning, usage_estimated
    FROM attempts JOIN requests ON seq = request
    WHERE attempts.endpoint = :name ORDER BY started DESC, number DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Lately:
    """The last minutes of one endpoint (those without an attempt are missing), and its last hour."""

    minutes: Mapping[int, Minute]
    ok_share: float | None
    ttft_p50_ms: float | None


@dataclass(frozen=True, slots=True)
class Closely:
    """The last hour of one endpoint; ``times_ms`` are its times to the first content, the shortest first."""

    times_ms: tuple[float, ...]
    tokens_per_s: float | None
    asked: int
    left: int
    recent: tuple[RecentAttempt, ...]

    def percentile(self, part: float) -> float | None:
        """The nearest rank of the times, ``None`` without any."""
        return nearest_rank(self.times_ms, part)


class Activity:
    """Reads attempts. ``settle`` waits until everything submitted so far can be read."""

    def __init__(self, reader: Reader, settle: Callable[[], object]) -> None:
        self._reader = reader
        self._settle = settle

    def lately(self, names: Sequence[str], *, since: float, now: float) -> Mapping[str, Lately]:
        """Every named endpoint since a time: its minutes are numbered from there."""
        marks = {f"name{at}": name for at, name in enumerate(names)}
        listed = ", ".join(f":{mark}" for mark in marks)
        minutes: dict[str, dict[int, Minute]] = {name: {} for name in names}
        for name, at, attempts, errors, ttft in self._rows(_MINUTES.format(names=listed), since=since, **marks):
            minutes[name][at] = Minute(since + at * MINUTE, attempts, errors, ttft)
        shares: dict[str, float] = {
            name: 1 - errors / attempts
            for name, attempts, errors in self._rows(_SHARES.format(names=listed), since=now - HOUR, **marks)
        }
        return {
            name: Lately(
                MappingProxyType(minutes[name]), shares.get(name), nearest_rank(self._times(name, now - HOUR), 0.5)
            )
            for name in names
        }

    def closely(self, name: str, *, now: float, recent: int = 10) -> Closely:
        """One endpoint's last hour, and its newest attempts however old they are."""
        since = now - HOUR
        ((tokens, ms),) = self._rows(_SPEED, name=name, since=since)
        ((asked, left),) = self._rows(_ASKED, name=name, since=since)
        return Closely(
            times_ms=self._times(name, since),
            tokens_per_s=tokens / ms * 1000.0 if ms else None,
            asked=asked,
            left=int(left),
            recent=tuple(_recent(row) for row in self._rows(_RECENT, name=name, limit=recent)),
        )

    def _times(self, name: str, since: float) -> tuple[float, ...]:
        return tuple(ms for (ms,) in self._rows(_TIMES, name=name, since=since))

    def _rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        self._settle()
        with self._reader.connection() as connection:
            return connection.execute(statement, values).fetchall()


def nearest_rank(ordered: Sequence[float], part: float) -> float | None:
    """The percentile of ordered values: one of them, ``None`` where there are none."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else None


def _recent(row: tuple[Any, ...]) -> RecentAttempt:
    request_id, time, outcome, status, model, ttft, duration, error, next_endpoint, delivered, *counts = row
    usage: Usage | None = usage_of(dict(zip(_USAGE, counts, strict=True))) if delivered else None
    return RecentAttempt(
        request_id=request_id,
        time=time,
        outcome=Outcome(outcome),
        status=status,
        model=model,
        ttft_ms=ttft,
        duration_ms=duration,
        usage=usage,
        error=error,
        next_endpoint=next_endpoint,
    )


_USAGE = (
    "usage_input", "usage_cache_read", "usage_cache_write", "usage_output", "usage_reasoning", "usage_estimated",
)  # fmt: skip
