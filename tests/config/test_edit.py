"""Editing the user's file in place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.config import documents, load
from cccc.config.backups import backups
from cccc.config.edit import changed_text, edit_endpoint, protect
from cccc.config.paths import config_folder
from cccc.errors import ConfigError, UnknownEndpoint
from tests.config.samples import SEED, SEED_AS_TOML

COMMENTED = """\
# my file
server: {port: 8081}   # ours

endpoints:
    -   name: "first"      # the good one
        url_openai:   https://a.example
        auth_value: '${A}'
        enabled:   true    # for now

    -   url_openai: https://b.example
        name: second
        auth_value: env:A   # no priority

    - {name: third, url_openai: 'https://c.example', auth_value: env:A, priority: 3}
# the end"""

COMMENTED_TOML = """\
# my file
server.port = 8081   # ours

[[endpoints]]   # the good one
name = 'first'
url_openai = "https://a.example"
auth_value = "${A}"
enabled   =   true    # for now

[[endpoints]]
  url_openai = "https://b.example"
  name = "second" # no priority
  auth_value = "env:A"
# the end"""


def config(folder: Path, text: str, name: str = "config.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("name", "text", "endpoint", "change", "old", "new"),
    [
        ("config.yaml", COMMENTED, "first", {"enabled": False}, "enabled:   true ", "enabled:   false "),
        ("config.yaml", COMMENTED, "third", {"priority": 9}, "priority: 3}", "priority: 9}"),
        ("config.yaml", COMMENTED, "third", {"enabled": False}, "{name: third,", "{name: third, enabled: false,"),
        (
            "config.yaml",
            COMMENTED,
            "first",
            {"priority": 2},
            "# the good one\n",
            "# the good one\n        priority: 2\n",
        ),
        ("config.yaml", COMMENTED, "second", {"priority": -1}, "second\n", "second\n        priority: -1\n"),
        ("config.toml", COMMENTED_TOML, "first", {"enabled": False}, "enabled   =   true ", "enabled   =   false "),
        (
            "config.toml",
            COMMENTED_TOML,
            "second",
            {"priority": 2},
            "# no priority\n",
            "# no priority\n  priority = 2\n",
        ),
        (
            "config.toml",
            'endpoints = [{ name = "a", url_openai = "https://a.example", auth_value = "env:A" }]\n',
            "a",
            {"enabled": True},
            '"a",',
            '"a", enabled = true,',
        ),
        (
            "config.yaml",
            "endpoints:\n- name: a\n  enabled:\n  url_openai: https://a.example\n  auth_value: env:A",
            "a",
            {"enabled": False},
            "enabled:",
            "enabled: false",
        ),
        (
            "config.yaml",
            "endpoints:\n- url_openai: https://a.example\n  auth_value: env:A\n  name: a",
            "a",
            {"enabled": False},
            "name: a",
            "name: a\n  enabled: false\n",
        ),
    ],
)
def test_only_the_value_changes(
    tmp_path: Path, name: str, text: str, endpoint: str, change: dict[str, int], old: str, new: str
) -> None:
    path = config(tmp_path, text, name)
    assert text.count(old) == 1
    digest = edit_endpoint(path, endpoint, **change)  # type: ignore[arg-type]
    assert path.read_text() == text.replace(old, new)
    result = load(path, environ={"A": "k"}, options={})
    assert result.digest == digest
    (built,) = (built for built in result.endpoints if built.name == endpoint)
    assert {key: getattr(built, key) for key in change} == change


@pytest.mark.parametrize(("name", "text"), [("config.yaml", SEED), ("config.toml", SEED_AS_TOML)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "BOM"])
def test_line_ends_and_marks_stay(tmp_path: Path, name: str, text: str, newline: str, mark: str) -> None:
    text = mark + text.replace("\n", newline)
    path = config(tmp_path, text, name)
    edit_endpoint(path, "openai-official", enabled=False, priority=7)
    changed = path.read_bytes().decode()
    edit_endpoint(path, "openai-official", enabled=True, priority=1)
    assert path.read_bytes().decode() == text
    assert changed != text
    assert changed.count("\r") == text.count("\r")


