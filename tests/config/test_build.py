"""From settings to endpoints, taggers and the breaker's policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cccc.config import Loaded, load_text
from cccc.domain.endpoint import AuthType, EgressProxy, EgressType, Endpoint, Timeouts, WireFormat
from cccc.domain.failover import FailureClass
from cccc.domain.secret import Secret
from cccc.domain.tags import Tagger, TaggerType
from cccc.errors import ConfigError

CHAT, RESPONSES, ANTHROPIC = WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES, WireFormat.ANTHROPIC
CANARY = "sk-canary-0123456789-canary"


def loaded(tree: dict[str, Any], folder: Path | None = None, **environ: str) -> Loaded:
    return load_text(json.dumps(tree), toml=False, name="config.yaml", folder=folder, environ=environ)


def endpoint(folder: Path | None = None, environ: dict[str, str] | None = None, **keys: Any) -> Endpoint:
    entry = {"name": "e", "auth_value": "k", **keys}
    if not any(key.startswith("url_") for key in keys):
        entry["url_openai"] = "https://a.example/v1"
    (built,) = loaded({"endpoints": [entry]}, folder, **(environ or {})).endpoints
    return built


@pytest.mark.parametrize(
    ("keys", "formats"),
    [
        ({"url_openai": "https://a.example/v1/responses"}, {RESPONSES}),
        ({"url_openai": "https://a.example/api/paas/v4/chat/completions"}, {CHAT}),
        ({"url_openai": "https://a.example/v1/chat/completions/?x=1"}, {CHAT}),
        ({"url_openai": "https://a.example/v1/responses", "openai_preference": "chat_completions"}, {RESPONSES}),
        ({}, {CHAT, RESPONSES}),
        ({"openai_preference": "auto"}, {CHAT, RESPONSES}),
        ({"openai_preference": ""}, {CHAT, RESPONSES}),
        ({"openai_preference": "responses"}, {RESPONSES}),
        ({"openai_preference": "chat_completions"}, {CHAT}),
        ({"supports_responses": True}, {RESPONSES}),
        ({"supports_responses": False}, {CHAT}),
        ({"target_format": "openai_chat", "openai_preference": "responses"}, {CHAT}),
        ({"target_format": "openai_responses", "supports_responses": False}, {RESPONSES}),
        ({"url_anthropic": "https://a.example"}, {ANTHROPIC}),
        ({"url_anthropic": "https://a.example", "url_openai": "https://a.example"}, {ANTHROPIC, CHAT, RESPONSES}),
        (
            {"url_anthropic": "https://a.example", "url_openai": "https://a.example", "target_format": "anthropic"},
            {ANTHROPIC, CHAT, RESPONSES},
        ),
        ({"url_gemini": "https://a.example"}, {WireFormat.GEMINI}),
    ],
)
def test_formats(keys: dict[str, Any], formats: set[WireFormat]) -> None:
    assert set(endpoint(**keys).urls) == formats


@pytest.mark.parametrize(
    ("url", "first"),
    [("https://api.openai.com/v1", RESPONSES), ("https://a.example/v1", CHAT), ("http://127.0.0.1:11434", CHAT)],
)
def test_which_api_of_a_base_is_tried_first(url: str, first: WireFormat) -> None:
    """Its maker's own host has both; elsewhere Chat is the likelier one."""
    assert next(iter(endpoint(url_openai=url).urls)) is first


def test_a_target_format_without_address_is_ignored_with_a_warning() -> None:
    entry = {"name": "e", "url_anthropic": "https://a.example", "auth_value": "k", "target_format": "openai_chat"}
    result = loaded({"endpoints": [entry]})
    assert result.endpoints[0].target_format is None
    assert [warning.partition(": ")[2] for warning in result.warnings] == [
        (
            'endpoints[0].target_format: "openai_chat" is ignored: this endpoint has no address in that format '
            "(it has anthropic)"
        )
    ]


