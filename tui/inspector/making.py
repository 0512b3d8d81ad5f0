"""What takes a while to make, made aside: by a worker, once for what it is made of, and then at hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Run = Callable[[Callable[[], Coroutine[None, None, None]], str], None]
"""Runs work in a group, in place of what that group runs."""


class Making:
    """Results by their purpose. ``run`` starts a worker, ``done`` is called when one has made something."""

    def __init__(self, run: Run, done: Callable[[], None]) -> None:
        self._run = run
        self._done = done
        self._results: dict[str, tuple[object, Any]] = {}
        self._making: dict[str, object] = {}
        self.made = 0
        """How many results there have been."""

    @property
    def quiet(self) -> bool:
        """Whether nothing is being made."""
        return not self._making

    def forget(self) -> None:
        """Nothing that was made is wanted any more."""
        self._results.clear()

    def get(self, what: str, made_of: object, work: Callable[[], Awaitable[T]]) -> T | None:
        """What ``work`` has made of this, ``None`` until it has."""
        known = self._results.get(what)
        if known is not None and known[0] == made_of:
            return known[1]  # type: ignore[no-any-return]
        if self._making.get(what) != made_of:
            self._making[what] = made_of

            async def make() -> None:
                try:
                    self._results[what] = (made_of, await work())
                    self.made += 1
                finally:
                    if self._making.get(what) is made_of:
                        del self._making[what]
                self._done()

            self._run(make, what)
        return None
