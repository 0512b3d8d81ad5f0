"""How long the log is kept: by days, bodies by fewer days, and by size.

The wall clock is not to be trusted with deleting. Retention has a time of its own (kept in the database) that follows
the clock by at most a day per run, so that a clock that jumps ahead by years costs little before somebody notices.
Rows from the future are never deleted, and one run deletes a bounded number of rows.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cccc.clock import Clock
from cccc.storage.db import transaction
from cccc.storage.policy import LogPolicy

_DAY = 86_400.0
_LARGEST_STEP = _DAY
_ROWS_PER_RUN = 2_000
_ROWS_PER_STEP = 100
_ROWS_PER_LOOK = 20
"""How many rows are deleted between two looks at the size of the file."""

_EARLIEST = 1_767_225_600.0
"""The year 2026: a clock that shows less has not been set yet."""

_CLOCK_KEY = "retention_time"

_OLD_BODIES = "DELETE FROM bodies WHERE id IN (SELECT id FROM bodies WHERE time < ? ORDER BY time LIMIT ?)"
_OLD_REQUESTS = "DELETE FROM requests WHERE seq IN (SELECT seq FROM requests WHERE time < ? ORDER BY time LIMIT ?)"
_FIRST_BODIES = "DELETE FROM bodies WHERE id IN (SELECT id FROM bodies ORDER BY id LIMIT ?)"
_FIRST_REQUESTS = "DELETE FROM requests WHERE seq IN (SELECT seq FROM requests ORDER BY seq LIMIT ?)"


@dataclass(frozen=True, slots=True)
class Swept:
    """What one run deleted."""

    requests: int
    bodies: int


def sweep(connection: sqlite3.Connection, policy: LogPolicy, clock: Clock, *, at_most: int = _ROWS_PER_RUN) -> Swept:
    """Delete what is due, give the space back to the file system, and shorten the write-ahead log.

    ``at_most`` bounds the deleted requests and, separately, the deleted bodies. Raises ``sqlite3.Error``.
    """
    now = _trusted_time(connection, clock.now())
    bodies = _delete(connection, _OLD_BODIES, at_most, now - policy.body_retention_days * _DAY)
    requests = _delete(connection, _OLD_REQUESTS, at_most, now - policy.retention_days * _DAY)
    with transaction(connection):
        connection.execute("DELETE FROM learned WHERE expires < ?", (now - _DAY,))
    bodies += _shrink(connection, _FIRST_BODIES, at_most - bodies, policy.max_bytes)
    requests += _shrink(connection, _FIRST_REQUESTS, at_most - requests, policy.max_bytes)
    # A script, because execute() stops after the first page that this statement frees.
    connection.executescript("PRAGMA incremental_vacuum")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return Swept(requests, bodies)


def _trusted_time(connection: sqlite3.Connection, now: float) -> float:
    """The time to measure ages by: never later than ``now``, and slow to follow its jumps."""
    if now < _EARLIEST:
        return now
    with transaction(connection):
        found = connection.execute("SELECT value FROM meta WHERE key = ?", (_CLOCK_KEY,)).fetchone()
        before = float(found[0]) if found else now
        own = min(max(now, before - _LARGEST_STEP), before + _LARGEST_STEP)
        connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_CLOCK_KEY, repr(own)))
    return min(now, own)


def _delete(connection: sqlite3.Connection, statement: str, at_most: int, *before: float) -> int:
    """Run a bounded DELETE in small transactions, so that others may write in between; the number of rows deleted."""
    deleted = 0
    while deleted < at_most:
        step = min(_ROWS_PER_STEP, at_most - deleted)
        with transaction(connection):
            count = connection.execute(statement, (*before, step)).rowcount
        deleted += count
        if count < step:
            break
    return deleted


def _shrink(connection: sqlite3.Connection, statement: str, at_most: int, max_bytes: int) -> int:
    deleted = 0
    while deleted < at_most and _used_bytes(connection) > max_bytes:
        count = _delete(connection, statement, min(_ROWS_PER_LOOK, at_most - deleted))
        if count == 0:
            break
        deleted += count
    return deleted


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
