"""The configuration as values: what is in force, a form over the settings model, and changes of the user's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """One effective setting: dotted ``key``, value as text (secrets masked), and its source.

    Sources read ``default``, ``file:12``, ``env NAME`` or ``option --port``.
    """

    key: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One complaint about a configuration. ``fatal`` is false for warnings. ``message`` names file, line and key."""

    message: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class ConfigView:
    """The configuration in force."""

    path: str | None
    values: tuple[ConfigValue, ...]
    problems: tuple[ConfigProblem, ...]


class FieldKind(StrEnum):
    """What kind of thing a setting holds, and so how it is edited. Lists and mappings are written as JSON."""

    FLAG = "flag"
    CHOICE = "choice"
    NUMBER = "number"
    DURATION = "duration"
    SIZE = "size"
    TEXT = "text"
    SECRET = "secret"
    LIST = "list"
    MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One setting. ``value`` and ``default`` are texts as they could stand in the file (secrets masked).

    ``overridden_by`` names what stands above the file (``env CCCC_SERVER__PORT``, ``option --port``): a change of the
    file would not win. ``live``: a change takes effect at once, else at the next start. ``least`` and ``most`` are
    bounds of numbers, durations (seconds) and sizes (bytes).
    """

    key: str
    title: str
    help: str
    kind: FieldKind
    value: str
    default: str
    source: str
    live: bool
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    overridden_by: str | None = None


@dataclass(frozen=True, slots=True)
class ConfigSection:
    """Settings that belong together; ``name`` is the key of the section (``routing``)."""

    name: str
    title: str
    help: str
    fields: tuple[ConfigField, ...]


@dataclass(frozen=True, slots=True)
class ConfigForm:
    """Every section but the lists of endpoints and taggers. ``path`` is the file that a save would write."""

    path: str | None
    toml: bool
    sections: tuple[ConfigSection, ...]


ConfigChanges = Mapping[str, str | None]
"""New values by dotted key, as text in the form of ``ConfigField.value``; ``None``: back to the default."""


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """What a save would do: a unified diff of the file (keys masked), and what is wrong with the result.

    ``restart`` are the changed keys that take effect at the next start.
    """

    diff: str
    problems: tuple[ConfigProblem, ...]
    restart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """A change that was written to ``path``; ``backup`` names the previous version, ``None`` where there was no file.

    ``config_undo`` takes it back byte for byte, as long as nobody else has changed the file (``digest``).
    """

    path: str
    digest: str
    backup: str | None
