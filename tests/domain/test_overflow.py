"""Contexts that are too long: every vendor's wording, and the ones that clients act on."""

from __future__ import annotations

import pytest

from cccc.domain.answers import Audience
from cccc.domain.overflow import Overflow, overflow, overflow_message

WORDINGS = [
    ("prompt is too long: 250000 tokens > 200000 maximum", 250_000, 200_000),
    ("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000", 188_240, 200_000),
    ("The prompt is too long: 130000, model maximum context length: 131071", 130_000, 131_071),
    ("messages: prompt is too long", None, None),
    (
        (
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens."
            " Please reduce the length of the messages."
        ),
        130_000,
        128_000,
    ),
    (
        (
            "This model's maximum context length is 65536 tokens. However, you requested 70000 tokens"
            " (69000 in the messages, 1000 in the completion)."
        ),
        70_000,
        65_536,
    ),
    (
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens",
        140_000,
        131_072,
    ),
    ("Your input exceeds the context window of this model. Please adjust your input and try again.", None, None),
    (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        1_200_000,
        1_048_576,
    ),
    ("Invalid request: Your request exceeded model token limit: 131072 (requested: 140000)", 140_000, 131_072),
    ("Your request exceeded model token limit", None, None),
    ("Prompt exceeds max length", None, None),
    ("Range of input length should be [1, 129024]", None, 129_024),
    ("invalid params, context window exceeds limit (2013)", None, None),
    (
        "Prompt contains 34000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        34_000,
        32_768,
    ),
    (
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        537_812,
        131_072,
    ),
    ("prompt token count of 128001 exceeds the limit of 128000", 128_001, 128_000),
    ("Input is too long for requested model.", None, None),
    ("the request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it", 5_000, 4_096),
    ("the request exceeds the available context size, try increasing it", None, None),
    ("However, the model is loaded with context length of only 4096 tokens", None, 4_096),
    ("the input length exceeds the context length", None, None),
    ("Context length exceeded", None, None),
    ("input exceeds the model's maximum context length", None, None),
    ("prompt is too long: 250,000 tokens > 200,000 maximum", 250_000, 200_000),
]


@pytest.mark.parametrize(("message", "tokens", "maximum"), WORDINGS)
def test_every_wording_with_its_numbers(message: str, tokens: int | None, maximum: int | None) -> None:
    found = overflow(message)
    assert found is not None
    assert (found.tokens, found.maximum) == (tokens, maximum)


def test_a_prompt_that_fits_without_its_answer_is_told_so_that_the_answer_is_shortened() -> None:
    message = "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"
    assert overflow(message) == Overflow(188_240, 200_000, 21_333)
    assert overflow_message(Audience.ANTHROPIC, 188_240, 200_000, 21_333).startswith(message)
    assert overflow_message(Audience.ANTHROPIC, 210_000, 200_000, 21_333) == (
        "prompt is too long: 210000 tokens > 200000 maximum"
    )


@pytest.mark.parametrize(
    ("said", "estimate", "window", "tokens", "maximum"),
    [
        (Overflow(), 5_000, 4_096, 5_000, 4_096),
        (Overflow(), 5_000, None, 5_000, 4_500),
        (Overflow(maximum=8_000), 5_000, 4_096, 8_001, 8_000),
        (Overflow(9_000, 8_000), 5_000, 4_096, 9_000, 8_000),
        (Overflow(9_000), 5_000, None, 9_000, 8_100),
    ],
)
def test_what_a_vendor_does_not_say_is_estimated(
    said: Overflow, estimate: int, window: int | None, tokens: int, maximum: int
) -> None:
    assert said.completed(estimate, window) == Overflow(tokens, maximum)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens",
        "Rate limit reached: Limit 30000, Requested 40000",
        "messages: at least one message is required",
        "the context of this conversation is unknown",
    ],
)
def test_other_errors_are_not_taken_for_it(message: str) -> None:
    assert overflow(message) is None


@pytest.mark.parametrize(
    ("audience", "tokens", "maximum", "expected"),
    [
        (Audience.ANTHROPIC, 250_000, 200_000, "prompt is too long: 250000 tokens > 200000 maximum"),
        (Audience.ANTHROPIC, 188_240, 200_000, "prompt is too long: 200001 tokens > 200000 maximum"),
        (Audience.ANTHROPIC, None, 200_000, "prompt is too long"),
        (
            Audience.CODEX,
            None,
            None,
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
        ),
        (
            Audience.OPENAI,
            9,
            8,
            (
                "This model's maximum context length is 8 tokens. However, your messages resulted in 9 tokens."
                " Please reduce the length of the messages."
            ),
        ),
        (
            Audience.OPENAI,
            None,
            8,
            "This model's maximum context length is 8 tokens. Please reduce the length of the messages.",
        ),
    ],
)
def test_it_is_said_as_the_client_understands_it(
    audience: Audience, tokens: int | None, maximum: int | None, expected: str
) -> None:
    assert overflow_message(audience, tokens, maximum) == expected


@pytest.mark.parametrize("audience", Audience)
def test_what_we_say_we_recognise(audience: Audience) -> None:
    assert overflow(overflow_message(audience, 9000, 8000)) == Overflow(9000, 8000)
