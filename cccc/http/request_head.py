"""What a request head must look like before anything else sees it.

h11 parses; this module decides what h11 leaves to the server (bare line feeds, folding, both framings at once, other
versions, odd targets) and holds the size limits. Source: RFC 9112 §2.2, §3.2, §5.2, §6.1 and §6.3. Pure: bytes in,
``RequestHead`` or ``BadRequest`` out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import h11

from cccc.errors import BadRequest
from cccc.http.limits import Limits
from cccc.http.messages import Headers, RequestHead

_END = b"\r\n\r\n"
_BAD_BYTES = re.compile(
    rb"(?P<lf>(?<!\r)\n)|(?P<cr>\r(?=[^\n]))|(?P<fold>\n[ \t])|(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f])"
)
_BAD_BYTES_MEAN = {
    "lf": "a line of the request head ends in a bare line feed",
    "cr": "the request head contains a bare carriage return",
    "fold": "a header is folded over several lines",
    "control": "the request head contains a control character (is this TLS on a plain HTTP port?)",
}
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class HeadScanner:
    """Finds the end of one head in a growing buffer, and refuses early what can no longer become acceptable."""

    __slots__ = ("_limits", "_scanned")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._scanned = 0

    def end(self, buffer: bytearray) -> int | None:
        """The length of the head at the buffer's start, its blank line included; ``None`` while it is incomplete.

        Raises ``BadRequest`` with 400, 414 or 431.
        """
        found = buffer.find(_END, max(0, self._scanned - 3))
        end = len(buffer) if found < 0 else found + len(_END)
        bad = _BAD_BYTES.search(buffer, max(0, self._scanned - 2), end)
        if bad is not None:
            raise BadRequest(400, _BAD_BYTES_MEAN[str(bad.lastgroup)])
        self._scanned = end
        line = buffer.find(b"\r\n", 0, end)
        # The last byte of a line that has no end yet may be its CR.
        if (end - 1 if line < 0 else line) > self._limits.request_line:
            raise BadRequest(414, f"the request line is longer than {self._limits.request_line} bytes")
        if line >= 0 and end - line - len(_END) > self._limits.header_block:
            raise BadRequest(431, f"the headers are larger than {self._limits.header_block} bytes in all")
        return None if found < 0 else end


class _Parsed(NamedTuple):
    """What the rules below look at."""

    method: bytes
    target: bytes
    version: bytes
    lengths: list[bytes]
    chunked: bool


_RULES: tuple[tuple[Callable[[_Parsed], bool], int, str], ...] = (
    (lambda head: head.version not in (b"1.1", b"1.0"), 505, "only HTTP/1.1 and HTTP/1.0 are spoken here"),
    (lambda head: head.method == b"CONNECT", 405, "CONNECT is not supported"),
    (
        lambda head: head.target[:1] != b"/" or head.target[:2] == b"//" or b"#" in head.target,
        400,
        "the request target must be a path that starts with exactly one slash",
    ),
    (
        lambda head: head.chunked and bool(head.lengths),
        400,
        "the request has both Content-Length and Transfer-Encoding",
    ),
    (lambda head: head.chunked and head.version == b"1.0", 400, "Transfer-Encoding does not exist in HTTP/1.0"),
    (
        lambda head: len(head.lengths) > 1 or (len(head.lengths) == 1 and b"," in head.lengths[0]),
        400,
        "Content-Length is given more than once",
    ),
)
"""Checked in order; the first that applies is answered."""


def parse_head(raw: bytes, machine: h11.Connection, limits: Limits) -> RequestHead:
    """Parse one complete head (from ``HeadScanner``) through ``machine``, which then knows the body's framing.

    Raises ``BadRequest``. Messages never repeat a value of the request.
    """
    lines = raw[: -len(_END)].split(b"\r\n")
    if len(lines) - 1 > limits.header_count:
        raise BadRequest(431, f"the request has more than {limits.header_count} headers")
    if max(map(len, lines[1:]), default=0) > limits.header_line:
        raise BadRequest(431, f"a header is longer than {limits.header_line} bytes")
    try:
        machine.receive_data(raw)
        event = machine.next_event()
    except h11.RemoteProtocolError as error:
        raise BadRequest(error.error_status_hint, "the request head is not valid HTTP/1.1") from None
    if not isinstance(event, h11.Request):
        raise BadRequest(400, "the request head is not valid HTTP/1.1")
    fields = list(event.headers)
    parsed = _Parsed(
        event.method,
        event.target,
        event.http_version,
        [line[15:] for line in lines if line[:15].lower() == b"content-length:"],
        any(name == b"transfer-encoding" for name, _ in fields),
    )
    for applies, status, message in _RULES:
        if applies(parsed):
            raise BadRequest(status, message)
    target = event.target.decode("ascii")
    path, _, query = target.partition("?")
    # Content_Length and its like mean the real header to some programs behind us.
    headers = Headers(
        (name, value) for name, value in fields if b"_" not in name or name.replace(b"_", b"-") not in _FRAMING
    )
    return RequestHead(event.method.decode("ascii"), target, path, query, headers)
