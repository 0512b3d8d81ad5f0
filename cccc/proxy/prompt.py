"""How long a client's prompt is, as far as that matters before anybody has counted it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from cccc.ir.estimate import estimated_tokens_of

_BYTES_PER_TOKEN = 2
_SURELY = 0.8
"""An estimate may be too high by a quarter; an endpoint is left out only for what is surely too long."""


def asks_for_long_context(headers: Mapping[str, str]) -> bool:
    """Whether a request has the beta with which Claude Code asks for the larger window."""
    return "context-1m" in headers.get("anthropic-beta", "")


class Prompt:
    """The prompt of one request: its body, parsed and not. ``long_context``: the client asked for the larger window."""

    def __init__(self, size: int, body: object, *, long_context: bool = False) -> None:
        self._size = size
        self._body = body
        self.long_context = long_context

    @cached_property
    def tokens(self) -> int:
        """An estimate."""
        return estimated_tokens_of(self._body)

    def at_least(self, smallest_window: int) -> int | None:
        """The tokens that it surely has; ``None`` where so few bytes fit into any context anyway."""
        return None if self._size < smallest_window * _BYTES_PER_TOKEN else int(self.tokens * _SURELY)

    def context_of(self, model: str | None) -> str | None:
        """The name under which a model's context is remembered: with the larger window it is another one."""
        return f"{model}[1m]" if model is not None and self.long_context else model


NO_PROMPT = Prompt(0, None)
"""For a ranking without a request."""
