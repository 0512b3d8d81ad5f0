"""What the proxy answers itself: the table is total, and its cells are those that the clients act on."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.answers import TABLE, Answer, Audience, Failure, answer

A, O, X = Audience.ANTHROPIC, Audience.OPENAI, Audience.CODEX  # noqa: E741
ID = "req_01JZZZZZZZZZZZZZZZZZZZZZZZ"


def put(failure: Failure, audience: Audience, message: str = "something failed", **more: Any) -> Answer:
    return answer(failure, audience, message, request_id=ID, **more)


def test_the_table_is_total() -> None:
    assert {(failure, audience) for failure, row in TABLE.items() for audience in row} == set(
        product(Failure, Audience)
    )


Cell = tuple[int, str, str | None, int | None, bool | None, bool, bool]

# status, type, code, retry-after, x-should-retry, in stream, close
GOLDEN: dict[tuple[Failure, Audience], Cell] = {
    (Failure.WRONG_TOKEN, A): (401, "authentication_error", None, None, False, False, False),
    (Failure.WRONG_TOKEN, O): (401, "invalid_request_error", "invalid_api_key", None, False, False, False),
    (Failure.WRONG_TOKEN, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.FORBIDDEN_ORIGIN, A): (403, "permission_error", None, None, None, False, True),
    (Failure.FORBIDDEN_ORIGIN, O): (403, "invalid_request_error", "forbidden_origin", None, None, False, True),
    (Failure.FORBIDDEN_ORIGIN, X): (403, "invalid_request_error", "forbidden_origin", None, None, False, True),
    (Failure.UNKNOWN_PATH, A): (404, "not_found_error", None, None, None, False, False),
    (Failure.UNKNOWN_PATH, O): (404, "invalid_request_error", "unknown_url", None, None, False, False),
    (Failure.UNKNOWN_PATH, X): (404, "invalid_request_error", "unknown_url", None, None, False, False),
    (Failure.UNKNOWN_METHOD, A): (405, "invalid_request_error", None, None, None, False, False),
    (Failure.UNKNOWN_METHOD, O): (405, "invalid_request_error", "method_not_allowed", None, None, False, False),
    (Failure.UNKNOWN_METHOD, X): (405, "invalid_request_error", "method_not_allowed", None, None, False, False),
    (Failure.WEBSOCKET, A): (426, "invalid_request_error", None, None, None, False, False),
    (Failure.WEBSOCKET, O): (426, "invalid_request_error", "websocket_not_supported", None, None, False, False),
    (Failure.WEBSOCKET, X): (426, "invalid_request_error", "websocket_not_supported", None, None, False, False),
    (Failure.BAD_JSON, A): (400, "invalid_request_error", None, None, None, False, False),
    (Failure.BAD_JSON, O): (400, "invalid_request_error", "invalid_json", None, None, False, False),
    (Failure.BAD_JSON, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.BAD_ENCODING, A): (415, "invalid_request_error", None, None, None, False, False),
    (Failure.BAD_ENCODING, O): (415, "invalid_request_error", "unsupported_media_type", None, None, False, False),
    (Failure.BAD_ENCODING, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.TOO_LARGE, A): (413, "request_too_large", None, None, None, False, False),
    (Failure.TOO_LARGE, O): (413, "invalid_request_error", "request_too_large", None, False, False, False),
    (Failure.TOO_LARGE, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.NOT_CONVERTIBLE, A): (400, "invalid_request_error", None, None, None, False, False),
    (Failure.NOT_CONVERTIBLE, O): (400, "invalid_request_error", "unsupported_parameter", None, None, False, False),
    (Failure.NOT_CONVERTIBLE, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.NO_ENDPOINT, A): (503, "api_error", None, None, False, False, False),
    (Failure.NO_ENDPOINT, O): (503, "server_error", "no_endpoint", None, False, False, False),
    (Failure.NO_ENDPOINT, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.NO_MODEL, A): (404, "not_found_error", None, None, None, False, False),
    (Failure.NO_MODEL, O): (404, "invalid_request_error", "model_not_found", None, None, False, False),
    (Failure.NO_MODEL, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.COOLING_DOWN, A): (529, "overloaded_error", None, 3, None, False, False),
    (Failure.COOLING_DOWN, O): (429, "rate_limit_error", "rate_limit_exceeded", 3, None, False, False),
    (Failure.COOLING_DOWN, X): (429, "rate_limit_error", "rate_limit_exceeded", 3, None, True, True),
    (Failure.ALL_FAILED, A): (503, "api_error", None, 3, None, False, False),
    (Failure.ALL_FAILED, O): (503, "server_error", "all_endpoints_failed", 3, None, False, False),
    (Failure.ALL_FAILED, X): (503, "server_error", "server_error", None, None, True, True),
    (Failure.NEEDS_USER, A): (503, "api_error", None, None, False, False, False),
    (Failure.NEEDS_USER, O): (503, "server_error", "endpoint_config", None, False, False, False),
    (Failure.NEEDS_USER, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.OUT_OF_QUOTA, A): (402, "billing_error", None, None, None, False, False),
    (Failure.OUT_OF_QUOTA, O): (429, "insufficient_quota", "insufficient_quota", None, False, False, False),
    (Failure.OUT_OF_QUOTA, X): (400, "invalid_request_error", "invalid_prompt", None, None, False, False),
    (Failure.CONTEXT_TOO_LONG, A): (400, "invalid_request_error", None, None, None, False, False),
    (Failure.CONTEXT_TOO_LONG, O): (400, "invalid_request_error", "context_length_exceeded", None, None, False, False),
    (Failure.CONTEXT_TOO_LONG, X): (400, "invalid_request_error", "context_length_exceeded", None, None, False, False),
    (Failure.UPSTREAM_ERROR, A): (502, "api_error", None, None, None, False, False),
    (Failure.UPSTREAM_ERROR, O): (502, "server_error", "upstream_error", None, None, False, False),
    (Failure.UPSTREAM_ERROR, X): (503, "server_error", "server_error", None, None, True, True),
    (Failure.UPSTREAM_TIMEOUT, A): (504, "timeout_error", None, None, None, False, False),
    (Failure.UPSTREAM_TIMEOUT, O): (504, "server_error", "upstream_timeout", None, None, False, False),
    (Failure.UPSTREAM_TIMEOUT, X): (503, "server_error", "server_error", None, None, True, True),
    (Failure.TOO_BUSY, A): (529, "overloaded_error", None, 1, None, False, False),
    (Failure.TOO_BUSY, O): (503, "server_error", "too_busy", 1, None, False, False),
    (Failure.TOO_BUSY, X): (429, "rate_limit_error", "rate_limit_exceeded", 1, None, True, True),
    (Failure.SHUTTING_DOWN, A): (503, "api_error", None, 2, None, False, True),
    (Failure.SHUTTING_DOWN, O): (503, "server_error", "shutting_down", 2, None, False, True),
    (Failure.SHUTTING_DOWN, X): (429, "rate_limit_error", "rate_limit_exceeded", 2, None, True, True),
    (Failure.BROKE_MIDWAY, A): (502, "overloaded_error", None, None, None, True, True),
    (Failure.BROKE_MIDWAY, O): (502, "server_error", "upstream_stream_error", None, None, True, True),
    (Failure.BROKE_MIDWAY, X): (503, "server_error", "server_error", None, None, True, True),
    (Failure.INTERNAL, A): (500, "api_error", None, None, None, False, False),
    (Failure.INTERNAL, O): (500, "server_error", "internal_error", None, None, False, False),
    (Failure.INTERNAL, X): (503, "server_error", "server_error", None, None, True, True),
}


def cell(found: Answer) -> Cell:
    return (
        found.status,
        found.type,
        found.code,
        found.retry_after,
        found.should_retry,
        found.in_stream,
        found.close,
    )


@pytest.mark.parametrize(("failure", "audience"), GOLDEN)
def test_cell_for_a_stream(failure: Failure, audience: Audience) -> None:
    assert cell(put(failure, audience, stream=True)) == GOLDEN[failure, audience]


def test_golden_is_total() -> None:
    assert set(GOLDEN) == set(product(Failure, Audience))


@pytest.mark.parametrize("failure", Failure)
def test_codex_without_a_stream_reads_a_status(failure: Failure) -> None:
    found = put(failure, X)
    assert not found.in_stream
    assert found.status != 500
    if TABLE[failure][X].live:
        assert (found.type, found.code) == (TABLE[failure][O].type, TABLE[failure][O].code)


@pytest.mark.parametrize(
    ("audience", "seconds", "expected"),
    [
        (A, 12.2, (529, "overloaded_error", None, 13, None, False, False)),
        (A, 60, (529, "overloaded_error", None, 60, None, False, False)),
        (A, 61, (529, "overloaded_error", None, 61, False, False, False)),
        (A, 600, (529, "overloaded_error", None, 600, False, False, False)),
        (A, 0.01, (529, "overloaded_error", None, 1, None, False, False)),
        (A, math.inf, (529, "overloaded_error", None, None, None, False, False)),
        (O, 600, (429, "rate_limit_error", "rate_limit_exceeded", 600, False, False, False)),
        (X, 12, (429, "rate_limit_error", "rate_limit_exceeded", 12, None, True, True)),
        (X, 600, (400, "invalid_request_error", "invalid_prompt", None, None, False, False)),
    ],
)
def test_short_and_long_cooldowns(audience: Audience, seconds: float, expected: Cell) -> None:
    assert cell(put(Failure.COOLING_DOWN, audience, stream=True, retry_after=seconds)) == expected


def test_codex_is_never_told_to_wait_longer_than_a_minute() -> None:
    assert put(Failure.ALL_FAILED, X, retry_after=600).retry_after == 60


@pytest.mark.parametrize(
    ("failure", "audience", "status", "expected"),
    [
        (Failure.UPSTREAM_ERROR, A, 400, (400, "invalid_request_error", None)),
        (Failure.UPSTREAM_ERROR, A, 404, (404, "not_found_error", None)),
        (Failure.UPSTREAM_ERROR, A, 409, (409, "invalid_request_error", None)),
        (Failure.UPSTREAM_ERROR, A, 500, (500, "api_error", None)),
        (Failure.UPSTREAM_ERROR, O, 422, (422, "invalid_request_error", "upstream_error")),
        (Failure.UPSTREAM_ERROR, O, 500, (500, "server_error", "upstream_error")),
        (Failure.UPSTREAM_ERROR, X, 422, (400, "invalid_request_error", "invalid_prompt")),
        (Failure.UPSTREAM_ERROR, X, 500, (503, "server_error", "upstream_error")),
        (Failure.ALL_FAILED, A, 502, (502, "api_error", None)),
        (Failure.ALL_FAILED, A, 400, (503, "api_error", None)),
        (Failure.NEEDS_USER, O, 502, (502, "server_error", "endpoint_config")),
        (Failure.NEEDS_USER, X, 502, (400, "invalid_request_error", "invalid_prompt")),
        (Failure.OUT_OF_QUOTA, A, 429, (402, "billing_error", None)),
    ],
)
def test_an_upstreams_own_status(
    failure: Failure, audience: Audience, status: int, expected: tuple[int, str, str | None]
) -> None:
    found = put(failure, audience, status=status)
    assert (found.status, found.type, found.code) == expected


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("failure", [Failure.UPSTREAM_ERROR, Failure.ALL_FAILED, Failure.NEEDS_USER])
def test_an_upstreams_refusal_of_our_key_is_never_told_as_such(
    failure: Failure, audience: Audience, status: int
) -> None:
    assert put(failure, audience, status=status).status not in (401, 403)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("failure", Failure)
def test_once_the_head_is_out_everything_is_a_frame(failure: Failure, audience: Audience) -> None:
    found = put(failure, audience, headers_sent=True)
    assert found.in_stream
    assert found.close


def test_in_a_stream_claude_code_waits_only_for_an_overload() -> None:
    assert put(Failure.ALL_FAILED, A, headers_sent=True).type == "overloaded_error"
    assert put(Failure.NEEDS_USER, A, headers_sent=True).type == "api_error"


def test_messages_carry_prefix_and_id() -> None:
    assert put(Failure.ALL_FAILED, A, "2 endpoints failed:\n glm 502").message == (
        f"cccc: 2 endpoints failed: glm 502 [{ID}]"
    )


def test_codex_reads_its_pause_from_the_message() -> None:
    assert put(Failure.COOLING_DOWN, X, "paused", stream=True, retry_after=7.5).message == (
        f"cccc: paused. Please try again in 8s. [{ID}]"
    )


def test_a_full_context_goes_out_in_its_native_wording() -> None:
    text = "prompt is too long: 9 tokens > 8 maximum"
    assert put(Failure.CONTEXT_TOO_LONG, A, text).message == text


@given(
    failure=st.sampled_from([one for one in Failure if one is not Failure.CONTEXT_TOO_LONG]),
    audience=st.sampled_from(Audience),
    message=st.text(max_size=600),
    stream=st.booleans(),
    retry_after=st.one_of(st.none(), st.floats(0, 1e6)),
)
def test_every_message_is_one_short_ascii_sentence(
    failure: Failure, audience: Audience, message: str, stream: bool, retry_after: float | None
) -> None:
    found = put(failure, audience, message, stream=stream, retry_after=retry_after)
    assert found.message.startswith("cccc: ")
    assert found.message.endswith(f"[{ID}]")
    assert found.message.isascii()
    assert "\n" not in found.message
    assert len(found.message) <= 300
