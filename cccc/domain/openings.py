"""When an endpoint's breaker was not closed, for as long as a strip of minutes goes back."""

from __future__ import annotations

from collections import deque

from cccc.domain.health import Breaker

_KEPT = 100


class Openings:
    """The newest stretches in which a breaker was open or half-open. Times are seconds of one steady clock."""

    __slots__ = ("_ended", "_since")

    def __init__(self) -> None:
        self._ended: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        self._since: float | None = None

    def note(self, breaker: Breaker, now: float) -> None:
        """Take in the breaker's state as it is from ``now`` on."""
        if breaker is Breaker.CLOSED:
            if self._since is not None:
                self._ended.append((self._since, now))
                self._since = None
        elif self._since is None:
            self._since = now

    def during(self, begin: float, end: float) -> bool:
        """Whether it was open at any moment of this stretch."""
        if self._since is not None and self._since < end:
            return True
        return any(since < end and until > begin for since, until in self._ended)
