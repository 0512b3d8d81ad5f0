"""How hard to think, between the formats that say it in words and the one that says it in tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from cccc.ir.messages import Effort, Reasoning

LEAST_BUDGET = 1_024
"""Anthropic takes no smaller one. Source: the API reference, ``thinking.budget_tokens``."""

EFFORT_WORDS: Mapping[str, Effort] = MappingProxyType(
    {**{effort.value: effort for effort in Effort}, "max": Effort.XHIGH}
)
"""OpenAI's words for them, and one that clients of other vendors use."""

_UP_TO = ((4_096, Effort.LOW), (12_000, Effort.MEDIUM), (24_000, Effort.HIGH))

_BUDGETS = {
    Effort.MINIMAL: LEAST_BUDGET,
    Effort.LOW: 4_096,
    Effort.MEDIUM: 8_192,
    Effort.HIGH: 16_384,
    Effort.XHIGH: 32_000,
}


def effort_of_budget(budget: int) -> Effort:
    """The word for so many tokens; none at all is ``NONE``."""
    if budget <= 0:
        return Effort.NONE
    return next((effort for most, effort in _UP_TO if budget <= most), Effort.XHIGH)


def budget_of_effort(effort: Effort, max_tokens: int | None = None) -> int | None:
    """The tokens for a word, always below ``max_tokens``. ``None``: no thinking, or no room for it."""
    budget = _BUDGETS.get(effort)
    if budget is None or max_tokens is None or budget < max_tokens:
        return budget
    return max_tokens - 1 if max_tokens > LEAST_BUDGET else None


def clamped(effort: Effort, available: Collection[Effort]) -> Effort | None:
    """The available effort nearest to this one: the next lower that still thinks, else the next higher.

    ``None`` where nothing is available. Not to think becomes the least thinking there is.
    """
    if effort in available:
        return effort
    order = [each for each in Effort if each in available and each is not Effort.NONE]
    lower = [each for each in order if _rank(each) < _rank(effort)]
    return lower[-1] if lower else order[0] if order else None


def effort_of(reasoning: Reasoning) -> Effort | None:
    """The effort that a request asks for, in whichever way it says so; ``None`` where it leaves that to the model."""
    if reasoning.effort is not None:
        return reasoning.effort
    return None if reasoning.budget is None else effort_of_budget(reasoning.budget)


def _rank(effort: Effort) -> int:
    return list(Effort).index(effort)
