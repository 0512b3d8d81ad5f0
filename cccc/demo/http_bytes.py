"""HTTP/1.1 answers as bytes. Written by hand, because a simulated provider must also be able to write wrong ones.

Source: RFC 9112.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

HeaderItems = Iterable[tuple[str, str]]

LAST_CHUNK = b"0\r\n\r\n"


def head(status: int, headers: HeaderItems) -> bytes:
    """Status line and fields, up to and with the empty line."""
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; nothing for no data, because an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
