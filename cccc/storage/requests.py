"""The request log: saving a record as rows and reading it back whole.

``save`` runs on the writer's thread; ``RequestLog`` reads, on a connection of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import zstandard

from cccc.control.api import ClientType, Ranking, RequestFilter, RequestSummary
from cccc.domain.endpoint import Action
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.domain.redact import Redactor
from cccc.domain.usage import cost_usd
from cccc.errors import StorageError, UnknownRequest
from cccc.storage import values
from cccc.storage.db import Reader
from cccc.storage.policy import LogPolicy, kept
from cccc.storage.prices import Prices
from cccc.storage.query import where
from cccc.storage.rows import ATTEMPTS, BODY_KINDS, REQUESTS, R, Row, decode_request, encode_request, insert, usage_of

PREFIX = "req_"
"""How every request id begins; a person may leave it out."""

EVERYTHING = RequestFilter()

_LEVEL = 3

_SUMMARY = """
    seq, id, time, client, client_type, wire_format, action, model, model_served, endpoint, target_format, converted,
    stream, status, verdict, ttft_ms, duration_ms, attempts, usage_input, usage_cache_read, usage_cache_write,
    usage_output, usage_reasoning, usage_estimated, cost_usd, session, error
"""


@dataclass(frozen=True, slots=True)
class Sieve:
    """What a record passes on its way into the database."""

    policy: LogPolicy
    redactor: Redactor
    prices: Prices
    """Loading them takes a while, which is why they are asked here and not where answers are relayed."""
    compressor: zstandard.ZstdCompressor = field(default_factory=lambda: zstandard.ZstdCompressor(level=_LEVEL))
    """Serves one thread at a time, as ``save`` does."""

    def save(self, connection: sqlite3.Connection, record: RequestRecord) -> None:
        """Insert a record, inside the caller's transaction; nothing where the policy does not want it.

        Raises ``TypeError`` and ``OverflowError`` for values that the database cannot hold, and ``sqlite3.Error``.
        """
        if not self.policy.wants(record):
            return
        record = self._with_shown_headers(record)
        record = replace(record, attempts=tuple(map(self._with_shown_headers, record.attempts)))
        row = encode_request(record, self.redactor.text) | {"cost_usd": self._cost(record)}
        attempts = [ATTEMPTS.encode(attempt, self.redactor.text) for attempt in record.attempts]
        seq = insert(connection, "requests", row)
        for number, attempt in enumerate(attempts, start=1):
            insert(connection, "attempts", {"request": seq, "number": number} | attempt)
        exchanges: tuple[RequestRecord | AttemptRecord, ...] = (record, *record.attempts)
        for number, exchange in enumerate(exchanges):
            bodies = (exchange.request_body, exchange.response_body)
            logs = (self.policy.request_body, self.policy.response_body)
            for kind, body, log in zip(BODY_KINDS, bodies, logs, strict=True):
                if body is not None and (part := kept(self.redactor.bytes(body), log)) is not None:
                    data = self.compressor.compress(part)
                    place = {"request": seq, "attempt": number, "kind": kind, "time": record.time}
                    insert(connection, "bodies", place | {"size": len(body), "data": data})

    def _with_shown_headers(self, exchange: R) -> R:
        """The same with the mask for every header field that is not known to be harmless."""
        return replace(
            exchange,
            request_headers=self.redactor.headers(exchange.request_headers),
            response_headers=self.redactor.headers(exchange.response_headers),
        )

    def _cost(self, record: RequestRecord) -> float | None:
        if record.cost_usd is not None or record.usage is None:
            return record.cost_usd
        sent = record.attempts[-1].model_sent if record.attempts else None
        for model in filter(None, (record.model_served, sent, record.model)):
            price = self.prices.price(model, at=record.time, prompt_tokens=record.usage.prompt)
            if price is not None:
                return cost_usd(record.usage, price)
        return None


class RequestLog:
    """Reads the log. ``settle`` waits until everything submitted so far can be read."""

    def __init__(self, reader: Reader, settle: Callable[[], object]) -> None:
        self._reader = reader
        self._settle = settle

    def list(
        self, wanted: RequestFilter = EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> tuple[RequestSummary, ...]:
        """The newest ``limit`` rows that match, oldest first; with ``after`` only rows whose ``seq`` is larger."""
        self._settle()
        condition, parameters = where(wanted, after=after)
        statement = f"SELECT {_SUMMARY} FROM requests WHERE {condition} ORDER BY seq DESC LIMIT ?"  # noqa: S608
        with self._reader.connection() as connection:
            rows = _dicts(connection.execute(statement, (*parameters, limit)))
        return tuple(_summary(row) for row in reversed(rows))

    def rankings(self, client_type: ClientType, *, limit: int) -> tuple[tuple[str, float, Ranking], ...]:
        """Id, time and ranking of one kind of client's newest turns, newest first."""
        self._settle()
        statement = (  # which ones is found in the index: a rare client's last turn may lie behind many long rows
            "SELECT id, time, ranking FROM requests WHERE ranking IS NOT NULL AND seq IN"
            " (SELECT seq FROM requests WHERE client_type = ? AND action = ? ORDER BY time DESC LIMIT ?)"
            " ORDER BY time DESC, seq DESC"
        )
        with self._reader.connection() as connection:
            rows = connection.execute(statement, (client_type, Action.TURN, limit)).fetchall()
        try:
            return tuple((request_id, time, values.loads(Ranking, ranking)) for request_id, time, ranking in rows)
        except ValueError as error:
            raise StorageError(f"a ranking cannot be read from the log: {error}") from error

    def get(self, request_id: str) -> RequestRecord:
        """One request, by its id or by a prefix that fits no other. Raises ``UnknownRequest``."""
        self._settle()
        with self._reader.connection() as connection:
            seq = _find(connection, request_id)
            row = _dicts(connection.execute("SELECT * FROM requests WHERE seq = ?", (seq,)))[0]
            attempts = _dicts(connection.execute("SELECT * FROM attempts WHERE request = ? ORDER BY number", (seq,)))
            bodies = connection.execute("SELECT attempt, kind, data FROM bodies WHERE request = ?", (seq,)).fetchall()
        try:
            return decode_request(row, attempts, {(number, kind): _plain(data) for number, kind, data in bodies})
        except (ValueError, TypeError, zstandard.ZstdError) as error:
            raise StorageError(f"request {row['id']} cannot be read from the log: {error}") from error


def _find(connection: sqlite3.Connection, request_id: str) -> int:
    prefix = f"{PREFIX}{request_id.removeprefix(PREFIX).upper()}"
    found = connection.execute(
        "SELECT seq, id FROM requests WHERE id >= ? AND substr(id, 1, length(?)) = ? ORDER BY id LIMIT 2",
        (prefix, prefix, prefix),
    ).fetchall()
    if not found:
        raise UnknownRequest(request_id)
    if len(found) > 1 and found[0][1] != prefix:
        raise UnknownRequest(request_id, ambiguous=True)
    return int(found[0][0])


def _summary(row: Row) -> RequestSummary:
    found = REQUESTS.columns_of(row)
    return RequestSummary(
        **{name: value for name, value in found.items() if name in _SUMMARY_FIELDS},
        seq=row["seq"],
        format=found["wire_format"],
        attempts=row["attempts"],
        usage=usage_of(row),
    )


_SUMMARY_FIELDS = frozenset(RequestSummary.__dataclass_fields__) - {"seq", "format", "attempts", "usage"}


def _plain(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)


def _dicts(cursor: sqlite3.Cursor) -> list[dict[str, object]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
