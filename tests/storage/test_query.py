from __future__ import annotations

from collections.abc import Iterator

import pytest

from cccc.control.api import RequestFilter
from cccc.domain.endpoint import ClientType
from cccc.domain.failover import Outcome
from cccc.domain.verdict import Verdict
from cccc.storage.policy import LogPolicy
from cccc.storage.query import where
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.storage.records import START, attempt, record

ROWS = [
    record(1, model="claude-opus-4-5", session="s-1"),
    record(2, client_type=ClientType.CODEX, model="gpt-5.2-codex", endpoint="[eu] relay", stream=False,
           time=START + 10),
    record(3, verdict=Verdict.UPSTREAM_ERROR, status=502, endpoint=None, error="100% full_up",
           attempts=(attempt("beta", Outcome.SERVER_ERROR),), time=START + 20),
    record(4, verdict=Verdict.CLIENT_GONE, status=499, model="Claude-Haiku", model_served="glm-5"),
    record(5, verdict=Verdict.OK_AFTER_FAILOVER, endpoint="alpha",
           attempts=(attempt("beta", Outcome.OVERLOADED), attempt("alpha")), session="s-2"),
    record(6, verdict=Verdict.CLIENT_ERROR, status=404, model=None, endpoint=None, attempts=()),
]  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("state"), ManualClock(), LogPolicy())
    for row in ROWS:
        store.submit(row)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (RequestFilter(), [1, 2, 3, 4, 5, 6]),
        (RequestFilter(failed=True), [3, 6]),
        (RequestFilter(verdict=Verdict.CLIENT_GONE), [4]),
        (RequestFilter(status_min=400), [3, 4, 6]),
        (RequestFilter(status_min=400, status_max=499), [4, 6]),
        (RequestFilter(status_max=200), [1, 2, 5]),
        (RequestFilter(client_type=ClientType.CODEX), [2]),
        (RequestFilter(model="claude-*"), [1]),
        (RequestFilter(model="claude"), [1, 4]),
        (RequestFilter(model="glm-5"), [4]),
        (RequestFilter(model="gpt-?.2-*"), [2]),
        (RequestFilter(endpoint="alpha"), [1, 4, 5]),
        (RequestFilter(endpoint="beta"), [3]),
        (RequestFilter(endpoint="relay"), [2]),
        (RequestFilter(endpoint="*relay"), [2]),
        (RequestFilter(stream=False), [2]),
        (RequestFilter(stream=True), [1, 3, 4, 5, 6]),
        (RequestFilter(since=START + 10), [2, 3]),
        (RequestFilter(since=START + 5, until=START + 15), [2]),
        (RequestFilter(session="s-2"), [5]),
        (RequestFilter(text="FULL_up"), [3]),
        (RequestFilter(text="100%"), [3]),
        (RequestFilter(text="%"), [3]),
        (RequestFilter(text="s-"), [1, 5]),
        (RequestFilter(text="opus s-1"), [1]),
        (RequestFilter(text="opus s-2"), []),
        (RequestFilter(text="   "), [1, 2, 3, 4, 5, 6]),
        (RequestFilter(text="' OR 1=1 --"), []),
        (RequestFilter(model="'; DROP TABLE requests; --"), []),
        (RequestFilter(failed=True, status_min=500), [3]),
    ],
)
def test_a_filter_finds_its_rows(filled: Store, wanted: RequestFilter, numbers: list[int]) -> None:
    assert [row.id for row in filled.requests.list(wanted)] == [record(number).id for number in numbers]


def test_values_never_become_part_of_the_statement() -> None:
    hostile = "'\"; DROP TABLE requests; --*"
    wanted = RequestFilter(text=hostile, endpoint=hostile, model=hostile, session=hostile)
    statement, parameters = where(wanted, after=3)
    assert "DROP" not in statement
    assert statement.count("?") == len(parameters)


def test_every_field_of_a_filter_has_a_condition() -> None:
    values: dict[str, object] = {
        "text": "a", "client_type": ClientType.CODEX, "endpoint": "a", "model": "a", "verdict": Verdict.OK,
        "failed": True,
        "status_min": 0, "status_max": 0, "since": 0.0, "until": 0.0, "session": "a", "stream": False,
    }  # fmt: skip
    assert set(values) == set(RequestFilter.__dataclass_fields__)
    for name, value in values.items():
        assert where(RequestFilter(**{name: value}))[1], name  # type: ignore[arg-type]  # one field of each type
