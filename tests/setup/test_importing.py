"""Importing over real files: what is shown, what is written, what is refused, and that nothing else is touched."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cccc.config import load
from cccc.config.changes import undo
from cccc.control.api import Found, ImportPlan, Saved
from cccc.errors import ConfigError
from cccc.setup import importing
from tests.setup.cases import tree
from tests.setup.machines import machine

HERE = "http://127.0.0.1:8080"
KEY = "sk-a-key-of-the-relay-that-is-long-7d1e"
SETTINGS = {"env": {"ANTHROPIC_BASE_URL": "https://relay.example.eu/anthropic", "ANTHROPIC_AUTH_TOKEN": KEY}}
CODEX = 'model_provider = "mine"\n[model_providers.mine]\nbase_url = "https://m.example/v1"\nenv_key = "MINE_KEY"\n'


class World:
    """A machine below a folder, and the configuration that an import would go into."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.machine = machine(folder, **environ)
        self.target = folder / "cccc" / "config.yaml"

    def holds(self, path: str, content: str | dict[str, Any]) -> Path:
        place = self.machine.home / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return place

    def plan(self, path: Path | str | None = None) -> ImportPlan:
        loaded = load(self.target if self.target.exists() else None, environ=self.machine.environ, options={})
        return importing.plan(self.machine, loaded, self.target, HERE, None if path is None else str(path))

    def apply(self, path: Path | None = None, seen: str | None = None) -> Saved:
        loaded = load(self.target if self.target.exists() else None, environ=self.machine.environ, options={})
        return importing.apply(self.machine, loaded, self.target, HERE, None if path is None else str(path), seen)

    def names(self) -> list[str]:
        return [one.name for one in load(self.target, environ=self.machine.environ, options={}).endpoints]


def test_what_lies_about_on_this_machine(tmp_path: Path) -> None:
    here = World(tmp_path, MINE_KEY="k", ANTHROPIC_API_KEY="a")
    here.holds(".claude/settings.json", SETTINGS)
    here.holds(".claude/.credentials.json", {"claudeAiOauth": {"accessToken": "secret"}})
    here.holds(".codex/config.toml", CODEX)
    here.holds(".codex/auth.json", {"OPENAI_API_KEY": None, "tokens": {"access_token": "secret"}})
    before = tree(tmp_path)
    plan = here.plan()
    login = "a login belongs to its client and cannot be imported"
    assert plan.found == (
        Found(
            "~/.claude/settings.json", "base url https://relay.example.eu/anthropic", "relay.example.eu", holds_key=True
        ),
        Found("~/.claude/.credentials.json", "claude.ai login", note=login),
        Found("~/.codex/config.toml", 'provider "mine", key from env', "mine"),
        Found("~/.codex/auth.json", "ChatGPT login", note=login),
        Found("environment", "ANTHROPIC_API_KEY", "anthropic"),
    )
    assert (plan.path, plan.problems) == (str(here.target), ())
    assert 'auth_value: "${MINE_KEY}"' in plan.diff
    assert KEY not in plan.diff
    assert "secret" not in repr(plan)
    assert tree(tmp_path) == before, "looking changes nothing"


def test_an_import_is_written_at_once_and_can_be_taken_back(tmp_path: Path) -> None:
    here = World(tmp_path, MINE_KEY="k")
    here.holds(".claude/settings.json", SETTINGS)
    here.holds(".codex/config.toml", CODEX)
    saved = here.apply(seen=here.plan().seen)
    assert here.names() == ["relay.example.eu", "mine"]
    assert here.target.stat().st_mode & 0o777 == 0o600
    assert KEY in here.target.read_text()
    assert [one.endpoint for one in here.plan().found] == [None, None]
    assert [one.note for one in here.plan().found] == ["the same as relay.example.eu", "the same as mine"]
    with pytest.raises(ConfigError, match="nothing was found that could be imported"):
        here.apply()
    undo(saved)
    assert not here.target.exists()


def test_comments_stay_and_names_are_made_free(tmp_path: Path) -> None:
    here = World(tmp_path)
    here.holds(".claude/settings.json", SETTINGS)
    here.target.parent.mkdir()
    entry = (
        "endpoints:\n  # mine\n  - name: relay.example.eu\n    url_openai: https://o.example/v1\n    auth_value: k\n"
    )
    here.target.write_text(entry)
    here.apply()
    assert here.names() == ["relay.example.eu", "relay.example.eu-2"]
    assert here.target.read_text().startswith(entry)


def test_nothing_is_written_that_was_not_shown(tmp_path: Path) -> None:
    here = World(tmp_path)
    here.holds(".claude/settings.json", SETTINGS)
    seen = here.plan().seen
    here.holds(".claude/settings.json", json.dumps(SETTINGS).replace("relay", "other"))
    with pytest.raises(ConfigError, match="look again"):
        here.apply(seen=seen)
    assert not here.target.exists()


def test_a_key_that_stands_in_two_places_is_imported_once(tmp_path: Path) -> None:
    here = World(tmp_path, ANTHROPIC_API_KEY="one-key")
    here.holds(".claude/settings.json", {"env": {"ANTHROPIC_API_KEY": "one-key"}})
    assert [(one.endpoint, one.note) for one in here.plan().found] == [
        ("anthropic", ""),
        (None, "the same as anthropic"),
    ]


