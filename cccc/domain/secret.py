"""A key that does not print itself."""

from __future__ import annotations

import hmac


class Secret:
    """Holds a key. ``repr`` and ``str`` show a mask, with the last four characters of long keys only."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself: only for the header that carries it to its own endpoint."""
        return self._value

    @property
    def masked(self) -> str:
        """What a person may see of it."""
        return f"…{self._value[-4:]}" if len(self._value) >= 20 else "…"

    def matches(self, candidate: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._value.encode(), candidate.encode("utf-8", "surrogateescape"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("cccc.Secret", self._value))

    def __repr__(self) -> str:
        return f"Secret({self.masked})"
