"""48 hostile strings in 8 sinks: each is read back as it was or refused, and nothing else comes into being (T21)."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from cccc.clients.plan import Target
from cccc.clients.shells import QUOTERS, Unquotable
from cccc.domain.secret import Secret
from cccc.errors import ConfigError
from tests.clients.files import CLAUDE, CODEX, ENV
from tests.clients.hostile import CANARY, HOSTILE

hostile = pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))


def test_there_are_enough() -> None:
    assert len(set(HOSTILE)) == 48


@hostile
def test_toml(value: str) -> None:
    before = b'[mcp_servers.mine]\ncommand = "x"\n'
    changes = {("model_providers", "cccc", "key"): value, ("projects", value, "trust_level"): "trusted"}
    try:
        after = CODEX.changed(before, changes)
    except ConfigError:
        return
    assert tomllib.loads(after.decode()) == {
        "mcp_servers": {"mine": {"command": "x"}},
        "model_providers": {"cccc": {"key": value}},
        "projects": {value: {"trust_level": "trusted"}},
    }


@hostile
def test_json(value: str) -> None:
    try:
        after = CLAUDE.changed(b'{"hooks": {}}', {("env", "A"): value})
    except ConfigError:
        return
    assert json.loads(after) == {"hooks": {}, "env": {"A": value}}


@hostile
def test_the_file_that_shells_source(value: str, tmp_path: Path) -> None:
    try:
        after = ENV.changed(b"export MINE=1\n", {("A",): value})
    except ConfigError:
        return
    assert ENV.tree(after) == {"MINE": "1", "A": value}
    for shell in ("bash", "zsh", "dash"):
        if program := shutil.which(shell):
            (tmp_path / "env.sh").write_bytes(after)
            command = '. ./env.sh; printf %s "$A"; set | grep -c "^MINE=" >&2'
            done = subprocess.run([program, "-c", command], cwd=tmp_path, capture_output=True, check=True)
            assert done.stdout.decode() == value
    assert not (tmp_path / CANARY).exists()


def from_posix(text: str) -> list[str]:
    return shlex.split(text)


def from_fish(text: str) -> list[str]:
    assert re.fullmatch(r"'(?:[^'\\]|\\['\\])*'", text), text
    return [re.sub(r"\\(['\\])", r"\1", text[1:-1])]


def from_powershell(text: str) -> list[str]:
    quotes = "'\u2018\u2019\u201a\u201b"
    inner = text[1:-1]
    assert not re.search(f"(?<![{quotes}])(?:[{quotes}]{{2}})*[{quotes}](?![{quotes}])", inner), (
        "a quote that stands alone"
    )
    return [re.sub(f"([{quotes}])[{quotes}]", r"\1", inner)]


def from_cmd(text: str) -> list[str]:
    assert re.fullmatch(r"[A-Za-z0-9._:/-]+", text)
    return [text]


def from_dotenv(text: str) -> list[str]:
    return [text[1:-1] if text.startswith("'") else text]


READERS: dict[str, Callable[[str], list[str]]] = {
    "sh": from_posix, "bash": from_posix, "zsh": from_posix, "fish": from_fish, "powershell": from_powershell,
    "cmd": from_cmd, "dotenv": from_dotenv,
}  # fmt: skip


def test_every_quoter_has_a_reader() -> None:
    assert READERS.keys() == QUOTERS.keys()


@hostile
@pytest.mark.parametrize("language", sorted(QUOTERS.keys() - {"sh"}))
def test_quoted_or_refused(language: str, value: str) -> None:
    try:
        quoted = QUOTERS[language](value)
    except Unquotable:
        return
    assert READERS[language](quoted) == [value]
    assert "\n" not in quoted
    assert "\x1b" not in quoted


@pytest.mark.parametrize("language", sorted(QUOTERS))
def test_plain_words_are_never_refused(language: str) -> None:
    for value in ("cccc-local", "http://127.0.0.1:8080/v1"):
        assert READERS[language](QUOTERS[language](value)) == [value]


@hostile
def test_most_never_come_so_far(value: str) -> None:
    """A set-up takes them neither for an address nor, with spaces or controls, for a key."""
    with pytest.raises(ConfigError):
        Target(value, Secret("k"))
    try:
        Target("http://127.0.0.1:1", Secret(value))
    except ConfigError:
        return
    assert re.fullmatch(r"[!-~]+", value)
