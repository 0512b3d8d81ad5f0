"""The machine as a client sees it: home folder, environment, project, and the places of managed settings."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cccc.clients.plan import Source

_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Machine:
    """``project`` is the folder in which a client would be started, ``None`` where nobody can know; ``config`` CCCC's
    own configuration folder; ``root`` what stands for ``/``. ``abbreviates``: a person takes ``~`` for ``home``.
    ``notice`` is told with every plan.
    """

    home: Path
    environ: Mapping[str, str]
    config: Path
    project: Path | None = None
    root: Path = Path("/")
    abbreviates: bool = True
    notice: str = ""

    def shown(self, path: Path) -> str:
        """A path as a person writes it."""
        return f"~/{path.relative_to(self.home)}" if self.abbreviates and path.is_relative_to(self.home) else str(path)

    def folder(self, variable: str, usual: str) -> Path:
        """A client's folder: where its variable says, else below the home folder."""
        named = self.environ.get(variable)
        return Path(named).expanduser() if named else self.home / usual

    def program(self, name: str) -> str | None:
        """Where an executable is found."""
        return shutil.which(name, path=self.environ.get("PATH", ""))

    def source(self, path: Path, remedy: str) -> Source | None:
        """A file in which a client looks besides the user's own; ``None`` where it is not there or cannot be read."""
        try:
            if not path.is_file() or path.stat().st_size > _LARGEST:
                return None
            data = path.read_bytes()
            tree: Any = tomllib.loads(data.decode()) if path.suffix == ".toml" else json.loads(data)
        except (OSError, ValueError, RecursionError):
            return None
        return Source(self.shown(path), tree, remedy) if isinstance(tree, dict) else None

    @property
    def system(self) -> Path:
        """Where Claude Code's managed settings are on this system."""
        if sys.platform == "darwin":
            return self.root / "Library/Application Support/ClaudeCode"
        return self.root / "etc/claude-code"
