"""What keeps the proxy running when nobody is looking: systemd's user manager or launchd, behind one interface."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_LIMIT = 60.0
"""Seconds; stopping a proxy waits for the answers that it is giving."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command of the supervisor ended: its code, and what it printed."""

    code: int
    output: str


Run = Callable[[Sequence[str]], Done]


@dataclass(frozen=True, slots=True)
class UnitState:
    """``enabled``: it is started with the session. ``running``: it is running now. ``word`` is the supervisor's own."""

    enabled: bool
    running: bool
    word: str


class Supervisor(Protocol):
    """One of them. ``hint`` is what a person may want to know after an installation."""

    name: str
    hint: str

    def path(self) -> Path:
        """The file that describes the service."""
        ...

    def text(self, command: Sequence[str]) -> bytes:
        """That file for a command line. Raises ``ConfigError`` for words that it cannot hold."""
        ...

    def made_beside(self) -> tuple[Path, ...]:
        """Folders that starting the service adds beside the file."""
        ...

    def start(self) -> tuple[tuple[str, ...], ...]:
        """The commands that start the service, now and with every session."""
        ...

    def stop(self) -> tuple[tuple[str, ...], ...]:
        """The commands that end both, before the file goes."""
        ...

    def forget(self) -> tuple[tuple[str, ...], ...]:
        """The commands that are due when the file is gone."""
        ...

    def state(self, run: Run) -> UnitState:
        """What the supervisor says of the service."""
        ...


def run_command(command: Sequence[str]) -> Done:
    """Run a command of the supervisor."""
    try:
        done = subprocess.run(  # noqa: S603  (systemctl and launchctl with words of ours)
            list(command), capture_output=True, stdin=subprocess.DEVNULL, timeout=_LIMIT, check=False
        )
    except OSError as error:
        return Done(127, f"{command[0]} cannot be started ({error.strerror})")
    except subprocess.TimeoutExpired:
        return Done(124, f"{command[0]} did not end within {_LIMIT:g} s")
    return Done(done.returncode, (done.stdout + done.stderr).decode(errors="replace").strip())
