"""``usage`` in Anthropic's convention: ``input_tokens`` excludes what was read from and written to the cache."""

from __future__ import annotations

from typing import Any

from cccc.domain.usage import Usage
from cccc.ir import json


def usage_of(usage: dict[str, Any]) -> Usage:
    """What a ``usage`` object says."""
    return Usage(
        input=json.count(usage.get("input_tokens")),
        cache_read=json.count(usage.get("cache_read_input_tokens")),
        cache_write=json.count(usage.get("cache_creation_input_tokens")),
        output=json.count(usage.get("output_tokens")),
        reasoning=json.count(json.obj(usage.get("output_tokens_details")).get("thinking_tokens")),
    )


def later_usage(old: Usage | None, usage: dict[str, Any]) -> Usage:
    """``old`` after a later report of the same stream.

    Relays announce an estimate of the prompt and tell the truth at the end; Anthropic repeats only the output.
    """
    new, old = usage_of(usage), old or Usage()
    prompt = new if new.prompt else old
    return Usage(prompt.input, prompt.cache_read, prompt.cache_write, max(old.output, new.output), new.reasoning)


def usage_body(usage: Usage) -> dict[str, Any]:
    """A ``usage`` object for the client."""
    thought = {"output_tokens_details": {"thinking_tokens": usage.reasoning}} if usage.reasoning else {}
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
        **thought,
    }
