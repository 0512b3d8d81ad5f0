"""What is known of models by their names: the first row that fits, whoever's prefix stands before the name."""

from __future__ import annotations

import pytest

from cccc.domain.model_facts import ModelFacts, model_facts


@pytest.mark.parametrize(
    ("model", "max_output", "adaptive", "fixed"),
    [
        ("claude-3-5-haiku-20241022", 8_192, False, False),
        ("claude-sonnet-4-20250514", 64_000, False, False),
        ("claude-opus-4-0", 32_000, False, False),
        ("claude-opus-4-1-20250805", 32_000, False, False),
        ("claude-haiku-4-5", 64_000, False, False),
        ("claude-opus-4-6", 128_000, True, False),
        ("claude-sonnet-4-6", 128_000, True, False),
        ("claude-opus-4-8", 128_000, True, True),
        ("claude-sonnet-5", 128_000, True, True),
        ("gpt-4o-mini", 16_384, False, False),
        ("gpt-5.5", 128_000, False, True),
        ("o3-mini", 100_000, False, True),
    ],
)
def test_limits_and_thinking(model: str, max_output: int, adaptive: bool, fixed: bool) -> None:
    facts = model_facts(model)
    assert (facts.max_output, facts.adaptive, facts.fixed_temperature) == (max_output, adaptive, fixed)
    assert model_facts(f"vendor/{model.upper()}") == facts


@pytest.mark.parametrize(
    ("model", "back"), [("deepseek-v4", True), ("kimi-k2-thinking", True), ("kimi-k2-0905", False), ("glm-5", True)]
)
def test_who_wants_reasoning_back(model: str, back: bool) -> None:
    assert model_facts(model).reasoning_back is back


@pytest.mark.parametrize("model", [None, "", "qwen3-coder", "my-claude"])
def test_nothing_is_known_of_others(model: str | None) -> None:
    assert model_facts(model) == ModelFacts()
