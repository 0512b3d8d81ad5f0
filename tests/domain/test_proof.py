"""Prompts that the proxy answers itself: only its owner's, and only for a while."""

from __future__ import annotations

import pytest

from cccc.domain import proof
from cccc.domain.secret import Secret

KEY, NOW, NONCE = Secret("the-admin-token"), 1_782_909_120.0, "0123456789abcdef"
PROMPT = proof.prompt(KEY, NOW, NONCE)


@pytest.mark.parametrize("text", [PROMPT, f"<reminder>x</reminder>\n{PROMPT}\n", f"title for: {PROMPT}"])
def test_knows_its_own_prompt(text: str) -> None:
    assert proof.answer(KEY, NOW + 1, text) == proof.expected(NONCE)


@pytest.mark.parametrize(
    ("key", "now", "text"),
    [
        (KEY, NOW, "hello"),
        (KEY, NOW, ""),
        (Secret("another"), NOW, PROMPT),
        (KEY, NOW + proof.VALID_S + 2, PROMPT),
        (KEY, NOW - proof.VALID_S - 2, PROMPT),
        (KEY, NOW, PROMPT.replace(NONCE, NONCE[::-1])),
        (KEY, NOW, PROMPT[:-1]),
    ],
)
def test_answers_nothing_else(key: Secret, now: float, text: str) -> None:
    assert proof.answer(key, now, text) is None


def test_the_prompt_does_not_hold_the_answer_or_the_key() -> None:
    assert proof.expected(NONCE) not in PROMPT
    assert KEY.reveal() not in PROMPT
