"""The files by which commands find the proxy: private, whole, and honest about what is wrong with them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cccc.control import statefiles
from cccc.errors import ControlError, NotRunning


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_says_where_the_proxy_is(tmp_path: Path) -> None:
    statefiles.announce(tmp_path, "http://127.0.0.1:8080", pid=4711, started=1_782_909_120.0)
    assert statefiles.running(tmp_path) == statefiles.Running("http://127.0.0.1:8080", 4711)
    assert '"started": "2026-07-01T12:32:00Z"' in (tmp_path / "run.json").read_text()
    assert mode(tmp_path / "run.json") == 0o600


def test_takes_back_its_own_word_only(tmp_path: Path) -> None:
    statefiles.withdraw(tmp_path, pid=1)
    statefiles.announce(tmp_path, "http://127.0.0.1:8080", pid=4711, started=0.0)
    statefiles.withdraw(tmp_path, pid=1)
    assert statefiles.running(tmp_path).pid == 4711
    statefiles.withdraw(tmp_path, pid=4711)
    with pytest.raises(NotRunning, match="no proxy is running"):
        statefiles.running(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"address": "x", "pid": "y"}'])
def test_a_broken_run_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ControlError, match=r"run\.json cannot be read"):
        statefiles.running(tmp_path)


@pytest.mark.parametrize(
    ("read", "name"), [(statefiles.admin_token, "admin.token"), (statefiles.client_token, "auth.token")]
)
def test_a_token_is_made_once_and_private(tmp_path: Path, read: object, name: str) -> None:
    assert callable(read)
    token = read(tmp_path)
    assert len(token.reveal()) >= 43
    assert read(tmp_path) == token
    assert mode(tmp_path / name) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_new_token_replaces_the_old(tmp_path: Path) -> None:
    old = statefiles.client_token(tmp_path)
    new = statefiles.new_client_token(tmp_path)
    assert new != old
    assert statefiles.client_token(tmp_path) == new


@pytest.mark.parametrize("data", [b"", b"\xff\n"])
def test_a_token_file_that_holds_none_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "admin.token").write_bytes(data)
    with pytest.raises(ControlError, match="holds no token"):
        statefiles.admin_token(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="cannot be written"):
        statefiles.admin_token(tmp_path / "gone")
