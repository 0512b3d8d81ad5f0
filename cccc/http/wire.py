"""What both roles share: heads as bytes, writing with a limit on silence, and the errors that mean "the peer is gone".

h11 reads heads; writing one is a join, and one look over all of it keeps line ends and other control characters out.
"""

from __future__ import annotations

import re
import select
from collections.abc import Sequence
from socket import socket

import anyio
from anyio.abc import ByteStream, SocketAttribute

from cccc.http.messages import RawHeader

GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError)
"""What anyio raises, reading or writing, when the peer or we ended the connection."""

_SLICE = 256 * 1024
"""Larger pieces are sent in slices, so that a time limit on a write means "no progress"."""


_NOT_IN_NAMES = re.compile(rb"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
_NOT_IN_LINES = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class BadHead(ValueError):
    """A head with something in it that cannot be sent. Says nothing of what, for it may be a key."""


def write_head(first_line: bytes, fields: Sequence[RawHeader]) -> bytes:
    """A whole message head. Raises ``BadHead`` (RFC 9110 §5.1, §5.5)."""
    names = b"".join([name for name, _ in fields])
    values = b"".join([value for _, value in fields])
    if _NOT_IN_NAMES.search(names) or _NOT_IN_LINES.search(values) or _NOT_IN_LINES.search(first_line):
        raise BadHead("a message head has characters that cannot be sent")
    return b"%b\r\n%b\r\n" % (first_line, b"".join([b"%b: %b\r\n" % field for field in fields]))


async def send_within(stream: ByteStream, data: bytes, scope: anyio.CancelScope, seconds: float) -> None:
    """Write all of ``data``. ``scope``, which must be entered, is cancelled when ``seconds`` pass without progress."""
    scope.deadline = anyio.current_time() + seconds
    if len(data) <= _SLICE:
        await stream.send(data)
        return
    for begin in range(0, len(data), _SLICE):
        scope.deadline = anyio.current_time() + seconds
        await stream.send(data[begin : begin + _SLICE])


def raw_socket(stream: ByteStream) -> socket | None:
    """The socket below a stream, plain or TLS; ``None`` for streams that have none."""
    found: socket | None = stream.extra(SocketAttribute.raw_socket, None)  # noqa: S610 - anyio, not Django
    return found


def readable(raw: socket) -> bool:
    """Whether bytes or an end wait to be read, or the socket is closed. Does not block."""
    if raw.fileno() < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([raw], [], [], 0)[0])
    poll = select.poll()
    poll.register(raw, select.POLLIN)
    return bool(poll.poll(0))


def closes(version: bytes | None, connection: list[str]) -> bool:
    """Whether a message says that its connection ends with it (RFC 9112 §9.3). HTTP/1.0 always does for us."""
    return version != b"1.1" or any("close" in _tokens(value) for value in connection)


def _tokens(value: str) -> list[str]:
    return [token.strip() for token in value.lower().split(",")]
