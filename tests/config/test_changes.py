"""The user's file changed as a whole, and everything undone."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cccc.config import changes, load
from cccc.config.backups import backups
from cccc.control.api import AuthType, EndpointDraft, Saved
from cccc.domain.secret import Secret
from cccc.errors import ConfigError, UnknownEndpoint
from tests.config.samples import SEED
from tests.config.test_edit import COMMENTED, COMMENTED_TOML

KEY = "sk-test-0123456789abcdef"
DRAFT = EndpointDraft("new", {"url_openai": "https://n.example/v1"}, AuthType.AUTH_TOKEN, key=Secret(KEY))
FILES = pytest.mark.parametrize(("name", "text"), [("config.yaml", COMMENTED), ("config.toml", COMMENTED_TOML)])
ENVIRON = {"A": "the-key"}


def config(folder: Path, text: str, name: str = "config.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    path.chmod(0o600)
    return path


@FILES
def test_an_endpoint_is_added_and_the_file_put_back_byte_for_byte(tmp_path: Path, name: str, text: str) -> None:
    path = config(tmp_path, text, name)
    saved = changes.add_endpoint(path, DRAFT, ENVIRON)
    loaded = load(path, environ=ENVIRON, options={})
    assert (loaded.endpoints[-1].name, loaded.endpoints[-1].auth.type) == ("new", AuthType.AUTH_TOKEN)
    assert loaded.endpoints[-1].auth.secret == Secret(KEY)
    assert loaded.digest == saved.digest
    changes.undo(saved)
    assert path.read_bytes() == text.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@FILES
def test_an_endpoint_is_removed_and_put_back(tmp_path: Path, name: str, text: str) -> None:
    path = config(tmp_path, text, name)
    saved = changes.remove_endpoint(path, "first", ENVIRON)
    assert "first" not in [one.name for one in load(path, environ=ENVIRON, options={}).endpoints]
    changes.undo(saved)
    assert path.read_bytes() == text.encode()


def test_the_first_endpoint_makes_the_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "cccc" / "config.yaml"
    saved = changes.add_endpoint(path, DRAFT, {})
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert path.read_text().startswith("endpoints:\n  - name: new\n    url_openai: https://n.example/v1\n")
    assert saved.backup is None
    changes.undo(saved)
    assert not path.exists()


def test_a_draft_changes_what_it_says_and_keeps_the_key(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    draft = EndpointDraft(
        "renamed",
        {"url_anthropic": "https://r.example/v1/messages"},
        settings={"priority": "4", "models": '["a-*"]', "client_type": "null"},
    )
    changes.edit_endpoint(path, "anthropic-official", draft, {})
    (first, *_) = load(path, environ={}, options={}).endpoints
    assert (first.name, first.priority, first.models, first.client_type) == ("renamed", 4, ("a-*",), None)
    assert first.auth.secret == Secret("YOUR_ANTHROPIC_API_KEY")
    assert "url_anthropic: https://r.example/v1/messages\n" in path.read_text()
    changes.edit_endpoint(
        path, "renamed", EndpointDraft("renamed", {"url_openai": "https://o.example"}, key_reference="env:A"), ENVIRON
    )
    assert "url_anthropic" not in path.read_text()
    assert load(path, environ=ENVIRON, options={}).endpoints[0].auth.secret == Secret("the-key")


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (EndpointDraft("first", {"url_openai": "https://x.example"}, key=Secret("k")), "already the name of"),
        (EndpointDraft("x", {"url_openai": "ftp://x.example"}, key=Secret("k")), "url_openai"),
        (EndpointDraft("x", {"url_openai": "https://x.example"}), "auth_value"),
        (EndpointDraft("x", {}, key=Secret("k")), "has no address"),
        (EndpointDraft("x", {"url_openai": "https://x.example"}, key=Secret("a b")), "holds a space"),
        (EndpointDraft("x", {"url_openai": "https://x.example"}, key=Secret("k"), settings={"a": "b"}), "is not JSON"),
        (EndpointDraft("x", {"url_openai": "https://x.example"}, key=Secret("k"), settings={"prio": "1"}), "prio"),
    ],
)
def test_what_could_not_be_used_is_not_written(tmp_path: Path, draft: EndpointDraft, says: str) -> None:
    path = config(tmp_path, COMMENTED)
    with pytest.raises(ConfigError, match=says) as caught:
        changes.add_endpoint(path, draft, ENVIRON)
    assert path.read_text() == COMMENTED
    assert backups(path) == {}
    assert "a b" not in str(caught.value)


def test_nobody_can_edit_or_remove_an_unknown_endpoint(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    for change in (
        lambda: changes.remove_endpoint(path, "nobody", {}),
        lambda: changes.edit_endpoint(path, "nobody", DRAFT, {}),
    ):
        with pytest.raises(UnknownEndpoint):
            change()


def test_nothing_is_undone_once_the_file_was_changed_again(tmp_path: Path) -> None:
    path = config(tmp_path, COMMENTED)
    saved = changes.add_endpoint(path, DRAFT, ENVIRON)
    path.write_text(COMMENTED)
    with pytest.raises(ConfigError, match="was changed since"):
        changes.undo(saved)


def test_an_undo_stays_in_the_folder_of_the_file(tmp_path: Path) -> None:
    path = config(tmp_path, COMMENTED)
    saved = changes.add_endpoint(path, DRAFT, ENVIRON)
    with pytest.raises(ConfigError, match="does not exist"):
        changes.undo(Saved(saved.path, saved.digest, "../../etc/passwd"))


@FILES
def test_settings_are_previewed_and_saved(tmp_path: Path, name: str, text: str) -> None:
    path = config(tmp_path, text, name)
    wanted = {"routing.max_attempts": "3", "server.port": "9000", "logging.exclude_paths": '["/x"]', "ui.theme": "nord"}
    diff = changes.preview(path, wanted, ENVIRON)
    assert diff.problems == ()
    assert diff.restart == ("server.port",)
    assert [line for line in diff.diff.splitlines() if line.startswith("-") and "config" not in line] == [
        line for line in ["-server: {port: 8081}   # ours", "-server.port = 8081   # ours"] if line[1:] in text
    ]
    assert path.read_text() == text, "a preview writes nothing"
    saved = changes.save(path, wanted, ENVIRON)
    settings = load(path, environ=ENVIRON, options={}).settings
    assert (settings.routing.max_attempts, settings.server.port, settings.ui.theme) == (3, 9000, "nord")
    assert settings.logging.exclude_paths == ("/x",)
    changes.save(path, {"ui.theme": None}, ENVIRON)
    assert load(path, environ=ENVIRON, options={}).settings.ui.theme is None
    with pytest.raises(ConfigError):
        changes.undo(saved)


def test_a_diff_shows_no_key(tmp_path: Path) -> None:
    path = config(tmp_path, f"endpoints: []\nserver:\n  auth_token: {KEY}\n")
    diff = changes.preview(path, {"server.auth_token": "another-token-0123456789"}, {})
    assert diff.problems == ()
    assert "auth_token" in diff.diff
    assert KEY not in diff.diff
    assert "another-token" not in diff.diff


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"routing.max_attempts": "0"}, "too small"),
        ({"routing.max_attempts": "many"}, "routing.max_attempts: expected a number"),
        ({"routing.sticky_sessions": "yes"}, "expected true or false"),
        ({"logging.exclude_paths": "/x"}, "expected a list written as JSON"),
        ({"ui.keymap": "[]"}, "expected a mapping written as JSON"),
        ({"routing.prefer": "1"}, "is no setting of this form"),
        ({"endpoints": "[]"}, "is no setting of this form"),
    ],
)
def test_what_is_wrong_is_said_before_and_refused_after(tmp_path: Path, wanted: dict[str, str], says: str) -> None:
    path = config(tmp_path, COMMENTED)
    (problem,) = changes.preview(path, wanted, ENVIRON).problems
    assert problem.fatal
    assert says in problem.message
    with pytest.raises(ConfigError):
        changes.save(path, wanted, ENVIRON)
    assert path.read_text() == COMMENTED


def test_further_keys_are_written_as_json_says(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    rules = {"enabled": True, "rules": [{"source_pattern": "claude-*", "target_model": "m"}]}
    draft = EndpointDraft(
        "new", {"url_openai": "https://n.example"}, key=Secret(KEY), settings={"model_rewrite": json.dumps(rules)}
    )
    changes.add_endpoint(path, draft, {})
    (rule,) = load(path, environ={}, options={}).endpoints[-1].model_rules
    assert (rule.pattern, rule.target) == ("claude-*", "m")