def test_the_same_value_writes_nothing(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    before = path.stat().st_mtime_ns
    edit_endpoint(path, "openai-official", enabled=True)
    assert path.stat().st_mtime_ns == before
    assert backups(path) == {}


def test_ten_backups_are_kept_for_the_owner_alone(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    texts = []
    for priority in range(2, 15):
        texts.append(path.read_text())
        edit_endpoint(path, "openai-official", priority=priority)
    kept = backups(path)
    assert sorted(kept) == list(range(4, 14))
    assert [kept[number].read_text() for number in sorted(kept)] == texts[-10:]
    assert {other.stat().st_mode & 0o777 for other in kept.values()} == {0o600}
    assert kept[13].name == "config.yaml.bak-0013"


def test_an_unknown_endpoint_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    with pytest.raises(UnknownEndpoint) as caught:
        edit_endpoint(path, "openai-oficial", enabled=False)
    assert caught.value.nearest == "openai-official"
    assert path.read_text() == SEED


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    digest = load(path, environ={}, options={}).digest
    path.write_text(SEED + "# by hand\n")
    with pytest.raises(ConfigError, match="was changed since it was read; nothing was written"):
        edit_endpoint(path, "openai-official", enabled=False, digest=digest)
    assert path.read_text() == SEED + "# by hand\n"
    assert backups(path) == {}


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {enabled: true}\nendpoints:\n  - {<<: *b, name: a}\n  - {<<: *b, name: b}\n",
        "endpoints:\n  - &a {name: a, priority: 1}\n  - *a\n",
        "on: &on true\nendpoints:\n  - {name: a, enabled: &x true}\n  - {name: b, enabled: *x}\n",
    ],
)
def test_what_cannot_be_edited_safely_is_left_to_people(tmp_path: Path, text: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(ConfigError, match="cannot be edited safely"):
        edit_endpoint(path, "a", enabled=False, priority=5)
    assert path.read_text() == text
    assert backups(path) == {}


def test_a_broken_file_is_not_touched(tmp_path: Path) -> None:
    path = config(tmp_path, "endpoints: [")
    with pytest.raises(ConfigError, match="cannot be read as YAML"):
        edit_endpoint(path, "a", enabled=False)
    assert path.read_text() == "endpoints: ["


@pytest.mark.parametrize(("text", "after"), [(SEED, 0o600), (COMMENTED, 0o644)], ids=["literal keys", "references"])
def test_files_with_keys_become_private(tmp_path: Path, text: str, after: int) -> None:
    path = config(tmp_path, text)
    path.chmod(0o644)
    name = "first" if text is COMMENTED else "openai-official"
    edit_endpoint(path, name, enabled=False)
    assert path.stat().st_mode & 0o777 == after


def test_protect_tightens_the_file_and_says_so(tmp_path: Path) -> None:
    path = config(tmp_path, SEED)
    tmp_path.chmod(0o755)
    path.chmod(0o644)
    assert protect(path) == (f"{path} was open to others (mode 0644); it is now 0600",)
    assert path.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert protect(path) == ()


def test_protect_tightens_our_own_folder() -> None:
    folder = config_folder()
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    path = config(folder, SEED)
    assert protect(path) == (f"{folder} was open to others (mode 0755); it is now 0700",)


def test_protect_says_when_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(tmp_path, SEED)
    path.chmod(0o644)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)
    assert protect(path) == (f"{path} is open to others and cannot be made private (Operation not permitted)",)


NAMES = st.text(min_size=1, max_size=12).filter(lambda name: name.isprintable() and name == name.strip())


@given(
    names=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    which=st.integers(0, 3),
    enabled=st.booleans(),
    priority=st.integers(-1000, 1000),
    style=st.integers(0, 3),
)
def test_any_endpoint_can_be_edited_in_any_style(
    names: list[str], which: int, enabled: bool, priority: int, style: int
) -> None:
    def quoted(name: str) -> str:
        return json.dumps(name, ensure_ascii=False)

    toml = style >= 2
    text = [
        "endpoints:\n" + "".join(f"  - url: x # c\n    name: {quoted(name)} # c\n    priority: 0\n" for name in names),
        "endpoints: [" + ", ".join(f"{{priority: 0, name: {quoted(name)}}}" for name in names) + "]",
        "".join(f"[[endpoints]]\nname = {quoted(name)} # c\npriority = 0\nurl = 'x'\n\n" for name in names),
        "endpoints = [" + ", ".join(f"{{ priority = 0, name = {quoted(name)} }}" for name in names) + "]",
    ][style]
    name = names[which % len(names)]
    document = documents.parse(text, toml=toml, name="f")
    changed = changed_text(text, document, name, {"enabled": enabled, "priority": priority}, toml=toml)
    after = documents.parse(changed, toml=toml, name="f").data["endpoints"]
    for entry, original in zip(after, document.data["endpoints"], strict=True):
        expected = {"enabled": enabled, "priority": priority} if entry["name"] == name else {}
        assert entry == {**original, **expected}
