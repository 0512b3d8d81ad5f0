"""A stream played again at its own pace or faster: how far it is at every moment of a clock.

The streams are shown as if it were then: what had not come yet is not there. Whoever plays asks for the position as
often as it draws.
"""

from __future__ import annotations

from collections.abc import Callable

from tui import format as fmt

SPEEDS = (1, 4, 16)


class Playback:
    """From ``begin_ms`` to ``end_ms``, milliseconds since the request. ``clock`` gives monotonic seconds."""

    def __init__(self, begin_ms: float, end_ms: float, clock: Callable[[], float]) -> None:
        self.end_ms = end_ms
        self.playing = True
        self.speed = SPEEDS[0]
        self._clock = clock
        self._at_ms = begin_ms
        self._since = clock()

    @property
    def position_ms(self) -> float:
        """How far it is."""
        played = (self._clock() - self._since) * 1000.0 * self.speed if self.playing else 0.0
        return min(self.end_ms, self._at_ms + played)

    @property
    def over(self) -> bool:
        """Whether everything has been shown."""
        return self.position_ms >= self.end_ms

    def pause(self) -> None:
        """Stop where it is, or go on from there."""
        self._stand()
        self.playing = not self.playing

    def change_speed(self, by: int) -> None:
        """So many steps faster or, with a negative number, slower."""
        self._stand()
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, SPEEDS.index(self.speed) + by))]

    def _stand(self) -> None:
        """Count from here and now."""
        self._at_ms, self._since = self.position_ms, self._clock()

    def said(self) -> str:
        """What it does, for the border: ``playing x4  +1 234 of 9 662 ms``."""
        word = "playing" if self.playing else "paused"
        return f"{word} x{self.speed}  +{fmt.count(round(self.position_ms))} of {fmt.count(round(self.end_ms))} ms"
