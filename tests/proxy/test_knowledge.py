"""What is kept of endpoints, sessions and responses: bounded, with an end, unharmed by what another version left."""

from __future__ import annotations

from typing import Any

import pytest

from cccc.domain.endpoint import Endpoint, WireFormat
from cccc.domain.health import EndpointHealth
from cccc.proxy import holders, signatures
from cccc.proxy.holders import Holders
from cccc.proxy.learning import TOPIC, Learning
from cccc.proxy.remedies import WEEK, Kind, Remedy
from cccc.proxy.signatures import Signatures
from tests.clock import ManualClock

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
BASE = Endpoint("e", {C: "https://e/v1", R: "https://e/v1"})
OTHER = Endpoint("o", {A: "https://o/v1/messages"})
SAME_HOST = Endpoint("o2", {A: "https://o/v1/messages"})
STORE = Remedy(Kind.WITHOUT, "store")


class Dict:
    """A memory that forgets nothing by itself."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, str], Any] = {}

    def health(self) -> dict[str, EndpointHealth]:
        return {}

    def save_health(self, endpoint: str, state: EndpointHealth) -> None:
        raise NotImplementedError

    def get(self, topic: str, subject: str) -> Any:
        return self.facts.get((topic, subject))

    def set(self, topic: str, subject: str, value: Any, *, seconds: float | None = None) -> None:
        self.facts[topic, subject] = value

    def forget(self, *, topic: str | None = None, subject: str | None = None) -> None:
        self.facts = {
            key: value
            for key, value in self.facts.items()
            if topic not in (None, key[0]) or subject not in (None, key[1])
        }


@pytest.fixture
def memory() -> Dict:
    return Dict()


def test_a_cure_holds_for_its_format_and_where_it_is_about_one_for_its_model(memory: Dict, clock: ManualClock) -> None:
    learning = Learning(clock, memory)
    learning.cured(BASE, C, "m", [STORE, Remedy(Kind.AT_MOST, "max_tokens", "10"), Remedy(Kind.SHORTER, "x", "1")])
    assert learning.remedies(BASE, C, "m") == (STORE, Remedy(Kind.AT_MOST, "max_tokens", "10"))
    assert learning.remedies(BASE, C, "n") == (STORE,)
    assert learning.remedies(BASE, R, "m") == ()
    assert learning.remedies(OTHER, C, "m") == ()


def test_the_newer_bound_replaces_the_older(memory: Dict, clock: ManualClock) -> None:
    learning = Learning(clock, memory)
    for bound in ("20", "10"):
        learning.cured(BASE, C, "m", [Remedy(Kind.AT_MOST, "max_tokens", bound)])
    assert learning.remedies(BASE, C, "m") == (Remedy(Kind.AT_MOST, "max_tokens", "10"),)


def test_lessons_end_each_at_its_own_time(memory: Dict, clock: ManualClock) -> None:
    learning = Learning(clock, memory)
    learning.cured(BASE, C, "m", [STORE])
    clock.advance(WEEK / 2)
    learning.cured(BASE, C, "m", [Remedy(Kind.WITHOUT, "user"), Remedy(Kind.KEY_HEADER, "x-api-key")])
    clock.advance(WEEK / 2)
    assert Learning(clock, memory).remedies(BASE, C, "m") == (
        Remedy(Kind.WITHOUT, "user"),
        Remedy(Kind.KEY_HEADER, "x-api-key"),
    )
    clock.advance(10 * WEEK)
    assert learning.remedies(BASE, C, "m") == (Remedy(Kind.KEY_HEADER, "x-api-key"),)
    clock.advance(-100 * WEEK)
    assert learning.remedies(BASE, C, "m") == (Remedy(Kind.KEY_HEADER, "x-api-key"),), "a corrected clock frees it too"


def test_lessons_are_bounded_and_can_be_forgotten(memory: Dict, clock: ManualClock) -> None:
    learning = Learning(clock, memory)
    learning.cured(BASE, C, "m", [Remedy(Kind.WITHOUT, f"p{number}") for number in range(500)])
    assert len(learning.remedies(BASE, C, "m")) == 100
    learning.forget("e")
    assert learning.remedies(BASE, C, "m") == Learning(clock, memory).remedies(BASE, C, "m") == ()


@pytest.mark.parametrize(
    "value",
    [None, 7, "x", {}, [7], [["without"]], [["no such kind", "", "", "", "", None]],
     [["at_most", "a", "b", "", "", None]],
     [["without", "store", "", "", "", "soon"]]],
)  # fmt: skip
def test_what_another_version_left_is_passed_over(memory: Dict, clock: ManualClock, value: Any) -> None:
    memory.set(TOPIC, "e", value)
    assert Learning(clock, memory).remedies(BASE, C, "m") == ()
    assert Learning(clock, memory).known(BASE, "m") is BASE


def test_only_an_open_question_is_answered_by_what_was_learned(memory: Dict, clock: ManualClock) -> None:
    learning = Learning(clock, memory)
    told = Endpoint("e", BASE.urls, context_window=5_000, count_tokens_enabled=True)
    learning.takes_at_most(BASE, "m", 100_000)
    learning.takes_at_most(BASE, "m", 20)
    learning.counts_no_tokens(BASE)
    known = learning.known(BASE, "m")
    assert (known.context_window, known.count_tokens_enabled) == (100_000, False)
    assert learning.known(BASE, "n").context_window is None
    assert learning.known(told, "m") is told


def test_a_missing_path_is_a_lesson_only_of_a_base_that_may_speak_the_other_api(
    memory: Dict, clock: ManualClock
) -> None:
    learning = Learning(clock, memory)
    assert not learning.lacks(OTHER, A)
    assert not learning.lacks(Endpoint("full", {C: "https://f/v1/chat/completions"}), C)
    assert learning.lacks(BASE, R)
    assert set(learning.known(BASE, "m").urls) == {C}
    assert not learning.lacks(BASE, C), "it must speak something"
    spoken = Endpoint("spoken", BASE.urls)
    learning.speaks(spoken, R)
    assert not learning.lacks(spoken, R), "it has answered there before"


def test_signatures_are_foreign_to_everybody_but_their_signer(memory: Dict) -> None:
    known = Signatures(memory)
    known.signed("s", ["a", "b"], OTHER, A)
    assert known.foreign("s", OTHER, A) == known.foreign("s", SAME_HOST, A) == frozenset()
    elsewhere = Endpoint("e2", {A: "https://elsewhere/v1"})
    assert known.foreign("s", elsewhere, A) == Signatures(memory).foreign("s", elsewhere, A) == {"a", "b"}
    assert known.foreign("t", elsewhere, A) == known.foreign(None, elsewhere, A) == frozenset()
    known.refused("s", ["a", "c"], OTHER, A)
    assert known.foreign("s", OTHER, A) == {"a", "c"}
    assert known.foreign("s", elsewhere, A) == {"b"}


def test_signatures_are_bounded(memory: Dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "MOST_SESSIONS", 3)
    monkeypatch.setattr(signatures, "MOST_OF_A_SESSION", 2)
    known = Signatures(memory)
    for session in "abcde":
        known.signed(session, [f"{session}{number}" for number in range(5)], OTHER, A)
    assert sorted(subject for _, subject in memory.facts) == ["c", "d", "e"]
    assert known.foreign("e", BASE, R) == {"e3", "e4"}


def test_holders_are_bounded(memory: Dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "CAPACITY", 2)
    held = Holders(memory)
    for number in range(4):
        held.stored(f"resp_{number}", "e")
    assert [held.endpoint(f"resp_{number}") for number in range(4)] == [None, None, "e", "e"]
    assert held.endpoint(None) is None
