"""Thinking and summaries of other makers, carried by a client that keeps them unread.

Thinking may only go back to the endpoint that made it, and what proves it (a signature, encrypted reasoning) has a
field of its own in the client's format, which clients send back letter for letter. So the proof travels in that field
together with where it came from, and a text that is ours can always be told from one that only a vendor can read.
"""

from __future__ import annotations

import base64
import binascii

import orjson

from cccc.domain.endpoint import WireFormat
from cccc.ir import json
from cccc.ir.messages import Thinking

_OURS = "cccc-"
_THINKING = f"{_OURS}thinking-1."
_SUMMARY = f"{_OURS}summary-1."


def is_ours(sealed: str) -> bool:
    """Whether a signature or encrypted text was made here, by whatever version: no vendor must ever get it."""
    return sealed.startswith(_OURS)


def seal(thinking: Thinking) -> str:
    """Everything about ``thinking`` but its words, as one token of letters, digits, ``-``, ``_`` and ``.``."""
    fields = [thinking.sealed, thinking.origin or "", thinking.maker, thinking.item_id, thinking.redacted]
    return _THINKING + _packed(orjson.dumps(fields))


def unseal(sealed: str) -> Thinking | None:
    """The ``Thinking`` of ``seal``, without its words; ``None`` for anything else."""
    fields = json.items(json.peek(_unpacked(sealed, _THINKING)))
    match fields:
        case [str(proof), str(origin), str(maker), str(item_id), bool(redacted)]:
            return Thinking("", proof, _format(origin), maker, redacted, item_id)
    return None


def seal_text(text: str) -> str:
    """A summary that a client keeps as an unreadable item and sends back later."""
    return _SUMMARY + _packed(text.encode())


def unseal_text(sealed: str) -> str | None:
    """The text of ``seal_text``; ``None`` for anything else."""
    data = _unpacked(sealed, _SUMMARY)
    return None if data is None else data.decode("utf-8", "replace")


def _format(origin: str) -> WireFormat | None:
    return next((each for each in WireFormat if each == origin), None)


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(sealed: str, prefix: str) -> bytes | None:
    if not sealed.startswith(prefix):
        return None
    packed = sealed.removeprefix(prefix)
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
