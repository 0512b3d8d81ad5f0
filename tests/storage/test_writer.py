from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cccc.errors import StorageError
from cccc.storage.db import open_writer
from cccc.storage.writer import Writer
from tests.clock import ManualClock

Job = Callable[[sqlite3.Connection], object]


class Disk:
    """Opens the database, or fails as told; ``pages`` limits its size."""

    def __init__(self, path: Path, clock: ManualClock, warn: Callable[[str], None]) -> None:
        self.path, self.clock, self.warn = path, clock, warn
        self.opened: list[bool] = []
        self.pages: int | None = None
        self.gone = False

    def __call__(self, *, suspicious: bool) -> sqlite3.Connection:
        self.opened.append(suspicious)
        if self.gone:
            raise StorageError("the disk is gone")
        connection = open_writer(self.path, self.clock, self.warn, suspicious=suspicious)
        if self.pages is not None:
            connection.execute(f"PRAGMA max_page_count = {self.pages}")
        return connection

    def count(self) -> int:
        connection = open_writer(self.path, self.clock, self.warn)
        found = connection.execute("SELECT count(*) FROM meta").fetchone()[0]
        connection.close()
        return int(found)


@pytest.fixture
def disk(tmp_path: Path, clock: ManualClock, warnings: list[str]) -> Disk:
    return Disk(tmp_path / "cccc.db", clock, warnings.append)


@pytest.fixture
def start(disk: Disk, clock: ManualClock, warnings: list[str], request: pytest.FixtureRequest) -> Callable[..., Writer]:
    def starter(upkeep: Job = lambda _: None, **options: int) -> Writer:
        writer = Writer(disk, clock, warnings.append, upkeep, **options)
        request.addfinalizer(writer.close)
        return writer

    return starter


def put(key: object, size: int = 10) -> Job:
    return lambda connection: connection.execute("INSERT INTO meta VALUES (?, ?)", (str(key), "x" * size))


def test_what_was_submitted_is_there_after_a_flush(start: Callable[..., Writer], disk: Disk) -> None:
    writer = start()
    for key in range(500):
        assert writer.submit(put(key))
    assert writer.flush()
    assert disk.count() == 500


def test_closing_writes_what_is_queued(start: Callable[..., Writer], disk: Disk) -> None:
    writer = start()
    for key in range(500):
        writer.submit(put(key))
    assert writer.close()
    assert disk.count() == 500
    assert not writer.submit(put("late"), counts=True)
    assert writer.dropped == 1


def test_flush_and_close_return_at_once_when_there_is_nothing_to_do(start: Callable[..., Writer]) -> None:
    writer = start()
    assert writer.flush(timeout=0)
    assert writer.close()
    assert writer.close()
    assert writer.flush()


@pytest.mark.parametrize(
    ("options", "size", "accepted"), [({"max_queued": 5}, 0, 4), ({"max_queued_bytes": 1000}, 300, 3)]
)
def test_a_full_queue_drops_and_counts_and_never_waits(
    start: Callable[..., Writer], disk: Disk, options: dict[str, int], size: int, accepted: int
) -> None:
    writer = start(**options)
    busy, go_on = threading.Event(), threading.Event()

    def stuck(connection: sqlite3.Connection) -> None:
        busy.set()
        assert go_on.wait(30)

    assert writer.submit(stuck)
    assert busy.wait(30)
    results = [writer.submit(put(key), size, counts=True) for key in range(10)]
    assert results == [True] * accepted + [False] * (10 - accepted)
    assert writer.dropped == 10 - accepted
    go_on.set()
    assert writer.flush()
    assert disk.count() == accepted
    assert writer.submit(put("after"), size)


def test_one_record_larger_than_the_bound_still_gets_through(start: Callable[..., Writer], disk: Disk) -> None:
    writer = start(max_queued_bytes=1000)
    assert writer.submit(put("large"), 5000)
    assert writer.flush()
    assert disk.count() == 1


