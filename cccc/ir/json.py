"""The one place where foreign JSON is parsed, and tolerant access to what it holds.

The parser is orjson: strict UTF-8, no ``NaN``, no lone surrogates, no number beyond a double, a bounded recursion.
``parse`` adds the limits of security.md §4 for what clients send; ``peek`` is for what endpoints answer, where a text
that is no JSON is a fact like any other. The accessors turn a value of the wrong type into an empty one of the right
type, so that reading along never raises, whatever a vendor sends.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from cccc.errors import InvalidJson

MAX_DEPTH = 200
MAX_NUMBER_DIGITS = 400
MAX_KEYS = 1_000_000

_STRIDE = 100
_SAMPLES_OF_A_LONG_NUMBER = re.compile(rb"[-+.eE0-9]{%d}" % (MAX_NUMBER_DIGITS // _STRIDE))
_STRING_OR_NUMBER = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[-+.eE0-9]++', re.DOTALL)
_DIGIT = re.compile(rb"[0-9]")


def parse(data: bytes) -> Any:
    """Parse what a client sent. Raises ``InvalidJson`` for anything but JSON within the limits."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidJson("not valid JSON", error.lineno, error.colno) from None
    _check_size(value)
    _check_numbers(data)
    return value


def peek(data: bytes | str | None) -> Any:
    """Parse what an endpoint answered; ``None`` where it is not JSON."""
    if not data:
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def is_arguments(text: object) -> bool:
    """Whether the arguments of a tool call are a JSON object; none at all stand for ``{}``."""
    return text in ("", None) or (isinstance(text, str) and isinstance(peek(text), dict))


def obj(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    """The value if it is a string that is not empty."""
    return value if isinstance(value, str) and value else None


def count(value: object) -> int:
    """The value if it is a number that can count something, else 0."""
    if isinstance(value, float) and 0 < value < 2**63:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def number(value: object) -> float | None:
    """The value if it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def plain_text(content: object) -> str:
    """The text of a message's content: a string, or parts of which those with a ``text`` count."""
    if isinstance(content, str):
        return content
    parts = [text(obj(part).get("text")) for part in items(content)]
    return "\n".join(part for part in parts if part)


def _check_size(value: object) -> None:
    """Walk the value level by level, so that its depth costs no recursion of ours."""
    level: list[Any] = [value]
    depth = keys = 0
    while level := [node for node in level if type(node) is dict or type(node) is list]:
        depth += 1
        deeper: list[Any] = []
        for node in level:
            if type(node) is dict:
                keys += len(node)
                deeper += node.values()
            else:
                deeper += node
        if depth > MAX_DEPTH:
            raise InvalidJson(f"not acceptable: nested deeper than {MAX_DEPTH} levels")
        if keys > MAX_KEYS:
            raise InvalidJson(f"not acceptable: more than {MAX_KEYS} keys")
        level = deeper


def _check_numbers(data: bytes) -> None:
    # A number that is too long covers several samples in a row, which is cheaper to look for than the number.
    if len(data) <= MAX_NUMBER_DIGITS or not _SAMPLES_OF_A_LONG_NUMBER.search(data[::_STRIDE]):
        return
    for token in _STRING_OR_NUMBER.findall(data):
        if len(token) > MAX_NUMBER_DIGITS and token[:1] != b'"' and len(_DIGIT.findall(token)) > MAX_NUMBER_DIGITS:
            raise InvalidJson(f"not acceptable: a number has more than {MAX_NUMBER_DIGITS} digits")
