"""The proxy as a service of its user: installed, looked at, and taken away without a trace.

What was installed is written down in the state folder (``service.json``): only that is changed or removed, and
somebody else's service of the same name is left alone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cccc.clients.merge import digest
from cccc.config.atomic import atomic_write
from cccc.errors import ConfigError, ControlError
from cccc.setup import files
from cccc.setup.files import Snapshot
from cccc.setup.launchd import Launchd
from cccc.setup.supervisor import Done, Run, Supervisor, run_command
from cccc.setup.systemd import Systemd

_NOTE = "service.json"
_NONE_HERE = (
    "neither systemd nor launchd is here; start cccc --no-tui by whatever starts programs on this machine, "
    "or keep it in a terminal multiplexer"
)


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What an installation would write. ``before`` is ``None`` where there is no file."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class ServiceDone:
    """What was done. ``complete``: the supervisor did its part too. ``notes`` are sentences for a person."""

    path: str
    complete: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """``installed``: by us and still there; ``changed``: somebody has edited the file since. ``answers``: a proxy of
    this state folder does, at ``address``.
    """

    supervisor: str
    path: str
    installed: bool
    changed: bool
    enabled: bool
    running: bool
    state: str
    answers: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True)
class _Installed:
    digest: str
    folders: tuple[str, ...]


def supervisor(home: Path, environ: Mapping[str, str], config_folder: Path, platform: str | None = None) -> Supervisor:
    """The one of this machine. Raises ``ControlError`` where there is none."""
    if (platform or sys.platform) == "darwin":
        return Launchd(home, os.getuid())
    if shutil.which("systemctl", path=environ.get("PATH", "")) is None:
        raise ControlError(_NONE_HERE)
    return Systemd(home, environ, config_folder / "service.env")


def program() -> str:
    """The ``cccc`` of this installation. Raises ``ConfigError`` where it is not installed as a program."""
    found = Path(sys.executable).with_name("cccc")
    if not os.access(found, os.X_OK):
        raise ConfigError([f"{found}: is not there; a service needs cccc installed as a program"])
    return str(found)


def installed_from(state_dir: Path) -> bool:
    """Whether a service was installed that runs the proxy of this state folder."""
    return (state_dir / _NOTE).exists()


class BackgroundService:
    """One service, described by what is given. Its methods block for moments."""

    def __init__(self, supervisor: Supervisor, state_dir: Path, run: Run = run_command) -> None:
        self._supervisor = supervisor
        self._note = state_dir / _NOTE
        self._run = run

    def plan(self, command: Sequence[str]) -> ServicePlan:
        """What an installation would write. Raises ``ConfigError``, for a file of somebody else as well."""
        now, after = self._now(), self._supervisor.text(command)
        if now.data is not None and now.data != after and self._installed() is None:
            raise ConfigError(
                [f"{now.path}: was not made from this state folder; cccc did not touch it. Remove that service first"]
            )
        return ServicePlan(
            str(now.path), None if now.data is None else now.data.decode(errors="replace"), after.decode()
        )

    def install(self, command: Sequence[str]) -> ServiceDone:
        """Write the file and start the service. Raises ``ConfigError``; what a supervisor refuses is a note."""
        plan, now = self.plan(command), self._now()
        after, installed = plan.after.encode(), self._installed()
        if now.data is not None:
            files.require_writable(now)
        beside = (str(one) for one in self._supervisor.made_beside() if not one.exists())
        folders = installed.folders if installed else (*beside, *files.missing_folders(now.path))
        self._remember(_Installed(digest(after), folders))
        if installed is not None:
            for ending in self._supervisor.stop():  # what runs by the file of before; it may not
                self._run(ending)
        if now.data != after:
            files.make_folders(files.missing_folders(now.path), now.name)
            files.write(now, after)
        left = self._carry_out(self._supervisor.start())
        return ServiceDone(plan.path, not left, (*left, self._supervisor.hint))

    def changed(self) -> bool:
        """Whether somebody has edited the file since it was installed."""
        installed, data = self._installed(), self._now().data
        return installed is not None and data is not None and digest(data) != installed.digest

    def remove(self) -> ServiceDone:
        """Stop the service and take away what installing it added. Raises ``ConfigError``, ``ControlError``."""
        installed, now = self._installed(), self._now()
        if installed is None:
            raise ControlError(f"no service was installed from this state folder ({self._note.parent})")
        left = self._carry_out(self._supervisor.stop()) if now.data is not None else ()
        if now.data is not None:
            files.remove(now)
        left = left or self._carry_out(self._supervisor.forget())
        for folder in installed.folders:
            files.drop_folders((folder,))
        self._note.unlink(missing_ok=True)
        return ServiceDone(str(now.path), not left, left)

    def status(self, *, address: str | None) -> ServiceStatus:
        """The service as it is; ``address`` is where a proxy of this state folder answers, ``None`` where none does."""
        now, state = self._now(), self._supervisor.state(self._run)
        return ServiceStatus(
            supervisor=self._supervisor.name,
            path=str(now.path),
            installed=self._installed() is not None and now.data is not None,
            changed=self.changed(),
            enabled=state.enabled,
            running=state.running,
            state=state.word,
            answers=address is not None,
            address=address,
        )

    def _carry_out(self, commands: Sequence[Sequence[str]]) -> tuple[str, ...]:
        for place, command in enumerate(commands):
            done: Done = self._run(command)
            if done.code != 0:
                said = done.output.splitlines()[-1] if done.output else f"it ended with code {done.code}"
                rest = "; ".join(" ".join(one) for one in commands[place:])
                return (f"{self._supervisor.name} did not do it ({said}); when it can, type: {rest}",)
        return ()

    def _now(self) -> Snapshot:
        path = self._supervisor.path()
        return files.read(path, str(path))

    def _installed(self) -> _Installed | None:
        try:
            said: Any = json.loads(self._note.read_bytes())
            if said["path"] != str(self._supervisor.path()):
                return None
            return _Installed(str(said["digest"]), tuple(str(one) for one in said["folders"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _remember(self, installed: _Installed) -> None:
        said = {"path": str(self._supervisor.path()), "digest": installed.digest, "folders": installed.folders}
        atomic_write(self._note, json.dumps(said, indent=1).encode())
