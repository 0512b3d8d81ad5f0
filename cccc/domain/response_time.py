"""The moving average behind layer 4 (interface: Ranking facts)."""

from __future__ import annotations

from dataclasses import dataclass

WEIGHT = 0.3
"""Share of the newest measurement in the mean."""

FORGOTTEN_AFTER = 30 * 60.0
"""Seconds without a measurement after which the mean says nothing about now."""


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """Exponentially weighted mean of an endpoint's response times: ``ms`` milliseconds, measured last at ``at``."""

    ms: float
    at: float

    def current(self, now: float) -> float | None:
        """The mean, or ``None`` when it is forgotten."""
        return self.ms if now - self.at <= FORGOTTEN_AFTER else None


def measured(before: ResponseTime | None, ms: float, now: float) -> ResponseTime:
    """The mean after one more measurement; a forgotten one starts anew."""
    known = before.current(now) if before is not None else None
    return ResponseTime(ms if known is None else known + WEIGHT * (ms - known), now)
