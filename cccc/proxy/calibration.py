"""How far our estimates of prompts are off, by endpoint and model: learned from the tokens that real turns reported.

Every vendor counts differently, so an estimate is multiplied by the ratio that the endpoint's own reports have shown.
"""

from __future__ import annotations

from collections import Counter

from cccc.ir import json
from cccc.proxy.memory import Memory

TOPIC = "tokens_per_estimate"
"""Topic of the learned facts; its subjects are endpoints."""

WEIGHT = 0.2
"""Of the newest turn in the moving mean of ratios."""

KEPT_S = 30 * 86_400.0
MOST_MODELS = 50

_LEAST_TOKENS = 200
"""Shorter prompts say more about what every request carries than about how text is counted."""

_ALL_OF_THE_FIRST = 20

_PLAUSIBLE = (0.1, 10.0)


class Calibration:
    """Endpoint and model -> tokens reported per token estimated."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._turns: Counter[tuple[str, str]] = Counter()

    def wants(self, endpoint: str, model: str | None) -> bool:
        """Whether the next turn should be counted: each of the first, later one in ten, since estimating takes time."""
        key = (endpoint, model or "")
        self._turns[key] += 1
        return self._turns[key] <= _ALL_OF_THE_FIRST or self._turns[key] % 10 == 0

    def tokens(self, endpoint: str, model: str | None, estimate: int) -> int:
        """An estimate as this endpoint would count it."""
        return max(1, round(estimate * self._ratios(endpoint).get(model or "", 1.0)))

    def counted(self, endpoint: str, model: str | None, estimate: int, tokens: int) -> None:
        """A turn that was estimated so had so many tokens."""
        if estimate < _LEAST_TOKENS or tokens <= 0:
            return
        least, most = _PLAUSIBLE
        seen = min(max(tokens / estimate, least), most)
        ratios = self._ratios(endpoint)
        name = model or ""
        known = ratios.pop(name, seen)
        ratios[name] = round(known + WEIGHT * (seen - known), 4)
        kept = dict(list(ratios.items())[-MOST_MODELS:])
        self._memory.set(TOPIC, endpoint, kept, seconds=KEPT_S)

    def _ratios(self, endpoint: str) -> dict[str, float]:
        found = json.obj(self._memory.get(TOPIC, endpoint))
        return {name: float(ratio) for name, ratio in found.items() if isinstance(ratio, int | float) and ratio > 0}
