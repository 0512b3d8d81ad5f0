"""Claude Code: what is written, what wins over it, and what it really uses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cccc.clients import claude_code
from cccc.clients.plan import Source, Target
from cccc.domain.secret import Secret
from tests.clients.files import CLAUDE, TARGET

SHELL = Source(claude_code.ENVIRONMENT, {}, "unset it in your shell")


def shell(**env: str) -> Source:
    return Source(claude_code.ENVIRONMENT, {"env": env}, "unset it in your shell")


def test_writes_the_keys_of_the_interface_and_no_more() -> None:
    plan = claude_code.plan(CLAUDE, b'{"permissions": {"allow": []}, "hooks": {}}', TARGET, [SHELL], login=False)
    assert json.loads(plan.files[0].after) == {
        "permissions": {"allow": []},
        "hooks": {},
        "env": {
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:8080",
            "ANTHROPIC_AUTH_TOKEN": "cccc-local",
            "API_TIMEOUT_MS": "600000",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        },
    }
    assert all(one.reason for one in plan.files[0].wanted)


def test_models_and_tool_search_only_when_asked() -> None:
    target = Target(TARGET.url, TARGET.key, model="glm-5", opus="big", sonnet="middle", haiku="small", tool_search=True)
    written = {one.path[-1]: one.value for one in claude_code.wanted(target)}
    assert (
        written
        | {
            "ANTHROPIC_MODEL": "glm-5",
            "ANTHROPIC_DEFAULT_OPUS_MODEL": "big",
            "ANTHROPIC_DEFAULT_SONNET_MODEL": "middle",
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": "small",
            "ENABLE_TOOL_SEARCH": "true",
        }
        == written
    )


USER = {"env": {"ANTHROPIC_BASE_URL": TARGET.url, "ANTHROPIC_AUTH_TOKEN": "cccc-local"}}
MANAGED = Source("/etc/claude-code/managed-settings.json", {"env": {"ANTHROPIC_BASE_URL": "https://m.example"}}, "ask")
LOCAL = Source(".claude/settings.local.json", {"env": {"ANTHROPIC_BASE_URL": "https://l.example"}}, "remove it there")


@pytest.mark.parametrize(
    ("user", "sources", "says"),
    [
        (USER, [SHELL], []),
        (USER, [MANAGED, SHELL], ["managed-settings.json sets ANTHROPIC_BASE_URL, which wins over ~/.claude/set"]),
        (USER, [LOCAL, SHELL], [".claude/settings.local.json sets ANTHROPIC_BASE_URL, which wins"]),
        (USER, [shell(ANTHROPIC_BASE_URL="https://shell.example")], []),
        (
            USER,
            [shell(CLAUDE_CODE_USE_BEDROCK="1")],
            ["environment sets CLAUDE_CODE_USE_BEDROCK: Claude Code then ignores"],
        ),
        (USER, [shell(CLAUDE_CODE_USE_VERTEX="0")], []),
        (USER, [shell(ANTHROPIC_API_KEY="sk-mine")], ["environment sets ANTHROPIC_API_KEY: it is sent to cccc too"]),
        ({**USER, "apiKeyHelper": "echo k"}, [SHELL], ["~/.claude/settings.json sets apiKeyHelper"]),
        (
            {"env": {**USER["env"], "ANTHROPIC_API_KEY": "k"}},
            [SHELL],
            ["~/.claude/settings.json sets ANTHROPIC_API_KEY"],
        ),
    ],
)
def test_says_what_wins_and_how_to_clear_it(user: dict[str, Any], sources: list[Source], says: list[str]) -> None:
    found = list(claude_code.warnings(user, TARGET, sources, "~/.claude/settings.json"))
    assert len(found) == len(says)
    for one, expected in zip(found, says, strict=True):
        assert expected in one
        assert one.endswith((" ask", "remove it there", "unset it in your shell"))


def test_a_login_is_left_alone_and_named() -> None:
    assert "wins over the login" in claude_code.plan(CLAUDE, None, TARGET, [SHELL], login=True).notes[0]
    assert claude_code.plan(CLAUDE, None, TARGET, [SHELL], login=False).notes == ()


@pytest.mark.parametrize(
    ("sources", "value", "source", "leads"),
    [
        ([SHELL], TARGET.url, "~/.claude/settings.json", True),
        ([shell(ANTHROPIC_BASE_URL="https://s.example")], TARGET.url, "~/.claude/settings.json", True),
        ([LOCAL, SHELL], "https://l.example", LOCAL.name, False),
        ([MANAGED, LOCAL, SHELL], "https://m.example", MANAGED.name, False),
    ],
)
def test_shows_the_strongest_source(sources: list[Source], value: str, source: str, leads: bool) -> None:
    first = claude_code.effective(USER, TARGET, sources, "~/.claude/settings.json")[0]
    assert (first.key, first.value, first.source, first.leads_here) == ("ANTHROPIC_BASE_URL", value, source, leads)


@pytest.mark.parametrize(
    ("user", "env", "expected"),
    [
        ({}, {}, {"ANTHROPIC_BASE_URL": False, "ANTHROPIC_AUTH_TOKEN": False}),
        (
            {},
            {"ANTHROPIC_BASE_URL": "http://localhost:8080/v1/"},
            {"ANTHROPIC_BASE_URL": True, "ANTHROPIC_AUTH_TOKEN": False},
        ),
        (USER, {"CLAUDE_CODE_USE_VERTEX": "true"}, {"ANTHROPIC_BASE_URL": True, "CLAUDE_CODE_USE_VERTEX": False}),
    ],
)
def test_says_whether_it_leads_here(user: dict[str, Any], env: dict[str, str], expected: dict[str, bool]) -> None:
    found = {one.key: one.leads_here for one in claude_code.effective(user, TARGET, [shell(**env)], "x")}
    assert found | expected == found


def test_any_key_will_do_where_the_proxy_asks_for_none() -> None:
    strict = Target(TARGET.url, Secret("the-token-of-this-proxy"))
    user = {"env": {"ANTHROPIC_BASE_URL": TARGET.url, "ANTHROPIC_AUTH_TOKEN": "anything"}}
    for target, leads in ((TARGET, True), (strict, False)):
        found = {one.key: one.leads_here for one in claude_code.effective(user, target, [SHELL], "x")}
        assert found["ANTHROPIC_AUTH_TOKEN"] is leads
