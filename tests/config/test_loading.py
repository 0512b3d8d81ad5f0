"""Loading as a whole: the seed file, precedence and sources, warnings, files that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cccc.config import AUTO, Loaded, current_digest, load, load_text, restart_keys
from cccc.control.api import ConfigValue
from cccc.domain.endpoint import ClientType, ModelRule, WireFormat
from cccc.domain.health import HealthPolicy
from cccc.domain.secret import Secret
from cccc.errors import ConfigError
from tests.config.samples import SEED, SEED_AS_TOML


def loaded(text: str, *, toml: bool = False, options: Mapping[str, str] | None = None, **environ: str) -> Loaded:
    name = "config.toml" if toml else "config.yaml"
    return load_text(text, toml=toml, name=name, environ=environ, options=options)


def values(result: Loaded) -> dict[str, ConfigValue]:
    return {value.key: value for value in result.values}


def file(folder: Path, text: str | bytes, name: str = "config.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_seed_file_loads_as_it_stands(tmp_path: Path) -> None:
    path = file(tmp_path, SEED)
    result = load(path, environ={}, options={})
    assert result.warnings == ()
    assert result.path == path
    assert result.settings.server.port == 8081
    assert result.log_directory == tmp_path / "logs"
    assert result.literal_secrets
    anthropic, openai, universal = result.endpoints
    assert dict(anthropic.urls) == {WireFormat.ANTHROPIC: "https://api.anthropic.com/v1/messages"}
    assert anthropic.client_type is ClientType.CLAUDE_CODE
    assert anthropic.auth.secret == Secret("YOUR_ANTHROPIC_API_KEY")
    assert dict(openai.urls) == {WireFormat.OPENAI_RESPONSES: "https://api.openai.com/v1/responses"}
    assert dict(universal.urls) == {WireFormat.OPENAI_CHAT: "https://api.provider.com/v1/chat/completions"}
    assert universal.client_type is None
    assert not universal.native_format
    assert universal.model_rules == (ModelRule("claude-*", "provider-claude-model"),)
    assert [endpoint.position for endpoint in result.endpoints] == [0, 1, 2]


def test_toml_and_yaml_give_the_same() -> None:
    yaml, toml = loaded(SEED), loaded(SEED_AS_TOML, toml=True)
    assert yaml.settings == toml.settings
    assert yaml.endpoints == toml.endpoints
    assert [(v.key, v.value) for v in yaml.values] == [(v.key, v.value) for v in toml.values]


def test_without_a_file_there_are_defaults_and_no_endpoints() -> None:
    result = load(None, environ={}, options={})
    assert result.endpoints == ()
    assert result.settings.server.port == 8080
    assert (result.path, result.digest, result.warnings) == (None, None, ())
    assert {value.source for value in result.values} == {"default"}
    assert result.health_policy == HealthPolicy(longest_probe_wait=30.0)


@pytest.mark.parametrize("text", ["", "# nothing\n", "endpoints: []\n", "endpoints:\nserver:\n  host:\n", "{}"])
def test_empty_files_and_empty_keys_are_fine(text: str) -> None:
    assert loaded(text).settings == loaded("").settings


def test_options_stand_above_the_environment_above_the_file_above_defaults() -> None:
    environ = {"CCCC_SERVER__PORT": "2", "CCCC_SERVER__HOST": "localhost", "cccc_timeouts__connect": "3s"}
    result = loaded("server:\n  port: 1\n  host: ::1\n  max_request_bytes: 1MiB\n", options={"port": "3"}, **environ)
    shown = values(result)
    assert shown["server.port"] == ConfigValue("server.port", "3", "option --port")
    assert shown["server.host"] == ConfigValue("server.host", "localhost", "env CCCC_SERVER__HOST")
    assert shown["server.max_request_bytes"] == ConfigValue("server.max_request_bytes", "1MiB", "file:4")
    assert shown["server.auth_token"] == ConfigValue("server.auth_token", "none", "default")
    assert shown["timeouts.connect"] == ConfigValue("timeouts.connect", "3s", "env cccc_timeouts__connect")
    assert result.settings.server.port == 3


def test_every_setting_has_a_value_and_a_source() -> None:
    shown = values(loaded(SEED))
    assert shown["endpoints[2].model_rewrite.rules[0].target_model"].source == "file:35"
    assert shown["endpoints[2].priority"].value == "2"
    assert shown["timeouts.stream_idle"] == ConfigValue("timeouts.stream_idle", "270s", "default")
    assert shown["logging.exclude_paths"].value == '["/v1/messages/count_tokens"]'
    assert shown["validation.python_json_fixing.target_tools"].value == '["TodoWrite"]'


def test_sources_in_toml_name_the_line() -> None:
    shown = values(loaded(SEED_AS_TOML, toml=True))
    assert shown["server.port"].source == "file:3"
    assert shown["endpoints[1].name"].source == "file:17"
    assert shown["endpoints[2].model_rewrite.rules[0].target_model"].source == "file:42"


def test_lists_and_mappings_come_from_the_environment_as_json() -> None:
    endpoints = '[{"name": "a", "url_openai": "https://a.example", "auth_value": "k"}]'
    result = loaded(SEED, CCCC_ENDPOINTS=endpoints, CCCC_SERVER__ALLOWED_HOSTS='["lan.example"]')
    assert [endpoint.name for endpoint in result.endpoints] == ["a"]
    assert values(result)["endpoints[0].name"].source == "env CCCC_ENDPOINTS"
    assert result.settings.server.allowed_hosts == ("lan.example",)


def test_a_variable_that_is_not_json_is_named_without_its_value() -> None:
    with pytest.raises(ConfigError) as caught:
        loaded("", CCCC_ENDPOINTS="sk-ant-secret-secret")
    assert caught.value.problems == (
        "env CCCC_ENDPOINTS: is not JSON; this setting is a list or mapping and expects JSON",
    )


def test_unknown_variables_are_warned_about_and_ours_are_not() -> None:
    environ = {
        "CCCC_SERVER__PROT": "1",
        "CCCC_ENDPOINTS__0__NAME": "x",
        "CCCC_CONFIG": "/x",
        "CCCC_STATE_DIR": "/y",
        "CCCC_OTHER": "z",
    }
    assert loaded("", **environ).warnings == (
        "env CCCC_SERVER__PROT: names no setting and is ignored; did you mean CCCC_SERVER__PORT?",
        "env CCCC_ENDPOINTS__0__NAME: names no setting and is ignored; did you mean CCCC_ENDPOINTS?",
    )


def test_a_wrong_option_names_itself() -> None:
    with pytest.raises(ConfigError, match=r'^option --port: server\.port: "70000" is too large') as caught:
        loaded("", options={"port": "70000"})
    assert len(caught.value.problems) == 1


def test_retired_keys_load_with_one_warning_that_names_them() -> None:
    text = """\
