"""Model rewriting."""

from __future__ import annotations

import pytest

from cccc.domain.endpoint import ModelRule
from cccc.domain.rewrite import matches, rewritten


@pytest.mark.parametrize(
    ("pattern", "model", "expected"),
    [
        ("claude-*", "claude-opus-4-8", True),
        ("claude-*", "Claude-opus", False),
        ("*", "vendor/model:free", True),
        ("vendor/*", "vendor/a/b", True),
        ("*/model", "vendor/x/model", True),
        ("gpt-?", "gpt-5", True),
        ("gpt-?", "gpt-50", False),
        ("gpt-[56]", "gpt-6", True),
        ("gpt-[!56]", "gpt-6", False),
        ("gpt.5", "gptx5", False),
        ("", "", True),
        ("claude", "claude-opus", False),
        ("*[1m]*", "claude-opus-1", True),
    ],
)
def test_matches(pattern: str, model: str, expected: bool) -> None:
    assert matches(pattern, model) is expected


def test_the_first_rule_that_matches_wins() -> None:
    rules = (ModelRule("claude-*-haiku", "small"), ModelRule("claude-*", "vendor/big"), ModelRule("*", "rest"))
    assert rewritten("claude-3-haiku", rules) == "small"
    assert rewritten("claude-opus", rules) == "vendor/big"
    assert rewritten("gpt-5", rules) == "rest"
    assert rewritten("gpt-5", rules[:2]) == "gpt-5"
    assert rewritten("gpt-5", ()) == "gpt-5"
