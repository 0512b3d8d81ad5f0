"""The prompt is longer than the model's context: recognising how vendors say so, and saying it so that clients act.

Claude Code starts its compaction on one exact sentence, Codex on one exact code; both ignore every other wording
(conversion.md, "What the real clients add"). Each row below is one vendor's wording with the numbers it gives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cccc.domain.answers import Audience

OVERFLOW_WORDS = frozenset({"context_length_exceeded", "model_context_window_exceeded", "exceed_context_size_error"})
"""Error types and codes that mean the same."""

_TOKENS = r"(?P<tokens>\d[\d,]*)"
_MAXIMUM = r"(?P<maximum>\d[\d,]*)"

_WORDINGS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        # Anthropic
        rf"prompt is too long: {_TOKENS} tokens > {_MAXIMUM}",
        rf"input length and `?max_tokens`? exceed context limit: {_TOKENS} \+ (?P<reserved>\d[\d,]*) > {_MAXIMUM}",
        # Fireworks
        rf"prompt is too long: {_TOKENS}\D+{_MAXIMUM}",
        r"prompt is too long",
        # OpenAI Chat, DeepSeek, vLLM, OpenRouter
        rf"maximum context length is {_MAXIMUM} tokens.{{0,60}}?(?:resulted in|requested(?: about)?|has) {_TOKENS}",
        rf"maximum context length (?:is|of) {_MAXIMUM}",
        # OpenAI Responses
        r"exceeds? the context window of this model",
        # Google
        rf"input token count \(?{_TOKENS}\)? exceeds the maximum number of tokens allowed \(?{_MAXIMUM}",
        # Moonshot
        rf"exceeded model token limit: {_MAXIMUM} \(requested: {_TOKENS}\)",
        r"exceeded model token limit",
        # Zhipu
        r"prompt exceeds max length",
        # Alibaba
        rf"range of input length should be \[\d+, {_MAXIMUM}\]",
        # MiniMax
        r"context window exceeds limit",
        # Mistral
        rf"prompt contains {_TOKENS} tokens.{{0,40}}?too large for model with {_MAXIMUM} maximum context",
        # xAI
        rf"maximum prompt length is {_MAXIMUM} but the request contains {_TOKENS}",
        # GitHub
        rf"prompt token count of {_TOKENS} exceeds the limit of {_MAXIMUM}",
        # Amazon
        r"input is too long for (?:the )?requested model",
        # llama.cpp, LM Studio, Ollama
        rf"\({_TOKENS} tokens\) exceeds the available context size \({_MAXIMUM} tokens\)",
        r"exceeds the available context size",
        rf"context length of only {_MAXIMUM} tokens",
        r"input length exceeds the context length",
        # everybody else
        r"context[ _](?:length|window|size|limit)(?: is| was)? exceeded",
        r"exceed(?:s|ed|ing)? (?:the |this )?(?:model'?s? )?(?:maximum )?context (?:length|window|size|limit)",
    )
)


@dataclass(frozen=True, slots=True)
class Overflow:
    """How far a prompt goes beyond what the model takes, in tokens; ``None`` where the vendor does not say.

    ``reserved`` are those asked for the answer, where it is both together that do not fit.
    """

    tokens: int | None = None
    maximum: int | None = None
    reserved: int | None = None

    def completed(self, estimate: int, window: int | None) -> Overflow:
        """With what the vendor left out: an estimate of the prompt, and the context as far as it is known.

        Clients act on the difference, so where nobody knows the context it is taken to be a tenth too small.
        """
        tokens = self.tokens or max(estimate, (self.maximum or 0) + 1)
        maximum = self.maximum or window or tokens * 9 // 10
        return replace(self, tokens=tokens, maximum=maximum)


def overflow(message: str) -> Overflow | None:
    """Read an error's wording; ``None`` where it is about something else."""
    for wording in _WORDINGS:
        found = wording.search(message)
        if found is not None:
            numbers = found.groupdict()
            return Overflow(*(_count(numbers.get(name)) for name in ("tokens", "maximum", "reserved")))
    return None


def overflow_message(audience: Audience, tokens: int | None, maximum: int | None, reserved: int | None = None) -> str:
    """The wording that ``audience`` acts on. It goes out exactly so, without our prefix."""
    if audience is Audience.ANTHROPIC:
        if tokens is not None and maximum is not None and reserved is not None and tokens <= maximum:
            return (  # Claude Code then asks for a shorter answer instead of giving up its past
                f"input length and `max_tokens` exceed context limit: {tokens} + {reserved} > {maximum}, "
                "decrease input length or `max_tokens` and try again"
            )
        if tokens is None or maximum is None:
            return "prompt is too long"
        # Claude Code takes the difference as what it must drop: it has to be positive.
        return f"prompt is too long: {max(tokens, maximum + 1)} tokens > {maximum} maximum"
    if maximum is None:
        return "Your input exceeds the context window of this model. Please adjust your input and try again."
    asked = "" if tokens is None else f" However, your messages resulted in {tokens} tokens."
    return f"This model's maximum context length is {maximum} tokens.{asked} Please reduce the length of the messages."


def _count(digits: str | None) -> int | None:
    return None if digits is None else int(digits.replace(",", ""))