def test_hosts_of_other_alphabets_are_stored_in_ascii() -> None:
    assert set(endpoint(url_anthropic="https://bücher.example/v1").urls.values()) == {
        "https://xn--bcher-kva.example/v1"
    }


def test_everything_an_endpoint_can_say() -> None:
    built = endpoint(
        auth_type="auth_token",
        enabled=False,
        priority=7,
        client_type="codex",
        native_format=False,
        target_format="openai_chat",
        tags=["fast", "cheap"],
        models=["gpt-*"],
        header_overrides={"x-team": "two words", "x-gone": "", "x-key": "${TEAM}", "x-number": 5},
        parameter_overrides={"temperature": 0.5, "stop": ["a"], "gone": "", "nested": {"a": None}},
        max_tokens_field_name="max_completion_tokens",
        timeouts={"connect": "500ms", "health_check_timeout": 3},
        max_concurrency=3,
        context_window=1000,
        count_tokens_enabled=False,
        enhanced_protection=True,
        reorder_system_messages_first=True,
        reasoning="drop",
        environ={"TEAM": "secret"},
    )
    assert built.auth.type is AuthType.AUTH_TOKEN
    assert (built.enabled, built.priority, built.native_format) == (False, 7, False)
    assert built.target_format is CHAT
    assert built.tags == frozenset({"fast", "cheap"})
    assert built.models == ("gpt-*",)
    assert dict(built.header_overrides) == {"x-team": "two words", "x-gone": "", "x-key": "secret", "x-number": "5"}
    assert built.parameter_overrides["nested"] == {"a": None}
    assert built.parameter_overrides["gone"] == ""
    assert built.timeouts == Timeouts(connect=0.5, health_check=3.0)
    assert (built.max_concurrency, built.context_window, built.count_tokens_enabled) == (3, 1000, False)
    assert built.enhanced_protection
    assert built.reorder_system_messages_first
    assert built.keep_reasoning is False
    assert built.max_tokens_field_name == "max_completion_tokens"


@pytest.mark.parametrize(("word", "keep"), [("auto", None), ("keep", True), ("drop", False)])
def test_reasoning(word: str, keep: bool | None) -> None:
    assert endpoint(reasoning=word).keep_reasoning is keep


def test_rules_apply_only_when_enabled() -> None:
    rules = [{"source_pattern": "a", "target_model": "b"}]
    assert endpoint(model_rewrite={"rules": rules}).model_rules == ()
    assert len(endpoint(model_rewrite={"rules": rules, "enabled": True}).model_rules) == 1


def test_common_timeouts_reach_every_endpoint() -> None:
    entry = {"name": "e", "url_openai": "https://a.example", "auth_value": "k", "timeouts": {"total": "1m"}}
    result = loaded({"endpoints": [entry], "timeouts": {"first_event": "5m", "total": "2m"}})
    assert result.endpoints[0].timeouts == Timeouts(first_event=300.0, total=60.0)


def test_oauth_sends_its_access_token() -> None:
    built = endpoint(
        auth_type="oauth", auth_value="", oauth_config={"access_token": "${TOKEN}"}, environ={"TOKEN": "t"}
    )
    assert built.auth.type is AuthType.OAUTH
    assert built.auth.secret == Secret("t")


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        (None, EgressProxy(EgressType.HTTP, "env", 1)),
        ("none", None),
        ({"type": "none"}, None),
        ({"type": "socks5", "address": "p:1080"}, EgressProxy(EgressType.SOCKS5, "p", 1080)),
        ({"type": "http", "address": "[::1]:80"}, EgressProxy(EgressType.HTTP, "::1", 80)),
        (
            {"type": "http", "address": "p:80", "username": "u", "password": "${PW}"},
            EgressProxy(EgressType.HTTP, "p", 80, "u", Secret("hush")),
        ),
    ],
)
def test_egress(proxy: Any, expected: EgressProxy | None) -> None:
    assert endpoint(proxy=proxy, environ={"HTTPS_PROXY": "http://env:1", "PW": "hush"}).egress == expected


