"""The clients that can be set up, one class each: where their files are, and what their own module makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from cccc.clients import claude_code, codex, openai_env
from cccc.clients.plan import ConfigPlan, Effective, Source, Target
from cccc.clients.syntax import File, Tree
from cccc.clients.syntax import Path as Keys
from cccc.domain.endpoint import ClientType
from cccc.setup.machine import Machine

_MANAGED = "ask whoever manages this machine"
_THERE = "remove it there"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Program(Protocol):
    """One client. ``anchor`` says where its requests go, ``units`` are tables that stand only as a whole."""

    client: ClientType
    title: str
    binary: str | None
    anchor: Keys
    units: tuple[Keys, ...]

    def path(self, machine: Machine) -> Path:
        """The file that is set up."""
        ...

    def file(self, name: str) -> File:
        """How that file is read and written."""
        ...

    def plan(self, file: File, before: bytes | None, target: Target, machine: Machine) -> ConfigPlan:
        """The whole set-up. Raises ``ConfigError``."""
        ...

    def effective(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[Effective, ...]:
        """The settings that matter as the client uses them; ``user`` is what its own file says."""
        ...

    def warnings(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[str, ...]:
        """What stands in the way of the settings in the client's own file."""
        ...


class ClaudeCode:
    """Claude Code and ``settings.json``."""

    client: ClientType = ClientType.CLAUDE_CODE
    title = "Claude Code"
    binary: str | None = "claude"
    anchor: Keys = claude_code.ANCHOR
    units: tuple[Keys, ...] = ()

    def path(self, machine: Machine) -> Path:
        return machine.folder("CLAUDE_CONFIG_DIR", ".claude") / "settings.json"

    def file(self, name: str) -> File:
        return claude_code.settings_file(name)

    def plan(self, file: File, before: bytes | None, target: Target, machine: Machine) -> ConfigPlan:
        login = (self.path(machine).parent / ".credentials.json").exists()
        plan = claude_code.plan(file, before, target, self._sources(machine), login=login)
        return ConfigPlan(plan.files, (*plan.warnings, *_egress(target, machine)), plan.notes)

    def effective(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[Effective, ...]:
        return claude_code.effective(user, target, self._sources(machine), name)

    def warnings(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[str, ...]:
        return (*claude_code.warnings(user, target, self._sources(machine), name), *_egress(target, machine))

    def _sources(self, machine: Machine) -> tuple[Source, ...]:
        own = self.path(machine)
        files = [(path, _MANAGED) for path in self._managed(machine.system)]
        if machine.project is not None:
            local = (machine.project / ".claude" / name for name in ("settings.local.json", "settings.json"))
            files += [(path, _THERE) for path in local if path != own]
        found = [source for path, remedy in files if (source := machine.source(path, remedy)) is not None]
        environment = Source(claude_code.ENVIRONMENT, {"env": dict(machine.environ)}, "unset it in your shell")
        return (*found, environment)

    def _managed(self, folder: Path) -> list[Path]:
        """The last drop-in wins over those before it, and all of them over the file."""
        return [*sorted(folder.glob("managed-settings.d/*.json"), reverse=True), folder / "managed-settings.json"]


class Codex:
    """Codex and ``config.toml``."""

    client: ClientType = ClientType.CODEX
    title = "Codex"
    binary: str | None = "codex"
    anchor: Keys = codex.ANCHOR
    units: tuple[Keys, ...] = (codex.TABLE,)

    def path(self, machine: Machine) -> Path:
        return machine.folder("CODEX_HOME", ".codex") / "config.toml"

    def file(self, name: str) -> File:
        return codex.config_file(name)

    def plan(self, file: File, before: bytes | None, target: Target, machine: Machine) -> ConfigPlan:
        plan = codex.plan(file, before, target, self._sources(machine))
        return ConfigPlan(plan.files, (*plan.warnings, *_egress(target, machine)), plan.notes)

    def effective(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[Effective, ...]:
        return codex.effective(user, target, self._sources(machine), name)

    def warnings(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[str, ...]:
        return (*codex.warnings(user, self._sources(machine), name), *_egress(target, machine))

    def _sources(self, machine: Machine) -> tuple[Source, ...]:
        own = self.path(machine)
        files = [
            (machine.root / "etc/codex/managed_config.toml", _MANAGED),
            (own.with_name("managed_config.toml"), _MANAGED),
        ]
        if machine.project is not None and machine.project / ".codex" / "config.toml" != own:
            files.append((machine.project / ".codex" / "config.toml", _THERE))
        return tuple(source for path, remedy in files if (source := machine.source(path, remedy)) is not None)


class OpenAITools:
    """OpenAI-compatible tools and the file of variables that a shell sources."""

    client: ClientType = ClientType.OPENAI
    title = "OpenAI-compatible tools"
    binary: str | None = None
    anchor: Keys = openai_env.ANCHOR
    units: tuple[Keys, ...] = ()

    def path(self, machine: Machine) -> Path:
        return machine.config / "env.sh"

    def file(self, name: str) -> File:
        return openai_env.env_file(name)

    def plan(self, file: File, before: bytes | None, target: Target, machine: Machine) -> ConfigPlan:
        plan = openai_env.plan(file, before, target)
        return ConfigPlan(plan.files, (*plan.warnings, *_egress(target, machine)), plan.notes)

    def effective(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[Effective, ...]:
        return openai_env.effective(user, target, Source("environment", dict(machine.environ)), name)

    def warnings(self, user: Tree, target: Target, machine: Machine, name: str) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(_egress(target, machine))


_ALL: tuple[Program, ...] = (ClaudeCode(), Codex(), OpenAITools())
PROGRAMS: Mapping[ClientType, Program] = MappingProxyType({program.client: program for program in _ALL})


def _egress(target: Target, machine: Machine) -> Iterator[str]:
    """The clients send even loopback traffic through a proxy of the environment (clients.md §0)."""
    host = next((host for host in _LOOPBACK if f"//{host}" in target.url or f"//[{host}]" in target.url), None)
    names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    proxy = next((name for name in names if machine.environ.get(name)), None)
    exempt = f"{machine.environ.get('NO_PROXY', '')},{machine.environ.get('no_proxy', '')}".split(",")
    if host is not None and proxy is not None and not {host, "*"} & {one.strip() for one in exempt}:
        yield f"{proxy} is set: the client would send requests for cccc through it; set NO_PROXY={host} in your shell"
