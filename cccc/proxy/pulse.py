"""How busy the proxy is and how well it goes right now, for a line that is drawn four times a second."""

from __future__ import annotations

from collections import deque

SHARE_S = 300.0
_RATE_S = 60.0
_MOST = 10_000


class Pulse:
    """The turns that ended lately. Times are seconds of one steady clock."""

    __slots__ = ("_ended",)

    def __init__(self) -> None:
        self._ended: deque[tuple[float, bool]] = deque(maxlen=_MOST)

    def note(self, now: float, *, error: bool) -> None:
        """A turn has ended."""
        self._ended.append((now, error))

    def per_minute(self, now: float) -> int:
        """How many ended within the last minute."""
        return sum(ended > now - _RATE_S for ended, _ in self._ended)

    def error_share(self, now: float) -> float | None:
        """Which part of those of the last five minutes went wrong at the endpoints; ``None`` where there were none."""
        while self._ended and self._ended[0][0] <= now - SHARE_S:
            self._ended.popleft()
        return sum(error for _, error in self._ended) / len(self._ended) if self._ended else None
