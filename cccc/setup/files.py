"""Reading and writing the files of other programs: whole, checked, and only where it is safe to do so.

What cannot be replaced without harm is refused with its reason: another name (hard link) would keep the old content, a
read-only file is read-only on purpose, another user's file is not ours.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cccc.clients.merge import digest
from cccc.config.atomic import ChangedMeanwhile, atomic_write
from cccc.errors import ConfigError

_LARGEST = 4 * 1024 * 1024
_OWN = 0o600
_KEPT = 0o7777
_OWNER_MAY_WRITE = 0o200


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file as it was read: ``data`` is ``None`` where there is none. ``name`` is what a person is told of it."""

    path: Path
    name: str
    data: bytes | None

    @property
    def digest(self) -> str:
        """Its fingerprint."""
        return digest(self.data)


def read(path: Path, name: str) -> Snapshot:
    """Read a file. Raises ``ConfigError`` for what is no regular file, too large, or not to be read."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return Snapshot(path, name, None)
    except NotADirectoryError:
        raise _refusal(name, "its folder is a file") from None
    except (OSError, RuntimeError) as error:
        raise _refusal(name, _why(error)) from None
    if not stat.S_ISREG(found.st_mode):
        raise _refusal(name, "is not a regular file")
    if found.st_size > _LARGEST:
        raise _refusal(name, f"is larger than {_LARGEST // 1024**2} MiB, which no settings file is")
    try:
        return Snapshot(path, name, path.read_bytes())
    except OSError as error:
        raise _refusal(name, f"cannot be read ({_why(error)})") from None


def require_writable(snapshot: Snapshot) -> None:
    """Refuse what cannot be replaced without harm. Raises ``ConfigError``."""
    if snapshot.data is None:
        return
    found = snapshot.path.stat()
    if found.st_nlink > 1:
        raise _refusal(
            snapshot.name, "has another name (hard link), which would keep the old content; make it a symlink"
        )
    if not found.st_mode & _OWNER_MAY_WRITE:
        raise _refusal(snapshot.name, f"is read-only; if cccc may change it: chmod u+w {snapshot.name}")
    if os.name == "posix" and os.geteuid() not in (0, found.st_uid):
        raise _refusal(snapshot.name, "belongs to another user")


def write(snapshot: Snapshot, data: bytes) -> None:
    """Replace what was read by ``data``; the mode stays, a new file is its owner's alone.

    Raises ``ChangedMeanwhile`` where somebody else wrote since it was read, ``ConfigError`` where it cannot be written.
    """
    atomic_write(snapshot.path, data, _OWN if snapshot.data is None else _KEPT, expected=snapshot.digest)


def remove(snapshot: Snapshot) -> None:
    """Delete the file that was read; a symlink to it stays. Raises as ``write`` does."""
    target = snapshot.path.resolve()
    try:
        if digest(target.read_bytes()) != snapshot.digest:
            raise ChangedMeanwhile([f"{snapshot.name}: was changed by somebody else meanwhile; it was not removed"])
        target.unlink()
    except OSError as error:
        raise _refusal(snapshot.name, f"cannot be removed ({_why(error)})") from None


def missing_folders(path: Path) -> tuple[str, ...]:
    """The folders that writing ``path`` would have to make, the innermost first."""
    return tuple(str(folder) for folder in _missing(path.parent))


def make_folders(folders: tuple[str, ...], name: str) -> None:
    """Make them, for the owner alone. Raises ``ConfigError``."""
    try:
        for folder in reversed(folders):
            Path(folder).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _refusal(name, f"its folder cannot be made ({_why(error)})") from None


def drop_folders(folders: tuple[str, ...]) -> None:
    """Remove those that are empty."""
    for folder in folders:
        try:
            Path(folder).rmdir()
        except OSError:
            return  # somebody else uses it now, or it is gone


def _missing(folder: Path) -> Iterator[Path]:
    while not folder.exists() and not folder.is_symlink() and folder != folder.parent:
        yield folder
        folder = folder.parent


def _refusal(name: str, problem: str) -> ConfigError:
    return ConfigError([f"{name}: {problem}; cccc did not touch it"])


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.errno is not None:
        return "a symbolic link that leads to itself" if error.errno == errno.ELOOP else error.strerror
    return "a symbolic link that leads to itself"
