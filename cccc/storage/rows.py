"""Records as rows: what is filtered, sorted or summed is a column, the rest is one JSON text, bodies are apart.

``encode`` and ``decode`` are driven by the fields of the dataclasses: a field without a column of its own travels in
``detail``, so that nothing of a record can be forgotten here.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, get_type_hints

import orjson

from cccc.domain.loss import Loss
from cccc.domain.ranking import Ranking
from cccc.domain.record import NO_PACE, AttemptRecord, Pace, RequestRecord
from cccc.domain.usage import Usage
from cccc.storage import values

R = TypeVar("R", RequestRecord, AttemptRecord)
Row = Mapping[str, Any]
Clean = Callable[[str], str]
"""Takes secrets out of a text."""

BODY_KINDS = REQUEST, RESPONSE = "request", "response"

_BODIES = frozenset({"request_body", "response_body", "response_pace"})
_USAGE = tuple(field.name for field in dataclasses.fields(Usage))


class Kept(NamedTuple):
    """A body that was kept, and when its bytes passed."""

    data: bytes | None
    pace: Pace


_NOT_KEPT = Kept(None, NO_PACE)


class Table(Generic[R]):
    """How one kind of record is spread over columns. ``columns`` are stored under the names of the fields."""

    def __init__(self, kind: type[R], columns: Sequence[str], *, apart: frozenset[str] = frozenset()) -> None:
        hints = get_type_hints(kind)
        self._columns = {name: values.decoder(hints[name]) for name in columns}
        self._texts = frozenset(name for name in columns if hints[name] in (str, str | None) and name != "id")
        names = [field.name for field in dataclasses.fields(kind)]
        rest = [name for name in names if name not in self._columns and name not in apart]
        self._rest = {name: values.decoder(hints[name]) for name in rest}

    def encode(self, record: R, clean: Clean) -> dict[str, Any]:
        """Column names and what to bind to them. Raises ``TypeError`` for what JSON cannot hold."""
        row: dict[str, Any] = {}
        for name in self._columns:
            found = getattr(record, name)
            row[name] = clean(found) if name in self._texts and found is not None else found
        detail = values.dumps({name: getattr(record, name) for name in self._rest})
        row["detail"] = clean(detail.decode())
        return row

    def fields(self, row: Row) -> dict[str, Any]:
        """The keyword arguments of the record, without those that are kept apart. Raises ``ValueError``."""
        detail = orjson.loads(row["detail"])
        found = {name: decode(detail[name]) for name, decode in self._rest.items() if name in detail}
        return self.columns_of(row) | found

    def columns_of(self, row: Row) -> dict[str, Any]:
        """Those arguments that have columns of their own."""
        return {name: decode(row[name]) for name, decode in self._columns.items()}


REQUESTS = Table(
    RequestRecord,
    (
        "id", "time", "client", "client_type", "wire_format", "action", "stream", "verdict", "status", "duration_ms",
        "model", "model_served", "endpoint", "target_format", "converted", "ttft_ms", "cost_usd", "session", "error",
    ),
    apart=_BODIES | {"usage", "losses", "ranking", "attempts"},
)  # fmt: skip

ATTEMPTS = Table(
    AttemptRecord,
    (
        "endpoint", "wire_format", "model_sent", "started", "outcome", "failure_class", "status", "error", "ttft_ms",
        "duration_ms", "cooldown_until",
    ),
    apart=_BODIES,
)  # fmt: skip


def encode_request(record: RequestRecord, clean: Clean) -> dict[str, Any]:
    """The row of ``requests``, without its ``seq``."""
    row = REQUESTS.encode(record, clean)
    for name in _USAGE:
        row[f"usage_{name}"] = None if record.usage is None else getattr(record.usage, name)
    row["losses"] = clean(values.dumps(record.losses).decode()) if record.losses else None
    row["ranking"] = None if record.ranking is None else clean(values.dumps(record.ranking).decode())
    row["attempts"] = len(record.attempts)
    return row


def usage_of(row: Row) -> Usage | None:
    """The token counts of a row of ``requests``."""
    if row["usage_input"] is None:
        return None
    counts = {name: int(row[f"usage_{name}"]) for name in _USAGE if name != "estimated"}
    return Usage(**counts, estimated=bool(row["usage_estimated"]))


def decode_request(row: Row, attempts: Sequence[Row], bodies: Mapping[tuple[int, str], Kept]) -> RequestRecord:
    """The record as it was stored. ``bodies`` are keyed by attempt (0: the client's own) and kind."""
    fields = REQUESTS.fields(row) | _bodies_of(0, bodies)
    if fields.get("response_same"):  # its row says only when the attempt's bytes went on
        fields["response_body"] = None
    return RequestRecord(
        **fields,
        usage=usage_of(row),
        losses=() if row["losses"] is None else values.loads(tuple[Loss, ...], row["losses"]),
        ranking=None if row["ranking"] is None else values.loads(Ranking, row["ranking"]),
        attempts=tuple(
            AttemptRecord(**ATTEMPTS.fields(attempt), **_bodies_of(attempt["number"], bodies)) for attempt in attempts
        ),
    )


def _bodies_of(number: int, bodies: Mapping[tuple[int, str], Kept]) -> dict[str, Any]:
    found = {kind: bodies.get((number, kind), _NOT_KEPT) for kind in BODY_KINDS}
    return {f"{kind}_body": body.data for kind, body in found.items()} | {"response_pace": found["response"].pace}


def insert(connection: sqlite3.Connection, table: str, row: Row) -> int:
    """Insert one row; its rowid. Table and column names are ours, never a user's; values are bound."""
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    done = connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    return int(done.lastrowid or 0)
