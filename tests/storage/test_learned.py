from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given

from cccc.domain.health import EndpointHealth
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.storage.conftest import OpenStore
from tests.storage.records import anything

_names = map(str, itertools.count())


def reopened(open_store: OpenStore, store: Store) -> Store:
    store.close()
    return open_store()


def test_facts_survive_a_restart(open_store: OpenStore) -> None:
    store = open_store()
    store.learned.set("auth_style", "alpha", "x-api-key")
    store.learned.set("unsupported", "alpha", ["reasoning", "store"], seconds=60)
    store.learned.set("auth_style", "beta", {"any": ["json", 1, None]})
    again = reopened(open_store, store)
    assert again.learned.get("auth_style", "alpha") == "x-api-key"
    assert again.learned.get("unsupported", "alpha") == ["reasoning", "store"]
    assert again.learned.get("auth_style", "beta") == {"any": ["json", 1, None]}
    assert [fact.subject for fact in again.learned.facts("auth_style")] == ["alpha", "beta"]


def test_facts_expire(store: Store, clock: ManualClock) -> None:
    store.learned.set("topic", "subject", 1, seconds=60)
    clock.advance(59)
    assert store.learned.get("topic", "subject") == 1
    clock.advance(1)
    assert store.learned.get("topic", "subject") is None
    assert store.learned.facts() == ()


def test_a_fact_from_the_future_does_not_outlive_a_corrected_clock(open_store: OpenStore, clock: ManualClock) -> None:
    store = open_store()
    clock.advance(10 * 365 * 86_400)
    store.learned.set("topic", "subject", 1, seconds=60)
    clock.advance(-10 * 365 * 86_400)
    assert store.learned.get("topic", "subject") is None
    assert reopened(open_store, store).learned.get("topic", "subject") is None


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ({"topic": "a"}, {("b", "1")}),
        ({"subject": "1"}, {("a", "2")}),
        ({"topic": "a", "subject": "1"}, {("a", "2"), ("b", "1")}),
        ({}, set()),
    ],
)
def test_facts_are_forgotten(open_store: OpenStore, what: dict[str, str], left: set[tuple[str, str]]) -> None:
    store = open_store()
    for topic, subject in (("a", "1"), ("a", "2"), ("b", "1")):
        store.learned.set(topic, subject, True)
    store.learned.forget(**what)
    for each in (store, reopened(open_store, store)):
        assert {(fact.topic, fact.subject) for fact in each.learned.facts()} == left


def test_what_is_no_json_is_refused_at_once(store: Store) -> None:
    with pytest.raises(TypeError):
        store.learned.set("topic", "subject", b"bytes")
    assert store.learned.get("topic", "subject") is None


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("state"), ManualClock())
    yield store
    store.close()


@given(state=anything(EndpointHealth))
def test_health_survives_a_restart(lasting: Store, state: EndpointHealth) -> None:
    name = next(_names)
    lasting.learned.save_health(name, state)
    lasting.flush()
    seen = Store.read_only(lasting.path.parent, ManualClock())
    assert seen.learned.health()[name] == state
    seen.close()


def test_health_of_a_removed_endpoint_is_forgotten(open_store: OpenStore) -> None:
    store = open_store()
    store.learned.save_health("alpha", EndpointHealth(good_probes=1))
    store.learned.save_health("beta", EndpointHealth())
    store.learned.forget_health("alpha")
    store.learned.forget_health("unheard-of")
    assert set(reopened(open_store, store).learned.health()) == {"beta"}


def test_a_state_that_cannot_be_read_starts_afresh(open_store: OpenStore) -> None:
    store = open_store()
    store.learned.save_health("alpha", EndpointHealth(good_probes=1))
    store.learned._execute("UPDATE health SET state = ?", ('{"breaker": "of another version"}',))
    assert reopened(open_store, store).learned.health() == {}


def test_changes_of_health_wait_for_one_write_together(open_store: OpenStore) -> None:
    store = open_store()
    jobs: list[object] = []
    store.learned._submit = lambda job: jobs.append(job) is None
    for probes in range(100):
        store.learned.save_health("alpha", EndpointHealth(good_probes=probes))
    store.learned.save_health("beta", EndpointHealth(good_probes=1))
    assert len(jobs) == 2


def test_what_is_saved_after_a_removal_is_kept(open_store: OpenStore) -> None:
    store = open_store()
    store.learned.save_health("alpha", EndpointHealth(good_probes=1))
    store.learned.forget_health("alpha")
    store.learned.save_health("alpha", EndpointHealth(good_probes=2))
    assert reopened(open_store, store).learned.health() == {"alpha": EndpointHealth(good_probes=2)}


def test_a_health_whose_write_was_dropped_is_written_with_the_next_change(open_store: OpenStore) -> None:
    store = open_store()
    submit, store.learned._submit = store.learned._submit, lambda _: False
    store.learned.save_health("alpha", EndpointHealth(good_probes=1))
    store.learned._submit = submit
    store.learned.save_health("alpha", EndpointHealth(good_probes=2))
    assert reopened(open_store, store).learned.health() == {"alpha": EndpointHealth(good_probes=2)}
