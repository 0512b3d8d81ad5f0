"""Tokens of a turn, in one convention: the five kinds never overlap.

Anthropic counts cache reads and writes beside ``input_tokens``; OpenAI counts cached tokens inside its prompt
tokens and reasoning inside its completion tokens. Each format converts to and from this neutral form.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one turn.

    ``input`` are uncached prompt tokens; ``cache_read`` and ``cache_write`` the cached rest of the prompt;
    ``output`` all generated tokens, of which ``reasoning`` were not shown. ``estimated`` marks our own guess.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    estimated: bool = False

    @property
    def prompt(self) -> int:
        """All tokens that went in, cached or not."""
        return self.input + self.cache_read + self.cache_write

    def merged(self, newer: Usage) -> Usage:
        """Combine with a later report of the same turn: reports are cumulative, so the larger figure stands."""
        return Usage(
            input=max(self.input, newer.input),
            cache_read=max(self.cache_read, newer.cache_read),
            cache_write=max(self.cache_write, newer.cache_write),
            output=max(self.output, newer.output),
            reasoning=max(self.reasoning, newer.reasoning),
            estimated=self.estimated and newer.estimated,
        )


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens of one model."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None


def cost_usd(usage: Usage, price: Price) -> float:
    """What a turn cost. Cache kinds without a price of their own cost as much as uncached input."""
    read = price.input if price.cache_read is None else price.cache_read
    write = price.input if price.cache_write is None else price.cache_write
    total = (
        usage.input * price.input + usage.cache_read * read + usage.cache_write * write + usage.output * price.output
    )
    return total / 1_000_000
