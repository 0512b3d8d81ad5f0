from __future__ import annotations

import pytest

from cccc.domain.served import swapped


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4", "gpt-4-0613"),
        ("glm-5", "GLM-5"),
        ("z-ai/glm-5", "glm-5"),
        ("deepseek-chat", "accounts/x/models/deepseek-chat"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
        ("claude-opus-4.5", "claude-opus-4-5"),
        ("m", None),
        (None, "m"),
        ("m", ""),
    ],
)
def test_the_same_model_under_another_spelling(sent: str | None, came: str | None) -> None:
    assert not swapped(sent, came)


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        ("claude-opus-4-8", "claude-sonnet-5"),
        ("claude-opus-4-8", "claude-haiku-4-5-20251001"),
        ("gpt-5", "gpt-5-mini"),
        ("glm-5", "glm-4"),
        ("claude-sonnet-4-5", "claude-sonnet-4"),
        ("gpt-4o", "gpt-4"),
    ],
)
def test_another_model(sent: str, came: str) -> None:
    assert swapped(sent, came)
