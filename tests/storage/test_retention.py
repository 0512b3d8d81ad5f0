from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.domain.redact import Redactor
from cccc.storage.db import open_writer
from cccc.storage.policy import LogPolicy
from cccc.storage.prices import Prices
from cccc.storage.requests import Sieve
from cccc.storage.retention import sweep
from tests.clock import ManualClock
from tests.storage.records import record

DAY = 86_400.0
POLICY = LogPolicy(retention_days=30, body_retention_days=3)


@pytest.fixture
def database(tmp_path: Path, clock: ManualClock) -> Iterator[sqlite3.Connection]:
    connection = open_writer(tmp_path / "cccc.db", clock, print)
    yield connection
    connection.close()


def fill(database: sqlite3.Connection, clock: ManualClock, ages: list[float], body: bytes = b"body") -> None:
    sieve = Sieve(POLICY, Redactor(), Prices(clock))
    start = count(database, "requests")
    for number, age in enumerate(ages, start=start):
        sieve.save(database, record(number, time=clock.now() - age, response_body=body))


def count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def kept(database: sqlite3.Connection) -> tuple[int, int, int]:
    return count(database, "requests"), count(database, "attempts"), count(database, "bodies")


def test_bodies_go_before_requests_and_attempts_go_with_them(database: sqlite3.Connection, clock: ManualClock) -> None:
    fill(database, clock, [0, 2.9 * DAY, 3.1 * DAY, 29 * DAY, 31 * DAY])
    swept = sweep(database, POLICY, clock)
    assert kept(database) == (4, 4, 2)
    assert (swept.requests, swept.bodies) == (1, 3)


def test_nothing_happens_twice(database: sqlite3.Connection, clock: ManualClock) -> None:
    fill(database, clock, [0, 40 * DAY])
    sweep(database, POLICY, clock)
    swept = sweep(database, POLICY, clock)
    assert (swept.requests, swept.bodies) == (0, 0)


def test_one_run_deletes_a_bounded_number(database: sqlite3.Connection, clock: ManualClock) -> None:
    fill(database, clock, [40 * DAY] * 25)
    swept = sweep(database, POLICY, clock, at_most=10)
    assert (swept.requests, swept.bodies) == (10, 10)
    assert count(database, "requests") == 15


def test_the_oldest_bodies_go_first_when_the_file_is_too_large(
    database: sqlite3.Connection, clock: ManualClock, tmp_path: Path
) -> None:
    for number in range(200):
        fill(database, clock, [0], random.Random(number).randbytes(20_000))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = (tmp_path / "cccc.db").stat().st_size
    sweep(database, LogPolicy(max_size_mb=before / 2 / 1024 / 1024), clock)
    assert (tmp_path / "cccc.db").stat().st_size <= before / 2
    assert count(database, "requests") == 200
    left = [seq for (seq,) in database.execute("SELECT request FROM bodies ORDER BY request")]
    assert left == list(range(200 - len(left) + 1, 201))
    assert left


def test_requests_go_when_there_are_no_bodies_left_to_delete(database: sqlite3.Connection, clock: ManualClock) -> None:
    fill(database, clock, [0.0] * 150)
    sweep(database, LogPolicy(max_size_mb=0), clock)
    assert kept(database) == (0, 0, 0)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 10 * 365 * DAY, -10 * 365 * DAY, 8 * 3600.0])
def test_a_jump_of_the_clock_deletes_nothing_that_is_not_due(
    database: sqlite3.Connection, clock: ManualClock, jump: float
) -> None:
    fill(database, clock, [DAY * age / 10 for age in range(28)])
    sweep(database, POLICY, clock)
    before = kept(database)
    clock.advance(jump)
    fill(database, clock, [0])
    sweep(database, POLICY, clock)
    requests, _, bodies = kept(database)
    assert requests == before[0] + 1
    assert bodies >= before[2] + 1 - 10
    clock.advance(-jump)
    sweep(database, POLICY, clock)
    assert kept(database)[0] >= before[0]


def test_a_clock_that_stays_wrong_takes_days_of_runs_to_reach_the_log(
    database: sqlite3.Connection, clock: ManualClock
) -> None:
    fill(database, clock, [0.0] * 5)
    sweep(database, POLICY, clock)
    clock.advance(10 * 365 * DAY)
    for _ in range(30):
        sweep(database, POLICY, clock)
    assert count(database, "requests") == 5
    for _ in range(2):
        sweep(database, POLICY, clock)
    assert count(database, "requests") == 0


def test_a_clock_that_was_not_set_yet_does_not_hold_retention_up(
    database: sqlite3.Connection, clock: ManualClock
) -> None:
    now = clock.now()
    clock.advance(-now)
    sweep(database, POLICY, clock)
    clock.advance(now)
    fill(database, clock, [0, 40 * DAY])
    sweep(database, POLICY, clock)
    assert count(database, "requests") == 1


def test_a_clock_that_was_behind_for_a_while_is_soon_believed_again(
    database: sqlite3.Connection, clock: ManualClock
) -> None:
    fill(database, clock, [0, 29 * DAY])
    sweep(database, POLICY, clock)
    clock.advance(-300 * DAY)
    for _ in range(5):
        sweep(database, POLICY, clock)
    clock.advance(303 * DAY)
    for _ in range(9):
        sweep(database, POLICY, clock)
    assert count(database, "requests") == 1


def test_rows_from_the_future_are_left_alone(database: sqlite3.Connection, clock: ManualClock) -> None:
    clock.advance(10 * 365 * DAY)
    fill(database, clock, [0.0] * 5)
    sweep(database, POLICY, clock)
    clock.advance(-10 * 365 * DAY)
    sweep(database, POLICY, clock)
    assert kept(database) == (5, 5, 5)


def test_space_is_given_back_and_the_write_ahead_log_is_emptied(
    database: sqlite3.Connection, clock: ManualClock, tmp_path: Path
) -> None:
    fill(database, clock, [40 * DAY] * 100, bytes(range(256)) * 40)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = (tmp_path / "cccc.db").stat().st_size
    sweep(database, POLICY, clock)
    assert (tmp_path / "cccc.db").stat().st_size < before / 2
    assert (tmp_path / "cccc.db-wal").stat().st_size == 0


def test_facts_that_expired_long_ago_are_removed(database: sqlite3.Connection, clock: ManualClock) -> None:
    rows = [("a", clock.now() - 2 * DAY), ("b", clock.now() - 60), ("c", clock.now() + 60), ("d", None)]
    database.executemany("INSERT INTO learned VALUES ('topic', ?, '1', 0, ?)", rows)
    sweep(database, POLICY, clock)
    assert [name for (name,) in database.execute("SELECT subject FROM learned ORDER BY subject")] == ["b", "c", "d"]
