"""What models are known for: rows that other rows must not swallow, and names in every spelling."""

from __future__ import annotations

from typing import Any

import pytest

from cccc.domain.model_facts import ModelFacts, model_facts


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("claude-opus-4-8", {"max_output": 128_000, "adaptive": True, "fixed_temperature": True}),
        ("claude-sonnet-5", {"adaptive": True, "fixed_temperature": True}),
        ("claude-sonnet-4-6", {"adaptive": True, "fixed_temperature": False}),
        ("claude-sonnet-4-5-20250929", {"max_output": 64_000, "adaptive": False}),
        ("anthropic/claude-sonnet-4.5", {"max_output": 64_000, "adaptive": False, "fixed_temperature": False}),
        ("claude-opus-4-0", {"max_output": 32_000, "adaptive": False}),
        ("claude-3.5-haiku", {"max_output": 8_192}),
        ("anthropic/claude-haiku-4-5", {"max_output": 64_000}),
        ("claude-opus-4-20250514", {"max_output": 32_000}),
        ("gpt-5", {"fixed_temperature": True, "efforts": frozenset({"minimal", "low", "medium", "high"})}),
        ("gpt-5-codex", {"efforts": frozenset({"low", "medium", "high"})}),
        ("gpt-5.1", {"efforts": frozenset({"none", "low", "medium", "high"})}),
        ("gpt-5.5-2026-04-23", {"efforts": frozenset({"none", "low", "medium", "high", "xhigh"})}),
        ("gpt-5.2-chat-latest", {"efforts": frozenset({"medium"})}),
        ("openai/gpt-4o-mini", {"fixed_temperature": False, "efforts": frozenset()}),
        ("o3-mini", {"fixed_temperature": True}),
        ("moonshotai/Kimi-K2-Thinking", {"reasoning_back": True, "fixed_temperature": False}),
        ("kimi-k2-0905-preview", {"reasoning_back": False, "fixed_temperature": False}),
        ("kimi-k2.5", {"reasoning_back": True, "fixed_temperature": True}),
        ("deepseek-chat", {"reasoning_back": False}),
        ("deepseek-reasoner", {"reasoning_back": True}),
        ("glm-4.6", {"reasoning_back": True}),
        ("MiniMax-M2", {"reasoning_back": True}),
    ],
)
def test_known_models(model: str, known: dict[str, Any]) -> None:
    facts = model_facts(model)
    assert {name: getattr(facts, name) for name in known} == known


@pytest.mark.parametrize("model", [None, "", "llama-4", "gpt-oss-120b", "omni"])
def test_models_of_which_nothing_is_known(model: str | None) -> None:
    assert model_facts(model) == ModelFacts()
