"""The last filter before anything is stored or shown: known secrets in every spelling, and what looks like one.

A key is looked for as it is, URL-encoded, JSON-escaped, in hexadecimal, in base64 at each of its three alignments
(``Basic user:key`` shifts it), and by its first twelve characters, since providers echo keys cut short. Searching for
literal text is fast and nearly always finds nothing; the regular expression runs only where it found something.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from cccc.domain.secret import Secret

MASK = "[redacted]"

_HEAD = 12
"""How many characters give a key away."""

_ANYWHERE = 8
"""Shorter secrets are masked only where they stand alone, or they would be found inside ordinary words."""

_SHORTEST = 4

_REST = r"[A-Za-z0-9_\-.~+/=%]*"

_PATTERNS: tuple[tuple[str, str], ...] = (
    ("sk-", r"()sk-(?<![A-Za-z0-9]sk-)[A-Za-z0-9_\-]{16,}"),
    ("earer", r"(earer(?: |%20))(?:(?=[A-Za-z._~+/=\-]*[0-9])[A-Za-z0-9._~+/=\-]{8,}|[A-Za-z0-9._~+/=\-]{40,})"),
    ("eyJ", r"()eyJ(?<![A-Za-z0-9]eyJ)[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?"),
    ("AIza", r"()AIza(?<![A-Za-z0-9]AIza)[A-Za-z0-9_\-]{30,}"),
    ("ghp_", r"()ghp_(?<![A-Za-z0-9]ghp_)[A-Za-z0-9]{20,}"),
    ("github_pat_", r"()github_pat_(?<![A-Za-z0-9]github_pat_)[A-Za-z0-9_]{20,}"),
)
"""What looks like a key although nobody told us: a literal that must be there, and the whole, its group 1 kept.

The patterns begin with that literal and look back afterwards, which lets ``re`` search for it as fast as for text.
"Bearer" is an ordinary word in talk about programs: what follows counts as a token only with a digit, or if long.
"""

_SHOWN = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "age", "alt-svc", "anthropic-beta", "anthropic-version",
        "cache-control", "cf-cache-status", "cf-ray", "connection", "content-encoding", "content-length",
        "content-type", "date", "host", "keep-alive", "openai-beta", "openai-model", "openai-processing-ms",
        "openai-version", "originator", "request-id", "retry-after", "retry-after-ms", "server", "session_id",
        "transfer-encoding", "user-agent", "vary", "version", "via", "x-app", "x-client-request-id", "x-request-id",
        "x-should-retry",
    }
)  # fmt: skip
_SHOWN_PREFIXES = ("anthropic-ratelimit-", "x-cccc-", "x-ratelimit-", "x-stainless-")


class Redactor:
    """Masks the given secrets and everything that looks like a key. Build a new one when the secrets change."""

    __slots__ = ("_byte_needles", "_known", "_known_bytes", "_needles")

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        parts: set[str] = set()
        needles: set[str] = set()
        for value in {secret.reveal() for secret in secrets}:
            if len(value) < _SHORTEST:
                continue
            if len(value) < _ANYWHERE:
                needles.add(value)
                parts.add(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])")
                continue
            heads = _spellings(value[:_HEAD])
            needles |= heads
            parts.update(f"{re.escape(spelling)}{_REST}" for spelling in heads | _spellings(value))
        # The longest first: a whole key is to be masked whole, also where it holds characters that end a token.
        pattern = "|".join(sorted(parts, key=lambda part: (-len(part), part)))
        self._needles = tuple(sorted(needles))
        self._byte_needles = tuple(needle.encode() for needle in self._needles)
        self._known = re.compile(pattern)
        self._known_bytes = re.compile(pattern.encode())

    def text(self, text: str) -> str:
        """``text`` with every secret replaced; the same object where there is none."""
        if any(needle in text for needle in self._needles):
            text = self._known.sub(MASK, text)
        for hint, pattern in _TEXT_PATTERNS:
            if hint in text:
                text = pattern.sub(_KEEPING, text)
        return text

    def bytes(self, data: bytes) -> bytes:
        """``data`` with every secret replaced; the same object where there is none."""
        if any(needle in data for needle in self._byte_needles):
            data = self._known_bytes.sub(_BYTES_MASK, data)
        for hint, pattern in _BYTES_PATTERNS:
            if hint in data:
                data = pattern.sub(_BYTES_KEEPING, data)
        return data

    def header_value(self, name: str, value: str) -> str:
        """What may be shown of a header: values of names on the allow-list, the mask for all others."""
        name = name.lower()
        return self.text(value) if name in _SHOWN or name.startswith(_SHOWN_PREFIXES) else MASK

    def headers(self, items: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Header fields as they may be stored and shown."""
        return tuple((name, self.header_value(name, value)) for name, value in items)


_KEEPING = rf"\1{MASK}"
_BYTES_MASK = MASK.encode()
_BYTES_KEEPING = _KEEPING.encode()
_TEXT_PATTERNS = tuple((hint, re.compile(pattern)) for hint, pattern in _PATTERNS)
_BYTES_PATTERNS = tuple((hint.encode(), re.compile(pattern.encode())) for hint, pattern in _PATTERNS)


def _spellings(value: str) -> set[str]:
    data = value.encode()
    escaped = json.dumps(value)[1:-1]
    found = {
        value,
        escaped,
        escaped.replace("/", "\\/"),
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        data.hex(),
        data.hex().upper(),
    }
    for offset in range(3):
        inner = _base64_inside(data, offset)
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return found


def _base64_inside(data: bytes, offset: int) -> str:
    """The characters that ``data`` alone decides when it begins ``offset`` bytes after a multiple of three."""
    encoded = base64.b64encode(bytes(offset) + data).decode("ascii")
    first = -(-offset * 8 // 6)
    return encoded[first : (offset + len(data)) * 8 // 6]
