"""A client's command line and environment for one process through the proxy.

Claude Code's ``settings.json`` wins over the environment, so it gets its settings from a file of ours in the state
folder (``--settings``), the owner's alone. Codex takes a provider on its command line and the token from a variable: no
key stands where other users of the machine can see it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import tomlkit

from cccc.clients import claude_code, codex
from cccc.clients.plan import Target
from cccc.config.atomic import atomic_write
from cccc.domain.endpoint import ClientType
from cccc.errors import ControlError
from cccc.setup.journal import Journal
from cccc.setup.machine import Machine
from cccc.setup.programs import PROGRAMS

PROGRAM_NAMES: Mapping[str, ClientType] = MappingProxyType(
    {"claude": ClientType.CLAUDE_CODE, "codex": ClientType.CODEX}
)

_TOKEN_VARIABLE = "CCCC_CODEX_TOKEN"
_SETTINGS = "run-claude.settings"


def launch(
    client: ClientType, target: Target, machine: Machine, state_dir: Path, args: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """The command (its first word a path) and the environment. Raises ``ControlError``, ``ConfigError``."""
    binary = PROGRAMS[client].binary or ""
    program = machine.program(binary)
    if program is None:
        raise ControlError(f"{binary} is not on the search path; install it, or mend PATH")
    if client is ClientType.CLAUDE_CODE:
        return _claude_code(program, target, machine, state_dir, args)
    return _codex(program, target, machine, args)


def _claude_code(
    program: str, target: Target, machine: Machine, state_dir: Path, args: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    env = {one.path[-1]: str(one.value) for one in claude_code.wanted(target)}
    environ = {**machine.environ, **env}
    if any(one == "--settings" or one.startswith("--settings=") for one in args):
        return [program, *args], environ  # theirs; the environment is the next best
    journal = Journal(state_dir)
    with journal.locked():
        atomic_write(journal.folder / _SETTINGS, json.dumps({"env": env}).encode())
    return [program, "--settings", str(journal.folder / _SETTINGS), *args], environ


def _codex(program: str, target: Target, machine: Machine, args: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    token = (*codex.TABLE, "experimental_bearer_token")
    settings = [(one.path, one.value) for one in codex.wanted(target) if one.value is not None and one.path != token]
    settings.append(((*codex.TABLE, "env_key"), _TOKEN_VARIABLE))
    flags = [word for path, value in settings for word in ("-c", f"{'.'.join(path)}={tomlkit.item(value).as_string()}")]
    return [program, *flags, *args], {**machine.environ, _TOKEN_VARIABLE: target.key.reveal()}
