"""A JSON body in a few lines: long values folded to a count and a size, opened one by one, with the marks beside them.

Two bodies stand in two columns with what belongs together in the same line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import orjson

from cccc.control.api import visible_line
from tui.format import cells, cut, safe
from tui.inspector.body import size, wrap
from tui.inspector.changes import Changes, Path
from tui.inspector.lines import Line, Pieces, said, text_of
from tui.theme import Glyphs

_INLINE = 48
"""Bytes up to which an object or array is shown as it is."""

_LEAST = 8
"""Cells that a value has at least."""

_NOUNS = {"system": "block", "tools": "tool", "input": "item", "messages": "message"}
_LAST_SHOWN = frozenset({"messages", "input"})
"""Where the newest element is what a reader looks for: it is told of below the fold."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What stands behind a field: the text of the mark and its meaning."""

    said: str
    meaning: str


@dataclass(slots=True)
class Folding:
    """How one body is shown, in ``width`` cells. ``opened`` are the places that are open; ``side`` names the column."""

    side: str
    width: int
    marks: Mapping[Path, Marked]
    opened: frozenset[str]
    glyphs: Glyphs
    _sizes: dict[Path, int] = field(default_factory=dict)

    def lines(self, body: Any) -> list[tuple[str, list[Line]]]:
        """The lines of each field of a body, by its name; of a body that is no object under an empty name."""
        if not isinstance(body, dict):
            return [("", list(self._value("", body, (), 1)))]
        return [(name, list(self._value(f"{_text(name)}: ", value, (name,), 1))) for name, value in body.items()]

    def _value(self, label: str, value: Any, path: Path, depth: int) -> Iterator[Line]:
        start, mark = ("  " * depth + label, "primary"), self._mark(path)
        if self._is_short(path, value):
            yield Line(said(start, self._beside(_inline(value), start, mark), *mark))
            return
        name, data = self.name(path), size(self._size(path, value))
        is_open = name in self.opened
        fold = self.glyphs.opened if is_open else self.glyphs.folded
        about = (f" {fold} {data}", "dim")
        brief = self._beside(_brief(path, value), start, (about, *mark))
        yield Line(said(start, brief, about, *mark), opens=name)
        if is_open:
            yield from self._inside(value, path, depth + 1)
        elif isinstance(value, list) and len(path) == 1 and path[0] in _LAST_SHOWN:
            last = len(value) - 1
            yield from self._value(f"{last}  ", value[last], (*path, last), depth + 1)

    def _beside(self, text: str, start: tuple[str, str], after: Pieces) -> str:
        """As much of a value as leaves room for what stands behind it."""
        room = self.width - cells(start[0]) - cells(text_of(after))
        return cut(text, max(room, _LEAST), self.glyphs.ellipsis)

    def _is_short(self, path: Path, value: Any) -> bool:
        if isinstance(value, (dict, list)):
            return not value or self._size(path, value) <= _INLINE
        return not isinstance(value, str) or len(value) <= _INLINE

    def _inside(self, value: Any, path: Path, depth: int) -> Iterator[Line]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from self._value(f"{_text(name)}: ", inner, (*path, name), depth)
        elif isinstance(value, list):
            for at, inner in enumerate(value):
                yield from self._value(f"{at}  ", inner, (*path, at), depth)
        else:
            indent = "  " * depth
            for text in str(value).split("\n"):
                yield from (Line(said(indent + part)) for part in wrap(visible_line(text), self.width - len(indent)))

    def name(self, path: Path) -> str:
        """A place as a fold is called."""
        return f"{self.side}{orjson.dumps(path).decode()}"

    def _size(self, path: Path, value: Any) -> int:
        known = self._sizes.get(path)
        if known is None:
            known = self._sizes[path] = len(value) if isinstance(value, str) else len(orjson.dumps(value))
        return known

    def _mark(self, path: Path) -> Pieces:
        mark = self.marks.get(path)
        return () if mark is None else ((f"  {self.glyphs.healthy} {mark.said}", mark.meaning),)


def _text(value: Any) -> str:
    return safe(orjson.dumps(value).decode())


def _inline(value: Any) -> str:
    return safe(orjson.dumps(value).decode().replace('":', '": ').replace(',"', ', "'))


def _brief(path: Path, value: Any) -> str:
    """A folded value: what it is, and how many there are of it."""
    if isinstance(value, str):
        return cut(_text(value[:60]), 40)
    if isinstance(value, list):
        noun = _NOUNS.get(str(path[-1]), "") if path else ""
        number = f"{len(value)} {noun}{'s' if noun and len(value) != 1 else ''}".rstrip()
        return f"[ {number} ]"
    words = [str(value[name]) for name in ("role", "type", "name", "tool_use_id", "call_id") if value.get(name)]
    if words:
        return cut(safe(" · ".join(words)), 40)
    return f"{{ {len(value)} }}"


def columns(
    asked: list[tuple[str, list[Line]]], sent: list[tuple[str, list[Line]]], changes: Changes
) -> Iterator[Line]:
    """Two bodies side by side: fields that belong together begin in the same line, in the client's order."""
    right = dict(sent)
    order = {name: at for at, (name, _) in enumerate(sent)}
    groups = [(lines, [one for one in changes.pairs.get(name, ()) if one in right]) for name, lines in asked]
    taken = {name for _, names in groups for name in names}
    for name, _ in sent:
        if name not in taken:
            _after(groups, order, name)
    for lines, names in groups:
        beside = [line for name in sorted(names, key=order.__getitem__) for line in right[name]]
        yield from side_by_side(lines, beside)


def _after(groups: list[tuple[list[Line], list[str]]], order: Mapping[str, int], name: str) -> None:
    """A field that came from nowhere stands behind the one that is before it in the endpoint's request."""
    places = [
        (order[other], at) for at, (_, names) in enumerate(groups) for other in names if order[other] < order[name]
    ]
    if places:
        groups[max(places)[1]][1].append(name)
    elif groups:
        groups[0][1].append(name)
    else:
        groups.append(([], [name]))


def side_by_side(left: list[Line], right: list[Line]) -> Iterator[Line]:
    """Lines beside lines; what is opened is opened in both columns."""
    nothing = Line()
    for one, other in zip_longest(left, right, fillvalue=nothing):
        yield Line(one.pieces, other.pieces, "\n".join(filter(None, (one.opens, other.opens))))
