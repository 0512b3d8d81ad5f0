"""Short names for long ones."""

from __future__ import annotations

import hashlib


def digest(text: str, length: int) -> str:
    """The first ``length`` hexadecimal digits of the text's SHA-256: the same wherever and whenever it is asked."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
