from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import zstandard
from sqlite_utils import Database

from cccc.domain.record import NO_PACE
from cccc.errors import StorageError
from cccc.storage.db import SCHEMA_VERSION, open_reader, open_writer
from cccc.storage.migrations import migrations
from cccc.storage.policy import LogPolicy
from cccc.storage.store import Store
from tests.clock import ManualClock


@pytest.fixture
def first_schema(tmp_path: Path) -> Path:
    """A database as the first schema left it, with one row."""
    path = tmp_path / "cccc.db"
    with closing(sqlite3.connect(path)) as connection:
        migrations.apply(Database(connection), stop_before="m002_knowledge")
        connection.execute(
            "INSERT INTO requests (id, time, client, client_type, wire_format, action, stream, verdict, status,"
            " duration_ms, converted, attempts, detail)"
            " VALUES ('req_1', 1, '', 'codex', 'anthropic', 'turn', 0, 'ok', 200, 1, 0, 0, '{}')"
        )
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    return path


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%migrations%' ORDER BY name"
    ).fetchall()


def test_the_version_is_the_number_of_migrations(tmp_path: Path, clock: ManualClock) -> None:
    with closing(open_writer(tmp_path / "cccc.db", clock, print)) as connection:
        assert len(migrations.applied(Database(connection))) == SCHEMA_VERSION
        assert migrations.pending(Database(connection)) == []


def test_an_old_database_becomes_a_new_one_and_keeps_its_rows(
    first_schema: Path, tmp_path: Path, clock: ManualClock
) -> None:
    with (
        closing(open_writer(first_schema, clock, print)) as old,
        closing(open_writer(tmp_path / "new" / "cccc.db", clock, print)) as new,
    ):
        assert schema(old) == schema(new)
        assert old.execute("SELECT id FROM requests").fetchall() == [("req_1",)]


def test_a_body_of_before_is_read_and_says_not_when_it_came(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "cccc.db"
    with closing(sqlite3.connect(path)) as connection:
        migrations.apply(Database(connection), stop_before="m005_pace")
        connection.execute(
            "INSERT INTO requests (id, time, client, client_type, wire_format, action, stream, verdict, status,"
            " duration_ms, converted, attempts, detail) VALUES ('req_1', 1, '', 'codex', 'anthropic', 'turn', 0, 'ok',"
            ' 200, 1, 0, 0, \'{"client_reason": "r", "method": "POST", "path": "/"}\')'
        )
        row = (1, 0, "request", 1.0, 4, zstandard.compress(b"asks"))
        connection.execute(
            "INSERT INTO bodies (request, attempt, kind, time, size, data) VALUES (?, ?, ?, ?, ?, ?)", row
        )
        connection.execute("PRAGMA user_version = 4")
        connection.commit()
    store = Store.open(tmp_path, clock, LogPolicy(retention_days=10**6, body_retention_days=10**6))
    try:
        found = store.requests.get("req_1")
    finally:
        store.close()
    assert (found.request_body, found.answer, found.response_pace) == (b"asks", None, NO_PACE)


def test_a_copy_is_kept_before_the_schema_changes(first_schema: Path, clock: ManualClock) -> None:
    open_writer(first_schema, clock, print).close()
    kept = first_schema.with_name("cccc.db.schema-1")
    assert kept.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT id FROM requests").fetchall() == [("req_1",)]


def test_a_failing_migration_leaves_the_old_schema(
    first_schema: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(db: Database) -> None:
        db.execute("CREATE TABLE half (done)")
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(migrations._migrations[-1], "fn", broken)
    with pytest.raises(StorageError, match="disk full"):
        open_writer(first_schema, clock, print)
    with closing(sqlite3.connect(first_schema)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert "half" not in [name for name, _ in schema(connection)]


def test_reading_an_old_schema_says_what_to_do(first_schema: Path) -> None:
    with pytest.raises(StorageError, match=f"schema 1, this program reads {SCHEMA_VERSION}: start the proxy once"):
        open_reader(first_schema)


def test_opening_an_up_to_date_database_does_not_load_the_migrations(tmp_path: Path, clock: ManualClock) -> None:
    open_writer(tmp_path / "cccc.db", clock, print).close()
    program = (
        "import sys; from pathlib import Path\n"
        "from cccc.storage.store import Store; from tests.clock import ManualClock\n"
        "Store.open(Path(sys.argv[1]), ManualClock()).close()\n"
        "print(sorted({'sqlite_utils', 'genai_prices', 'pydantic', 'textual'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
