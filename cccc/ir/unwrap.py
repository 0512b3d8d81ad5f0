"""Takes the text of a custom tool out of the JSON in which a model wrote it, fragment by fragment.

A custom tool (``apply_patch``) takes text as it stands, but a model of another vendor calls it as a function with that
text in one field: ``{"input": "…"}``. The text goes on while it comes, wherever the fragments are cut. A model that
names the field differently, which is known only at the end of its call, or writes no JSON at all is understood as well.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from cccc.ir import json
from cccc.ir.repair import repaired
from cccc.ir.toolbox import INPUT

_HEAD = re.compile(rf'\s*\{{\s*"{INPUT}"\s*:\s*"')
_BARE_HEAD = f'{{"{INPUT}":"'
_RUN = re.compile(r'[^"\\]+')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([^u]))", re.DOTALL)
_LOW_SURROGATE = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_UNICODE_LENGTH = len("\\u0000")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}

_OTHER_NAMES = ("patch", "command", "cmd", "text", "content", "code", "arguments")
"""What models call the field instead, the likeliest first."""


class _At(Enum):
    """Where in the arguments the last fragment ended."""

    HEAD = auto()
    TEXT = auto()
    TAIL = auto()
    PLAIN = auto()
    OTHER = auto()


class Unwrapped:
    """The text of one call: what ``feed`` returns for the fragments of its arguments, and ``close`` at their end."""

    def __init__(self) -> None:
        self._at = _At.HEAD
        self._pending = ""
        self._kept: list[str] = []

    def feed(self, fragment: str) -> str:
        """The text that has become certain."""
        match self._at:
            case _At.TEXT:
                return self._text(fragment)
            case _At.PLAIN:
                return fragment
            case _At.OTHER:
                self._kept.append(fragment)
            case _At.HEAD:
                return self._head(fragment)
            case _At.TAIL:
                pass
        return ""

    def close(self) -> str:
        """The call is whole: what only that makes certain."""
        if self._at is _At.TEXT:
            return "\N{REPLACEMENT CHARACTER}" if _ESCAPE.match(self._pending) else self._pending
        return _told("".join((self._pending, *self._kept)))

    def _head(self, fragment: str) -> str:
        self._pending += fragment
        begun = self._pending.lstrip()
        if head := _HEAD.match(self._pending):
            self._at, rest, self._pending = _At.TEXT, self._pending[head.end() :], ""
            return self._text(rest)
        if begun and begun[0] not in '{["':
            self._at, plain, self._pending = _At.PLAIN, self._pending, ""
            return plain
        if not _BARE_HEAD.startswith("".join(begun.split())):
            self._at = _At.OTHER
        return ""

    def _text(self, fragment: str) -> str:
        if not self._pending and "\\" not in fragment and '"' not in fragment:
            return fragment
        source, at = self._pending + fragment, 0
        self._pending = ""
        out: list[str] = []
        while at < len(source):
            if run := _RUN.match(source, at):
                out.append(run[0])
                at = run.end()
            elif source[at] == '"':
                self._at = _At.TAIL
                break
            else:
                text, end = _escape(source, at)
                if end == at:
                    self._pending = source[at:]
                    break
                out.append(text)
                at = end
        return "".join(out)


def _escape(source: str, at: int) -> tuple[str, int]:
    """The text of the escape at this place and where it ends: here, if it is not whole yet."""
    found = _ESCAPE.match(source, at)
    if found is None:
        if len(source) - at < _UNICODE_LENGTH:
            return "", at
        return source[at : at + 2], at + 2
    code, letter = found.groups()
    if letter is not None:
        # A backslash that JSON does not know was meant as one.
        return _ESCAPED.get(letter, found[0]), found.end()
    value, end = int(code, 16), found.end()
    if 0xD800 <= value < 0xDC00:
        if low := _LOW_SURROGATE.match(source, end):
            return chr(0x10000 + ((value - 0xD800) << 10) + int(low[1], 16) - 0xDC00), low.end()
        if len(source) - end < _UNICODE_LENGTH and "\\u".startswith(source[end : end + 2]):
            return "", at
    return "\N{REPLACEMENT CHARACTER}" if 0xD800 <= value < 0xE000 else chr(value), end


def _told(whole: str) -> str:
    """The text in arguments that do not begin as they should."""
    value = json.peek(whole)
    if value is None and (mended := repaired(whole)):
        value = json.peek(mended)
    text = _text_in(value)
    return whole if text is None else text


def _text_in(value: object) -> str | None:
    match value:
        case str():
            return value
        case [*_, str(last)]:  # ["apply_patch", "*** Begin Patch …"]
            return last
        case {}:
            if not value:
                return ""
            named = next((name for name in (INPUT, *_OTHER_NAMES) if name in value), None)
            if named is None and len(value) == 1:
                named = next(iter(value))
            return None if named is None else _text_in(value[named])
    return None
