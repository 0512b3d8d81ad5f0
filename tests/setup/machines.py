"""A machine of a test's own: home, configuration folder and root below one folder, and an empty search path."""

from __future__ import annotations

from pathlib import Path

from cccc.setup.machine import Machine


def machine(folder: Path, *, project: Path | None = None, **environ: str) -> Machine:
    """``folder/home`` and its surroundings; ``environ`` is all that the client sees."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return Machine(home, environ, home / ".config" / "cccc", project=project, root=folder / "root")
