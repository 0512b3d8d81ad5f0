"""Changes to a configuration's text that touch nothing else: values set and removed, list items added and taken out.

Every function works on the text by the places that the parser has noted, and returns a new text. Comments, order,
quoting and line ends stay. What is written in a way that these few rules do not cover (aliases, values within values
over several lines) comes out wrong, which is why nobody uses a result before it was parsed again and compared:
``applied`` does that.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from cccc.config import documents
from cccc.config.document import Document, Place
from cccc.config.problems import Path
from cccc.errors import ConfigError

Patch = Callable[[str, Document], str]
Change = Callable[[dict[str, Any]], None]
Step = tuple[Patch, Change]
"""A change of the text, and the same change of the data."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./:-]*[A-Za-z0-9/]|\d+(?:ms|[smhd]|[kKMG]i?B)")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "inf", "nan", "auto"})


def applied(text: str, document: Document, steps: Iterable[Step], *, toml: bool) -> str:
    """The text after all steps.

    Raises ``ConfigError`` where a text cannot be changed so that exactly the intended values differ.
    """
    for patch, change in steps:
        intended = copy.deepcopy(document.data)
        change(intended)
        text = patch(text, document)
        try:
            document = documents.parse(text, toml=toml, name=document.name)
        except ConfigError:
            raise by_hand(document.name) from None
        if _sparse(document.data) != _sparse(intended):
            raise by_hand(document.name)
    return text


def by_hand(name: str) -> ConfigError:
    """The refusal of a change that these rules cannot make."""
    why = "is written in a way that cannot be edited safely (aliases, merged keys, or values over several lines)"
    return ConfigError([f"{name}: {why}; nothing was changed, edit it by hand"])


def _sparse(data: Any) -> Any:
    """Without what counts as absent: keys without a value, empty mappings and lists."""
    match data:
        case dict():
            kept = {key: _sparse(value) for key, value in data.items()}
            return {key: value for key, value in kept.items() if value not in (None, {}, [])}
        case list():
            return [_sparse(item) for item in data]
        case _:
            return data


# values


def setting(path: Path, value: Any, *, toml: bool) -> Step:
    """The step that gives ``path`` a value, wherever its section stands or does not stand yet."""

    def patch(text: str, document: Document) -> str:
        place = document.places.get(path)
        if place is not None and not _is_block(text, place, at(document.data, path)):
            return _replaced(text, place, written(value, toml=toml))
        if place is not None:
            text = _without_lines(text, document, path)
            document = documents.parse(text, toml=toml, name=document.name)
        return _added(text, document, path, written(value, toml=toml), toml=toml)

    def change(data: dict[str, Any]) -> None:
        inner: Any = data
        for part in path[:-1]:
            if isinstance(inner, dict) and inner.get(part) is None:
                inner[part] = {}
            inner = inner[part]
        inner[path[-1]] = value

    return patch, change


def unsetting(path: Path) -> Step:
    """The step that takes a key out."""

    def patch(text: str, document: Document) -> str:
        return text if path not in document.places else _without_lines(text, document, path)

    def change(data: dict[str, Any]) -> None:
        inner = at(data, path[:-1])
        if isinstance(inner, dict):
            inner.pop(path[-1], None)

    return patch, change


