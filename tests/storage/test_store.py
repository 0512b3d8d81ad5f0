from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import pytest

from cccc.clock import SystemClock
from cccc.control.api import StatsKey
from cccc.domain.failover import Outcome
from cccc.domain.record import RequestRecord
from cccc.domain.redact import Redactor
from cccc.domain.secret import Secret
from cccc.errors import UnknownRequest
from cccc.storage.policy import LogPolicy
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.storage.conftest import OpenStore
from tests.storage.crash_child import whole
from tests.storage.records import attempt, record

KILLS = 40


def test_a_killed_writer_leaves_whole_requests_and_a_sound_file(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    subprocess.run([sys.executable, "-m", "tests.storage.crash_child", folder, str(KILLS)], check=True, timeout=100)
    said: list[str] = []
    store = Store.open(
        folder, SystemClock(), LogPolicy(retention_days=10**6, body_retention_days=10**6), warn=said.append
    )
    rows = store.requests.list(limit=1_000_000)
    assert said == []
    assert len(rows) >= KILLS // 2
    for row in rows[:: max(1, len(rows) // 100)]:
        assert row.error is not None
        assert store.requests.get(row.id) == whole(int(row.error))
    store.close()
    with closing(sqlite3.connect(folder / "cccc.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for table, each in (("attempts", 2), ("bodies", 4)):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (each * len(rows),)


WRITE = """
import sys
from pathlib import Path
from cccc.clock import SystemClock
from cccc.storage.store import Store
from tests.storage.records import record
store = Store.open(Path(sys.argv[1]), SystemClock())
for number in range(1000, 1300):
    store.submit(record(number))
    if number % 50 == 0:
        store.flush()
print(store.close(), store.dropped)
"""


def test_two_processes_write_to_one_database(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", WRITE, tmp_path], stdout=subprocess.PIPE, text=True)
    store = Store.open(tmp_path, SystemClock())
    for number in range(300):
        store.submit(record(number))
        if number % 50 == 0:
            assert store.flush()
    assert other.communicate(timeout=60)[0] == "True 0\n"
    assert len(store.requests.list(limit=1000)) == 600
    assert store.dropped == 0
    store.close()


def test_a_command_reads_while_the_proxy_writes(open_store: OpenStore, tmp_path: Path, clock: ManualClock) -> None:
    proxy = open_store()
    proxy.submit(record(1))
    proxy.flush()
    command = Store.read_only(tmp_path / "state", clock)
    assert [row.id for row in command.requests.list()] == [record(1).id]
    proxy.submit(record(2))
    proxy.flush()
    assert command.requests.get(record(2).id) == record(2)
    assert not command.submit(record(3))
    command.learned.set("topic", "subject", "not written")
    command.close()
    assert len(proxy.requests.list()) == 2
    assert open_store().learned.facts() == ()


def test_reading_where_nothing_was_ever_logged(tmp_path: Path, clock: ManualClock) -> None:
    store = Store.read_only(tmp_path / "state", clock)
    assert store.requests.list() == ()
    assert store.stats.view(StatsKey.DAY, since=0).groups == ()
    assert store.learned.health() == {}
    with pytest.raises(UnknownRequest):
        store.requests.get("req_1")
    assert store.close()
    assert list(tmp_path.iterdir()) == []


def test_what_was_submitted_can_be_read_at_once(store: Store) -> None:
    for number in range(20):
        store.submit(record(number))
        assert store.requests.get(record(number).id).id == record(number).id


def test_a_record_may_be_submitted_after_closing(store: Store) -> None:
    store.close()
    assert not store.submit(record())
    assert store.dropped == 1


def test_submitting_costs_the_caller_next_to_nothing(store: Store) -> None:
    """Not a benchmark: it fails when submitting begins to serialise, compress or wait for the disk."""
    heavy = record(
        request_body=b"x" * 5_000_000, attempts=tuple(attempt(response_body=b"y" * 1_000_000) for _ in range(6))
    )
    costs = []
    for _ in range(5):
        before = time.thread_time()
        store.submit(heavy)
        costs.append(time.thread_time() - before)
    assert min(costs) < 0.001


CANARIES = (
    "sk-ant-api03-CANARY0aZ_9x-QwErTyUiOp1234567890",
    "plain/canary+value=with~odd!characters$12",
    "0123456789abcdefCANARY0123456789",
)
FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda key: quote(key, safe=""),
    lambda key: json.dumps(key)[1:-1],
    lambda key: base64.b64encode(key.encode()).decode(),
    lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    lambda key: key.encode().hex(),
    lambda key: key[:14],
)


def leaky(number: int, text: str) -> RequestRecord:
    headers = (("x-upstream-echo", text), ("server", text))
    return record(
        number,
        model=text,
        client=text,
        session=text,
        error=f"upstream said: {text}!",
        path=f"/v1/messages?key={text}",
        notes=MappingProxyType({"note": text}),
        request_headers=headers,
        request_body=json.dumps({"key": text}).encode(),
        response_body=f"data: {text}\n\n".encode(),
        attempts=(
            attempt(
                outcome=Outcome.KEY_REFUSED, url=f"https://host/{text}", error=text, model_sent=text,
                response_headers=headers, request_body=text.encode(), response_body=text.encode(),
            ),
        ),
    )  # fmt: skip


def found_canaries(store: Store, folder: Path) -> set[str]:
    """Which spellings of which canary are in the files or in what is read back."""
    store.flush()
    whole_text = "".join(repr(store.requests.get(row.id)) for row in store.requests.list(limit=1000)).encode()
    whole_text += b"".join(path.read_bytes() for path in folder.iterdir())
    return {form(key) for key in CANARIES for form in FORMS if form(key).encode() in whole_text}


def test_no_secret_reaches_the_database(open_store: OpenStore, tmp_path: Path) -> None:
    store = open_store(redactor=Redactor(map(Secret, CANARIES)))
    for number, text in enumerate(form(key) for key in CANARIES for form in FORMS):
        store.submit(leaky(number, text))
    assert found_canaries(store, tmp_path / "state") == set()
    assert store.dropped == 0


def test_the_search_for_canaries_finds_a_leak(open_store: OpenStore, tmp_path: Path) -> None:
    store = open_store(redactor=Redactor([Secret("another key that is not in any record")]))
    store.submit(leaky(1, CANARIES[1]))
    assert CANARIES[1] in found_canaries(store, tmp_path / "state")
