"""Tokens in OpenAI's convention: the input includes what was cached, the output the reasoning."""

from __future__ import annotations

from typing import Any

from cccc.domain.usage import Usage
from cccc.ir import json


def decode_usage(usage: dict[str, Any]) -> Usage:
    """The ``usage`` object of a response."""
    details = json.obj(usage.get("input_tokens_details"))
    read, write = json.count(details.get("cached_tokens")), json.count(details.get("cache_write_tokens"))
    return Usage(
        input=max(0, json.count(usage.get("input_tokens")) - read - write),
        cache_read=read,
        cache_write=write,
        output=json.count(usage.get("output_tokens")),
        reasoning=json.count(json.obj(usage.get("output_tokens_details")).get("reasoning_tokens")),
    )


def encode_usage(usage: Usage) -> dict[str, Any]:
    """All three totals and both details, which strict clients ask for even where they are zero."""
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.output,
    }
