"""Filtering what is loaded decides as the log does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest

from cccc.control.api import RequestFilter, parse_filter
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.control import world
from tui import matching
from tui.state import logged


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("state")
    writing = Store.open(folder, ManualClock(world.NOW))
    for record in world.RECORDS:
        writing.submit(record)
    writing.close()
    reading = Store.open(folder, ManualClock(world.NOW))
    yield reading
    reading.close()


def test_every_field_of_a_filter_has_a_rule() -> None:
    assert set(matching._CONDITIONS) == {field.name for field in fields(RequestFilter)}


@pytest.mark.parametrize(
    "words",
    [
        "", "failed", "status:>=400", "status:200", "status:<500", "client:codex", "client:claude", "endpoint:beta",
        "endpoint:bet", "endpoint:b*", "model:OPUS", "model:gpt-*", "verdict:client_gone", "since:50s", "until:50s",
        "stream:yes", "stream:no", "session:5f1c", "timeout", "header", "claude alpha", "claude beta", "nothing",
        "req_01JZ8Q4T0000000000000000A1", "failed client:codex status:503",
    ],
)  # fmt: skip
def test_as_the_log_decides(store: Store, words: str) -> None:
    wanted = parse_filter(words, world.NOW)
    rows = [logged(summary) for summary in store.requests.list()]
    fitting = [row.id for row in rows if matching.matches(wanted, row)]
    expected = [summary.id for summary in store.requests.list(wanted)]
    if wanted.endpoint and world.FAILED.id in expected:
        expected.remove(world.FAILED.id)  # nobody answered: a row does not know whom the log found was asked
    assert fitting == expected
