"""The proxy as a launchd agent of the user. Source: launchd.plist(5), launchctl(1)."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path

from cccc.setup.supervisor import Run, UnitState

LABEL = "cccc.proxy"

_STOPS_WITHIN = 60


class Launchd:
    """An agent in ``~/Library/LaunchAgents``, started with the session of the user ``uid``."""

    name = "launchd"
    hint = "A configuration that refers to env:NAME finds no variables of your shell there; use file:PATH"

    def __init__(self, home: Path, uid: int) -> None:
        self._folder = home / "Library" / "LaunchAgents"
        self._domain = f"gui/{uid}"

    def path(self) -> Path:
        return self._folder / f"{LABEL}.plist"

    def text(self, command: Sequence[str]) -> bytes:
        return plistlib.dumps(
            {
                "Label": LABEL,
                "ProgramArguments": list(command),
                "RunAtLoad": True,
                "KeepAlive": {"SuccessfulExit": False},
                "ExitTimeOut": _STOPS_WITHIN,
                "Umask": 0o077,
            },
            sort_keys=False,
        )

    def made_beside(self) -> tuple[Path, ...]:
        return ()

    def start(self) -> tuple[tuple[str, ...], ...]:
        return (("launchctl", "bootstrap", self._domain, str(self.path())),)

    def stop(self) -> tuple[tuple[str, ...], ...]:
        return (("launchctl", "bootout", f"{self._domain}/{LABEL}"),)

    def forget(self) -> tuple[tuple[str, ...], ...]:
        return ()

    def state(self, run: Run) -> UnitState:
        done = run(("launchctl", "print", f"{self._domain}/{LABEL}"))
        loaded, running = done.code == 0, "state = running" in done.output
        return UnitState(loaded, running, "running" if running else "loaded" if loaded else "not loaded")