def test_a_configured_proxy_is_used_for_loopback_too() -> None:
    proxy = {"type": "http", "address": "127.0.0.1:3128"}
    assert endpoint(url_openai="http://127.0.0.1:9", proxy=proxy).egress is not None
    assert endpoint(url_openai="http://127.0.0.1:9", environ={"ALL_PROXY": "http://p:1"}).egress is None


def test_an_unusable_proxy_variable_is_an_error_where_it_matters() -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY names no usable proxy"):
        endpoint(environ={"HTTPS_PROXY": "socks4://p:1"})
    assert endpoint(proxy="none", environ={"HTTPS_PROXY": "socks4://p:1"}).egress is None


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ({"port": 8081}, "http://127.0.0.1:8081/v1"),
        ({"port": 8081}, "http://[::1]:8081"),
        ({"port": 8081}, "http://127.1:8081"),
        ({"port": 8081, "host": "0.0.0.0", "auth_token": "t"}, "http://localhost:8081"),
        ({"port": 8081, "host": "nas.local", "auth_token": "t"}, "http://nas.local:8081"),
        ({"port": 443}, "https://localhost/v1"),
    ],
)
def test_the_own_address_is_refused(server: dict[str, Any], url: str) -> None:
    entry = {"name": "me", "url_openai": url, "auth_value": "k"}
    with pytest.raises(ConfigError, match="is this proxy's own address"):
        loaded({"server": server, "endpoints": [entry]})
    loaded({"server": {**server, "port": 0}, "endpoints": [entry]})


def test_endpoints_keep_their_place_when_others_are_left_out() -> None:
    def entry(name: str, key: str) -> dict[str, str]:
        return {"name": name, "url_openai": "https://a.example", "auth_value": key}

    result = loaded({"endpoints": [entry("a", "${A}"), entry("b", "k"), entry("c", "${C}")]}, C="k")
    assert [(built.name, built.position) for built in result.endpoints] == [("b", 1), ("c", 2)]


def test_no_endpoint_left_is_an_error_that_names_every_variable() -> None:
    entries = [{"name": n, "url_openai": "https://a.example", "auth_value": f"${{{n}}}"} for n in ("A", "B")]
    with pytest.raises(ConfigError) as caught:
        loaded({"endpoints": entries})
    assert len(caught.value.problems) == 2
    assert "${A} is not set" in caught.value.problems[0]


def test_the_breakers_policy() -> None:
    switches = {"business_error_safe": False, "config_error_safe": True, "sse_validation_safe": True}
    policy = loaded(
        {"blacklist": switches, "timeouts": {"recovery_threshold": 3, "check_interval": "2m"}}
    ).health_policy
    assert policy.enabled
    assert policy.ignored == frozenset({FailureClass.CONFIG, FailureClass.SSE})
    assert (policy.recovery_threshold, policy.longest_probe_wait) == (3, 120.0)


@pytest.mark.parametrize("switch", ["enabled", "auto_blacklist"])
def test_the_breaker_can_be_switched_off(switch: str) -> None:
    assert not loaded({"blacklist": {switch: False}}).health_policy.enabled


@pytest.mark.parametrize(
    ("entry", "params"),
    [
        ({"type": "path", "path_pattern": "/v1/*"}, {"path_pattern": "/v1/*"}),
        ({"type": "header", "header_name": "a", "expected_value": "b*"}, {"header_name": "a", "expected_value": "b*"}),
        ({"type": "query", "param_name": "a", "expected_value": "b"}, {"param_name": "a", "expected_value": "b"}),
        ({"type": "method", "methods": ["POST"]}, {"methods": ("POST",)}),
        ({"type": "body-json", "json_path": "a.b", "expected_value": "c"}, {"json_path": "a.b", "expected_value": "c"}),
        ({"type": "user-message", "expected_value": "*x*"}, {"expected_value": "*x*"}),
        ({"type": "model", "expected_value": "claude-*"}, {"expected_value": "claude-*"}),
        ({"type": "thinking"}, {}),
        ({"type": "thinking", "min_budget_tokens": 0}, {"min_budget_tokens": 0}),
    ],
)
def test_taggers(entry: dict[str, Any], params: dict[str, Any]) -> None:
    kind = TaggerType(entry["type"])
    nested = {key: value for key, value in entry.items() if key != "type"}
    old_form = {"type": "builtin", "builtin_type": kind, "config": nested, "tag": "t", "name": "n", "enabled": True}
    result = loaded(
        {"tagging": {"taggers": [{**entry, "tag": "t"}, old_form, {**entry, "tag": "x", "enabled": False}]}}
    )
    assert result.taggers == (Tagger("t", kind, "t", params), Tagger("n", kind, "t", params))