@pytest.mark.parametrize("content", ["{", '{"env": 3}', "[]", "\x00", '{"env": {"ANTHROPIC_BASE_URL": []}}', ""])
def test_files_that_say_nothing_usable_stop_nothing(tmp_path: Path, content: str) -> None:
    here = World(tmp_path, ANTHROPIC_API_KEY="k")
    here.holds(".claude/settings.json", content)
    here.holds(".codex/config.toml", content)
    found = here.plan().found
    assert found[-1].endpoint == "anthropic"
    assert all(one.note and one.endpoint is None for one in found[:-1])


def test_addresses_and_keys_that_no_endpoint_may_have_are_told_of(tmp_path: Path) -> None:
    here = World(tmp_path)
    here.holds(".claude/settings.json", {"env": {"ANTHROPIC_BASE_URL": "http://far.example", "ANTHROPIC_API_KEY": "k"}})
    (one,) = here.plan().found
    assert one.endpoint is None
    assert "allow_insecure" in one.note
    assert "endpoints[0]" not in one.note
    here.holds(".claude/settings.json", {"env": {"ANTHROPIC_API_KEY": "two words"}})
    (one,) = here.plan().found
    assert "two words" not in repr(here.plan())
    assert "expected a key" in one.note


def test_other_tools_are_pointed_out(tmp_path: Path) -> None:
    here = World(tmp_path)
    path = here.holds(".claude-code-router/config.json", {"Providers": []})
    (one,) = here.plan().found
    assert (one.source, one.note) == ("~/.claude-code-router/config.json", f"cccc import {path} shows what it has")


def test_a_router_with_a_comma_too_many(tmp_path: Path) -> None:
    here = World(tmp_path)
    path = here.holds(
        "router.json",
        '{"Providers": [{"name": "r", "api_base_url": "https://r.example/v1/chat/completions", '
        '"api_key": "k", "models": ["m"],},]}',
    )
    plan = here.plan(path)
    assert (plan.kind, [one.endpoint for one in plan.found]) == ("a configuration of claude-code-router", ["r"])
    here.apply(path)
    rules = load(here.target, environ={}, options={}).endpoints[0].model_rules
    assert [(rule.pattern, rule.target) for rule in rules] == [("claude-*", "m")]


def test_the_configuration_of_the_go_program(tmp_path: Path) -> None:
    here = World(tmp_path, SET="k")
    (tmp_path / "old").mkdir()
    old = tmp_path / "old" / "config.yaml"
    (tmp_path / "old" / "key.txt").write_text("the-key")
    (tmp_path / "old" / "key.txt").chmod(0o600)
    old.write_text(
        "server:\n  port: 8081\nendpoints:\n"
        "  - name: a\n    url_anthropic: https://a.example/v1/messages\n    auth_type: api_key\n"
        "    auth_value: ${SET}\n    priority: 3\n    sse_config: {x: 1}\n"
        "  - name: b\n    url_openai: https://b.example/v1\n    auth_value: file:key.txt\n"
        "  - name: c\n    url_openai: https://c.example/v1\n    auth_value: ${UNSET}\n"
    )
    plan = here.plan(old)
    assert [(one.what, one.endpoint) for one in plan.found] == [("a", "a"), ("b", "b"), ("c", None)]
    assert "UNSET" in plan.found[2].note
    here.apply(old)
    first, second = load(here.target, environ={"SET": "k"}, options={}).endpoints
    assert (first.name, first.priority) == ("a", 3)
    assert second.auth.secret is not None
    assert second.auth.secret.reveal() == "the-key"
    assert "sse_config" not in here.target.read_text()
    assert "8081" not in here.target.read_text()


def test_the_database_of_cc_switch(tmp_path: Path) -> None:
    here = World(tmp_path)
    path = tmp_path / "cc-switch.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE providers (id, app_type, name, settings_config, sort_index)")
        database.execute("INSERT INTO providers VALUES ('1', 'claude', 'Relay', ?, 1)", [json.dumps(SETTINGS)])
    database.close()
    assert [one.endpoint for one in here.plan(path).found] == ["Relay"]
    path.write_bytes(b"nothing like it")
    with pytest.raises(ConfigError, match="cannot be read as the database of cc-switch"):
        here.plan(path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.json", '{"a": 1}', "is in no format that can be imported; expected a configuration of CCCC, "),
        ("x.json", "{", "cannot be read as JSON"),
        ("x.toml", "= 1", "cannot be read as TOML"),
        ("x.yaml", "- 1", "is not a mapping"),
        ("x.txt", "hello", "is not a mapping"),
    ],
)
def test_unknown_formats_get_one_sentence(tmp_path: Path, name: str, content: str, says: str) -> None:
    here = World(tmp_path)
    path = here.holds(name, content)
    with pytest.raises(ConfigError, match=says) as caught:
        here.plan(path)
    assert len(caught.value.problems) == 1


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    here = World(tmp_path)
    for path, says in ((tmp_path / "absent.json", "does not exist"), (tmp_path, "regular file"), ("x", "full path")):
        with pytest.raises(ConfigError, match=says):
            here.plan(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.text() | st.binary().map(lambda data: data.decode("latin-1")),
    suffix=st.sampled_from(["json", "toml", "yaml"]),
)
def test_no_text_makes_it_fail(tmp_path: Path, content: str, suffix: str) -> None:
    here = World(tmp_path)
    path = here.machine.home / f"x.{suffix}"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with suppress(ConfigError):
        here.plan(path)