server: {port: 1, config_flush_interval: 30s, config_max_dirty_time: 5m}
streaming: {timeout: 30s}
tools: {max_parallel: 10}
http_client: {max_conns_per_host: 10}
monitoring: {}
format_detection: {}
conversion: {adapter_mode: unified}
retry: {upstream_errors: []}
i18n: {enabled: true, locales_path: web}
tagging: {taggers: [{type: path, tag: t, path_pattern: /a, priority: 1}]}
validation: {python_json_fixing: {debug_logging: true}}
endpoints:
  - {name: a, url_openai: 'https://a.example', auth_value: k, sse_config: {}, rate_limit_reset: 5}
"""
    assert loaded(text).warnings == (
        (
            "config.yaml: these settings of the Go program have no meaning here: server.config_flush_interval, "
            "server.config_max_dirty_time, streaming, tools, http_client, monitoring, format_detection, conversion, "
            "retry, i18n, tagging.taggers[0].priority, validation.python_json_fixing.debug_logging, "
            "endpoints[0].sse_config, endpoints[0].rate_limit_reset"
        ),
    )


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    path = file(tmp_path, SEED)
    first = load(path, environ={}, options={}).digest
    assert load(path, environ={}, options={}).digest == first
    path.write_text(SEED + "# more\n")
    assert load(path, environ={}, options={}).digest != first


def test_the_digest_can_be_asked_for_alone(tmp_path: Path) -> None:
    path = file(tmp_path, SEED)
    assert current_digest(path) == load(path, environ={}, options={}).digest
    assert current_digest(tmp_path / "none.yaml") is None
    path.write_text("broken: [")
    assert current_digest(path) is not None


def test_changes_that_need_a_restart_are_named() -> None:
    before = loaded("server: {port: 1, auto_sort_endpoints: true}\nlogging: {log_directory: a}\n")
    after = loaded("server: {port: 2, auto_sort_endpoints: false}\nlogging: {log_directory: a}\n")
    assert restart_keys(before, after) == ("server.port",)
    assert restart_keys(after, after) == ()


def test_loading_changes_no_file(tmp_path: Path) -> None:
    path = file(tmp_path, SEED)
    path.chmod(0o644)
    load(path, environ={}, options={})
    assert path.read_text() == SEED
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("name", "text"), [("config.yaml", SEED), ("config.toml", SEED_AS_TOML)])
def test_marks_and_line_ends_do_not_matter(tmp_path: Path, prefix: bytes, newline: str, name: str, text: str) -> None:
    path = file(tmp_path, prefix + text.replace("\n", newline).encode(), name)
    result = load(path, environ={}, options={})
    plain = loaded(text, toml=name.endswith("toml"))
    assert result.values == plain.values


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.json", b"{}", "config.json: unknown file type; expected a name in .yaml, .yml or .toml"),
        ("config.yaml", b"a: \xff", "config.yaml:1: is not UTF-8 text; save the file as UTF-8"),
        ("config.toml", b"[a]\nb = '\xff'", "config.toml:2: is not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_unreadable_contents(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(file(tmp_path, content, name), environ={}, options={})
    assert caught.value.problems == (said,)


def test_unreadable_places(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    large = file(tmp_path, b"#" * (4 * 1024 * 1024 + 1), "large.yaml")
    places = (
        (tmp_path / "none.yaml", "does not exist; cccc config example prints a file to start from"),
        (tmp_path / "folder.yaml", "is not a regular file; expected a YAML or TOML file"),
        (tmp_path / "pipe.yaml", "is not a regular file; expected a YAML or TOML file"),
        (large, "is larger than 4 MiB; expected a configuration file"),
    )
    for path, said in places:
        with pytest.raises(ConfigError) as caught:
            load(path, environ={}, options={})
        assert caught.value.problems == (f"{path}: {said}",)


def test_the_token_is_none_auto_or_a_secret() -> None:
    assert loaded("").auth_token is None
    assert loaded("server: {auth_token: auto, host: 0.0.0.0}").auth_token is AUTO
    assert loaded("server: {auth_token: '${T}', host: 0.0.0.0}", T="hush").auth_token == Secret("hush")
    assert loaded("server: {auth_token: '', host: localhost}").auth_token is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert loaded(f"server: {{host: '{host}'}}").settings.server.host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "workstation", "10.0.0.1", "8.8.8.8"])
def test_other_addresses_need_one(host: str) -> None:
    with pytest.raises(ConfigError, match="refused, no token is set"):
        loaded("", options={"host": host})


def test_unset_variables_leave_their_endpoint_out() -> None:
    text = SEED.replace("YOUR_TOKEN", "${GLM_KEY}")
    result = loaded(text)
    assert [endpoint.name for endpoint in result.endpoints] == ["anthropic-official", "openai-official"]
    assert result.warnings == (
        (
            "config.yaml:25:17: endpoints[2].auth_value: ${GLM_KEY} is not set in this environment; "
            'endpoint "universal-provider" is left out. Set it, or use file:PATH.'
        ),
    )
    assert len(loaded(text, GLM_KEY="k").endpoints) == 3


def test_a_section_from_the_environment_is_the_source_of_what_it_holds_only() -> None:
    shown = values(loaded("", CCCC_SERVER='{"port": 7}'))
    assert shown["server.port"].source == "env CCCC_SERVER"
    assert shown["server.host"].source == "default"
