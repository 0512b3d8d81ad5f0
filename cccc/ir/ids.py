"""Ids of tool calls that every format takes, made from those that an endpoint or a client gave.

Formats differ in what an id may be made of, and clients send ids back letter for letter, weeks later and after a
restart. So a legal id is derived, never remembered: what must not stand in it is spelled in hexadecimal, and can be
read back.
"""

from __future__ import annotations

import re

from cccc.ir.digest import digest

LEGAL_ID = re.compile(r"[a-zA-Z0-9_-]{1,40}")
"""What every format and every known vendor takes: Anthropic's alphabet, OpenAI Chat's length."""

_SPELLED = "cccc-"
_ILLEGAL = re.compile(rb"[^a-zA-Z0-9-]")
_SPELLED_BYTE = re.compile(rb"_([0-9a-f]{2})")
_DIGEST_LENGTH = 32


def legal_id(call_id: str, pattern: re.Pattern[str] = LEGAL_ID) -> str:
    """The id itself where ``pattern`` takes it, else one that ``original_id`` reads back, else (too long) a digest.

    Two ids never become one. An id that looks like one of ours is spelled as well, so that reading back is certain.
    """
    if pattern.fullmatch(call_id) and not call_id.startswith(_SPELLED):
        return call_id
    spelled = _spelled(call_id)
    return spelled if pattern.fullmatch(spelled) else f"call_{digest(call_id, _DIGEST_LENGTH)}"


def original_id(call_id: str) -> str:
    """What ``legal_id`` spelled; any other id is returned as it is."""
    if not call_id.startswith(_SPELLED):
        return call_id
    packed = call_id.removeprefix(_SPELLED).encode("utf-8", "surrogatepass")
    try:
        original = _SPELLED_BYTE.sub(lambda byte: bytes([int(byte[1], 16)]), packed).decode()
    except UnicodeDecodeError:
        return call_id
    return original if _spelled(original) == call_id else call_id


def _spelled(call_id: str) -> str:
    spelled = _ILLEGAL.sub(lambda byte: b"_%02x" % byte[0][0], call_id.encode("utf-8", "surrogatepass"))
    return _SPELLED + spelled.decode()
