"""Tool arguments that a model wrote as Python, as JSON.

Some models answer ``{'done': True, 'note': None,}`` where a JSON object is due. Each attempt mends more than the one
before and trusts the text less; nothing is completed that was cut off. Arguments that are JSON are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import orjson

from cccc.ir import json

MAX_LENGTH = 1_000_000
"""Longer arguments are left as they are."""

_TOKEN = re.compile(
    r"""'[^'\\]*(?:\\.[^'\\]*)*' | "[^"\\]*(?:\\.[^"\\]*)*" | [A-Za-z_]\w* | \\. | \s+ | .""", re.VERBOSE | re.DOTALL
)
_ENDS = {quote: re.compile(rf"(?<!\\){quote}(?=\s*(?:[,:\]}})]|$))") for quote in "'\""}
"""Where a string ends although it has quotes within: before what can follow a string."""

_WORDS = {"True": "true", "False": "false", "None": "null"}
_BRACKETS = {"(": "[", ")": "]"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00[01][0-9a-fA-F]{5})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\", "/": "/", "\n": ""}


def repaired(text: str, attempts: int = 3) -> str | None:
    """The arguments as a JSON object after at most so many attempts; ``None`` where none of them makes one."""
    if len(text) > MAX_LENGTH:
        return None
    for attempt in _ATTEMPTS[:attempts]:
        mended = attempt(text)
        if isinstance(json.peek(mended), dict):
            return mended
    return None


def _literals(text: str) -> str:
    """Single quotes, Python's escapes, ``True``, ``False`` and ``None``."""
    return "".join(map(_literal, _TOKEN.findall(text)))


def _collections(text: str) -> str:
    """Tuples, and a comma behind the last element, as well."""
    return _joined(map(_literal, _TOKEN.findall(text)))


def _quotes_within(text: str) -> str:
    """Strings with unescaped quotes in them, as well."""
    return _joined(map(_literal, _loose_tokens(text)))


_ATTEMPTS: tuple[Callable[[str], str], ...] = (_literals, _collections, _quotes_within)


def _joined(tokens: Iterator[str]) -> str:
    out: list[str] = []
    for token in tokens:
        mended = _BRACKETS.get(token, token)
        if mended in ("]", "}"):
            while out and out[-1].isspace():
                out.pop()
            if out and out[-1] == ",":
                out.pop()
        out.append(mended)
    return "".join(out)


def _literal(token: str) -> str:
    if token[0] not in "'\"" or len(token) == 1:
        return _WORDS.get(token, token)
    if token[0] == '"' and json.peek(token) is not None:
        return token
    return orjson.dumps(_unescaped(token[1:-1])).decode()


def _loose_tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        ending = _ENDS.get(text[at])
        end = ending.search(text, at + 1) if ending else _TOKEN.match(text, at)
        if end is None:
            yield text[at:]
            return
        yield text[at : end.end()]
        at = end.end()


def _unescaped(text: str) -> str:
    """What a Python string's source says. Escapes that Python does not know stay as they are."""
    plain = _ESCAPE.sub(_escape, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escape(found: re.Match[str]) -> str:
    short, middle, long, letter = found.groups()
    if letter is not None:
        return _ESCAPED.get(letter, found[0])
    code = int(short or middle or long, 16)
    return chr(code) if code <= 0x10FFFF else found[0]
