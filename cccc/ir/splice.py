"""Change one place of a JSON text in bytes; nothing else moves.

Requests and events that pass through are never dumped anew: a re-dump would change number spellings, escapes, key
order and duplicates, and costs more than the parse. Every duplicate of a key is changed, so that it does not matter
which of them a reader believes. Nothing here raises on a text that is not JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import orjson

from cccc.ir.sse import SseEvent, with_data

_SPACE = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(rb"[ \t\n\r]*:[ \t\n\r]*")
_scan_value = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len).raw_decode


def splice_string(data: bytes, path: tuple[str, ...], value: str) -> bytes:
    """Replace the string at an object path by ``value``.

    The very same object comes back where nothing changes: the path is absent, or holds no string, or that string.
    """
    new = orjson.dumps(value)
    spans = _strings_at_top(data, path[0], new) if len(path) == 1 else None
    if spans is not None:
        for start, end in reversed(spans):
            data = data[:start] + new + data[end:]
        return data
    try:
        text = data.decode()
        found = list(_strings(text, 0, path, value))
    except (ValueError, RecursionError):
        return data
    return _replaced(text, found, new.decode()).encode() if found else data


def splice_json(data: bytes, key: str, value: bytes | None) -> bytes:
    """Set a top-level key to ``value`` (any JSON), added at the end where it is absent; ``None`` deletes it."""
    try:
        text = data.decode()
        members = list(_members(text, 0))
        hits = [at for at, member in enumerate(members) if member.key == key]
        if value is None:
            spans = [_span_of_member(members, at, hits) for at in hits]
            return _replaced(text, spans, "").encode() if spans else data
        new = value.decode()
        if hits:
            return _replaced(text, [(members[at].value_start, members[at].end) for at in hits], new).encode()
        added = orjson.dumps(key).decode() + ":" + new
        end = members[-1].end if members else text.index("{") + 1
        return (text[:end] + ("," if members else "") + added + text[end:]).encode()
    except (ValueError, RecursionError):
        return data


def splice_event(event: SseEvent, path: tuple[str, ...], value: str) -> bytes:
    """``splice_string`` on an event's data; gives the bytes of the whole event."""
    if len(path) == 1 and (quick := _spliced_early(event.raw, path[0], value)) is not None:
        return quick
    data = event.data
    if data is None:
        return event.raw
    new = splice_string(data, path, value)
    return event.raw if new is data else with_data(event, new)


def _spliced_early(raw: bytes, key: str, value: str) -> bytes | None:
    """The event for the common case: one such key, early, before any nested value. ``None``: look properly.

    Every chunk of a chat stream names its model, so this runs for each of them.
    """
    opening, name, new = _needles(key, value)
    at = raw.find(opening)
    start = at + len(opening)
    end = raw.find(b'"', start)
    if (
        at < 0
        or end < 0
        or raw.count(b"{", 0, at) != 1
        or raw.count(b"[", 0, at)
        or raw.find(name, start) >= 0
        or raw.find(b"\\", at, end) >= 0
        or b"\\u00" in raw
    ):
        return None
    return raw if raw[start - 1 : end + 1] == new else raw[: start - 1] + new + raw[end + 1 :]


@lru_cache
def _needles(key: str, value: str) -> tuple[bytes, bytes, bytes]:
    name = orjson.dumps(key)
    return name + b':"', name, orjson.dumps(value)


class _Member(NamedTuple):
    """A key and where it and its value stand: ``start`` is the key's opening quote, ``end`` the value's end."""

    key: str
    start: int
    value_start: int
    end: int


def _members(text: str, at: int) -> Iterator[_Member]:
    """The members of the object that begins at or after ``at``. Raises ``ValueError`` for anything else."""
    at = _skip(text, at)
    if text[at : at + 1] != "{":
        raise ValueError("not an object")
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        start = at
        key, at = _scan_value(text, at)
        at = _skip(text, at)
        value_start = _skip(text, at + 1)
        _, end = _scan_value(text, value_start)
        yield _Member(key, start, value_start, end)
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    if text[at : at + 1] != "}":
        raise ValueError("not an object")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _span_of_member(members: list[_Member], at: int, hits: list[int]) -> tuple[int, int]:
    """What to cut so that the members that stay are still parted by one comma each."""
    member = members[at]
    if at == hits.index(at):  # everything before it goes as well
        return (member.start, members[at + 1].start if at + 1 < len(members) else member.end)
    return (members[at - 1].end, member.end)


def _strings(text: str, at: int, path: tuple[str, ...], value: str) -> Iterator[tuple[int, int]]:
    """Where strings other than ``value`` stand at a path."""
    for member in _members(text, at):
        if member.key != path[0]:
            continue
        opening = text[member.value_start]
        if len(path) > 1 and opening == "{":
            yield from _strings(text, member.value_start, path[1:], value)
        elif len(path) == 1 and opening == '"' and _scan_value(text, member.value_start)[0] != value:
            yield (member.value_start, member.end)


def _replaced(text: str, spans: list[tuple[int, int]], new: str) -> str:
    for start, end in reversed(spans):
        text = text[:start] + new + text[end:]
    return text


def _strings_at_top(data: bytes, key: str, new: bytes) -> list[tuple[int, int]] | None:
    """Where strings other than ``new`` stand at a top-level key: brackets outside strings are counted by searches in C.

    ``None`` where the text might spell key or value with escapes: then it has to be read properly, which takes two to
    five times as long on the bodies of coding agents.
    """
    if b"\\u00" in data or not (key.isascii() and key.isidentifier()):
        return None
    token = b'"%b"' % key.encode()
    # Of the same length, but without a quote that is not a string's end.
    flat = data.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in data else data
    spans: list[tuple[int, int]] = []
    depth = done = 0
    at = flat.find(token)
    while at >= 0:
        outside = b"".join(flat[done:at].split(b'"')[::2])
        depth += outside.count(b"{") + outside.count(b"[") - outside.count(b"}") - outside.count(b"]")
        done = at
        colon = _COLON.match(flat, at + len(token))
        if colon and depth == 1:
            start = colon.end()
            end = flat.find(b'"', start + 1) + 1
            if b"\\" in data[start:end]:
                return None
            if end and flat[start : start + 1] == b'"' and data[start:end] != new:
                spans.append((start, end))
        at = flat.find(token, at + len(token))
    return spans
