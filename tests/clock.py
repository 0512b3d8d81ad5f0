"""A clock that stands still until a test moves it."""

from __future__ import annotations


class ManualClock:
    """All clocks start at a fixed time and advance together, except where a test sets the wall clock."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._steady = now
        self._monotonic = 1000.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def steady(self) -> float:
        return self._steady

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._steady += seconds
        self._monotonic += seconds

    def set_wall(self, now: float) -> None:
        """Somebody sets the wall clock: nothing else moves."""
        self._now = now

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: its monotonic clock stands still meanwhile."""
        self._now += seconds
        self._steady += seconds
