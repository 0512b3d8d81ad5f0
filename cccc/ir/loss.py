"""What a conversion could not carry over. Conversion is honest about its price: losses go into the request log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """``path`` is where it stood in the client's request (``messages[3].content[0].cache_control``), ``what`` is lost.

    ``what`` is a field's or a thing's name and the same for every request that loses it, so that losses can be counted
    (``cache_control``, ``thinking signature``); ``why`` completes a sentence (``OpenAI Chat has no counterpart``).
    """

    path: str
    what: str
    why: str


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
