"""One run of the command: what its options say, the world around it, and how it reaches a proxy.

A ``Session`` is click's context object. Tests give one with a fake control surface, a fixed clock and a width.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from cccc.cli.text import safe
from cccc.clock import Clock, SystemClock

if TYPE_CHECKING:
    from cccc.control.api import Control
    from cccc.setup.machine import Machine

T = TypeVar("T")

_NOBODY_READS = frozenset({errno.EIO, errno.ENXIO, errno.EPIPE})
"""What writing gives on a terminal that is gone (Linux, macOS) and on a pipe that is closed."""


def _found(session: Session, running: bool) -> AbstractAsyncContextManager[Control]:  # noqa: FBT001  (a callback)
    from cccc.cli.connect import found

    machine = session.machine(project=Path.cwd())
    return found(session.state_folder(), session.config_path, session.environ, running=running, machine=machine)


@dataclass(slots=True)
class Session:
    """``options`` are those that stand for settings (``port``, ``host``, ``log-level``), as text."""

    config: str | None = None
    state_dir: str | None = None
    json: bool = False
    yes: bool = False
    options: dict[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Clock = field(default_factory=SystemClock)
    reach: Callable[[Session, bool], AbstractAsyncContextManager[Control]] = _found

    def control(self, *, running: bool = False) -> AbstractAsyncContextManager[Control]:
        """The control surface: of the running proxy, else (unless ``running``) over database and configuration."""
        return self.reach(self, running)

    def ask(self, question: Callable[[Control], Awaitable[T]], *, running: bool = False) -> T:
        """Open the control surface, ask one question, close it."""
        import anyio

        async def asked() -> T:
            async with self.control(running=running) as control:
                return await question(control)

        return anyio.run(asked)

    def config_path(self) -> Path | None:
        """The configuration file, ``None`` where there is none."""
        from cccc.config.paths import find_config

        return find_config(self.config, self.environ)

    def state_folder(self) -> Path:
        """The state folder, made where it is missing."""
        from cccc.config.paths import state_folder

        return state_folder(self.state_dir, self.environ)

    def machine(self, *, project: Path | None) -> Machine:
        """This machine as a client would find it that was started now, in the folder ``project``."""
        from cccc.config.paths import config_folder
        from cccc.setup.machine import Machine

        home = Path(self.environ.get("HOME") or Path.home())
        return Machine(home, self.environ, config_folder(), project=project)

    def say(self, lines: str | list[str]) -> None:
        """Data, to stdout. Lines that come from outside have passed through ``safe`` already."""
        click.echo(lines if isinstance(lines, str) else "\n".join(lines), color=self._colour())

    def say_json(self, value: Any, *, line: bool = False) -> None:
        """Data as JSON: indented, or with ``line`` one object on one line."""
        from cccc.control.wire import dumps

        click.echo(dumps(value, indent=None if line else 2))

    def note(self, text: str) -> None:
        """A remark that is not data, to stderr; lost where nobody can read it any more."""
        try:
            click.echo(safe(text), err=True, color=self._colour())
        except OSError as error:
            if error.errno in _NOBODY_READS:
                _lead_nowhere(sys.stderr)

    def width(self) -> int | None:
        """Cells of the screen; ``None`` where output goes into a file or a pipe and nothing is to be cut."""
        if "COLUMNS" in self.environ or sys.stdout.isatty():
            return shutil.get_terminal_size().columns
        return None

    def interactive(self) -> bool:
        """Whether screens can be shown: a person sits at a terminal."""
        terminals = (sys.stdin, sys.stdout, sys.stderr)  # the screens are drawn on stderr
        return all(each.isatty() for each in terminals) and self.environ.get("TERM") != "dumb"

    def _colour(self) -> bool | None:
        return False if self.environ.get("NO_COLOR") else None


def _lead_nowhere(stream: IO[str]) -> None:
    """Let what is still to be written succeed: a proxy goes on without its terminal, and its exit code is its own."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


pass_session = click.make_pass_decorator(Session, ensure=True)
