"""The request log: saving a record as rows and reading it back whole.

``save`` runs on the writer's thread; ``RequestLog`` reads, on a connection of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import zstandard

from cccc.control.api import ClientType, Ranking, RequestFilter, RequestSummary
from cccc.domain.endpoint import Action
from cccc.domain.record import NO_PACE, AttemptRecord, Pace, RequestRecord
from cccc.domain.redact import Redactor
from cccc.domain.usage import cost_usd
from cccc.errors import StorageError, UnknownRequest
from cccc.storage import values
from cccc.storage.db import Reader
from cccc.storage.pace import moved, packed, unpacked
from cccc.storage.policy import BodyLog, LogPolicy, kept
from cccc.storage.prices import Prices
from cccc.storage.query import where
from cccc.storage.rows import (
    ATTEMPTS,
    REQUEST,
    REQUESTS,
    RESPONSE,
    Kept,
    R,
    Row,
    decode_request,
    encode_request,
    insert,
    usage_of,
)

PREFIX = "req_"
"""How every request id begins; a person may leave it out."""

EVERYTHING = RequestFilter()

_LEVEL = 3

_SUMMARY = """
    seq, id, time, client, client_type, wire_format, action, model, model_served, endpoint, target_format, converted,
    stream, status, verdict, ttft_ms, duration_ms, attempts, usage_input, usage_cache_read, usage_cache_write,
    usage_output, usage_reasoning, usage_estimated, cost_usd, session, error
"""


class _Sieved(NamedTuple):
    """A body, what it is without secrets, and the part of that which is kept."""

    whole: bytes
    masked: bytes
    part: bytes

    def pace(self, pace: Pace) -> Pace:
        """When the bytes of the part passed."""
        return pace if self.part is self.whole else moved(pace, *self)


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
        place = {"request": seq, "time": record.time}
        answer: _Sieved | None = None
        for number, tried in enumerate(record.attempts, start=1):
            answer = self._save_bodies(connection, place | {"attempt": number}, tried)
        own = self._save_bodies(connection, place | {"attempt": 0}, record)
        if own is None and answer is not None and record.response_same:
            # Nothing of it is stored twice: its row says only when the attempt's bytes went on.
            pace = self._packed(answer.pace(record.response_pace))
            row = {"attempt": 0, "kind": RESPONSE, "size": 0, "data": self.compressor.compress(b""), "pace": pace}
            insert(connection, "bodies", place | row)

    def _save_bodies(
        self, connection: sqlite3.Connection, place: Mapping[str, object], exchange: RequestRecord | AttemptRecord
    ) -> _Sieved | None:
        """Insert what is kept of an exchange's bodies; returns what is kept of its answer."""
        asked = self._sieved(exchange.request_body, self.policy.request_body)
        answer = self._sieved(exchange.response_body, self.policy.response_body)
        for kind, body, pace in ((REQUEST, asked, NO_PACE), (RESPONSE, answer, exchange.response_pace)):
            if body is not None:
                data = self.compressor.compress(body.part)
                row = {"kind": kind, "size": len(body.whole), "data": data, "pace": self._packed(body.pace(pace))}
                insert(connection, "bodies", {**place, **row})
        return answer

    def _sieved(self, body: bytes | None, log: BodyLog) -> _Sieved | None:
        if body is None or log is BodyLog.NONE:
            return None
        masked = self.redactor.bytes(body)
        return _Sieved(body, masked, kept(masked, log) or b"")

    def _packed(self, pace: Pace) -> bytes | None:
        return self.compressor.compress(packed(pace)) if pace.ends else None

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
            bodies = connection.execute(
                "SELECT attempt, kind, data, pace FROM bodies WHERE request = ?", (seq,)
            ).fetchall()
        try:
            return decode_request(row, attempts, {(number, kind): _kept(*body) for number, kind, *body in bodies})
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


def _kept(data: bytes, pace: bytes | None) -> Kept:
    plain = zstandard.ZstdDecompressor().decompress
    return Kept(plain(data), NO_PACE if pace is None else unpacked(plain(pace)))


def _dicts(cursor: sqlite3.Cursor) -> list[dict[str, object]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
