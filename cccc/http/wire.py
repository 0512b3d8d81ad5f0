"""What both roles share: the errors that mean "the peer is gone", and writing with a limit on silence."""

from __future__ import annotations

import anyio
from anyio.abc import ByteStream

GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)
"""What anyio raises, reading or writing, when the peer or we ended the connection."""

_SLICE = 256 * 1024
"""Larger pieces are sent in slices, so that a time limit on a write means "no progress"."""


async def send_within(stream: ByteStream, data: bytes, scope: anyio.CancelScope, seconds: float) -> None:
    """Write all of ``data``. ``scope``, which must be entered, is cancelled when ``seconds`` pass without progress."""
    scope.deadline = anyio.current_time() + seconds
    if len(data) <= _SLICE:
        await stream.send(data)
        return
    for begin in range(0, len(data), _SLICE):
        scope.deadline = anyio.current_time() + seconds
        await stream.send(data[begin : begin + _SLICE])


def closes(version: bytes | None, connection: list[str]) -> bool:
    """Whether a message says that its connection ends with it (RFC 9112 §9.3). HTTP/1.0 always does for us."""
    return version != b"1.1" or any("close" in _tokens(value) for value in connection)


def _tokens(value: str) -> list[str]:
    return [token.strip() for token in value.lower().split(",")]
