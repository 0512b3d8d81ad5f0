"""Tokens where nobody counts them: never none, and an image is no text."""

from __future__ import annotations

import orjson
import pytest

from cccc.domain.usage import Usage
from cccc.ir.estimate import IMAGE_TOKENS, estimated_tokens, estimated_usage, estimated_usage_of
from cccc.ir.messages import Refusal, Reply, Text, Thinking, ToolCall


@pytest.mark.parametrize(("body", "tokens"), [(b"{}", 1), (b"", 1), (b"x" * 36, 10), (orjson.dumps("x" * 36), 10)])
def test_characters_of_a_request(body: bytes, tokens: int) -> None:
    assert estimated_tokens(body) == tokens


def test_the_data_of_an_image_is_no_text() -> None:
    small, large = (
        orjson.dumps({"content": [{"type": "image", "source": {"data": "x" * length}}]}) for length in (1, 1_000_000)
    )
    assert estimated_tokens(small) == estimated_tokens(large) >= IMAGE_TOKENS


@pytest.mark.parametrize(("characters", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_an_answer(characters: int, tokens: int) -> None:
    assert estimated_usage(7, characters) == Usage(input=7, output=tokens, estimated=True)


def test_a_whole_answer_counts_all_that_was_written() -> None:
    reply = Reply((Thinking("abcd"), Text("efgh"), Refusal("ijkl"), ToolCall("call_1", "a_long_name", '{"a":1} ')))
    assert estimated_usage_of(7, reply) == estimated_usage(7, 20)
