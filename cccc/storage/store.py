"""The room's one door: opens the database and hands out its parts.

A proxy opens it with ``Store.open`` and submits records; commands that only look open it with ``Store.read_only``,
also while a proxy in another process is writing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cccc.clock import Clock
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.domain.redact import Redactor
from cccc.storage.activity import Activity
from cccc.storage.db import FILE_NAME, Reader, open_writer
from cccc.storage.learned import Learned
from cccc.storage.policy import DEFAULTS, LogPolicy
from cccc.storage.prices import Prices
from cccc.storage.requests import RequestLog, Sieve
from cccc.storage.retention import sweep
from cccc.storage.stats import Stats
from cccc.storage.writer import Writer

_RECORD_BYTES = 4_096
"""What a record weighs in memory without its bodies."""

_PIECE_BYTES = 80
"""What two numbers weigh that say when a piece of a body passed."""


class Store:
    """The database of one state folder. Every reading method may block for a moment: call them from a worker thread.

    Reading waits until what this process submitted is in the database, so that a request is listed as soon as it has
    ended.
    """

    def __init__(self, path: Path, clock: Clock, sieve: Sieve, writer: Writer | None) -> None:
        self.path = path
        self.prices = sieve.prices
        self._sieve = sieve
        self._writer = writer
        self._reader = Reader(path)
        self.requests = RequestLog(self._reader, self.flush)
        self.stats = Stats(self._reader, self.flush)
        self.activity = Activity(self._reader, self.flush)
        self.learned = Learned(self._reader, clock, None if writer is None else writer.submit)

    @classmethod
    def open(
        cls,
        state_dir: Path,
        clock: Clock,
        policy: LogPolicy = DEFAULTS,
        *,
        redactor: Redactor | None = None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> Store:
        """Open for reading and writing; raises ``StorageError``. ``warn`` gets single lines, from any thread."""
        path = state_dir / FILE_NAME
        sieve = Sieve(policy, redactor or Redactor(), Prices(clock))
        writer = Writer(
            partial(open_writer, path, clock, warn),
            clock,
            warn,
            # Runs after the first batch at the earliest, so there is a store by then.
            lambda connection: sweep(connection, store.policy, clock),
        )
        try:
            store = cls(path, clock, sieve, writer)
        except BaseException:
            writer.close()
            raise
        return store

    @classmethod
    def read_only(cls, state_dir: Path, clock: Clock) -> Store:
        """Open for reading; where there is no database yet, everything is empty. Raises ``StorageError``."""
        return cls(state_dir / FILE_NAME, clock, Sieve(DEFAULTS, Redactor(), Prices(clock)), None)

    @property
    def policy(self) -> LogPolicy:
        """The settings in force."""
        return self._sieve.policy

    @property
    def redactor(self) -> Redactor:
        """What masks secrets before they are stored."""
        return self._sieve.redactor

    def configure(self, policy: LogPolicy, redactor: Redactor) -> None:
        """Use other settings and secrets for every record that is written from now on."""
        self._sieve = Sieve(policy, redactor, self.prices)

    def submit(self, record: RequestRecord) -> bool:
        """Hand a finished request over. Never blocks and never raises; false where it was dropped (and counted).

        The policy, redaction and the price of a turn without ``cost_usd`` are applied by the writer's thread.
        """
        if self._writer is None:
            return False
        size = _RECORD_BYTES
        exchanges: tuple[RequestRecord | AttemptRecord, ...] = (record, *record.attempts)
        for exchange in exchanges:
            size += len(exchange.request_body or b"") + len(exchange.response_body or b"")
            size += _PIECE_BYTES * len(exchange.response_pace.ends)
        return self._writer.submit(lambda connection: self._sieve.save(connection, record), size, counts=True)

    @property
    def dropped(self) -> int:
        """How many requests are missing from the log since the start."""
        return 0 if self._writer is None else self._writer.dropped

    @property
    def failing(self) -> bool:
        """Whether the database could not be written when last tried."""
        return self._writer is not None and self._writer.failing

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything submitted so far is in the database; false where it could not be written in time."""
        return self._writer is None or self._writer.flush(timeout)

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is queued and close; false where something could not be written."""
        # The reader first: the last connection to close empties the write-ahead log, which a reader may not do.
        self._reader.close()
        return self._writer is None or self._writer.close(timeout)
