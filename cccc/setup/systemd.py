"""The proxy as a service of systemd's user manager. Source: systemd.service(5), systemd.exec(5), systemd.syntax(7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cccc.errors import ConfigError
from cccc.setup.supervisor import Run, UnitState

UNIT = "cccc.service"

_TEMPLATE = """\
# Made by cccc service install; cccc service remove takes it away.
[Unit]
Description=CCCC, a local API proxy for AI coding assistants
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
ExecStart={command}
EnvironmentFile=-{variables}
Restart=on-failure
RestartSec=3
# Wrong use or configuration does not mend itself.
RestartPreventExitStatus=2
# Answers that are being given may end.
TimeoutStopSec=60
UMask=0077
LimitCORE=0
# Nothing here needs a namespace, which a user manager may not be allowed to make.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

[Install]
WantedBy=default.target
"""


class Systemd:
    """A user unit. ``variables`` is a file of ``NAME=value`` lines for a configuration that refers to ``env:NAME``."""

    name = "systemd"
    hint = "It runs while you are logged in; to keep it running after that: loginctl enable-linger"

    def __init__(self, home: Path, environ: Mapping[str, str], variables: Path) -> None:
        config = environ.get("XDG_CONFIG_HOME")
        self._folder = (Path(config) if config else home / ".config") / "systemd" / "user"
        self._variables = variables

    def path(self) -> Path:
        return self._folder / UNIT

    def text(self, command: Sequence[str]) -> bytes:
        variables = _printable(str(self._variables)).replace("%", "%%")
        words = " ".join(_quoted(word) for word in command)
        return _TEMPLATE.format(command=words, variables=variables).encode()

    def made_beside(self) -> tuple[Path, ...]:
        return (self._folder / "default.target.wants",)

    def start(self) -> tuple[tuple[str, ...], ...]:
        return (_systemctl("daemon-reload"), _systemctl("enable", UNIT), _systemctl("restart", UNIT))

    def stop(self) -> tuple[tuple[str, ...], ...]:
        return (_systemctl("disable", "--now", UNIT),)

    def forget(self) -> tuple[tuple[str, ...], ...]:
        return (_systemctl("daemon-reload"),)

    def state(self, run: Run) -> UnitState:
        enabled, active = run(_systemctl("is-enabled", UNIT)), run(_systemctl("is-active", UNIT))
        return UnitState(enabled.output == "enabled", active.output == "active", _first_line(active.output))


def _systemctl(*words: str) -> tuple[str, ...]:
    return ("systemctl", "--user", *words)


def _first_line(output: str) -> str:
    return output.splitlines()[0] if output else "unknown"


def _printable(word: str) -> str:
    if not word.isprintable():
        raise ConfigError([f"{word!r}: a path with control characters cannot stand in a service's file"])
    return word


def _quoted(word: str) -> str:
    """One word of a command line: systemd expands specifiers (%) and variables ($) even within quotes."""
    escaped = _printable(word).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
