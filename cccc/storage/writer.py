"""The one thread that writes: what is submitted is queued, batched and committed, and never holds anybody up.

``submit`` only appends to a bounded queue. The thread sleeps until there is something, lingers a moment so that a busy
proxy costs it few wake-ups, and writes everything it finds in one transaction. When the database cannot be written
(full disk, I/O error) the batch stays queued, the file is opened again at growing intervals, and what no longer
fits into the queue is dropped and counted; proxying goes on.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from cccc.clock import Clock
from cccc.errors import StorageError
from cccc.storage.db import is_corrupt, transaction

Job = Callable[[sqlite3.Connection], object]
"""Statements to run inside the writer's transaction."""


class Opener(Protocol):
    """Opens the database; told whether its file is suspected to be broken. Raises ``StorageError``."""

    def __call__(self, *, suspicious: bool) -> sqlite3.Connection: ...


MAX_QUEUED = 2_000
MAX_QUEUED_BYTES = 64 * 1024 * 1024

_LINGER = 0.05
_BREATH = 0.0002
"""Between two records the event loop gets the interpreter: it would otherwise wait up to 5 ms for its turn."""
_FIRST_RETRY = 1.0
_LAST_RETRY = 60.0
_BATCH = 200

_OF_ONE_RECORD = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""Errors of SQLite that say something about one record and nothing about the database."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A job and what it weighs in memory. ``counts``: its loss is a request missing from the log."""

    job: Job
    size: int
    counts: bool


class Writer:
    """Owns the writing connection and its thread.

    ``warn`` gets one line when writing fails and one when it works again, on the writer's thread. ``upkeep`` is called
    with the connection, outside any transaction, after the first batch and then after one whenever ``upkeep_every``
    seconds have passed. Raises ``StorageError`` where the database cannot be opened at the start.
    """

    def __init__(
        self,
        opener: Opener,
        clock: Clock,
        warn: Callable[[str], None],
        upkeep: Job,
        *,
        upkeep_every: float = 3600.0,
        max_queued: int = MAX_QUEUED,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> None:
        self._opener = opener
        self._clock = clock
        self._warn = warn
        self._upkeep = upkeep
        self._upkeep_every = upkeep_every
        self._upkeep_due = float("-inf")
        self._max_queued = max_queued
        self._max_queued_bytes = max_queued_bytes
        self._queue: deque[Queued] = deque()
        self._queued_bytes = 0
        self._submitted = 0
        self._done = 0
        self._dropped = 0
        self._failures = 0
        self._failing = False
        self._suspicious = False
        self._closing = False
        self._changed = threading.Condition()
        self._hurry = threading.Event()
        self._connection: sqlite3.Connection | None = opener(suspicious=False)
        self._thread = threading.Thread(target=self._run, name="cccc-log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many requests are missing from the log since the start."""
        return self._dropped

    @property
    def failing(self) -> bool:
        """Whether the database could not be written when last tried."""
        return self._failing

    def submit(self, job: Job, size: int = 0, *, counts: bool = False) -> bool:
        """Queue a job. Never blocks and never raises; false where it was dropped."""
        with self._changed:
            queue = self._queue
            full = len(queue) >= self._max_queued or self._queued_bytes + size > self._max_queued_bytes
            # A record that alone is larger than the bound must still get through an empty queue.
            if self._closing or (full and queue):
                self._dropped += counts
                return False
            queue.append(Queued(job, size, counts))
            self._queued_bytes += size
            self._submitted += 1
            if len(queue) == 1:
                self._changed.notify_all()
        return True

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything submitted so far is in the database; false where it could not be written in time."""
        with self._changed:
            wanted, failures = self._submitted, self._failures
            self._hurry.set()
            self._changed.wait_for(
                lambda: self._done >= wanted or self._failures > failures or not self._thread.is_alive(), timeout
            )
            return self._done >= wanted

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is queued, stop the thread, close the database; false where something could not be written."""
        with self._changed:
            self._closing = True
            self._hurry.set()
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self._queue

    def _run(self) -> None:
        retry = _FIRST_RETRY
        while self._something_to_do():
            if len(self._queue) < _BATCH:
                self._hurry.wait(_LINGER)
            self._hurry.clear()
            if self._write_batch():
                retry = _FIRST_RETRY
                self._keep_up()
            elif self._closing:
                break
            else:
                self._hurry.wait(retry)
                retry = min(retry * 2, _LAST_RETRY)
        with self._changed:
            self._dropped += sum(item.counts for item in self._queue)
            self._changed.notify_all()
        if self._connection is not None:
            self._connection.close()

    def _something_to_do(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if self._closing:
                self._hurry.set()
            return bool(self._queue)

    def _write_batch(self) -> bool:
        # Items leave the queue only when they are committed: a failed batch is simply tried again.
        with self._changed:
            batch = tuple(islice(self._queue, _BATCH))
        try:
            connection = self._open()
            lost = 0
            with transaction(connection):
                for item in batch:
                    applied = self._apply(connection, item.job)
                    lost += item.counts and not applied
                    time.sleep(_BREATH)
        except (sqlite3.Error, StorageError) as error:
            self._failed(error)
            return False
        with self._changed:
            for item in batch:
                self._queue.popleft()
                self._queued_bytes -= item.size
            self._done += len(batch)
            self._dropped += lost
            self._changed.notify_all()
        if self._failing:
            self._failing = False
            self._warn(f"the request log is written again; {self._dropped} requests are missing from it")
        return True

    def _apply(self, connection: sqlite3.Connection, job: Job) -> bool:
        connection.execute("SAVEPOINT job")
        try:
            job(connection)
        except sqlite3.Error as error:
            if not isinstance(error, _OF_ONE_RECORD):
                raise
            reason: Exception = error
        except Exception as error:  # noqa: BLE001 -- a record that trips a mistake of ours costs that record, not the log
            reason = error
        else:
            connection.execute("RELEASE job")
            return True
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        self._warn(f"one entry could not be stored and was left out ({type(reason).__name__})")
        return False

    def _keep_up(self) -> None:
        now = self._clock.monotonic()
        if now < self._upkeep_due or self._connection is None:
            return
        self._upkeep_due = now + self._upkeep_every
        try:
            self._upkeep(self._connection)
        except sqlite3.Error as error:
            self._failed(error)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._opener(suspicious=self._suspicious)
        return self._connection

    def _failed(self, error: sqlite3.Error | StorageError) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._suspicious = isinstance(error, sqlite3.Error) and is_corrupt(error)
        if not self._failing:
            self._failing = True
            self._warn(f"the request log cannot be written ({error}); requests are answered all the same")
        with self._changed:
            self._failures += 1
            self._changed.notify_all()
