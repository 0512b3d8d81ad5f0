"""Time as a value that is passed in, so that tests can move it.

``now`` is wall time (seconds since the epoch) for what is stored or shown; ``monotonic`` measures durations.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where the program reads the time."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()
