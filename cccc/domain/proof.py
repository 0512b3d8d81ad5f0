"""A prompt that only the proxy's owner can write and that the proxy answers itself.

The set-up starts a client once with such a prompt. The proxy of the same state folder knows it by its signature and
answers without asking any endpoint; the answer tells the set-up that the client's requests arrive. Nobody who cannot
read the state folder can make one, and it is good for a few minutes only, so that a transcript that holds it means
nothing later.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from cccc.domain.secret import Secret

VALID_S = 600
"""Seconds during which a proxy answers."""

_BEGINNING = "cccc-proof-"
_MARK = re.compile(_BEGINNING + r"([0-9a-f]{1,12})-([0-9a-f]{16})-([0-9a-f]{32})")


def prompt(key: Secret, now: float, nonce: str) -> str:
    """A prompt with a fresh mark. ``nonce`` are 16 hexadecimal digits; ``now`` is a wall time."""
    moment = f"{max(0, int(now)):x}"
    return f"Answer with one word. cccc-proof-{moment}-{nonce}-{_signature(key, moment, nonce)}"


def answer(key: Secret, now: float, text: str) -> str | None:
    """What the proxy says to a text with a good mark; ``None`` to every other."""
    beginning = text.find(_BEGINNING)  # prompts are long, and this is several times faster than the expression
    match = _MARK.search(text, beginning) if beginning >= 0 else None
    if match is None:
        return None
    moment, nonce, signature = match.groups()
    good = hmac.compare_digest(signature, _signature(key, moment, nonce)) and abs(now - int(moment, 16)) <= VALID_S
    return expected(nonce) if good else None


def expected(nonce: str) -> str:
    """What the client prints when its request has arrived."""
    return f"cccc-arrived-{nonce}"


def _signature(key: Secret, moment: str, nonce: str) -> str:
    said = f"{moment}-{nonce}".encode()
    return hmac.new(key.reveal().encode(), said, hashlib.sha256).hexdigest()[:32]
