"""Atomic writing: old or new content, never torn, whatever fails."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cccc.config.atomic import atomic_write
from cccc.config.documents import digest_of
from cccc.errors import ConfigError

OLD, NEW = b"old content\n", b"new content, longer\n"


def target(folder: Path, mode: int = 0o600) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(OLD)
    path.chmod(mode)
    return path


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = target(tmp_path)
    atomic_write(path, NEW)
    assert path.read_bytes() == NEW
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("before", "widest", "after"),
    [
        (0o600, 0o600, 0o600),
        (0o644, 0o600, 0o600),
        (0o644, 0o644, 0o644),
        (0o640, 0o644, 0o640),
        (0o400, 0o600, 0o400),
        (0o666, 0o644, 0o644),
    ],
)
def test_permissions_are_kept_and_never_widened(tmp_path: Path, before: int, widest: int, after: int) -> None:
    path = target(tmp_path, before)
    atomic_write(path, NEW, widest)
    assert mode_of(path) == after


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_new_files_get_the_mode_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        atomic_write(tmp_path / "new", NEW, mode)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "new") == mode


@pytest.mark.parametrize("link", ["absolute", "relative", "chain"])
def test_links_are_followed_and_stay(tmp_path: Path, link: str) -> None:
    (tmp_path / "dotfiles").mkdir()
    path = target(tmp_path / "dotfiles")
    alias = tmp_path / "alias.yaml"
    alias.symlink_to(path if link == "absolute" else Path("dotfiles/config.yaml"))
    if link == "chain":
        alias = tmp_path / "second.yaml"
        alias.symlink_to("alias.yaml")
    atomic_write(alias, NEW)
    assert alias.is_symlink()
    assert path.read_bytes() == NEW


def test_a_dangling_link_creates_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to("real")
    atomic_write(tmp_path / "alias", NEW)
    assert (tmp_path / "real").read_bytes() == NEW


def test_odd_targets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("loop", "folder", "pipe", "missing/file"):
        with pytest.raises(ConfigError, match="nothing was changed"):
            atomic_write(tmp_path / name, NEW)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "loop", "pipe"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = target(tmp_path)
    with pytest.raises(ConfigError, match="was changed by somebody else meanwhile"):
        atomic_write(path, NEW, expected=digest_of(b"what was read"))
    assert path.read_bytes() == OLD
    atomic_write(path, NEW, expected=digest_of(OLD))
    assert path.read_bytes() == NEW
    assert list(tmp_path.iterdir()) == [path]


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*args: Any, **options: Any) -> Any:
        raise error

    return fail


STEPS = ["os.open", "os.fchmod", "os.write", "os.fsync", "os.close", "Path.read_bytes", "Path.replace", "Path.stat"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_a_failure_at_any_step_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    path = target(tmp_path)
    owner, name = step.split(".")
    expected: type[BaseException] = ConfigError if isinstance(error, OSError) else KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr({"os": os, "Path": Path}[owner], name, failing(error))
        with pytest.raises(expected) as caught:
            atomic_write(path, NEW)
    assert path.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [path]
    if expected is ConfigError:
        assert str(caught.value) == f"{path}: cannot be written (No space left on device); nothing was changed"


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data)[:3]))
    atomic_write(tmp_path / "new", NEW)
    assert (tmp_path / "new").read_bytes() == NEW


def test_what_does_not_read_back_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = target(tmp_path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, b"x" * len(data)))
    with pytest.raises(ConfigError, match="does not read back"):
        atomic_write(path, NEW)
    assert path.read_bytes() == OLD


def test_the_folder_is_synced_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = target(tmp_path)
    synced: list[bytes] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(path.read_bytes())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    atomic_write(path, NEW)
    assert synced == [OLD, NEW]


def test_leftovers_of_a_killed_process_go_and_fresh_ones_stay(tmp_path: Path) -> None:
    path = target(tmp_path)
    stale, fresh, foreign = (
        tmp_path / name for name in (".config.yaml.aa.tmp", ".config.yaml.bb.tmp", ".other.cc.tmp")
    )
    for leftover in (stale, fresh, foreign):
        leftover.write_bytes(b"torn")
    for old in (stale, foreign):
        os.utime(old, (1_000_000, 1_000_000))
    atomic_write(path, NEW)
    assert not stale.exists()
    assert fresh.exists()
    assert foreign.exists()


@pytest.mark.parametrize("allowed", [True, False])
def test_the_owner_is_kept_where_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    path = target(tmp_path)
    owner = path.stat()
    given: list[tuple[int, int]] = []

    def fchown(_: int, user: int, group: int) -> None:
        given.append((user, group))
        if not allowed:
            raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "geteuid", lambda: owner.st_uid + 1)
    monkeypatch.setattr(os, "fchown", fchown)
    atomic_write(path, NEW)
    assert given == [(owner.st_uid, owner.st_gid)]
    assert path.read_bytes() == NEW


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = target(tmp_path)
    fsync = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    atomic_write(path, NEW)
    assert path.read_bytes() == NEW