def test_no_secret_is_in_any_text(tmp_path: Path) -> None:
    (tmp_path / "key").touch(0o600)
    (tmp_path / "key").write_text(f"{CANARY}5")
    entry = {
        "name": "e",
        "url_openai": "https://a.example",
        "auth_value": f"{CANARY}1",
        "header_overrides": {"x-key": f"{CANARY}2"},
        "proxy": {"type": "http", "address": "p:1", "password": f"{CANARY}3"},
        "oauth_config": {"access_token": f"{CANARY}4", "refresh_token": f"{CANARY}4"},
    }
    by_file = {"name": "f", "url_openai": "https://a.example", "auth_value": "file:key"}
    tree = {"server": {"auth_token": f"{CANARY}6"}, "endpoints": [entry, by_file]}
    result = loaded(tree, tmp_path)
    text = repr(result.settings) + repr(result.values) + repr(result.warnings) + str(result.settings.model_dump())
    assert "canary-0123" not in text
    assert result.endpoints[0].auth.secret == Secret(f"{CANARY}1")
    assert result.endpoints[1].auth.secret == Secret(f"{CANARY}5")


@pytest.mark.parametrize(
    "broken",
    [
        {"auth_value": f"{CANARY}\n"},
        {"auth_value": f"{CANARY} {CANARY}"},
        {"auth_value": [CANARY]},
        {"auth_value": {"key": CANARY}},
        {"auth_type": CANARY},
        {"name": f"{CANARY}\n"},
        {"client_type": CANARY},
        {"priority": CANARY},
        {"header_overrides": {"x-key": f"{CANARY}\n"}},
        {"header_overrides": {f"{CANARY} x": "y"}},
        {"header_overrides": CANARY},
        {"proxy": {"type": "http", "address": "p:1", "password": f"{CANARY} x"}},
        {"proxy": {"type": CANARY}},
        {"proxy": f"http://user:{CANARY}@p:1"},
        {"oauth_config": CANARY},
        {"url_openai": CANARY},
        {"url_openai": f"https://user:{CANARY}@a.example"},
        {"url_openai": f"https://a.example/?key={CANARY}"},
        {"url_openai": f"ftp://{CANARY}"},
        {"timeouts": {"connect": CANARY}},
        {CANARY: 1},
        {f"key {CANARY}": 1},
        {"parameter_overrides": {"a": float("1e400")}, CANARY: CANARY},
    ],
)
def test_no_secret_is_in_any_complaint(broken: dict[str, Any]) -> None:
    tree = {"endpoints": [{"name": "e", "url_openai": "https://a.example", "auth_value": "k", **broken}]}
    text = json.dumps(tree).replace("Infinity", ".inf")
    with pytest.raises(ConfigError) as caught:
        load_text(text, toml=False, name="config.yaml", environ={})
    assert "canary-0123" not in str(caught.value)
    assert "\n" not in caught.value.problems[0]
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("language", "warns"), [("de", True), ("en", False)])
def test_a_language_that_the_screens_do_not_speak_is_told(language: str, warns: bool) -> None:
    loaded = load_text(f"ui:\n  language: {language}\n", toml=False, name="config.yaml")
    says = "config.yaml:2:13: ui.language: has no effect: the screens speak English only"
    assert (says in loaded.warnings) is warns
