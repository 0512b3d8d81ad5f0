"""Time as a value that is passed in, so that tests can move it.

``now`` is wall time (seconds since the epoch) for what is stored or shown; ``monotonic`` measures durations;
``steady`` is for what must end after a while in the world outside, however the wall clock is set meanwhile.
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

    def steady(self) -> float:
        """Wall time as it was when the clock was made, and the seconds since then.

        It does not jump with the wall clock, and it does not stand still while the machine sleeps.
        """
        ...


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self._begun = time.time() - time.clock_gettime(_SLEEPLESS)

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def steady(self) -> float:
        return self._begun + time.clock_gettime(_SLEEPLESS)


# Linux stops CLOCK_MONOTONIC in its sleep and has CLOCK_BOOTTIME; the others' CLOCK_MONOTONIC goes on.
_SLEEPLESS = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
