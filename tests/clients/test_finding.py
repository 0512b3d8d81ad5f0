"""What the clients' files and the environment name, as a table; and that nothing in them makes it fail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.clients import finding, others
from cccc.clients.finding import CLOUD, ITSELF, LOGIN, Finding, Surroundings, Upstream
from cccc.domain.endpoint import AuthType
from cccc.domain.secret import Secret

HERE = "http://127.0.0.1:8080"
AROUND = Surroundings({"RELAY_KEY": "of-the-relay", "ANTHROPIC_API_KEY": "of-the-shell"}, HERE)
RELAY = "https://relay.example.eu/anthropic"


def only(found: list[Finding]) -> Finding:
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("env", "url", "auth", "key"),
    [
        ({"ANTHROPIC_BASE_URL": RELAY, "ANTHROPIC_AUTH_TOKEN": "t"}, RELAY, AuthType.AUTH_TOKEN, "t"),
        ({"ANTHROPIC_BASE_URL": RELAY, "ANTHROPIC_API_KEY": " k "}, RELAY, AuthType.API_KEY, "k"),
        ({"ANTHROPIC_API_KEY": "k"}, "https://api.anthropic.com", AuthType.API_KEY, "k"),
        ({"ANTHROPIC_BASE_URL": RELAY}, RELAY, AuthType.API_KEY, "${ANTHROPIC_API_KEY}"),
        (
            {"ANTHROPIC_BASE_URL": RELAY, "ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_API_KEY": "k"},
            RELAY,
            AuthType.AUTH_TOKEN,
            "t",
        ),
    ],
)
def test_the_settings_of_claude_code(env: dict[str, str], url: str, auth: AuthType, key: str) -> None:
    upstream = only(finding.claude_code({"env": env}, AROUND)).upstream
    assert upstream is not None
    assert (upstream.urls, upstream.auth_type) == ({"url_anthropic": url}, auth)
    assert (upstream.reference or (upstream.key and upstream.key.reveal())) == key


@pytest.mark.parametrize(
    ("tree", "refused"),
    [
        ({"env": {"ANTHROPIC_BASE_URL": HERE, "ANTHROPIC_AUTH_TOKEN": "x"}}, ITSELF),
        ({"env": {"ANTHROPIC_BASE_URL": "http://localhost:8080/v1"}}, ITSELF),
        ({"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "ANTHROPIC_AUTH_TOKEN": "cccc-local"}}, ITSELF),
        ({"env": {"CLAUDE_CODE_OAUTH_TOKEN": "t"}}, LOGIN),
        ({"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}, CLOUD),
        ({"env": {"ANTHROPIC_API_KEY": "file:/home/me/.ssh/id_rsa"}}, "its key names another place"),
        ({"env": {"ANTHROPIC_API_KEY": "${HOME}"}}, "its key names another place"),
    ],
)
def test_what_is_not_taken_from_claude_code(tree: dict[str, Any], refused: str) -> None:
    one = only(finding.claude_code(tree, AROUND))
    assert one.upstream is None
    assert refused in one.refused


def test_a_key_that_a_program_prints_is_out_of_reach() -> None:
    tree = {"env": {"ANTHROPIC_BASE_URL": RELAY}, "apiKeyHelper": "print-it"}
    assert "apiKeyHelper" in only(finding.claude_code(tree, Surroundings())).refused
    assert "no key" in only(finding.claude_code({"env": tree["env"]}, Surroundings())).refused


def test_models_that_claude_code_is_told_to_ask_for_become_rules() -> None:
    env = {
        "ANTHROPIC_API_KEY": "k",
        "ANTHROPIC_MODEL": "glm-5",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "glm-air",
    }
    upstream = only(finding.claude_code({"env": env}, AROUND)).upstream
    assert upstream is not None
    assert upstream.settings["model_rewrite"]["rules"] == [
        {"source_pattern": "*haiku*", "target_model": "glm-air"},
        {"source_pattern": "claude-*", "target_model": "glm-5"},
    ]


@pytest.mark.parametrize(
    ("entry", "url", "key"),
    [
        ({"env_key": "RELAY_KEY"}, "https://r.example/v1/responses", "${RELAY_KEY}"),
        ({"env_key": "RELAY_KEY", "wire_api": "chat"}, "https://r.example/v1/chat/completions", "${RELAY_KEY}"),
        ({"experimental_bearer_token": "t"}, "https://r.example/v1/responses", "t"),
        ({"requires_openai_auth": True}, "https://r.example/v1/responses", "of-auth"),
    ],
)
def test_the_providers_of_codex(entry: dict[str, Any], url: str, key: str) -> None:
    tree = {"model_providers": {"relay": {"base_url": "https://r.example/v1/", **entry}}}
    upstream = only(finding.providers(tree, {"OPENAI_API_KEY": "of-auth"}, AROUND)).upstream
    assert upstream is not None
    assert (upstream.name, upstream.urls) == ("relay", {"url_openai": url})
    assert (upstream.reference or (upstream.key and upstream.key.reveal())) == key


@pytest.mark.parametrize(
    ("name", "entry", "refused"),
    [
        ("cccc", {"base_url": "http://127.0.0.1:1/v1"}, ITSELF),
        ("mine", {"base_url": f"{HERE}/v1", "experimental_bearer_token": "t"}, ITSELF),
        ("mine", {}, "no base_url"),
        ("mine", {"base_url": "https://r.example", "query_params": {"api-version": "1"}}, "query_params"),
        ("mine", {"base_url": "https://r.example", "env_key": "ABSENT"}, "variable ABSENT, which is not set"),
        ("mine", {"base_url": "https://r.example", "wire_api": "gopher"}, "wire_api"),
        ("mine", {"base_url": "https://r.example"}, "no key"),
    ],
)
def test_what_is_not_taken_from_codex(name: str, entry: dict[str, Any], refused: str) -> None:
    one = only(finding.providers({"model_providers": {name: entry}}, {}, AROUND))
    assert one.upstream is None
    assert refused in one.refused


def test_the_login_of_codex_is_its_key_or_none() -> None:
    key, login = finding.openai({}, {"OPENAI_API_KEY": "k", "tokens": {"access_token": "secret"}}, AROUND)
    assert key.upstream == Upstream(
        "openai", {"url_openai": "https://api.openai.com/v1"}, AuthType.AUTH_TOKEN, Secret("k")
    )
    assert login == Finding("ChatGPT login", refused=LOGIN)
    assert finding.openai({}, {"OPENAI_API_KEY": None, "tokens": None}, AROUND) == []


def test_the_environment_is_referred_to() -> None:
    environ = {
        "ANTHROPIC_AUTH_TOKEN": "t",
        "ANTHROPIC_BASE_URL": RELAY,
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": "https://o.example/v1",
        "CLAUDE_CODE_OAUTH_TOKEN": "o",
    }
    anthropic, openai, login = finding.environment(Surroundings(environ, HERE))
    assert (anthropic.what, openai.what) == (
        "ANTHROPIC_AUTH_TOKEN and ANTHROPIC_BASE_URL",
        "OPENAI_API_KEY and OPENAI_BASE_URL",
    )
    assert anthropic.upstream is not None
    assert openai.upstream is not None
    assert (anthropic.upstream.reference, anthropic.upstream.key) == ("${ANTHROPIC_AUTH_TOKEN}", None)
    assert (openai.upstream.reference, openai.upstream.urls) == (
        "${OPENAI_API_KEY}",
        {"url_openai": "https://o.example/v1"},
    )
    assert login.refused == LOGIN
    assert finding.environment(Surroundings()) == []


def test_a_shell_that_points_here_gives_nothing() -> None:
    environ = {"ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_BASE_URL": HERE}
    assert only(finding.environment(Surroundings(environ, HERE))).refused == ITSELF


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("relay", "", "relay"),
        ("auto", "https://x.example", "x.example"),
        (" \x1b[2J\u202e ", "https://x.example", "[2J"),
        ("", "https://api.anthropic.com/v1", "anthropic"),
        ("", "https://api.relay.example/v1", "relay.example"),
        ("", "https://[::broken", "imported"),
        ("n" * 200, "", "n" * 100),
    ],
)
def test_names(name: str, url: str, expected: str) -> None:
    assert finding.named(name, url) == expected


def test_names_are_made_distinct() -> None:
    three = [Upstream("relay", {}), Upstream("relay", {}), Upstream("other", {})]
    assert [one.name for one in finding.distinct(three, ["relay"])] == ["relay-2", "relay-3", "other"]


def test_an_address_is_shown_without_its_password() -> None:
    assert finding.shown("https://me:secret@x.example/a?key=secret") == "https://x.example/a"


# other tools


def test_claude_code_router() -> None:
    tree = {
        "Providers": [
            {
                "name": "openrouter",
                "api_base_url": "https://openrouter.ai/api/v1/chat/completions",
                "api_key": "$RELAY_KEY",
                "models": ["a/one", "a/two"],
            },
            {"name": "own", "api_base_url": "https://o.example/v1/messages", "api_key": "k", "models": ["m"]},
            {"name": "g", "api_base_url": "https://g.example", "api_key": "k", "transformer": {"use": ["gemini"]}},
            {"name": "n", "api_base_url": "https://n.example/v1/chat/completions", "api_key": ""},
        ],
        "Router": {"default": "openrouter,a/two", "background": "openrouter,a/one"},
    }
    kind = others.kind_of(tree)
    assert kind is not None
    first, second, third, fourth = kind.read(tree, None, AROUND)
    assert kind.title == "a configuration of claude-code-router"
    assert first.upstream is not None
    assert (first.upstream.reference, first.upstream.urls) == (
        "${RELAY_KEY}",
        {"url_openai": "https://openrouter.ai/api/v1/chat/completions"},
    )
    assert first.upstream.settings["model_rewrite"]["rules"] == [
        {"source_pattern": "*haiku*", "target_model": "a/one"},
        {"source_pattern": "claude-*", "target_model": "a/two"},
    ]
    assert second.upstream is not None
    assert second.upstream.urls == {"url_anthropic": "https://o.example/v1/messages"}
    assert "Gemini" in third.refused
    assert "no key" in fourth.refused


def test_cc_switch() -> None:
    config = (
        'model_provider = "custom"\n[model_providers.custom]\nbase_url = "https://c.example/v1"\n'
        'wire_api = "responses"\nrequires_openai_auth = true\n'
    )
    tree = {
        "version": 2,
        "claude": {
            "current": "a",
            "providers": {
                "a": {
                    "name": "Relay",
                    "settingsConfig": {"env": {"ANTHROPIC_BASE_URL": RELAY, "ANTHROPIC_AUTH_TOKEN": "t"}},
                },
                "b": {"name": "Claude Official", "settingsConfig": {"env": {}}},
            },
        },
        "codex": {
            "providers": {
                "c": {"name": "Custom", "settingsConfig": {"auth": {"OPENAI_API_KEY": "k"}, "config": config}},
                "d": {"name": "Broken", "settingsConfig": {"auth": {}, "config": "= ="}},
            }
        },
    }
    kind = others.kind_of(tree)
    assert kind is not None
    found = kind.read(tree, None, AROUND)
    assert kind.title == "a configuration of cc-switch"
    assert [one.upstream.name if one.upstream else one.refused for one in found] == [
        "Relay",
        "it has no address and no key",
        "Custom",
        "it has no address and no key",
    ]
    assert found[2].upstream is not None
    assert found[2].upstream.urls == {"url_openai": "https://c.example/v1/responses"}


def test_our_own_configuration_keeps_what_it_says() -> None:
    tree = {
        "endpoints": [
            {
                "name": "official",
                "url_anthropic": "https://api.anthropic.com/v1/messages",
                "auth_type": "api_key",
                "auth_value": "${RELAY_KEY}",
                "priority": 3,
                "tags": ["a"],
            },
            {"name": "here", "url_openai": f"{HERE}/v1", "auth_value": "k"},
        ]
    }
    kind = others.kind_of(tree)
    assert kind is not None
    first, second = kind.read(tree, None, AROUND)
    assert first.upstream == Upstream(
        "official",
        {"url_anthropic": "https://api.anthropic.com/v1/messages"},
        AuthType.API_KEY,
        reference="${RELAY_KEY}",
        settings={"priority": 3, "tags": ["a"]},
    )
    assert second.refused == ITSELF


@pytest.mark.parametrize(
    ("tree", "title"),
    [
        ({"endpoints": []}, "a configuration of CCCC"),
        ({"Providers": []}, "a configuration of claude-code-router"),
        ({"providers": {}, "current": ""}, "a configuration of cc-switch"),
        ({"model_provider": "x"}, "the settings of Codex"),
        ({"OPENAI_API_KEY": None}, "the login of Codex"),
        ({"claudeAiOauth": {}}, "the login of Claude Code"),
        ({"env": {}}, "the settings of Claude Code"),
        ({"something": "else"}, None),
        ({}, None),
        ([], None),
    ],
)
def test_files_are_known_by_their_shape(tree: Any, title: str | None) -> None:
    kind = others.kind_of(tree)
    assert (kind.title if kind else None) == title


_WORDS = st.sampled_from(
    [
        "env", "endpoints", "Providers", "providers", "claude", "codex", "Router", "settingsConfig", "auth", "config",
        "model_providers", "model_provider", "base_url", "env_key", "wire_api", "tokens", "OPENAI_API_KEY", "name",
        "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "api_base_url", "api_key", "models", "transformer", "use",
        "auth_value", "url_openai", "http_headers", "default", "background", "requires_openai_auth",
    ]
)  # fmt: skip
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["http://[", RELAY, "$X"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(_TREES, _TREES)
def test_nothing_in_a_file_makes_it_fail(tree: Any, beside: Any) -> None:
    finding.claude_code(tree, AROUND)
    finding.codex(tree, beside, AROUND)
    finding.credentials(tree)
    if (kind := others.kind_of(tree)) is not None:
        kind.read(tree, beside, AROUND)


@given(st.dictionaries(_WORDS | st.text(max_size=4), st.text()))
def test_nothing_in_the_environment_makes_it_fail(environ: dict[str, str]) -> None:
    finding.environment(Surroundings(environ, HERE))


@given(st.lists(st.fixed_dictionaries({}, optional={"name": st.text(), "auth_value": st.text()}), max_size=3))
def test_every_name_can_be_an_endpoints(entries: list[dict[str, str]]) -> None:
    for one in others.own({"endpoints": entries}, None, AROUND):
        if one.upstream is not None:
            name = one.upstream.name
            assert 1 <= len(name) <= 100
            assert name.isprintable()
            assert name == name.strip()
