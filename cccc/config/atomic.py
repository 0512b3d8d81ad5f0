"""Writing a file so that it always holds either its old or its new content, whatever happens (security.md §7).

A temporary file in the same folder is written, synced, read back and renamed over the target. Symbolic links are
followed to the file they mean, permissions are kept and never widened.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path

from cccc.errors import ConfigError

_SUFFIX = ".tmp"
_STALE_AFTER = 60.0
"""Seconds after which a temporary file belongs to a process that was killed."""


ABSENT = ""
"""What ``expected`` says of a file that is not there."""


class ChangedMeanwhile(ConfigError):
    """Somebody else wrote the file between reading and writing it."""


def atomic_write(path: Path, data: bytes, mode: int = 0o600, *, expected: str | None = None) -> None:
    """Replace the content of ``path``.

    ``mode`` is the widest that the file may have afterwards; an existing file keeps what is narrower. ``expected``
    is the SHA-256 (hexadecimal) of the content that is to be replaced, or ``ABSENT``: another one means that somebody
    else wrote meanwhile, ``ChangedMeanwhile`` is raised and nothing is changed. Raises ``ConfigError``; the file is
    then as it was.
    """
    try:
        _write(path.resolve(), data, mode, expected)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a symbolic link that leads to itself"
        raise ConfigError([f"{path}: cannot be written ({reason}); nothing was changed"]) from None


def _write(target: Path, data: bytes, mode: int, expected: str | None) -> None:
    if target.is_symlink():
        raise RuntimeError("not resolved")  # later Pythons return a loop of links as it stands
    old = target.stat() if target.exists() else None
    if old is not None:
        if not stat.S_ISREG(old.st_mode):
            raise ConfigError([f"{target}: is not a regular file; nothing was changed"])
        mode &= stat.S_IMODE(old.st_mode)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}{_SUFFIX}")
    try:
        written = _create(temporary, data, mode, old)
        if temporary.read_bytes() != data:
            raise ConfigError([f"{target}: what was written does not read back; nothing was changed"])
        if expected is not None and _digest(target) != expected:
            raise ChangedMeanwhile(
                [f"{target}: was changed by somebody else meanwhile; nothing was written, try again"]
            )
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    _remove_stale(target, before=written - _STALE_AFTER)


def _digest(target: Path) -> str:
    return hashlib.sha256(target.read_bytes()).hexdigest() if target.exists() else ABSENT


def remove_temporaries(path: Path) -> None:
    """Remove what writers of ``path`` that were killed have left, however young. Only when none can be at work."""
    _remove_stale(path.resolve(), before=float("inf"))


def _create(path: Path, data: bytes, mode: int, old: os.stat_result | None) -> float:
    """Write and sync a new file; returns its time of change by the file system's clock."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o600 & mode)
    try:
        if os.name == "posix":
            if old is not None and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                _keep_owner(descriptor, old)
            os.fchmod(descriptor, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)


def _keep_owner(descriptor: int, old: os.stat_result) -> None:
    try:
        os.fchown(descriptor, old.st_uid, old.st_gid)
    except PermissionError:
        pass  # only root may give files away; the file then belongs to whoever wrote it


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        pass  # some file systems cannot sync folders; the rename has happened either way


def _remove_stale(target: Path, *, before: float) -> None:
    for leftover in target.parent.glob(f".{target.name}.*{_SUFFIX}"):
        try:
            if leftover.stat().st_mtime < before:
                leftover.unlink()
        except OSError:
            continue  # another process cleans up as well, or it is not ours to remove
