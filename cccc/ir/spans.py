"""Where the parts of a JSON text stand, so that one can be changed without touching a byte of the others.

Positions are indexes into the text. Everything here raises ``ValueError`` on a text that is not JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

_SPACE = re.compile(r"[ \t\n\r]*")

# Numbers are not needed as numbers, and a huge one must cost nothing.
scan_value = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len).raw_decode
"""The value that begins at a position, and its end. Numbers come out as the length of their text."""


class Child(NamedTuple):
    """A member of an object or an element of an array (then ``key`` is empty).

    ``start`` is the key's opening quote, or the value's beginning in an array; ``end`` the value's end.
    """

    key: str
    start: int
    value_start: int
    end: int
    value: Any


def children(text: str, at: int) -> Iterator[Child]:
    """The members of the object, or the elements of the array, that begins at or after ``at``."""
    at = skip(text, at)
    opening = text[at : at + 1]
    if opening not in ("{", "["):
        raise ValueError("neither an object nor an array")
    closing = "}" if opening == "{" else "]"
    at = skip(text, at + 1)
    while text[at : at + 1] not in (closing, ""):
        start = at
        key = ""
        if opening == "{":
            key, at = scan_value(text, at)
            at = skip(text, skip(text, at) + 1)
        value, end = scan_value(text, at)
        yield Child(key, start, at, end, value)
        at = skip(text, end)
        if text[at : at + 1] == ",":
            at = skip(text, at + 1)
    if text[at : at + 1] != closing:
        raise ValueError("an object or an array has no end")


def members(text: str, at: int) -> Iterator[Child]:
    """The members of an object; ``ValueError`` for an array too."""
    if text[skip(text, at) : skip(text, at) + 1] != "{":
        raise ValueError("not an object")
    return children(text, at)


def skip(text: str, at: int) -> int:
    """The next position that is no white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def cut(siblings: Sequence[Child], hits: Sequence[int]) -> Iterator[tuple[int, int]]:
    """What to cut so that ``hits`` are gone and the siblings that stay are still parted by one comma each."""
    for place, at in enumerate(hits):
        child = siblings[at]
        if place == at:  # everything before it goes as well
            yield (child.start, siblings[at + 1].start if at + 1 < len(siblings) else child.end)
        else:
            yield (siblings[at - 1].end, child.end)


def replaced(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """The text with each ``(start, end, new)`` carried out; the spans must not overlap."""
    parts = []
    done = 0
    for start, end, new in sorted(edits):
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])