def at(data: Any, path: Path) -> Any:
    """The value at a path, ``None`` where there is none."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


# list items


def appending(key: str, item: dict[str, Any], *, toml: bool) -> Step:
    """The step that adds a mapping to a list of mappings, behind the last one."""

    def patch(text: str, document: Document) -> str:
        listed = document.data.get(key)
        pairs = [(name, written(value, toml=toml)) for name, value in item.items()]
        if toml:
            lines = [f"[[{key}]]", *(f"{name} = {value}" for name, value in pairs)]
            return _with_lines_at_end(text, ["", *lines] if text.strip() else lines)
        if not listed:
            return _with_first_item(text, document, key, pairs)
        last = (key, len(listed) - 1)
        start = document.places[last].value.start
        begin = text.rfind("\n", 0, start) + 1
        lead = text[begin:start]
        if not re.fullmatch(r" *- +", lead):
            raise by_hand(document.name)
        lines = [
            f"{lead if number == 0 else ' ' * len(lead)}{name}: {value}" for number, (name, value) in enumerate(pairs)
        ]
        return _with_lines(text, _line_end(text, _last_place(text, document, last)), lines)

    def change(data: dict[str, Any]) -> None:
        data[key] = [*(data.get(key) or ()), item]

    return patch, change


def removing(key: str, index: int) -> Step:
    """The step that takes an item out of a list of mappings."""

    def patch(text: str, document: Document) -> str:
        return _without_lines(text, document, (key, index))

    def change(data: dict[str, Any]) -> None:
        data[key] = [item for number, item in enumerate(data[key]) if number != index]

    return patch, change


def _with_first_item(text: str, document: Document, key: str, pairs: list[tuple[str, str]]) -> str:
    lines = [f"{'  - ' if number == 0 else '    '}{name}: {value}" for number, (name, value) in enumerate(pairs)]
    place = document.places.get((key,))
    if place is None:
        return _with_lines_at_end(text, [f"{key}:", *lines])
    if place.value.end > place.value.start:  # an empty list
        text = text[: place.key.end] + ":" + text[place.value.end :]
    return _with_lines(text, _line_end(text, place.key.end), lines)


# text


def written(value: Any, *, toml: bool) -> str:
    """A value as it is written in a file, on one line."""
    match value:
        case str() if not toml and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        case dict() if toml:
            return (
                "{ "
                + ", ".join(f"{json.dumps(key)} = {written(item, toml=True)}" for key, item in value.items())
                + " }"
            )
        case list() | tuple() if toml:
            return "[" + ", ".join(written(item, toml=True) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _is_block(text: str, place: Place, value: Any) -> bool:
    """Whether a mapping or a list is written over lines of its own instead of within brackets."""
    return isinstance(value, dict | list) and text[place.value.start : place.value.start + 1] not in ("{", "[")


def _replaced(text: str, place: Place, value: str) -> str:
    if place.value.start == place.value.end:  # a key without a value
        after = text.index(":", place.key.end) + 1
        return f"{text[:after]} {value}{text[after:]}"
    return text[: place.value.start] + value + text[place.value.end :]


def _added(text: str, document: Document, path: Path, value: str, *, toml: bool) -> str:
    """A key that is new, behind its last sibling, in a section that may be new as well."""
    sibling = document.places.get((*path[:-1], "name")) or _last_sibling(text, document, path[:-1])
    if sibling is not None:
        return _behind(text, sibling, str(path[-1]), value, toml=toml)
    section, names = path[:-1], [str(part) for part in path]
    if toml:
        header = document.places.get(section)
        pair = f"{names[-1]} = {value}"
        if header is not None and text[header.key.start] == "[":
            return _with_lines(text, _line_end(text, header.key.end), [pair])
        return _with_lines_at_end(text, ["", f"[{'.'.join(names[:-1])}]", pair])
    depth = next((depth for depth in range(len(section), 0, -1) if section[:depth] in document.places), 0)
    if depth and (sibling := _last_sibling(text, document, section[:depth])) is not None:
        raise by_hand(document.name)
    indent = 0
    if depth:
        key = document.places[section[:depth]].key
        indent = key.column + 1
    lines = [f"{' ' * (indent + 2 * step)}{name}:" for step, name in enumerate(names[depth:-1])]
    lines.append(f"{' ' * (indent + 2 * len(lines))}{names[-1]}: {value}")
    if not depth:
        return _with_lines_at_end(text, lines)
    return _with_lines(text, _line_end(text, document.places[section[:depth]].key.end), lines)


def _last_sibling(text: str, document: Document, section: Path) -> Place | None:
    """The last key of a section whose value stands on its line."""
    inside = [
        place
        for path, place in document.places.items()
        if len(path) == len(section) + 1
        and path[:-1] == section
        and isinstance(path[-1], str)
        and place.key != place.value
        and not _is_block(text, place, at(document.data, path))
    ]
    return max(inside, key=lambda place: place.key.start, default=None)


def _behind(text: str, anchor: Place, key: str, value: str, *, toml: bool) -> str:
    """A sibling after ``anchor``: on a line of its own, or within the same braces."""
    pair = f"{key} = {value}" if toml else f"{key}: {value}"
    begin = text.rfind("\n", 0, anchor.key.start) + 1
    before = text[begin : anchor.key.start]
    if toml and before.strip().endswith("."):  # server.port = …
        return _with_lines(text, _line_end(text, anchor.value.end), [before + pair])
    if before.strip() not in ("", "-"):
        return f"{text[: anchor.value.end]}, {pair}{text[anchor.value.end :]}"
    end = max(anchor.value.end, anchor.key.end)
    return _with_lines(text, _line_end(text, end), [before.replace("-", " ") + pair])


def _last_place(text: str, document: Document, path: Path) -> int:
    """Where the last value at or below a path ends. Blocks end where what they hold ends."""
    return max(
        max(place.key.end, place.value.end)
        for inner, place in document.places.items()
        if inner[: len(path)] == path and not _is_block(text, place, at(document.data, inner))
    )


def _without_lines(text: str, document: Document, path: Path) -> str:
    """Without the lines of a key or an item; comments above and below them stay."""
    place = document.places[path]
    begin = text.rfind("\n", 0, place.key.start) + 1
    if text[begin : place.key.start].strip() not in ("", "-") or (
        isinstance(path[-1], str) and text[begin : place.key.start].strip() == "-"
    ):
        raise by_hand(document.name)
    end = _line_end(text, _last_place(text, document, path))
    return text[:begin] + text[end + 1 :]


def _line_end(text: str, start: int) -> int:
    """Where the line of an offset ends: its line feed, or the end of the text."""
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _with_lines(text: str, end: int, lines: list[str]) -> str:
    """The text with lines put in behind the line that ends at ``end``, with the line ends of the file."""
    newline = "\r\n" if "\r\n" in text else "\n"
    block = "".join(f"{line}{newline}" for line in lines)
    if end >= len(text):
        return f"{text}{newline}{block}" if text and not text.endswith("\n") else text + block
    return text[: end + 1] + block + text[end + 1 :]


def _with_lines_at_end(text: str, lines: list[str]) -> str:
    return _with_lines(text, len(text), lines)
