"""Which client is it? Recorded requests of the real ones, and the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cccc.domain.answers import Audience
from cccc.domain.client import detect, session_key
from cccc.domain.endpoint import Action, ClientType, WireFormat

ANTHROPIC, CHAT, RESPONSES = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
CAPTURES = sorted((Path(__file__).parent.parent / "captures").glob("*.json"))


def recorded() -> list[tuple[str, bool, dict[str, str]]]:
    """Name, whether the path is the shared one of model lists, and headers of every recorded HTTP request."""
    found = []
    for path in CAPTURES:
        capture = json.loads(path.read_bytes())
        if capture.get("headers"):
            headers = {name.lower(): value for name, value in capture["headers"]}
            found.append((path.stem, "/models" in capture["target"], headers))
    return found


@pytest.mark.parametrize(
    ("name", "shared", "headers"), recorded(), ids=lambda value: value if str(value) == value else ""
)
def test_the_real_clients_are_known(name: str, shared: bool, headers: dict[str, str]) -> None:
    claude = name.startswith("claude")
    own = ANTHROPIC if claude else RESPONSES
    found = detect(None if shared else own, Action.MODELS if shared else Action.TURN, headers)
    assert found.wire_format is own
    assert found.client_type is (ClientType.CLAUDE_CODE if claude else ClientType.CODEX)
    assert found.audience is (Audience.ANTHROPIC if claude else Audience.CODEX)
    assert found.name.startswith("claude-c" if claude else "codex")
    assert shared or (found.session_header and found.confidence == 1.0)


LONG = "a" * 100_000


def test_there_are_recordings() -> None:
    assert len(recorded()) > 30


@pytest.mark.parametrize(
    ("wire_format", "headers", "client_type", "audience", "confidence"),
    [
        (
            ANTHROPIC,
            {"user-agent": "claude-cli/2.1.197 (external, cli)"},
            ClientType.CLAUDE_CODE,
            Audience.ANTHROPIC,
            1,
        ),
        (ANTHROPIC, {"user-agent": "anthropic-python/2.12"}, ClientType.CLAUDE_CODE, Audience.ANTHROPIC, 0.8),
        (ANTHROPIC, {}, ClientType.CLAUDE_CODE, Audience.ANTHROPIC, 0.8),
        (ANTHROPIC, {"user-agent": "codex_exec/1"}, ClientType.CLAUDE_CODE, Audience.ANTHROPIC, 0.5),
        (RESPONSES, {"user-agent": "Codex_CLI_rs/0.169"}, ClientType.CODEX, Audience.CODEX, 1),
        (RESPONSES, {"user-agent": "x", "originator": "Codex_vscode"}, ClientType.CODEX, Audience.CODEX, 1),
        (RESPONSES, {"user-agent": "OpenAI/Python 3.54"}, ClientType.CODEX, Audience.OPENAI, 0.8),
        (CHAT, {"user-agent": "OpenAI/Python 3.54"}, ClientType.OPENAI, Audience.OPENAI, 0.8),
        (CHAT, {"user-agent": "codex_exec/1"}, ClientType.OPENAI, Audience.OPENAI, 0.5),
        (WireFormat.GEMINI, {}, ClientType.GEMINI, Audience.OPENAI, 0.8),
    ],
)
def test_the_path_decides(
    wire_format: WireFormat,
    headers: dict[str, str],
    client_type: ClientType,
    audience: Audience,
    confidence: float,
) -> None:
    found = detect(wire_format, Action.TURN, headers)
    assert (found.client_type, found.wire_format, found.audience) == (client_type, wire_format, audience)
    assert found.confidence == confidence
    assert found.reason


@pytest.mark.parametrize(
    ("headers", "client_type", "wire_format"),
    [
        ({"anthropic-version": "2023-06-01"}, ClientType.CLAUDE_CODE, ANTHROPIC),
        ({"x-api-key": "k"}, ClientType.CLAUDE_CODE, ANTHROPIC),
        ({"user-agent": "codex_cli_rs/0.169"}, ClientType.CODEX, RESPONSES),
        ({"user-agent": "OpenAI/Python"}, ClientType.OPENAI, CHAT),
        ({}, ClientType.OPENAI, CHAT),
    ],
)
def test_on_shared_paths_headers_decide(
    headers: dict[str, str], client_type: ClientType, wire_format: WireFormat
) -> None:
    found = detect(None, Action.MODELS, headers)
    assert (found.client_type, found.wire_format) == (client_type, wire_format)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("claude-cli/2.1.197 (external, cli)", "claude-cli/2.1.197"),
        ("", "unknown"),
        ("  curl/8.0 x", "curl/8.0"),
        ("\x1b[31mevil " + "x" * 500, "[31mevil"),
    ],
)
def test_the_name_is_the_first_product_token(agent: str, name: str) -> None:
    assert detect(CHAT, Action.TURN, {"user-agent": agent}).name == name


@pytest.mark.parametrize(
    "header", ["x-claude-code-session-id", "session-id", "session_id", "thread-id", "conversation_id"]
)
def test_session_headers(header: str) -> None:
    assert detect(CHAT, Action.TURN, {header: "s-1"}).session_header == "s-1"
    assert detect(CHAT, Action.TURN, {header: ""}).session_header is None


def test_session_key() -> None:
    assert session_key("s-1", "You are …") == "s-1"
    assert session_key(None, "") is None
    opening = session_key(None, "You are …")
    assert opening is not None
    assert opening == session_key("", "You are …")
    assert opening != session_key(None, "You are not")
    assert session_key(None, "\ud800") is not None


@pytest.mark.parametrize("other", ["b" + LONG[1:], LONG[:-1] + "b", LONG + "a"])
def test_session_key_of_a_long_opening(other: str) -> None:
    assert session_key(None, LONG) == session_key(None, LONG)
    assert session_key(None, LONG) != session_key(None, other)
