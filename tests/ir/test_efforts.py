"""Effort in words and in tokens, as conversion.md has it."""

from __future__ import annotations

import pytest

from cccc.ir.efforts import budget_of_effort, clamped, effort_of, effort_of_budget
from cccc.ir.messages import Effort, Reasoning


@pytest.mark.parametrize(
    ("budget", "effort"),
    [
        (0, Effort.NONE),
        (1_024, Effort.LOW),
        (4_096, Effort.LOW),
        (4_097, Effort.MEDIUM),
        (12_000, Effort.MEDIUM),
        (12_001, Effort.HIGH),
        (24_000, Effort.HIGH),
        (24_001, Effort.XHIGH),
    ],
)
def test_a_budget_as_a_word(budget: int, effort: Effort) -> None:
    assert effort_of_budget(budget) is effort


@pytest.mark.parametrize(
    ("effort", "max_tokens", "budget"),
    [
        (Effort.NONE, None, None),
        (Effort.MINIMAL, None, 1_024),
        (Effort.LOW, 64_000, 4_096),
        (Effort.MEDIUM, 64_000, 8_192),
        (Effort.HIGH, 64_000, 16_384),
        (Effort.XHIGH, 64_000, 32_000),
        (Effort.HIGH, 16_384, 16_383),
        (Effort.HIGH, 1_025, 1_024),
        (Effort.HIGH, 1_024, None),
    ],
)
def test_a_word_as_a_budget_below_the_limit(effort: Effort, max_tokens: int | None, budget: int | None) -> None:
    assert budget_of_effort(effort, max_tokens) == budget


@pytest.mark.parametrize("effort", [each for each in Effort if each not in (Effort.NONE, Effort.MINIMAL)])
def test_a_word_survives_tokens(effort: Effort) -> None:
    budget = budget_of_effort(effort)
    assert budget is not None
    assert effort_of_budget(budget) is effort


@pytest.mark.parametrize(
    ("effort", "available", "nearest"),
    [
        (Effort.XHIGH, {Effort.LOW, Effort.HIGH}, Effort.HIGH),
        (Effort.MINIMAL, {Effort.LOW, Effort.HIGH}, Effort.LOW),
        (Effort.MEDIUM, {Effort.NONE, Effort.HIGH}, Effort.HIGH),
        (Effort.NONE, {Effort.LOW, Effort.MEDIUM}, Effort.LOW),
        (Effort.LOW, {Effort.NONE}, None),
        (Effort.LOW, set(), None),
        (Effort.LOW, set(Effort), Effort.LOW),
    ],
)
def test_the_nearest_that_the_model_has(effort: Effort, available: set[Effort], nearest: Effort | None) -> None:
    assert clamped(effort, available) is nearest


@pytest.mark.parametrize(
    ("reasoning", "effort"),
    [
        (Reasoning(Effort.LOW, budget=30_000), Effort.LOW),
        (Reasoning(budget=30_000), Effort.XHIGH),
        (Reasoning(adaptive=True), None),
        (Reasoning(), None),
    ],
)
def test_the_wish_in_whichever_words(reasoning: Reasoning, effort: Effort | None) -> None:
    assert effort_of(reasoning) is effort
