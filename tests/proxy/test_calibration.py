"""Estimates drawn towards what endpoints report, by endpoint and model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.health import EndpointHealth
from cccc.proxy.calibration import MOST_MODELS, TOPIC, Calibration


class Facts:
    """Implements ``Memory`` for facts."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Any] = {}

    def health(self) -> dict[str, EndpointHealth]:
        return {}

    def save_health(self, endpoint: str, state: EndpointHealth) -> None: ...

    def get(self, topic: str, subject: str) -> Any:
        return self.kept.get((topic, subject))

    def set(self, topic: str, subject: str, value: Any, *, seconds: float | None = None) -> None:
        assert seconds is not None
        self.kept[topic, subject] = value

    def forget(self, *, topic: str | None = None, subject: str | None = None) -> None: ...


@given(st.floats(0.2, 5.0), st.lists(st.floats(0.95, 1.05), min_size=20, max_size=20))
def test_within_a_tenth_after_twenty_turns(ratio: float, noise: list[float]) -> None:
    known = Calibration(Facts())
    for each in noise:
        known.counted("it", "m", 10_000, round(10_000 * ratio * each))
    assert known.tokens("it", "m", 10_000) == pytest.approx(10_000 * ratio, rel=0.1)


def test_a_change_is_followed() -> None:
    known = Calibration(Facts())
    for tokens in [1_000] * 20 + [2_000] * 20:
        known.counted("it", "m", 1_000, tokens)
    assert known.tokens("it", "m", 1_000) == pytest.approx(2_000, rel=0.1)


def test_others_are_not_touched_and_restarts_are_survived() -> None:
    facts = Facts()
    Calibration(facts).counted("it", "m", 1_000, 1_500)
    again = Calibration(facts)
    assert again.tokens("it", "m", 1_000) == 1_500
    assert again.tokens("it", "other", 1_000) == again.tokens("other", "m", 1_000) == 1_000


def test_short_prompts_and_absurd_reports_teach_little() -> None:
    facts = Facts()
    known = Calibration(facts)
    known.counted("it", "m", 50, 500)
    known.counted("it", "m", 1_000, 0)
    assert facts.kept == {}
    known.counted("it", "m", 1_000, 10**9)
    assert known.tokens("it", "m", 1_000) == 10_000


def test_what_another_version_left_is_no_harm() -> None:
    facts = Facts()
    facts.kept[TOPIC, "it"] = {"m": "much", "n": -1, "o": 2}
    known = Calibration(facts)
    assert [known.tokens("it", model, 100) for model in "mno"] == [100, 100, 200]
    facts.kept[TOPIC, "it"] = ["nothing"]
    assert known.tokens("it", "m", 100) == 100


def test_models_are_bounded_the_latest_stay() -> None:
    facts = Facts()
    known = Calibration(facts)
    for number in range(MOST_MODELS + 5):
        known.counted("it", f"m{number}", 1_000, 2_000)
    assert len(facts.kept[TOPIC, "it"]) == MOST_MODELS
    assert known.tokens("it", "m0", 100) == 100


def test_every_early_turn_is_wanted_and_later_one_in_ten() -> None:
    known = Calibration(Facts())
    wanted = [known.wants("it", "m") for _ in range(100)]
    assert all(wanted[:20])
    assert sum(wanted[20:]) == 8
