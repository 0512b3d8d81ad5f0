"""What a conversion could not carry over. Conversion is honest about its price: losses go into the request log."""

from __future__ import annotations

from cccc.domain.loss import Loss

__all__ = ["Loss", "Losses"]


class Losses:
    """Collects what one conversion loses. The same loss at several places is several losses."""

    def __init__(self) -> None:
        self._all: list[Loss] = []

    def add(self, path: str, what: str, why: str) -> None:
        """Something is dropped."""
        self._all.append(Loss(path, what, why))

    @property
    def all(self) -> tuple[Loss, ...]:
        """In the order in which they were found."""
        return tuple(self._all)
