"""TOML: where tables and statements stand, found by asking ``tomllib`` where one is complete.

A text is cut into tables, and a table into statements, at the line ends where ``tomllib`` accepts what stands before:
so a bracket inside a string or an array is never taken for a header. What is done there is ``toml_edit``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

from cccc.clients.syntax import Changes, Path, Tree, Unusable

_ERROR_AT = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


class Statement(NamedTuple):
    """``key = value`` with everything on its lines; ``tree`` is empty for comments and blank lines."""

    start: int
    end: int
    tree: Tree


class Table(NamedTuple):
    """A header and its statements. ``path`` is ``None`` for an element of an array of tables, ``()`` for the top."""

    path: Path | None
    start: int
    body: int
    end: int


class TomlSyntax:
    """TOML 1.0, as Codex reads it."""

    name = "TOML"

    def read(self, text: str) -> Tree:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            match = _ERROR_AT.fullmatch(str(error))
            what, line, column = match.groups() if match else (str(error), None, None)
            where = (int(line), int(column)) if line and column else (text.count("\n") + 1, 1)
            raise Unusable(f"cannot be read as TOML ({_without_values(what)})", *where) from None
        except (RecursionError, ValueError):
            raise Unusable("cannot be read as TOML (nested too deeply, or a number too large)") from None

    def edit(self, text: str, changes: Changes) -> str:
        # tomlkit takes a while to load, which nobody should wait for who only looks.
        from cccc.clients.toml_edit import EDIT_ERRORS, removed, with_value

        try:
            for path, value in changes.items():
                text = removed(text, path) if value is None else with_value(text, path, value)
        except EDIT_ERRORS:
            raise Unusable("cannot be edited") from None
        return text

    def prune(self, text: str, path: Path) -> str:
        for table in tables(text):
            if table.path == path and not any(statement.tree for statement in statements(text, table)):
                start = table.start
                if text[:start].endswith(("\n\n", "\n\r\n")):  # the blank line that came with the table
                    start = text.rindex("\n", 0, start - 1) + 1 if start > 1 else 0
                return text[:start] + text[table.body :]
        return self.edit(text, {path: None})


def _without_values(what: str) -> str:
    """The parser's words without what it quotes of the text, which may be a key."""
    return re.sub(r"'.*'|\".*\"", "…", what, flags=re.DOTALL)


def tables(text: str) -> Iterator[Table]:
    """The tables in their order, the top first. A header begins a line, and what stands before it is complete."""
    start, path, body = 0, (), 0
    found: Path | None = path
    for line, end in _lines(text, 0, len(text)):
        if text[line:end].lstrip(" \t").startswith("[") and (line == start or _parsed(text[start:line]) is not None):
            header = _parsed(text[line:end])
            if header is None:
                continue
            if line > start or found != ():
                yield Table(found, start, body, line)
            elif line == 0:
                yield Table((), 0, 0, 0)
            start, body, found = line, end, _header(header)
    yield Table(found, start, body, len(text))


def _header(tree: Tree) -> Path | None:
    path: Path = ()
    value: Any = tree
    while isinstance(value, dict) and value:
        (key,) = value
        path, value = (*path, key), value[key]
    return path if isinstance(value, dict) else None


def statements(text: str, table: Table) -> Iterator[Statement]:
    """The statements of a table, comments and blank lines among them."""
    start = table.body
    for _, end in _lines(text, table.body, table.end):
        if (tree := _parsed(text[start:end])) is not None:
            yield Statement(start, end, tree)
            start = end


def _lines(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        end = text.find("\n", start, stop) + 1 or stop
        yield start, end
        start = end


def _parsed(text: str) -> Tree | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
