"""What the syntaxes of the clients' files have in common: text in, tree out; text and changes in, text out.

A change is a path of keys and the value that it gets, ``None`` where the key is to be absent. Every syntax edits a few
characters and leaves the rest as it stands. ``changed`` proves that: the result is read again by a parser that had no
part in the edit, and must differ from what was there in exactly the intended values.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cccc.errors import ConfigError

Path = tuple[str, ...]
Scalar = str | int | bool
Tree = dict[str, Any]
Changes = Mapping[Path, Any]
"""Values by path; ``None``: absent."""

_BOM = b"\xef\xbb\xbf"


class Unusable(Exception):
    """A text that cannot be read or edited. ``line`` and ``column`` from 1 where they are known."""

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        self.problem = problem
        self.line = line
        self.column = column
        super().__init__(problem)


class Syntax(Protocol):
    """One syntax. Both methods raise ``Unusable``."""

    name: str

    def read(self, text: str) -> Tree:
        """The tree of a text, by a parser that ``edit`` does not rely on. An empty text is an empty tree."""
        ...

    def edit(self, text: str, changes: Changes) -> str:
        """The text with the changes carried out. Tables that a removal leaves empty stay."""
        ...

    def prune(self, text: str, path: Path) -> str:
        """The text without the table at ``path``, which holds nothing."""
        ...


@dataclass(frozen=True, slots=True)
class File:
    """One file of a client: how a person is told of it, and how it is written. ``command`` is the set-up that does."""

    name: str
    syntax: Syntax
    command: str

    def complaint(self, problem: str, line: int | None = None, column: int | None = None) -> ConfigError:
        """The one sentence (or three) about a file that was left alone."""
        where = "".join(f":{number}" for number in (line, column) if number is not None)
        remedy = f"Fix line {line}" if line is not None else "Mend it"
        return ConfigError(
            [f"{self.name}{where}: {problem}. cccc did not touch it. {remedy}, or run: {self.command} --dry-run"]
        )

    def text(self, data: bytes) -> str:
        """The file's text without its byte order mark. Raises ``ConfigError``."""
        try:
            return data.removeprefix(_BOM).decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start + len(_BOM) * data.startswith(_BOM)) + 1
            raise self.complaint("is not UTF-8 text", line) from None

    def tree(self, data: bytes) -> Tree:
        """What the file says. Raises ``ConfigError``."""
        try:
            return self.syntax.read(self.text(data))
        except Unusable as error:
            raise self.complaint(error.problem, error.line, error.column) from None

    def changed(self, data: bytes, changes: Changes, prune: Sequence[Path] = ()) -> bytes:
        """The file with the changes and without the tables of ``prune`` that are empty then; proved.

        Raises ``ConfigError`` where the file cannot be read, or cannot be edited without touching anything else.
        """
        before = self.tree(data)
        intended = expected(before, changes, prune)
        if intended == before:
            return data
        text = self.text(data)
        try:
            text = self.syntax.edit(text, {path: value for path, value in changes.items() if at(before, path) != value})
            for path in prune:
                if at(before, path) is not None and at(intended, path) is None:
                    text = self.syntax.prune(text, path)
            proved = self.syntax.read(text) == intended
        except Unusable:
            proved = False
        if not proved:
            raise self.complaint("is written in a way that cannot be edited safely")
        try:
            return (_BOM if data.startswith(_BOM) else b"") + text.encode("utf-8")
        except UnicodeEncodeError:
            raise self.complaint("would get characters that are no text") from None


def at(tree: Tree, path: Path) -> Any:
    """The value at a path, ``None`` where there is none."""
    value: Any = tree
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def expected(before: Tree, changes: Changes, prune: Sequence[Path] = ()) -> Tree:
    """The tree that the changes are meant to give."""
    tree = copy.deepcopy(before)
    for path, value in changes.items():
        if value is None:
            _drop(tree, path)
            continue
        table = tree
        for key in path[:-1]:
            inner = table.setdefault(key, {})
            if not isinstance(inner, dict):
                inner = table[key] = {}
            table = inner
        table[path[-1]] = value
    for path in prune:
        if at(tree, path) == {}:
            _drop(tree, path)
    return tree


def _drop(tree: Tree, path: Path) -> None:
    table = at(tree, path[:-1])
    if isinstance(table, dict):
        table.pop(path[-1], None)