@pytest.mark.parametrize("mistake", [KeyError("ours"), OverflowError(), sqlite3.IntegrityError("twice")])
def test_one_bad_job_costs_only_itself(
    start: Callable[..., Writer], disk: Disk, warnings: list[str], mistake: Exception
) -> None:
    def bad(connection: sqlite3.Connection) -> None:
        put("half")(connection)
        raise mistake

    writer = start()
    writer.submit(put("before"))
    writer.submit(bad, counts=True)
    writer.submit(put("after"))
    assert writer.flush()
    assert disk.count() == 2
    assert writer.dropped == 1
    assert warnings == [f"one entry could not be stored and was left out ({type(mistake).__name__})"]


def test_a_full_disk_keeps_what_is_queued_and_goes_on_when_there_is_room(
    start: Callable[..., Writer], disk: Disk, warnings: list[str]
) -> None:
    disk.pages = 30
    writer = start(max_queued=50)
    results = []
    for key in range(100):
        results.append(writer.submit(put(key, 20_000), counts=True))
        writer.flush()
    assert not writer.flush()
    assert writer.failing
    assert writer.dropped == results.count(False) > 0
    assert [line for line in warnings if "disk is full" in line] == warnings
    assert len(warnings) == 1
    disk.pages = None
    # The first flush wakes the thread from its pause, the second waits until it is through.
    assert writer.flush() or writer.flush()
    assert not writer.failing
    assert disk.count() == results.count(True)
    assert "written again" in warnings[1]


def test_a_database_that_cannot_be_opened_again_is_tried_again(
    start: Callable[..., Writer], disk: Disk, warnings: list[str]
) -> None:
    def fails(connection: sqlite3.Connection) -> None:
        if disk.opened == [False]:
            disk.gone = True
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
            raise error

    writer = start()
    writer.submit(fails)
    writer.submit(put("kept"))
    for _ in range(4):
        assert not writer.flush()
    disk.gone = False
    assert writer.flush() or writer.flush()
    assert disk.count() == 1
    assert len(warnings) == 2


def test_a_file_that_turns_out_to_be_broken_is_replaced(
    start: Callable[..., Writer], disk: Disk, warnings: list[str]
) -> None:
    filled = disk(suspicious=False)
    for key in range(2000):
        put(key, 1000)(filled)
    filled.close()
    disk.opened.clear()
    writer = start()
    with disk.path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xaa" * 500_000)

    def corrupt(connection: sqlite3.Connection) -> None:
        if disk.opened == [False]:
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

    writer.submit(corrupt)
    writer.submit(put("new"))
    assert any(writer.flush() for _ in range(5))
    assert disk.opened[:2] == [False, True]
    assert len(list(disk.path.parent.glob("cccc.db.corrupt-*"))) == 1
    assert disk.count() == 1
    assert any("kept as" in line for line in warnings)


def test_upkeep_runs_after_a_batch_and_then_once_in_its_time(start: Callable[..., Writer], clock: ManualClock) -> None:
    runs: list[float] = []
    done = threading.Condition()

    def upkeep(connection: sqlite3.Connection) -> None:
        with done:
            runs.append(clock.monotonic())
            done.notify_all()

    writer = start(upkeep, upkeep_every=100)
    for step in (0, 50, 60, 10, 100):
        clock.advance(step)
        writer.submit(put(len(runs) * 1000 + step))
        writer.flush()
    writer.close()
    assert [run - runs[0] for run in runs] == [0, 110, 220]


def test_upkeep_that_fails_does_not_end_the_writer(
    start: Callable[..., Writer], disk: Disk, warnings: list[str]
) -> None:
    def upkeep(connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("locked")

    writer = start(upkeep)
    writer.submit(put(1))
    writer.flush()
    writer.submit(put(2))
    assert any(writer.flush() for _ in range(5))
    writer.close()
    assert disk.count() == 2
    assert "locked" in warnings[0]
