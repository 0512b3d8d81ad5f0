"""The database file: opened so that it is private, safe against kills, and never lost.

One connection writes (``open_writer``); readers open their own, in this process or another. Foreign exceptions end
here: everything that leaves this room is a ``StorageError`` that names the file and the remedy.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cccc.clock import Clock
from cccc.errors import StorageError

SCHEMA_VERSION = 5
"""``PRAGMA user_version`` of the schema that this program reads and writes: the number of migrations."""

FILE_NAME = "cccc.db"

_NOT_USABLE = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})

_BEFORE_TABLES = ("auto_vacuum = INCREMENTAL",)
_SETTINGS = ("synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON", "journal_size_limit = 16777216")


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is broken (the low byte is the primary code)."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _NOT_USABLE


def open_writer(
    path: Path, clock: Clock, warn: Callable[[str], None], *, suspicious: bool = False
) -> sqlite3.Connection:
    """Open the database for writing, in autocommit mode, with the schema brought up to date.

    The file is made 0600 before SQLite sees it, and ``-wal`` and ``-shm`` inherit that. A file that is not a usable
    database is moved aside and kept, ``warn`` says so, and an empty one is begun; ``suspicious`` looks at every
    page instead of the first ones. Raises ``StorageError`` for a newer schema, for a database of somebody else, and
    where the file cannot be made or written.
    """
    with _translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(path.parent):
            try:
                return _opened(path, warn, check=suspicious)
            except sqlite3.DatabaseError as error:
                if not is_corrupt(error):
                    raise
                kept = _move_aside(path, clock)
                warn(f"{path} is not a usable database ({error}); it was kept as {kept.name} and a new one was begun")
                return _opened(path, warn, check=False)


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the database read-only; a proxy may be writing to it meanwhile.

    Where there is no file yet, an empty database in memory stands in for it. Raises ``StorageError``.
    """
    with _translated(path):
        if not path.exists():
            connection = _connected(":memory:", uri=False)
            migrate(connection)
            return connection
        connection = _connected(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            found = _version(path, connection)
        except BaseException:
            connection.close()
            raise
        if found < SCHEMA_VERSION:
            connection.close()
            raise StorageError(
                f"{path} has schema {found}, this program reads {SCHEMA_VERSION}: start the proxy once to bring it up "
                "to date"
            )
        return connection


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is pending, all in one transaction; a second program that does the same waits and finds it done."""
    # Imported here: sqlite-utils takes longer to load than the proxy takes to start, and is needed once per release.
    from sqlite_utils import Database

    from cccc.storage.migrations import migrations

    with transaction(connection):
        migrations.apply(Database(connection, recursive_triggers=False, execute_plugins=False))
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. IMMEDIATE, because an upgrade from reading to writing fails at once when somebody else writes."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Reader:
    """The reading side of a process: one connection, opened when first needed, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for a few statements. Raises ``StorageError``, also for errors of those statements."""
        with self._lock, _translated(self._path):
            identity = self._file()
            if self._connection is None or identity != self._identity:
                # The file was replaced (moved aside as corrupt, or removed): the old connection would read a ghost.
                self._close()
                self._connection, self._identity = open_reader(self._path), identity
            try:
                yield self._connection
            except sqlite3.DatabaseError:
                self._close()
                raise

    def close(self) -> None:
        """Close the connection; the next use opens another one."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _file(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"{path}: {error}; {_remedy(error)}") from error
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror or error}; check the owner and the mode of the folder, or choose another one "
            "with --state-dir"
        ) from error


def _remedy(error: sqlite3.Error) -> str:
    if is_corrupt(error):
        return "the next start of the proxy keeps the broken file aside and begins a new one"
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return "free some disk space"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another program holds it locked; try again"
        case _:
            return "check the disk, the owner and the mode of the file"


def _opened(path: Path, warn: Callable[[str], None], *, check: bool) -> sqlite3.Connection:
    _make_private(path)
    connection = _connected(str(path), uri=False)
    try:
        for setting in _BEFORE_TABLES:
            connection.execute(f"PRAGMA {setting}")
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            warn(f"{path}: this file system allows no write-ahead log; readers and the proxy will wait for each other")
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        if check:
            _check_pages(connection)
        found = _version(path, connection)
        if found < SCHEMA_VERSION:
            if found:
                _back_up(connection, path.with_name(f"{path.name}.schema-{found}"))
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connected(target: str, *, uri: bool) -> sqlite3.Connection:
    return sqlite3.connect(target, timeout=5.0, isolation_level=None, check_same_thread=False, uri=uri)


def _make_private(path: Path) -> None:
    """0600 before SQLite sees the file. An existing file is not opened: closing it would drop SQLite's own locks."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One program at a time opens for writing: creating, migrating and moving aside do not overlap."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _version(path: Path, connection: sqlite3.Connection) -> int:
    """The file's schema version; 0 for an empty file. Raises ``StorageError`` for one that is not for us."""
    found, tables = connection.execute(
        "SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if found > SCHEMA_VERSION:
        raise StorageError(
            f"{path} has schema {found}, this program knows up to {SCHEMA_VERSION}: use a newer cccc, "
            "or another folder with --state-dir"
        )
    if found == 0 and tables:
        raise StorageError(f"{path} is a database of another program: choose another folder with --state-dir")
    return int(found)


def _check_pages(connection: sqlite3.Connection) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        error = sqlite3.DatabaseError(verdict)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    _make_private(target)
    with closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)


def _move_aside(path: Path, clock: Clock) -> Path:
    stamp = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}.corrupt-{stamp}")
    count = 1
    while kept.exists():
        count += 1
        kept = path.with_name(f"{path.name}.corrupt-{stamp}-{count}")
    path.rename(kept)
    for suffix in ("-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(kept.with_name(kept.name + suffix))
    return kept
