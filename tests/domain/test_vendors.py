"""Which addresses are a vendor's own."""

from __future__ import annotations

import pytest

from cccc.domain.endpoint import WireFormat
from cccc.domain.vendors import is_official_url

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES


@pytest.mark.parametrize(
    ("url", "wire_format", "official"),
    [
        ("https://api.anthropic.com/v1/messages", A, True),
        ("https://API.OpenAI.com/v1", R, True),
        ("https://eu.api.openai.com/v1", C, True),
        ("https://mine.openai.azure.com/openai/v1", C, True),
        ("https://chatgpt.com/backend-api/codex", R, True),
        ("https://api.openai.com.example/v1", C, False),
        ("https://notchatgpt.com/v1", R, False),
        ("https://api.deepseek.com/anthropic", A, False),
        ("https://api.anthropic.com/v1", C, False),
        ("", R, False),
    ],
)
def test_official_hosts(url: str, wire_format: WireFormat, official: bool) -> None:
    assert is_official_url(url, wire_format) is official
