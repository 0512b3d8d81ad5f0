"""A configuration file as data that remembers where every key and value stands.

Two syntaxes, one result: ``yaml_documents`` and ``toml_documents`` give the same tree with the same kind of index, so
that nothing above has to know which one the user chose.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from cccc.config.problems import Path, dotted
from cccc.errors import ConfigError

SUFFIXES = {".yaml": False, ".yml": False, ".toml": True}
"""File name endings, and whether they mean TOML."""

_LARGEST = 4 * 1024 * 1024
LARGEST_TREE = 100_000
"""Keys and values in a document, aliases counted each time: more is an attack, not a configuration."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text: ``line`` and ``column`` from 1, ``start`` and ``end`` as offsets of characters."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands. Items of a list have no key of their own: ``key`` is then the value's span."""

    key: Span
    value: Span


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file. ``problems`` are complaints that do not keep the rest from being read (a key twice)."""

    name: str
    data: dict[str, Any]
    places: Mapping[Path, Place]
    problems: tuple[tuple[Span, str], ...] = ()

    def place(self, path: Path) -> Place | None:
        """Where ``path`` stands, or the nearest thing around it."""
        for end in range(len(path), 0, -1):
            if (found := self.places.get(path[:end])) is not None:
                return found
        return None


EMPTY = Document("", {}, {})
"""No file at all."""


@dataclass(slots=True)
class Places:
    """Collects an index while a document is walked, and refuses documents that unfold without end."""

    name: str
    found: dict[Path, Place] = field(default_factory=dict)
    problems: list[tuple[Span, str]] = field(default_factory=list)
    seen: int = 0

    def add(self, path: Path, place: Place) -> None:
        """Note a place; the first one of a path stays."""
        self.seen += 1
        if self.seen > LARGEST_TREE:
            raise ConfigError([f"{self.name}: unfolds to more than {LARGEST_TREE} values; remove nested aliases"])
        self.found.setdefault(path, place)

    def twice(self, path: Path, again: Span) -> None:
        """Note that a key stands there a second time."""
        line = self.found[path].key.line
        self.problems.append((again, f"{dotted(path)}: is set twice (first in line {line}); remove one of them"))


def is_toml(path: FilePath) -> bool:
    """Whether the suffix says TOML. Raises ``ConfigError`` for a suffix that names neither syntax."""
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise ConfigError([f"{path.name}: unknown file type; expected a name in .yaml, .yml or .toml"]) from None


def digest_of(data: bytes) -> str:
    """The fingerprint by which a changed file is noticed (SHA-256, hexadecimal)."""
    return hashlib.sha256(data).hexdigest()


def read(path: FilePath) -> bytes:
    """The file's bytes. Raises ``ConfigError`` for anything that is not a readable file of reasonable size."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError([f"{path}: is not a regular file; expected a YAML or TOML file"])
        if found.st_size > _LARGEST:
            raise ConfigError([f"{path}: is larger than {_LARGEST // 1024**2} MiB; expected a configuration file"])
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError([f"{path}: does not exist; cccc config example prints a file to start from"]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        raise ConfigError([f"{path}: cannot be read ({reason})"]) from None


def decode(data: bytes, name: str) -> str:
    """UTF-8 text, without a byte order mark. Raises ``ConfigError`` naming the line that is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{name}:{line}: is not UTF-8 text; save the file as UTF-8"]) from None


def parse(text: str, *, toml: bool, name: str) -> Document:
    """Read a text in either syntax. Raises ``ConfigError`` naming line and column of what is not that syntax."""
    if toml:
        from cccc.config.toml_documents import parse_toml

        return parse_toml(text, name)
    from cccc.config.yaml_documents import parse_yaml

    return parse_yaml(text, name)
