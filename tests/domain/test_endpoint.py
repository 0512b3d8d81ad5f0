"""Where an endpoint is and how its key is sent."""

from __future__ import annotations

from itertools import product

import pytest

from cccc.domain.endpoint import (
    KEY_HEADER,
    PATHS,
    Action,
    Auth,
    AuthStyle,
    AuthType,
    Endpoint,
    WireFormat,
    address,
    is_full_url,
)
from cccc.domain.secret import Secret

ANTHROPIC, CHAT, RESPONSES = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES


@pytest.mark.parametrize(
    ("url", "wire_format", "action", "expected"),
    [
        # a full URL is used as it stands
        ("https://h/v1/messages", ANTHROPIC, Action.TURN, "https://h/v1/messages"),
        ("https://h/v1/messages/", ANTHROPIC, Action.TURN, "https://h/v1/messages/"),
        ("https://h/v1/responses", RESPONSES, Action.TURN, "https://h/v1/responses"),
        ("https://h/api/paas/v4/chat/completions", CHAT, Action.TURN, "https://h/api/paas/v4/chat/completions"),
        ("https://h/x/chat/completions?v=2", CHAT, Action.TURN, "https://h/x/chat/completions?v=2"),
        # its siblings lie beside it
        ("https://h/v1/messages", ANTHROPIC, Action.COUNT_TOKENS, "https://h/v1/messages/count_tokens"),
        ("https://h/v1/messages", ANTHROPIC, Action.MODELS, "https://h/v1/models"),
        ("https://h/v1/responses", RESPONSES, Action.COMPACT, "https://h/v1/responses/compact"),
        ("https://h/api/paas/v4/chat/completions", CHAT, Action.MODELS, "https://h/api/paas/v4/models"),
        ("https://h/v1/messages?beta=1", ANTHROPIC, Action.MODELS, "https://h/v1/models?beta=1"),
        # to a base that ends in /vN the last part is added
        ("https://h/v1", ANTHROPIC, Action.TURN, "https://h/v1/messages"),
        ("https://h/api/paas/v4/", CHAT, Action.TURN, "https://h/api/paas/v4/chat/completions"),
        ("https://h/v1?key=x", RESPONSES, Action.TURN, "https://h/v1/responses?key=x"),
        # to any other base the part with /v1
        ("https://h", ANTHROPIC, Action.TURN, "https://h/v1/messages"),
        ("https://h/", CHAT, Action.TURN, "https://h/v1/chat/completions"),
        ("https://h/api/anthropic", ANTHROPIC, Action.COUNT_TOKENS, "https://h/api/anthropic/v1/messages/count_tokens"),
        ("https://h/v1beta", CHAT, Action.TURN, "https://h/v1beta/v1/chat/completions"),
        ("https://h/vault", CHAT, Action.TURN, "https://h/vault/v1/chat/completions"),
        ("http://[::1]:8080", RESPONSES, Action.TURN, "http://[::1]:8080/v1/responses"),
    ],
)
def test_address(url: str, wire_format: WireFormat, action: Action, expected: str) -> None:
    assert address(url, wire_format, action) == expected


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("https://h/v1/messages", True),
        ("https://h/v1/messages/?x=1", True),
        ("https://h/chat/completions", True),
        ("https://h/responses", True),
        ("https://h/v1", False),
        ("https://h/v1?next=/messages", False),
    ],
)
def test_is_full_url(url: str, full: bool) -> None:
    assert is_full_url(url) is full


def test_every_spoken_format_has_a_turn_and_a_model_list() -> None:
    spoken = (ANTHROPIC, CHAT, RESPONSES)
    assert all(pair in PATHS for pair in product(spoken, (Action.TURN, Action.MODELS)))


@pytest.mark.parametrize(
    ("auth_type", "wire_format", "styles"),
    [
        (AuthType.API_KEY, ANTHROPIC, (AuthStyle.X_API_KEY,)),
        (AuthType.API_KEY, CHAT, (AuthStyle.BEARER,)),
        (AuthType.API_KEY, WireFormat.GEMINI, (AuthStyle.X_GOOG_API_KEY,)),
        (AuthType.AUTH_TOKEN, ANTHROPIC, (AuthStyle.BEARER,)),
        (AuthType.OAUTH, ANTHROPIC, (AuthStyle.BEARER,)),
        (AuthType.AUTO, ANTHROPIC, (AuthStyle.BEARER, AuthStyle.X_API_KEY)),
        (AuthType.AUTO, RESPONSES, (AuthStyle.BEARER,)),
    ],
)
def test_styles(auth_type: AuthType, wire_format: WireFormat, styles: tuple[AuthStyle, ...]) -> None:
    assert Auth(auth_type, Secret("k")).styles(wire_format) == styles


def test_key_headers_are_total() -> None:
    assert set(KEY_HEADER) == set(WireFormat)


def test_the_header_that_carries_the_key() -> None:
    auth = Auth(AuthType.AUTO, Secret("k-1"))
    assert auth.header(AuthStyle.BEARER) == ("authorization", "Bearer k-1")
    assert auth.header(AuthStyle.X_API_KEY) == ("x-api-key", "k-1")
    assert Auth().header(AuthStyle.BEARER) is None


def test_an_endpoint_prints_no_key() -> None:
    endpoint = Endpoint("a", {ANTHROPIC: "https://h"}, Auth(AuthType.API_KEY, Secret("sk-very-secret-0123456789")))
    assert "very-secret" not in repr(endpoint)
