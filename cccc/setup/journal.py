"""The journal on disk: ``<state folder>/clients/``, one record for each file that we have a part in, and its backups.

A change begins with a *pending* record that says what the file will be; it becomes the record when the file has been
replaced. So whatever happens in between, ``unfinished`` finds it at the next start and the file itself tells how far it
came. Everything here is the owner's alone (0600), because backups hold keys.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cccc.clients.journal import Record
from cccc.config.atomic import atomic_write
from cccc.errors import ConfigError
from cccc.setup.records import copies_of, dumped, loaded, name_of, next_copy

KEPT = 10
"""Backups of one file."""

_RECORD = ".json"
_PENDING = ".pending"
_PATIENCE = 10.0
_STEP = 0.05


class Journal:
    """The records of one state folder. Every change happens while ``locked``."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "clients"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other set-ups of this state folder away. Raises ``ConfigError``, for failing files within as well."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            self._wait(descriptor)
            yield
        except OSError as error:
            raise self._unusable(error) from None
        finally:
            os.close(descriptor)

    def _wait(self, descriptor: int) -> None:
        patience = _PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if patience <= 0:
                    raise ConfigError(["another set-up of a client is at work; try again when it has ended"]) from None
            else:
                return
            time.sleep(_STEP)
            patience -= _STEP

    def record(self, path: Path) -> Record | None:
        """Our part of a file, ``None`` where we have none. Raises ``ConfigError`` for a record that cannot be read."""
        return self._read(self.folder / f"{name_of(path)}{_RECORD}")

    def records(self) -> tuple[Record, ...]:
        """Our part of every file."""
        found = (self._read(one) for one in sorted(self.folder.glob(f"*{_RECORD}")) if not one.name.startswith("."))
        return tuple(record for record in found if record is not None)

    def begin(self, record: Record) -> None:
        """Say what is about to be written."""
        atomic_write(self.folder / f"{name_of(Path(record.path))}{_PENDING}", dumped(record))

    def commit(self, record: Record) -> None:
        """It was written: what was pending is in force. A part of ours that has ended leaves no record."""
        name = name_of(Path(record.path))
        pending, kept = self.folder / f"{name}{_PENDING}", self.folder / f"{name}{_RECORD}"
        if record.restoring and not record.changes:
            kept.unlink(missing_ok=True)
            pending.unlink(missing_ok=True)
        else:
            pending.replace(kept)

    def abandon(self, record: Record) -> None:
        """It was not written: the record before it stays in force."""
        (self.folder / f"{name_of(Path(record.path))}{_PENDING}").unlink(missing_ok=True)

    def put(self, record: Record) -> None:
        """Replace a record where no file changes."""
        atomic_write(self.folder / f"{name_of(Path(record.path))}{_RECORD}", dumped(record))

    def drop(self, record: Record) -> None:
        """Forget our part of a file."""
        (self.folder / f"{name_of(Path(record.path))}{_RECORD}").unlink(missing_ok=True)

    def unfinished(self) -> tuple[Record, ...]:
        """Changes that were begun and whose end nobody has seen."""
        found = (self._read(one) for one in sorted(self.folder.glob(f"*{_PENDING}")) if not one.name.startswith("."))
        return tuple(record for record in found if record is not None)

    def remove_temporaries(self) -> None:
        """Remove what killed writers have left in this folder. Only while ``locked``."""
        for leftover in self.folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)

    def keep_backup(self, path: Path, data: bytes, spared: str | None) -> Path:
        """Store a file's content for the owner alone; the oldest beyond ``KEPT`` go, but never ``spared``."""
        newest, stale = next_copy(path, self._names(), spared, KEPT)
        atomic_write(self.folder / newest, data)
        for name in stale:
            (self.folder / name).unlink(missing_ok=True)
        return self.folder / newest

    def backup(self, name: str | None) -> bytes | None:
        """A stored content; ``None`` where it is gone."""
        try:
            return (self.folder / name).read_bytes() if name else None
        except OSError:
            return None

    def backups(self, path: Path) -> tuple[Path, ...]:
        """The stored contents of a file, the newest first."""
        numbered = copies_of(path, self._names())
        return tuple(self.folder / numbered[number] for number in sorted(numbered, reverse=True))

    def _names(self) -> list[str]:
        return [one.name for one in self.folder.iterdir()] if self.folder.is_dir() else []

    def _read(self, path: Path) -> Record | None:
        try:
            return loaded(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise ConfigError(
                [f"{path}: cannot be read; the copies beside it (.bak) hold the files as they were"]
            ) from None

    def _unusable(self, error: OSError) -> ConfigError:
        place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else self.folder
        return ConfigError([f"{place}: cannot be used ({error.strerror}); free it, or see --state-dir"])
