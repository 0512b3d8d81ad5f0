"""TOML edited in place: tomlkit writes values and changes single statements, everything else stays byte for byte.

A new key goes behind the last one of its table, a new table to the end of the text. Whole documents never pass through
tomlkit, which would move blank lines and comments at the places where it inserts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, String

from cccc.clients.syntax import Path, Tree, at
from cccc.clients.toml_text import Statement, Table, statements, tables

EDIT_ERRORS = (TOMLKitError, KeyError, TypeError, ValueError, RecursionError)
"""What a text raises that is written in a way that cannot be edited."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def with_value(text: str, path: Path, value: Any) -> str:
    """The text with ``value`` at ``path``. Raises ``EDIT_ERRORS``."""
    home: Table | None = None
    for table in tables(text):
        if table.path is None or path[: len(table.path)] != table.path:
            continue
        inner = path[len(table.path) :]
        dotted: Statement | None = None
        for statement in statements(text, table):
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
        place = max((one.end for one in statements(text, home) if one.tree), default=home.body)
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
        table[path[-1]] = _styled(value, like=table.get(path[-1]))
    return text[: statement.start] + tomlkit.dumps(document) + text[statement.end :]


def _styled(value: Any, *, like: Any) -> Any:
    """The value in the quotes of the one that it replaces, so that they are the same when that comes back."""
    literal = isinstance(like, String) and like.as_string().startswith("'") and isinstance(value, str)
    return tomlkit.string(value, literal=True) if literal and "'" not in value and value.isprintable() else value


def removed(text: str, path: Path) -> str:
    """The text without what stands at ``path``. Raises ``EDIT_ERRORS``."""
    for table in tables(text):
        if table.path is None or path[: len(table.path)] != table.path:
            continue
        inner = path[len(table.path) :]
        for statement in statements(text, table):
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
