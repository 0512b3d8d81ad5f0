"""A person's choices: which are in force, for whom and until when."""

from __future__ import annotations

import pytest

from cccc.domain.endpoint import ClientType
from cccc.proxy.choices import Choices

CLAUDE, CODEX = ClientType.CLAUDE_CODE, ClientType.CODEX


def in_force(choices: Choices, client_type: ClientType | None, now: float = 0.0) -> list[str]:
    return [choice.endpoint for choice in choices.of(client_type, now)]


def test_each_kind_of_client_has_its_own() -> None:
    choices = Choices()
    choices.choose("one", CLAUDE, None, 0.0)
    choices.choose("two", CODEX, None, 0.0)
    choices.choose("three", CODEX, None, 0.0)
    assert in_force(choices, CLAUDE) == ["one"]
    assert in_force(choices, CODEX) == ["three"]
    assert in_force(choices, None) == ["one", "three"]
    choices.choose(None, CLAUDE, None, 0.0)
    assert in_force(choices, None) == ["three"]


@pytest.mark.parametrize("endpoint", ["all", None])
def test_a_choice_for_all_ends_every_other(endpoint: str | None) -> None:
    choices = Choices()
    choices.choose("one", CLAUDE, None, 0.0)
    choices.choose(endpoint, None, None, 0.0)
    assert in_force(choices, CLAUDE) == in_force(choices, CODEX) == ([] if endpoint is None else ["all"])


def test_it_lasts_as_long_as_was_said() -> None:
    choices = Choices()
    choices.choose("one", CLAUDE, 10.0, 100.0)
    assert in_force(choices, CLAUDE, 109.9) == ["one"]
    assert in_force(choices, CLAUDE, 110.0) == []
    assert in_force(choices, CLAUDE, 100.0) == []
