"""Verdicts that a client has just had in a stream, for the request without a stream that it sends at once.

Claude Code asks again with ``stream: false`` as soon as an answer ends with an error event. When every endpoint has
just failed, asking all of them once more would only double the load, and the client needs the verdict as an HTTP
status.
Source: resilience.md §12, notes.
"""

from __future__ import annotations

from collections.abc import Hashable

from cccc.clock import Clock
from cccc.domain.answers import Failure
from cccc.domain.telling import Told

KEPT_S = 5.0
"""How long a verdict stands."""

_FINAL = frozenset({Failure.COOLING_DOWN, Failure.ALL_FAILED, Failure.NEEDS_USER, Failure.OUT_OF_QUOTA})
_FINAL |= {Failure.UPSTREAM_ERROR, Failure.UPSTREAM_TIMEOUT, Failure.TOO_BUSY}
"""What another request would meet as well. An answer that broke midway may well succeed elsewhere."""


class RecentVerdicts:
    """What was said last, by who asked for what: a session (or a connection) and a model."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[Hashable, tuple[float, Told]] = {}

    def remember(self, asker: Hashable, told: Told) -> None:
        """A stream has just ended with this verdict."""
        now = self._clock.monotonic()
        self._said = {key: said for key, said in self._said.items() if now - said[0] < KEPT_S}
        if told.failure in _FINAL:
            self._said[asker] = (now, told)

    def recall(self, asker: Hashable) -> Told | None:
        """The verdict that still stands for a request without a stream."""
        at, told = self._said.get(asker, (0.0, None))
        return told if self._clock.monotonic() - at < KEPT_S else None
