"""The schema, as a list of small functions that are applied once each, in order.

A function here is never changed after a release: a new need is a new function at the end, together with
``db.SCHEMA_VERSION``. All pending ones are applied in one transaction (``db.migrate``), so that a killed program
leaves either the old schema or the new one. What is filtered, sorted or summed is a column; the rest of a record is
JSON in ``detail``, so that a new field of a record needs no migration.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("cccc")


@migrations()
def m001_request_log(db: Database) -> None:
    """Requests, the attempts made for each, and the captured bodies (attempt 0 is the client's own exchange)."""
    db.execute("""
        CREATE TABLE requests (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            time REAL NOT NULL,
            client TEXT NOT NULL,
            client_type TEXT NOT NULL,
            wire_format TEXT NOT NULL,
            action TEXT NOT NULL,
            stream INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            status INTEGER NOT NULL,
            duration_ms REAL NOT NULL,
            model TEXT,
            model_served TEXT,
            endpoint TEXT,
            target_format TEXT,
            converted INTEGER NOT NULL,
            ttft_ms REAL,
            usage_input INTEGER,
            usage_cache_read INTEGER,
            usage_cache_write INTEGER,
            usage_output INTEGER,
            usage_reasoning INTEGER,
            usage_estimated INTEGER,
            cost_usd REAL,
            session TEXT,
            error TEXT,
            attempts INTEGER NOT NULL,
            ranking TEXT,
            detail TEXT NOT NULL
        )""")
    db.execute("CREATE INDEX requests_time ON requests (time)")
    db.execute("CREATE INDEX requests_session ON requests (session) WHERE session IS NOT NULL")
    db.execute("""
        CREATE TABLE attempts (
            request INTEGER NOT NULL REFERENCES requests (seq) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            endpoint TEXT NOT NULL,
            wire_format TEXT NOT NULL,
            model_sent TEXT,
            started REAL NOT NULL,
            outcome TEXT NOT NULL,
            failure_class TEXT,
            status INTEGER,
            error TEXT,
            ttft_ms REAL,
            duration_ms REAL NOT NULL,
            cooldown_until REAL,
            detail TEXT NOT NULL,
            PRIMARY KEY (request, number)
        ) WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE bodies (
            id INTEGER PRIMARY KEY,
            request INTEGER NOT NULL REFERENCES requests (seq) ON DELETE CASCADE,
            attempt INTEGER NOT NULL,
            kind TEXT NOT NULL,
            time REAL NOT NULL,
            size INTEGER NOT NULL,
            data BLOB NOT NULL
        )""")
    db.execute("CREATE UNIQUE INDEX bodies_of_request ON bodies (request, attempt, kind)")
    db.execute("CREATE INDEX bodies_time ON bodies (time)")


@migrations()
def m002_knowledge(db: Database) -> None:
    """What was found out about endpoints, their health, and the store's own notes."""
    db.execute("""
        CREATE TABLE learned (
            topic TEXT NOT NULL,
            subject TEXT NOT NULL,
            value TEXT NOT NULL,
            learned REAL NOT NULL,
            expires REAL,
            PRIMARY KEY (topic, subject)
        ) WITHOUT ROWID""")
    db.execute(
        "CREATE TABLE health (endpoint TEXT PRIMARY KEY, saved REAL NOT NULL, state TEXT NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")


@migrations()
def m003_figures(db: Database) -> None:
    """Indexes that hold everything statistics sum up: a row with its ranking is kilobytes long, and none is read."""
    db.execute("""
        CREATE INDEX requests_figures ON requests (
            time, action, verdict, client_type, endpoint, model, wire_format, target_format, status, stream, attempts,
            ttft_ms, duration_ms, usage_input, usage_cache_read, usage_cache_write, usage_output, usage_reasoning,
            usage_estimated, cost_usd
        )""")
    db.execute("DROP INDEX requests_time")
    db.execute("CREATE INDEX attempts_of_endpoint ON attempts (endpoint, started, outcome, ttft_ms)")


@migrations()
def m004_losses(db: Database) -> None:
    """What conversions have lost, as a JSON array, which statistics sum up by what is lost."""
    db.execute("ALTER TABLE requests ADD COLUMN losses TEXT")
    db.execute("CREATE INDEX requests_losses ON requests (time) WHERE losses IS NOT NULL")


@migrations()
def m005_pace(db: Database) -> None:
    """When the bytes of a body passed. It lives and goes with the body."""
    db.execute("ALTER TABLE bodies ADD COLUMN pace BLOB")
