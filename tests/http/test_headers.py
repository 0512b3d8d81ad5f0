"""Which fields pass, which way, and what the log shows of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cccc.http.headers import HOP_BY_HOP, to_client, to_other_format, to_upstream
from cccc.http.messages import Headers

CAPTURES = sorted((Path(__file__).parent.parent / "captures").glob("*.json"))

PASS_UPSTREAM = [
    "accept",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "anthropic-never-seen-before",
    "anthropic-version",
    "chatgpt-account-id",
    "content-type",
    "conversation_id",
    "openai-beta",
    "openai-organization",
    "originator",
    "session-id",
    "session_id",
    "thread-id",
    "user-agent",
    "version",
    "x-app",
    "x-claude-code-session-id",
    "x-client-request-id",
    "x-codex-turn-metadata",
    "x-openai-subagent",
    "x-stainless-timeout",
]
STAY_HERE = [
    *[name.decode() for name in sorted(HOP_BY_HOP)],
    "accept-encoding",
    "api-key",
    "authorization",
    "content-encoding",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "origin",
    "referer",
    "sec-fetch-site",
    "sec-websocket-key",
    "via",
    "x-api-key",
    "x-cccc-hop",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-goog-api-key",
    "x-real-ip",
    "x-unknown",
]
PASS_CLIENT = [
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-unified-status",
    "cf-ray",
    "content-type",
    "date",
    "openai-processing-ms",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-codex-primary-used-percent",
    "x-ratelimit-reset-tokens",
    "x-request-id",
    "x-should-retry",
]
NOT_TO_CLIENT = [
    *[name.decode() for name in sorted(HOP_BY_HOP)],
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "alt-svc",
    "content-encoding",
    "content-length",
    "location",
    "server",
    "set-cookie",
    "strict-transport-security",
    "x-cccc-error",
]


def names(fields: list[tuple[bytes, bytes]]) -> list[str]:
    return [name.decode() for name, _ in fields]


def with_values(wanted: list[str]) -> Headers:
    return Headers.of((name, "v") for name in wanted)


def test_to_upstream() -> None:
    assert names(to_upstream(with_values(PASS_UPSTREAM))) == PASS_UPSTREAM
    assert to_upstream(with_values(STAY_HERE)) == []


def test_to_client() -> None:
    assert names(to_client(with_values(PASS_CLIENT))) == PASS_CLIENT
    assert to_client(with_values(NOT_TO_CLIENT)) == []


@pytest.mark.parametrize("direction", [to_upstream, to_client])
def test_what_connection_names_is_dropped(direction: object) -> None:
    headers = Headers.of([("connection", "close, OpenAI-Beta ,,x"), ("openai-beta", "a"), ("openai-other", "b")])
    assert callable(direction)
    assert direction(headers) == [(b"openai-other", b"b")]


def test_order_and_repetition_are_kept() -> None:
    headers = Headers.of([("anthropic-beta", "b"), ("accept", "x"), ("anthropic-beta", "a")])
    assert Headers(to_upstream(headers)) == headers


@pytest.mark.parametrize("value", [b"a\x1b[2Jb", b"a\x00", b"\x7f", b"a\nb", b"\x01"])
def test_control_characters_do_not_reach_the_client(value: bytes) -> None:
    assert to_client(Headers([(b"request-id", value), (b"date", b"a\tb")])) == [(b"date", b"a\tb")]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_recorded_requests_lose_only_credentials_and_framing(path: Path) -> None:
    headers = Headers.of(json.loads(path.read_text())["headers"])
    kept = {name for name, _ in Headers(to_upstream(headers))}
    lost = {name for name, _ in headers} - kept
    expected = {
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "upgrade",
        "x-api-key",
    }
    assert {name for name in lost if not name.startswith("sec-websocket-")} <= expected


def test_to_an_endpoint_of_another_format_goes_what_means_the_same_there() -> None:
    sent = Headers.of((name, "x") for name in (*PASS_UPSTREAM, *STAY_HERE, "accept-language", "traceparent"))
    assert {name for name, _ in to_other_format(sent)} == {
        *(b"accept", b"accept-language", b"content-type", b"traceparent", b"user-agent")
    }
