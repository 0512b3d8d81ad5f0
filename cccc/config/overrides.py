"""What stands above the file: ``CCCC_SERVER__PORT=…`` variables, and command-line options above them.

pydantic-settings reads the variables; here they are matched with the model first, so that a misspelt one is a warning
instead of an error about a key that nobody wrote.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cccc.config import schema
from cccc.config.problems import Path, masked
from cccc.config.settings import Settings
from cccc.errors import ConfigError

PREFIX = "CCCC_"
DELIMITER = "__"

OPTIONS: Mapping[str, Path] = {
    "host": ("server", "host"),
    "port": ("server", "port"),
    "log-level": ("logging", "level"),
}
"""Command-line options and the settings they stand for."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Values above the file. ``sources`` says for each path where it came from (``env NAME``, ``option --port``)."""

    data: dict[str, Any] = field(default_factory=dict)
    sources: Mapping[Path, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def source(self, path: Path) -> str | None:
        """Where the value at ``path`` came from, or ``None`` where it is not overridden."""
        for end in range(len(path), 0, -1):
            if (found := self.sources.get(path[:end])) is not None:
                return found
        return None

    def gives(self, path: Path) -> str | None:
        """The same for a value that is itself given, and not merely beside one that is."""
        found: Any = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return self.source(path)


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees merged; ``above`` wins, mappings are merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = overlaid(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def collect(environ: Mapping[str, str], options: Mapping[str, str]) -> Overrides:
    """The overrides of an environment and of options (named without dashes: ``port``).

    Raises ``ConfigError`` for a variable that should hold JSON and does not.
    """
    variables, warnings = _known(environ)
    sources: dict[Path, str] = {path: f"env {name}" for name, path in variables.items()}
    data = _read({name: environ[name] for name in variables}) if variables else {}
    for name, value in options.items():
        option = name.lstrip("-").replace("_", "-")
        path = OPTIONS[option]
        sources[path] = f"option --{option}"
        leaf: Any = value
        for part in reversed(path):
            leaf = {part: leaf}
        data = overlaid(data, leaf)
    return Overrides(data, sources, tuple(warnings))


def _known(environ: Mapping[str, str]) -> tuple[dict[str, Path], list[str]]:
    """The variables that name a setting with its path, and a warning for each that looks like one."""
    known: dict[str, Path] = {}
    warnings = []
    for name in environ:
        if not name.upper().startswith(PREFIX):
            continue
        path: Path = tuple(name[len(PREFIX) :].lower().split(DELIMITER))
        in_list = any((at := schema.field_at(path[:i])) is not None and schema.is_list(at) for i in range(1, len(path)))
        if schema.field_at(path) is not None and not in_list:
            known[name] = path
        elif len(path) > 1:
            warnings.append(f"env {masked(name)}: names no setting and is ignored{_nearest(name)}")
    return known, warnings


def _nearest(name: str) -> str:
    names = [
        f"{PREFIX}{key.pattern.replace('.', DELIMITER).upper()}"
        for key in schema.every_key()
        if "[]" not in key.pattern
    ]
    near = difflib.get_close_matches(name.upper(), names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _read(variables: Mapping[str, str]) -> dict[str, Any]:
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
    from pydantic_settings.exceptions import SettingsError

    class FromEnvironment(Settings, BaseSettings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter=DELIMITER, extra="forbid")

    data: dict[str, Any] = {}
    problems = []
    for name, value in variables.items():
        source = EnvSettingsSource(FromEnvironment)
        source.env_vars = {name.lower(): value}
        try:
            data = overlaid(data, source())
        except (SettingsError, RecursionError):
            problems.append(f"env {name}: is not JSON; this setting is a list or mapping and expects JSON")
    if problems:
        raise ConfigError(problems)
    return data
