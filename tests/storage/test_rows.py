from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.storage.db import open_reader
from cccc.storage.rows import ATTEMPTS, REQUESTS, decode_request, encode_request
from tests.storage.records import attempt, record


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def test_every_column_exists_and_none_is_left_over(tmp_path: Path) -> None:
    with closing(open_reader(tmp_path / "absent.db")) as connection:
        assert set(encode_request(record(), str)) | {"seq"} == columns(connection, "requests")
        assert set(ATTEMPTS.encode(attempt(), str)) | {"request", "number"} == columns(connection, "attempts")


def test_texts_of_every_kind_are_cleaned_but_ids_and_names_of_kinds_are_not() -> None:
    row = encode_request(record(error="a", notes={"a": "a"}), lambda text: text.replace("a", "*"))
    assert row["error"] == "*"
    assert row["model"] == "test-model"
    assert row["client"] == "cl*ude-cli/2.1.197"
    assert '"*":"*"' in row["detail"]
    assert row["id"] == record().id
    assert row["client_type"] == "claude_code"


def test_fields_that_an_older_program_did_not_write_take_their_default() -> None:
    row = encode_request(record(), str) | {"detail": '{"client_reason": "r", "method": "GET", "path": "/"}'}
    found = decode_request(row, [], {})
    assert (found.tags, found.bytes_in, found.notes) == ((), 0, {})


@pytest.mark.parametrize("kind", [RequestRecord, AttemptRecord])
def test_a_row_that_lacks_what_a_record_needs_is_a_value_error(kind: type) -> None:
    table, whole = (REQUESTS, record()) if kind is RequestRecord else (ATTEMPTS, attempt())
    row = table.encode(whole, str)  # type: ignore[arg-type]  # each table with a record of its own kind
    with pytest.raises(ValueError, match="line 1 column 1"):
        table.fields(row | {"detail": ""})
    with pytest.raises(ValueError, match="str expected"):
        table.fields(row | {"endpoint": 5})
