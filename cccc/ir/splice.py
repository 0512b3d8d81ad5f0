"""Change one place of a JSON text in bytes; nothing else moves.

Requests and events that pass through are never dumped anew: a re-dump would change number spellings, escapes, key
order and duplicates, and costs more than the parse. Every duplicate of a key is changed, so that it does not matter
which of them a reader believes. Nothing here raises on a text that is not JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import orjson

from cccc.ir.spans import children, cut, members, replaced, skip
from cccc.ir.sse import SseEvent, with_data

_COLON = re.compile(rb"[ \t\n\r]*:[ \t\n\r]*")


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
    return replaced(text, [(*span, new.decode()) for span in found]).encode() if found else data


def splice_json(data: bytes, key: str, value: bytes | None) -> bytes:
    """Set a top-level key to ``value`` (any JSON), added at the end where it is absent; ``None`` deletes it."""
    try:
        text = data.decode()
        siblings = list(members(text, 0))
        hits = [at for at, member in enumerate(siblings) if member.key == key]
        if value is None:
            return replaced(text, [(*span, "") for span in cut(siblings, hits)]).encode() if hits else data
        new = value.decode()
        if hits:
            return replaced(text, [(siblings[at].value_start, siblings[at].end, new) for at in hits]).encode()
        added = orjson.dumps(key).decode() + ":" + new
        end = siblings[-1].end if siblings else text.index("{") + 1
        return (text[:end] + ("," if siblings else "") + added + text[end:]).encode()
    except (ValueError, RecursionError):
        return data


def prune(data: bytes, path: tuple[str, ...], unwanted: Callable[[Any], bool] = lambda _: True) -> bytes:
    """Take out what stands at ``path`` and is ``unwanted``; ``*`` in a path stands for every element of an array.

    The very same object comes back where nothing is taken out.
    """
    try:
        text = data.decode()
        spans = list(_unwanted(text, 0, path, unwanted))
    except (ValueError, RecursionError):
        return data
    return replaced(text, [(*span, "") for span in spans]).encode() if spans else data


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


def _unwanted(text: str, at: int, path: tuple[str, ...], unwanted: Callable[[Any], bool]) -> Iterator[tuple[int, int]]:
    """What to cut so that nothing unwanted is left at a path."""
    wanted_in = "[" if path[0] == "*" else "{"
    at = skip(text, at)
    if text[at : at + 1] != wanted_in:
        return
    siblings = list(children(text, at))
    here = [at for at, child in enumerate(siblings) if path[0] in ("*", child.key)]
    if len(path) == 1:
        yield from cut(siblings, [at for at in here if unwanted(siblings[at].value)])
        return
    for place in here:
        yield from _unwanted(text, siblings[place].value_start, path[1:], unwanted)


def _strings(text: str, at: int, path: tuple[str, ...], value: str) -> Iterator[tuple[int, int]]:
    """Where strings other than ``value`` stand at a path."""
    for member in members(text, at):
        if member.key != path[0]:
            continue
        opening = text[member.value_start]
        if len(path) > 1 and opening == "{":
            yield from _strings(text, member.value_start, path[1:], value)
        elif len(path) == 1 and opening == '"' and member.value != value:
            yield (member.value_start, member.end)


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
