"""Which endpoint holds the warm prompt cache of which session (routing.md: Warm sessions)."""

from __future__ import annotations

from collections import OrderedDict

FORGOTTEN_AFTER = 3_600.0
"""Seconds after the last completed turn of a session."""

CAPACITY = 10_000
"""Sessions remembered at most; the longest unused goes first."""


class WarmSessions:
    """Session key -> endpoint that completed its last turn. Times are steady, in seconds."""

    def __init__(self) -> None:
        self._bound: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def endpoint(self, session: str | None, now: float) -> str | None:
        """The endpoint where the session is warm, or ``None``."""
        if session is None or (bound := self._bound.get(session)) is None:
            return None
        name, at = bound
        if now - at > FORGOTTEN_AFTER:
            del self._bound[session]
            return None
        return name

    def completed(self, session: str | None, endpoint: str, now: float) -> None:
        """A turn of the session was completed by ``endpoint``."""
        if session is None:
            return
        self._bound[session] = (endpoint, now)
        self._bound.move_to_end(session)
        if len(self._bound) > CAPACITY:
            self._bound.popitem(last=False)

    def forget(self, endpoint: str) -> None:
        """An endpoint is gone: its sessions are warm nowhere."""
        for session in [key for key, (name, _) in self._bound.items() if name == endpoint]:
            del self._bound[session]
