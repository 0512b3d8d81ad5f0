"""TOML edited in place: tomlkit writes values and changes single statements, tomllib says where statements end.

A text is cut into tables, and a table into statements, at the line ends where ``tomllib`` accepts what stands before:
so a bracket inside a string or an array is never taken for a header. A new key goes behind the last one of its table, a
new table to the end of the text; everything else stays byte for byte. Whole documents never pass through tomlkit, which
would move blank lines and comments at the places where it inserts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from cccc.clients.syntax import Changes, Path, Tree, Unusable, at

_ERROR_AT = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_BARE = re.compile(r"[A-Za-z0-9_-]+")


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
        try:
            for path, value in changes.items():
                text = _removed(text, path) if value is None else _set(text, path, value)
        except (TOMLKitError, KeyError, TypeError, ValueError, RecursionError):
            raise Unusable("cannot be edited") from None
        return text

    def prune(self, text: str, path: Path) -> str:
        for table in _tables(text):
            if table.path == path and not any(statement.tree for statement in _statements(text, table)):
                start = table.start
                if text[:start].endswith(("\n\n", "\n\r\n")):  # the blank line that came with the table
                    start = text.rindex("\n", 0, start - 1) + 1 if start > 1 else 0
                return text[:start] + text[table.body :]
        return self.edit(text, {path: None})


def _without_values(what: str) -> str:
    """The parser's words without what it quotes of the text, which may be a key."""
    return re.sub(r"'.*'|\".*\"", "…", what, flags=re.DOTALL)


def _tables(text: str) -> Iterator[Table]:
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


def _statements(text: str, table: Table) -> Iterator[Statement]:
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


def _set(text: str, path: Path, value: Any) -> str:
    home: Table | None = None
    for table in _tables(text):
        if table.path is None or path[: len(table.path)] != table.path:
            continue
        inner = path[len(table.path) :]
        dotted: Statement | None = None
        for statement in _statements(text, table):
            if not inner or inner[0] not in statement.tree:
                continue
            if at(statement.tree, inner) is not None or _inline(text, statement, inner):
                return _rewritten(text, statement, inner, value)
            dotted = statement
        if dotted is not None:  # a table that began with dotted keys may not go on under a header
            return _with_line(text, dotted.end, _line(text, inner, value))
        if len(inner) == 1:
            home = table
    line = _line(text, path[-1:], value)
    if home is not None:
        place = max((one.end for one in _statements(text, home) if one.tree), default=home.body)
        return _with_line(text, place, line)
    text = text if not text or text.endswith("\n") else text + _newline(text)
    gap = _newline(text) if text else ""
    return f"{text}{gap}[{_key(path[:-1])}]{_newline(text)}{line}"


def _inline(text: str, statement: Statement, path: Path) -> bool:
    """Whether the statement's value is an inline table that the path leads into."""
    value: Any = tomlkit.parse(text[statement.start : statement.end])
    for key in path[:-1]:
        value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, InlineTable):
            return True
    return False


def _rewritten(text: str, statement: Statement, path: Path, value: Any) -> str:
    """One statement with another value at ``path``, or without it; what else stands on its lines stays."""
    document = tomlkit.parse(text[statement.start : statement.end])
    table: Any = document
    for key in path[:-1]:
        if key not in table:
            table[key] = tomlkit.inline_table()
        table = table[key]
    if value is None:
        del table[path[-1]]
    else:
        table[path[-1]] = value
    return text[: statement.start] + tomlkit.dumps(document) + text[statement.end :]


def _removed(text: str, path: Path) -> str:
    for table in _tables(text):
        if table.path is None or path[: len(table.path)] != table.path:
            continue
        inner = path[len(table.path) :]
        for statement in _statements(text, table):
            if inner and at(statement.tree, inner) is not None:
                if _only(statement.tree, inner):
                    return text[: statement.start] + text[statement.end :]
                return _rewritten(text, statement, inner, None)
    return text


def _only(tree: Tree, path: Path) -> bool:
    """Whether a statement says nothing but what stands at ``path``."""
    around = (at(tree, path[:depth]) for depth in range(len(path)))
    return all(isinstance(one, dict) and len(one) == 1 for one in around)


def _line(text: str, path: Path, value: Any) -> str:
    return f"{_key(path)} = {_value(value)}{_newline(text)}"


def _with_line(text: str, place: int, line: str) -> str:
    gap = "" if place == 0 or text[place - 1] == "\n" else _newline(text)
    return text[:place] + gap + line + text[place:]


def _key(path: Path) -> str:
    return ".".join(key if _BARE.fullmatch(key) else tomlkit.string(key).as_string() for key in path)


def _value(value: Any) -> str:
    return str(tomlkit.item(value).as_string())


def _newline(text: str) -> str:
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
