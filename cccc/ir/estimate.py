"""How many tokens a request or an answer probably has, for where nobody counts them."""

from __future__ import annotations

import orjson

from cccc.domain.usage import Usage
from cccc.ir import json
from cccc.ir.messages import Reply, ToolCall

CHARACTERS_PER_TOKEN = 3.6
"""Of English prose and code mixed, as the vendors' tokenizers cut it."""

IMAGE_TOKENS = 1_500
"""About what an image of common size costs."""

CHARACTERS_PER_WRITTEN_TOKEN = 4
"""Of what a model writes."""

_IMAGES = frozenset({"image", "image_url", "input_image"})


def estimated_tokens(body: bytes) -> int:
    """A guess for a request body of any format, at least 1. Whatever is not JSON is counted as text."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return max(1, round(len(body) / CHARACTERS_PER_TOKEN))
    return estimated_tokens_of(value)


def estimated_tokens_of(value: object) -> int:
    """The same for a body that is parsed already."""
    characters, images = _measure(value)
    return max(1, round(characters / CHARACTERS_PER_TOKEN) + images * IMAGE_TOKENS)


def estimated_usage(prompt_tokens: int, characters: int) -> Usage:
    """What an answer of so many characters probably cost where its endpoint told nothing."""
    return Usage(input=prompt_tokens, output=-(-characters // CHARACTERS_PER_WRITTEN_TOKEN), estimated=True)


def estimated_usage_of(prompt_tokens: int, reply: Reply) -> Usage:
    """The same for a whole answer."""
    lengths = (len(part.arguments if isinstance(part, ToolCall) else part.text) for part in reply.parts)
    return estimated_usage(prompt_tokens, sum(lengths))


def _measure(value: object) -> tuple[int, int]:
    """Characters of all text and number of images; an image's data is not text."""
    characters = images = 0
    open_values = [value]
    while open_values:
        current = open_values.pop()
        if isinstance(current, str):
            characters += len(current)
            continue
        if isinstance(current, dict):
            if json.text(current.get("type")) in _IMAGES:
                images += 1
                continue
            characters += sum(map(len, current))
            current = current.values()
        elif not isinstance(current, list):
            continue
        for inner in current:
            if isinstance(inner, str):  # by far the most
                characters += len(inner)
            else:
                open_values.append(inner)
    return characters, images
