"""The table of remedies: for each vendor's words what is tried, and what is never touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.domain.outcome import Outcome
from cccc.proxy.remedies import LASTS, Kind, Refused, Remedy, remedies

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

CLAUDE: dict[str, Any] = {
    "model": "m",
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        },
        {"role": "system", "content": "agents"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "sig"}]},
    ],
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "scope": "global"}}],
    "tools": [{"name": "Bash", "input_schema": {}, "eager_input_streaming": True}],
    "max_tokens": 64_000,
    "thinking": {"type": "adaptive"},
    "context_management": {"edits": []},
    "output_config": {"effort": "high"},
    "metadata": {"user_id": "u"},
    "stream": True,
}
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "hi"}],
    "max_tokens": 64_000,
    "store": False,
    "temperature": 0.2,
    "reasoning_effort": "low",
    "stream_options": {"include_usage": True},
    "tools": [],
    "tool_choice": "auto",
    "stream": True,
}
CODEX: dict[str, Any] = {
    "model": "m",
    "input": [{"type": "reasoning", "summary": [], "encrypted_content": "secret"}],
    "reasoning": {"effort": "high", "context": "all_turns"},
    "include": ["reasoning.encrypted_content"],
    "client_metadata": {"a": "b"},
    "text": {"verbosity": "low"},
    "max_output_tokens": 40_000,
}
BODIES = {A: CLAUDE, C: CHAT, R: CODEX}
BETAS = frozenset({"context-1m-2025-08-07", "effort-2025-11-24", "mid-conversation-system-2026-04-07"})


def without(*paths: str) -> tuple[Remedy, ...]:
    return tuple(Remedy(Kind.WITHOUT, path) for path in paths)


INLINE = (Remedy(Kind.SYSTEM_INLINE),)
SIGNED = (Remedy(Kind.WITHOUT_SIGNED),)
ENABLED = (Remedy(Kind.THINKING_AS, "enabled"),)


def lowered(name: str, bound: int) -> tuple[Remedy, ...]:
    return (Remedy(Kind.AT_MOST, name, str(bound)),)


def shorter(name: str, bound: int) -> tuple[Remedy, ...]:
    return (Remedy(Kind.SHORTER, name, str(bound)),)


WORDINGS: list[tuple[WireFormat, str, tuple[Remedy, ...]]] = [
    # parameters by name
    (A, "context_management: Extra inputs are not permitted", without("context_management")),
    (A, "output_config.effort: Extra inputs are not permitted", without("output_config.effort")),
    (A, "tools.0.custom.eager_input_streaming: Extra inputs are not permitted", without("eager_input_streaming")),
    (A, "system.0.cache_control.ephemeral.scope: Extra inputs are not permitted", without("cache_control.scope")),
    (A, "messages.0.content.1.text.cache_control.ttl: Extra inputs are not permitted", without("cache_control.ttl")),
    (A, "system.0.cache_control: Extra inputs are not permitted", without("cache_control")),
    (
        A,
        "context_management: Extra inputs are not permitted; output_config: Extra inputs are not permitted",
        without("context_management", "output_config"),
    ),
    (A, "body.output_config: extra fields not permitted", without("output_config")),
    (A, "`context_management` is not supported", without("context_management")),
    (A, "Additional properties are not allowed ('output_config', 'context_management' were unexpected)",
     without("output_config", "context_management")),
    (C, "Unknown parameter: 'reasoning_effort'.", without("reasoning_effort")),
    (C, "Unrecognized request argument supplied: store", without("store")),
    (C, "Unrecognized request arguments supplied: store, reasoning_effort", without("store", "reasoning_effort")),
    (C, "Unsupported parameter: 'temperature' is not supported with this model.", without("temperature")),
    (C, "Unsupported value: 'temperature' does not support 0.2 with this model.", without("temperature")),
    (C, "property 'store' is unsupported", without("store")),
    (C, "`temperature` is deprecated for this model.", without("temperature")),
    (C, "m does not support parameters: reasoning_effort, store", without("reasoning_effort", "store")),
    (C, 'Invalid JSON payload received. Unknown name "store": Cannot find field.', without("store")),
    (C, 'json: unknown field "store"', without("store")),
    (C, "Unsupported parameter(s): `stream_options`", without("stream_options")),
    (C, "Completions.create() got an unexpected keyword argument 'store'", without("store")),
    (R, "Unknown parameter: 'reasoning.context'.", without("reasoning.context")),
    (R, "Unsupported parameter: client_metadata", without("client_metadata")),
    (R, "include[0]: Extra inputs are not permitted", without("include")),
    # how much may be written
    (A, "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for m",
     lowered("max_tokens", 8192)),
    (C, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", lowered("max_tokens", 8192)),
    (C, "max_tokens is too large: 64000. This model supports at most 16,384 completion tokens",
     lowered("max_tokens", 16_384)),
    (C, "`max_tokens` must be less than or equal to `8192`, the maximum value for this model",
     lowered("max_tokens", 8192)),
    (R, "Range of max_output_tokens should be [1, 32768]", lowered("max_output_tokens", 32_768)),
    (
        C,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        (Remedy(Kind.RENAMED, "max_tokens", "max_completion_tokens"),),
    ),
    (A, "input length and `max_tokens` exceed context limit: 150000 + 64000 > 200000", shorter("max_tokens", 49_000)),
    (
        C,
        ("This model's maximum context length is 100000 tokens. However, you requested 104000 tokens "
        "(40000 in the messages, 64000 in the completion)."),
        shorter("max_tokens", 59_000),
    ),
    (
        C,
        ("'max_tokens' is too large: 64000. This model's maximum context length is 32768 tokens and your request has "
        "1000 input tokens"),
        shorter("max_tokens", 30_768),
    ),
    # what only Anthropic's own API understands
    (A, "messages.1.role: Input should be 'user' or 'assistant'", INLINE),
    (A, 'messages: Unexpected role "system". Allowed roles are "user" and "assistant"', INLINE),
    (A, "role 'system' is not supported", INLINE),
    (A, 'this model does not support role "system" in messages', INLINE),
    (A, "Unexpected value(s) `mid-conversation-system-2026-04-07` for the `anthropic-beta` header", INLINE),
    (A, "Unexpected value(s) `context-1m-2025-08-07` for the `anthropic-beta` header.",
     (Remedy(Kind.WITHOUT_BETA, "context-1m-2025-08-07"),)),
    (A, "invalid beta flag", (Remedy(Kind.WITHOUT_BETA),)),
    (A, "adaptive thinking is not supported on this model", ENABLED),
    (A, "thinking.type: Input should be 'enabled' or 'disabled'", ENABLED),
    (A, "Only 'enabled' and 'disabled' are supported for thinking; 'adaptive' is not supported.", ENABLED),
    (A, ("thinking: Input tag 'adaptive' found using 'type' does not match any of the expected tags: 'disabled', "
     "'enabled'"), ENABLED),
    # thinking
    (A, "messages.2.content.0: Invalid `signature` in `thinking` block", SIGNED),
    (A, "messages.2.content.0.thinking.signature: Field required", SIGNED),
    (A, "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified", SIGNED),
    (R, "The encrypted content gAAA... could not be verified. invalid_encrypted_content", SIGNED),
    (A, "messages.2.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`",
     (Remedy(Kind.NO_THINKING),)),
]  # fmt: skip


def refusal(wire_format: WireFormat, message: str, **changes: Any) -> Refused:
    refused = {"outcome": Outcome.BAD_REQUEST, "betas": BETAS, "body": BODIES[wire_format], **changes}
    return Refused(message=message, wire_format=wire_format, **refused)


@pytest.mark.parametrize(("wire_format", "message", "expected"), WORDINGS, ids=[row[1][:60] for row in WORDINGS])
def test_words_and_their_remedy(wire_format: WireFormat, message: str, expected: tuple[Remedy, ...]) -> None:
    assert remedies(refusal(wire_format, message)) == expected


@pytest.mark.parametrize(("wire_format", "message", "_"), WORDINGS, ids=[row[1][:60] for row in WORDINGS])
def test_nothing_is_tried_where_the_request_has_nothing_of_the_kind(
    wire_format: WireFormat, message: str, _: object
) -> None:
    bare = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "input": "hi", "tools": []}
    assert remedies(refusal(wire_format, message, body=bare, betas=frozenset())) == ()


@pytest.mark.parametrize(
    "name",
    ["tools", "messages", "model", "input", "system", "tool_choice", "instructions", "stream", "messages.0.content"],
)
@pytest.mark.parametrize(
    "wording",
    ["{}: Extra inputs are not permitted", "Unknown parameter: '{}'", "{} is not supported", "unknown field {}"],
)
def test_what_makes_the_request_is_never_left_out(wording: str, name: str) -> None:
    body = {**CLAUDE, **CHAT, **CODEX, "instructions": "x"}
    for wire_format in (A, C, R):
        assert remedies(refusal(wire_format, wording.format(name), body=body, betas=frozenset())) == ()


@given(st.text(alphabet="tolsmexagdinp_.'`[]0: ", max_size=60), st.sampled_from([A, C, R]))
def test_no_words_make_it_raise(words: str, wire_format: WireFormat) -> None:
    for message in (
        f"{words}: Extra inputs are not permitted",
        f"Unknown parameter: {words}",
        f"max_tokens{words}[1, 2]",
    ):
        for remedy in remedies(refusal(wire_format, message)):
            assert remedy.what not in ("tools", "messages", "model", "input")


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.KEY_REFUSED, Outcome.FORBIDDEN}))
def test_only_refusals_of_the_request_are_cured(outcome: Outcome) -> None:
    found = remedies(refusal(C, "Unknown parameter: 'store'", outcome=outcome, key_header="x-api-key"))
    curable = {Outcome.BAD_REQUEST, Outcome.UNSUPPORTED, Outcome.NOT_ACCEPTED, Outcome.CONTEXT_TOO_LONG}
    assert bool(found) == (outcome in curable)


def test_a_refused_key_is_sent_in_the_other_header() -> None:
    assert remedies(refusal(A, "", outcome=Outcome.KEY_REFUSED, key_header="x-api-key")) == (
        Remedy(Kind.KEY_HEADER, "x-api-key"),
    )
    assert remedies(refusal(A, "", outcome=Outcome.FORBIDDEN)) == ()


def test_how_long_a_cure_is_remembered_is_said_of_every_kind() -> None:
    assert set(LASTS) == set(Kind)
    assert all(seconds is None or seconds <= 30 * 86_400 for seconds in LASTS.values())


# --- requests that were written by a conversion

LATER = {"messages": [{"role": "user"}, {"role": "system"}]}
CALLS = {"messages": [{"role": "assistant", "tool_calls": [{}]}]}
TOLD = {"messages": [{"role": "assistant", "tool_calls": [{}], "reasoning_content": ""}]}


@pytest.mark.parametrize(
    ("body", "message", "kind"),
    [
        (LATER, "System message must be at the beginning.", Kind.SYSTEM_FIRST),
        (LATER, "Only the first message may be a system message: system role must come first", Kind.SYSTEM_FIRST),
        (LATER, "Only one system message is allowed", Kind.SYSTEM_FIRST),
        ({"messages": [{"role": "system"}, {"role": "user"}]}, "System message must be at the beginning.", None),
        (
            CALLS,
            "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
            Kind.REASONING_BACK,
        ),
        (CALLS, "The `reasoning_content` in the thinking mode must be passed back to the API.", Kind.REASONING_BACK),
        (TOLD, "The `reasoning_content` in the thinking mode must be passed back to the API.", None),
    ],
)
def test_a_conversion_is_made_otherwise_and_a_clients_own_words_are_not(
    body: dict[str, Any], message: str, kind: Kind | None
) -> None:
    refused = Refused(Outcome.BAD_REQUEST, message, C, body, converted=True)
    assert remedies(refused) == (() if kind is None else (Remedy(kind),))
    assert remedies(replace(refused, converted=False)) == ()


FUNCTIONS = {"tools": [{"type": "function", "function": {"name": "f"}}]}
UNSET = (
    "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. "
    "Please use /v1/responses instead."
)
NONE = (
    "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. "
    "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
)


@pytest.mark.parametrize(
    ("message", "body", "effort"),
    [
        (UNSET, {**FUNCTIONS, "reasoning_effort": "high"}, "unset"),
        (UNSET, FUNCTIONS, "none"),
        (NONE, {**FUNCTIONS, "reasoning_effort": "high"}, "none"),
        (NONE, FUNCTIONS, "none"),
        (NONE, {**FUNCTIONS, "reasoning_effort": "none"}, None),
    ],
)
def test_thinking_is_given_up_for_functions(message: str, body: dict[str, Any], effort: str | None) -> None:
    """The wordings of OpenAI's own API; where it thinks by default, leaving the effort out does not help."""
    found = remedies(Refused(Outcome.BAD_REQUEST, message, C, body))
    assert [one for one in found if one.kind is Kind.EFFORT_WITH_TOOLS] == (
        [] if effort is None else [Remedy(Kind.EFFORT_WITH_TOOLS, effort)]
    )
    assert len(found) <= 1


def test_a_temperature_that_is_fixed() -> None:
    body = {"messages": [], "temperature": 0.2}
    refused = Refused(Outcome.BAD_REQUEST, "invalid temperature: only 1 is allowed for this model", C, body)
    assert remedies(refused) == (Remedy(Kind.WITHOUT, "temperature"),)
