"""The endpoints that a person has put above all layers with ``cccc use``."""

from __future__ import annotations

from cccc.control.api import Manual
from cccc.domain.endpoint import ClientType


class Choices:
    """At most one for each kind of client and one for all. All times are steady."""

    def __init__(self) -> None:
        self._chosen: tuple[Manual, ...] = ()

    def of(self, client_type: ClientType | None, now: float) -> tuple[Manual, ...]:
        """Those that have not ended and that are for this kind of client; ``None``: for whomever."""
        self._chosen = tuple(one for one in self._chosen if one.until is None or one.until > now)
        return tuple(
            one
            for one in self._chosen
            if client_type is None or one.client_type is None or one.client_type is client_type
        )

    def choose(self, endpoint: str | None, client_type: ClientType | None, seconds: float | None, now: float) -> None:
        """A new choice replaces the old one for the same clients, one for all of them every other; ``None`` ends it."""
        self._chosen = tuple(
            one for one in self._chosen if client_type is not None and one.client_type is not client_type
        )
        if endpoint is not None:
            until = None if seconds is None else now + seconds
            self._chosen = (*self._chosen, Manual(endpoint, client_type, until))
