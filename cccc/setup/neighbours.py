"""Two proxies of one person, one file: who has set it up, so that each can be taken away in any order.

Each proxy keeps its journal in its own state folder. One that replaces the address of another leaves its name in a
small file beside the client's (``.settings.json.cccc``), gone again with the last of them. Whoever restores its own
part while another stands upon it hands what it knows to that one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cccc.clients.journal import Record
from cccc.clients.merge import stands_upon
from cccc.clients.syntax import Path as Keys
from cccc.config.atomic import atomic_write, remove_temporaries
from cccc.errors import ConfigError
from cccc.setup.journal import Journal


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another proxy's part of the same file."""

    journal: Journal
    record: Record


class Neighbours:
    """The proxies that have set one file up upon another."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.with_name(f".{path.name}.cccc")

    def join(self, folder: Path) -> None:
        """Add a journal's folder. Raises ``ConfigError``."""
        known = self._folders()
        if str(folder) not in known:
            self._write([*known, str(folder)])

    def leave(self, folder: Path) -> None:
        """Take a journal's folder out, and those that have no part of the file any more. Raises ``ConfigError``."""
        self._keep(one for one in self._folders() if one != str(folder))

    def tidy(self) -> None:
        """Take those out that have no part of the file any more. Raises ``ConfigError``."""
        self._keep(self._folders())

    def remove_temporaries(self) -> None:
        """Remove what killed writers have left. Only when none can be at work."""
        remove_temporaries(self._file)

    def _keep(self, folders: Iterable[str]) -> None:
        if self._file.exists():
            self._write([one for one in folders if self._record(Path(one)) is not None])

    def above(self, folder: Path, record: Record, anchor: Keys) -> Neighbour | None:
        """The set-up that replaced the address that ``record`` wrote."""
        for one in self._folders():
            theirs = None if one == str(folder) else self._record(Path(one))
            if theirs is not None and stands_upon(theirs, record, anchor):
                return Neighbour(Journal(Path(one).parent), theirs)
        return None

    def _record(self, folder: Path) -> Record | None:
        try:
            return Journal(folder.parent).record(self._path)
        except ConfigError:
            return None

    def _folders(self) -> list[str]:
        try:
            said = json.loads(self._file.read_bytes().decode("utf-8", "surrogateescape"))
        except (OSError, ValueError):
            return []
        return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []

    def _write(self, folders: Iterable[str]) -> None:
        listed = list(folders)
        if listed:
            # One on a line, as it is: the set-up scripts read and write this file as well.
            text = json.dumps(listed, indent=0, ensure_ascii=False)
            atomic_write(self._file, text.encode("utf-8", "surrogateescape") + b"\n")
        else:
            self._file.unlink(missing_ok=True)
