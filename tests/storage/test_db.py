from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cccc.errors import StorageError
from cccc.storage.db import SCHEMA_VERSION, Reader, open_reader, open_writer
from tests.clock import ManualClock


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cccc.db"


@pytest.fixture
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless_umask")
def test_everything_is_private_whatever_the_umask(path: Path, clock: ManualClock) -> None:
    with closing(open_writer(path, clock, print)) as connection:
        connection.execute("INSERT INTO meta VALUES ('key', 'value')")
        modes = {found.name: mode(found) for found in path.parent.iterdir()}
    assert modes == {"cccc.db": 0o600, "cccc.db-wal": 0o600, "cccc.db-shm": 0o600}
    assert mode(path.parent) == 0o700


def test_a_file_that_others_may_read_is_made_private(path: Path, clock: ManualClock) -> None:
    open_writer(path, clock, print).close()
    path.chmod(0o644)
    open_writer(path, clock, print).close()
    assert mode(path) == 0o600


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1), ("auto_vacuum", 2), ("secure_delete", 1),
     ("busy_timeout", 5000), ("user_version", SCHEMA_VERSION)],
)  # fmt: skip
def test_how_the_database_is_set_up(path: Path, clock: ManualClock, pragma: str, value: object) -> None:
    with closing(open_writer(path, clock, print)) as connection:
        assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


@pytest.mark.parametrize(
    "content", [b"this is not a database, but longer than a header " * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_broken_file_is_kept_and_a_new_one_begun(path: Path, clock: ManualClock, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    said: list[str] = []
    with closing(open_writer(path, clock, said.append)) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (0,)
    (kept,) = path.parent.glob("cccc.db.corrupt-*")
    assert kept.read_bytes() == content
    assert len(said) == 1
    assert kept.name in said[0]


def test_broken_files_do_not_replace_each_other(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    for content in (b"first " * 1000, b"second " * 1000):
        path.write_bytes(content)
        open_writer(path, clock, lambda _: None).close()
    assert len(list(path.parent.glob("cccc.db.corrupt-*"))) == 2


def test_a_broken_page_is_found_when_looked_for(path: Path, clock: ManualClock) -> None:
    with closing(open_writer(path, clock, print)) as connection:
        connection.executemany("INSERT INTO meta VALUES (?, ?)", [(str(n), "x" * 500) for n in range(2000)])
    content = bytearray(path.read_bytes())
    content[80_000:400_000] = b"\xaa" * 320_000
    path.write_bytes(content)
    said: list[str] = []
    open_writer(path, clock, said.append).close()
    assert said == []
    with closing(open_writer(path, clock, said.append, suspicious=True)) as connection:
        assert connection.execute("SELECT count(*) FROM meta").fetchone() == (0,)
    assert len(said) == 1


def test_a_newer_schema_is_refused_naming_both_versions(path: Path, clock: ManualClock) -> None:
    with closing(open_writer(path, clock, print)) as connection:
        connection.execute("PRAGMA user_version = 99")
    for opener in (lambda: open_writer(path, clock, print), lambda: open_reader(path)):
        with pytest.raises(StorageError, match=rf"schema 99, this program knows up to {SCHEMA_VERSION}"):
            opener()


def test_somebody_elses_database_is_refused(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(StorageError, match="another program"):
        open_writer(path, clock, print)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM bookmarks").fetchone() == (0,)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StorageError, match=r"state/cccc\.db: .*--state-dir"):
        open_writer(tmp_path / "state" / "cccc.db", clock, print)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder that everybody may look into, and a user without root's rights."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_is_named(unprivileged: Path, clock: ManualClock) -> None:
    if os.geteuid() == unprivileged.stat().st_uid:
        unprivileged.chmod(0o500)
    with pytest.raises(StorageError, match=r"cccc\.db: Permission denied; .*--state-dir"):
        open_writer(unprivileged / "cccc.db", clock, print)


def test_reading_without_a_file_finds_nothing_and_makes_nothing(path: Path) -> None:
    with closing(open_reader(path)) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (0,)
    assert not path.parent.exists()


def test_a_reader_cannot_write(path: Path, clock: ManualClock) -> None:
    open_writer(path, clock, print).close()
    with closing(open_reader(path)) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("INSERT INTO meta VALUES ('key', 'value')")


def test_a_reader_notices_that_the_file_was_replaced(path: Path, clock: ManualClock) -> None:
    reader = Reader(path)
    for value in ("first", "second"):
        with closing(open_writer(path, clock, print)) as connection:
            connection.execute("INSERT INTO meta VALUES ('key', ?)", (value,))
        with reader.connection() as connection:
            assert connection.execute("SELECT value FROM meta").fetchall() == [(value,)]
        path.rename(path.with_name(value))
    reader.close()


def test_errors_of_a_reader_name_the_file(path: Path, clock: ManualClock) -> None:
    open_writer(path, clock, print).close()
    reader = Reader(path)
    with pytest.raises(StorageError, match=r"cccc\.db: no such table"), reader.connection() as connection:
        connection.execute("SELECT * FROM absent")
    with reader.connection() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    reader.close()
