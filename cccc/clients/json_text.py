"""JSON edited in place: where a key stands is found by ``ir.spans``, the proof is read by orjson.

Indentation, separators and line ends of what is added are those of its neighbours. Of a key that stands twice the
last one counts, as every reader of these files has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import orjson

from cccc.clients.syntax import Changes, Path, Tree, Unusable
from cccc.ir.spans import Child, cut, members, replaced, scan_value, skip

_INDENTED = re.compile(r"\n([ \t]+)\"")
_INDENT = "  "
_LEAD = re.compile(r"[ \t\r\n]*\Z")


class JsonSyntax:
    """JSON as Claude Code reads it: strict, without comments."""

    name = "JSON"

    def read(self, text: str) -> Tree:
        if not text.strip():
            return {}
        try:
            tree = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Unusable(f"cannot be read as JSON ({_reason(error)})", error.lineno, error.colno) from None
        except UnicodeEncodeError:
            raise Unusable("cannot be read as JSON (it is no text)") from None
        if not isinstance(tree, dict):
            raise Unusable("holds no JSON object", 1)
        return tree

    def edit(self, text: str, changes: Changes) -> str:
        if not text.strip():
            text = "{}" + _newline(text)
        try:
            for path, value in changes.items():
                text = _removed(text, path) if value is None else _set(text, path, value)
        except (ValueError, RecursionError):
            raise Unusable("cannot be edited") from None
        return text

    def prune(self, text: str, path: Path) -> str:
        return self.edit(text, {path: None})


def _reason(error: orjson.JSONDecodeError) -> str:
    return error.msg.partition(":")[0]


def _set(text: str, path: Path, value: Any) -> str:
    at = skip(text, 0)
    for depth, key in enumerate(path):
        siblings = list(members(text, at))
        found = _last(siblings, key)
        if found is None:
            return _inserted(text, at, siblings, key, path[depth + 1 :], value, depth)
        child = siblings[found]
        if depth == len(path) - 1:
            return replaced(text, [(child.value_start, child.end, _dumped(value))])
        at = child.value_start
    raise ValueError("no path")


def _removed(text: str, path: Path) -> str:
    at = skip(text, 0)
    for key in path[:-1]:
        siblings = list(members(text, at))
        found = _last(siblings, key)
        if found is None:
            return text
        at = siblings[found].value_start
    siblings = list(members(text, at))
    hits = [place for place, child in enumerate(siblings) if child.key == path[-1]]
    if hits and len(hits) == len(siblings):  # nothing is left but white space
        end = text.index("}", siblings[-1].end)
        return text[: at + 1] + text[end:]
    return replaced(text, [(*span, "") for span in cut(siblings, hits)])


def _last(siblings: Sequence[Child], key: str) -> int | None:
    found = [place for place, child in enumerate(siblings) if child.key == key]
    return found[-1] if found else None


def _inserted(text: str, at: int, siblings: Sequence[Child], key: str, deeper: Path, value: Any, depth: int) -> str:
    """A new member at the end of the object that opens at ``at``; ``depth`` counts the objects around it."""
    unit = _unit(text)
    if not siblings:
        outer = _newline(text) + unit * depth
        member = _member(key, deeper, value, outer + unit, unit, ": ")
        return f"{text[: at + 1]}{outer}{unit}{member}{outer}{text[text.index('}', at) :]}"
    last = siblings[-1]
    colon = text[scan_value(text, last.start)[1] : last.value_start]
    lead = _LEAD.findall(text[: last.start])[0]
    if len(siblings) == 1 and "\n" not in lead:
        lead = " " if " " in colon else ""
    return f"{text[: last.end]},{lead}{_member(key, deeper, value, lead, unit, colon)}{text[last.end :]}"


def _member(key: str, deeper: Path, value: Any, lead: str, unit: str, colon: str) -> str:
    """``"key": value``, wrapped into an object for every key of ``deeper``; on lines of its own where ``lead`` is."""
    if not deeper:
        return f"{_dumped(key)}{colon}{_dumped(value)}"
    inner_lead = lead + unit if "\n" in lead else ""
    inner = _member(deeper[0], deeper[1:], value, inner_lead, unit, colon)
    closing = lead if "\n" in lead else ""
    return f"{_dumped(key)}{colon}{{{inner_lead}{inner}{closing}}}"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unit(text: str) -> str:
    """One step of the text's own indentation."""
    match = _INDENTED.search(text)
    return match[1] if match else _INDENT


def _newline(text: str) -> str:
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
