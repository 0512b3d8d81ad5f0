"""What a parsed configuration file is: its data, and where every key and value stands in the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cccc.config.problems import Path, dotted
from cccc.errors import ConfigError

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
