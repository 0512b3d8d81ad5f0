"""Codex: what is written, what wins over it, and what it really uses."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from cccc.clients import codex
from cccc.clients.plan import Source, Target
from tests.clients.files import CODEX, TARGET


def test_writes_the_table_and_selects_it() -> None:
    plan = codex.plan(CODEX, b'# mine\nmodel = "gpt-5.5"\n\n[mcp_servers.x]\ncommand = "sh" # why\n', TARGET, [])
    text = plan.files[0].after.decode()
    assert tomllib.loads(text) == {
        "model": "gpt-5.5",
        "model_provider": "cccc",
        "mcp_servers": {"x": {"command": "sh"}},
        "model_providers": {
            "cccc": {
                "name": "cccc",
                "base_url": "http://127.0.0.1:8080/v1",
                "wire_api": "responses",
                "experimental_bearer_token": "cccc-local",
            }
        },
    }
    assert text.startswith("# mine\n")
    assert 'command = "sh" # why' in text
    assert any("codex resume" in note for note in plan.notes)


def test_model_catalog_and_trust_only_when_asked() -> None:
    target = Target(TARGET.url, TARGET.key, model="glm-5", catalog=True, trust=("/home/me/a b",))
    tree = tomllib.loads(codex.plan(CODEX, None, target, []).files[0].after.decode())
    assert tree["model"] == "glm-5"
    assert tree["model_providers"]["cccc"]["model_catalog_url"] == "http://127.0.0.1:8080/v1/models"
    assert tree["projects"] == {"/home/me/a b": {"trust_level": "trusted"}}
    assert "projects" not in tomllib.loads(codex.plan(CODEX, None, TARGET, []).files[0].after.decode())


SELECTED = {"model_provider": "cccc", "model_providers": {"cccc": {"base_url": "http://127.0.0.1:8080/v1"}}}


@pytest.mark.parametrize(
    ("user", "source", "says"),
    [
        ({}, {}, []),
        ({}, {"model_provider": "theirs"}, ["managed.toml sets model_provider, which wins over c.toml: ask"]),
        ({}, {"model_provider": "cccc"}, []),
        ({}, {"model_providers": {"cccc": {"base_url": "x"}}}, ["managed.toml has a table [model_providers.cccc]"]),
        ({"profile": "p", "profiles": {"p": {"model_provider": "openai"}}}, {}, ["c.toml selects the profile 'p'"]),
        ({"profile": "p", "profiles": {"p": {"model": "m"}}}, {}, []),
        ({"model_providers": {"cccc": {"auth": {"command": "x"}}}}, {}, ["c.toml: [model_providers.cccc] has auth"]),
    ],
)
def test_says_what_wins_and_how_to_clear_it(user: dict[str, Any], source: dict[str, Any], says: list[str]) -> None:
    found = list(codex.warnings(user, [Source("managed.toml", source, "ask")], "c.toml"))
    assert len(found) == len(says)
    assert all(expected in one for one, expected in zip(found, says, strict=True))


def test_shows_where_requests_go() -> None:
    found = {one.key: one for one in codex.effective(SELECTED, TARGET, [], "c.toml")}
    assert found["model_provider"].leads_here
    assert found["model_providers.cccc.base_url"].leads_here
    theirs = {"model_provider": "relay", "model_providers": {"relay": {"base_url": "https://r.example/v1"}}}
    found = {one.key: one for one in codex.effective(SELECTED, TARGET, [Source("managed.toml", theirs)], "c.toml")}
    assert (found["model_provider"].value, found["model_provider"].source) == ("relay", "managed.toml")
    assert found["model_providers.relay.base_url"].leads_here is False
