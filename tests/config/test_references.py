"""Keys by reference: variables and files, and what is refused without being shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cccc.config.references import Unset, Unusable, holds_literals, resolve
from cccc.domain.secret import Secret

CANARY = "canary-0123456789-canary"


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("sk-abc", {}, Secret("sk-abc")),
        ("${KEY}", {"KEY": "v"}, Secret("v")),
        ("env:KEY", {"KEY": "v"}, Secret("v")),
        ("${KEY}", {}, Unset("KEY")),
        ("env:KEY", {"KEY": ""}, Unset("KEY")),
        ("a${KEY}", {"KEY": "v"}, Secret("a${KEY}")),
        ("$KEY", {"KEY": "v"}, Secret("$KEY")),
    ],
)
def test_literals_and_variables(text: str, environ: dict[str, str], expected: Secret | Unset) -> None:
    assert resolve(text, folder=Path("/"), environ=environ) == expected


@pytest.mark.parametrize("content", [b"the-key", b"the-key\n", b"the-key\r\n"])
def test_files_lose_one_newline(tmp_path: Path, content: bytes) -> None:
    key_file(tmp_path, content)
    assert resolve("file:key", folder=tmp_path, environ={}) == Secret("the-key")
    assert resolve(f"file:{tmp_path}/key", folder=Path("/"), environ={}) == Secret("the-key")


@pytest.mark.parametrize(
    "value", [f"{CANARY} x", f"{CANARY}\n\n", f"{CANARY}\x00", f"{CANARY}é", f" {CANARY}", f"{CANARY}\t"]
)
def test_values_that_are_no_keys_are_refused_and_not_shown(tmp_path: Path, value: str) -> None:
    key_file(tmp_path, value.encode())
    for text in (value, "file:key", "${KEY}"):
        found = resolve(text, folder=tmp_path, environ={"KEY": value})
        assert isinstance(found, Unusable)
        assert CANARY not in found.reason
        assert "printable ASCII" in found.reason


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601])
def test_files_that_others_can_read_are_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, CANARY.encode(), mode)
    found = resolve("file:key", folder=tmp_path, environ={})
    assert found == Unusable(f"file:key can be read by others (mode {mode:04o}); run: chmod 600 {path}")


def test_stricter_files_are_fine(tmp_path: Path) -> None:
    key_file(tmp_path, b"k", 0o400)
    assert resolve("file:key", folder=tmp_path, environ={}) == Secret("k")


def test_files_of_others_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file(tmp_path, b"k")
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(tmp_path).st_uid + 1)  # noqa: PTH116
    found = resolve("file:key", folder=tmp_path, environ={})
    assert found == Unusable("file:key belongs to another user; a key file must be yours")


def test_odd_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch(0o600)
    large = tmp_path / "large"
    large.touch(0o600)
    large.write_bytes(b"k" * 70_000)
    said = {
        name: resolve(f"file:{name}", folder=tmp_path, environ={})
        for name in ("folder", "pipe", "empty", "large", "none", "nul\x00")
    }
    assert said == {
        "folder": Unusable("file:folder is not a regular file"),
        "pipe": Unusable("file:pipe is not a regular file"),
        "empty": Unusable("file:empty is empty; expected a key"),
        "large": Unusable("file:large is too large for a key"),
        "none": Unusable("file:none cannot be read (No such file or directory)"),
        "nul\x00": Unusable("file:nul\\x00 cannot be read (not a usable path)"),
    }


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"server": {"auth_token": "auto"}}, False),
        ({"server": {"auth_token": "literal"}}, True),
        ({"endpoints": [{"auth_value": "${X}"}, {"auth_value": "file:x"}]}, False),
        ({"endpoints": [{"auth_value": "${X}"}, {"auth_value": "literal"}]}, True),
        ({"endpoints": [{"header_overrides": {"x": "y"}}]}, True),
        ({"endpoints": [{"proxy": {"password": "y", "address": "x"}}]}, True),
        ({"endpoints": [{"oauth_config": {"refresh_token": "y"}}]}, True),
        ({"endpoints": [{"name": "a", "auth_value": ""}], "server": "x", "zzz": {"auth_value": "y"}}, False),
    ],
)
def test_literals_are_noticed(data: object, expected: bool) -> None:
    assert holds_literals(data) is expected
