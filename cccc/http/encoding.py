"""Content codings with bounded output: a small body must not become a large memory.

Facts behind the shapes here: one GiB of zeros is 1.04 MB of gzip, 32.8 KB of zstd and 1.6 KB of brotli; and
``zstandard``'s one-shot ``max_output_size`` is ignored when a frame states its own size. So every decoder is fed a
little at a time and stopped by what comes out. One gzip member or zstd frame is a body; a chain of a million empty ones
is work without output, and refused. Source: RFC 9110 §8.4, RFC 1950 to 1952, RFC 7932, RFC 8878.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import brotli
import zstandard

from cccc.errors import BadAnswer, BadRequest

ZSTD_WINDOW = 8 * 1024 * 1024
"""The largest window that RFC 8878 asks a decoder to support for content codings (RFC 9659)."""

_ZSTD_SLICE = 512
"""A zstd block is at least 4 bytes and becomes at most 128 KiB: so many bytes give at most 16 MiB."""

_STEP = 4 * 1024 * 1024
"""What zlib and brotli may give at once."""

BURST = 16 * 1024 * 1024
"""What one read of an answer (64 KiB) may become: no honest text compresses 256 to 1."""

_EARLY = "the compressed data ends early"
_TRAILING = "bytes follow the end of the compressed data"


class TooMuchOutput(Exception):
    """A decoder gave more than it may."""


class BadEncoding(Exception):
    """The bytes are not what the coding's name says, or they end early."""


class Decoder(Protocol):
    """One content coding, incrementally."""

    def feed(self, data: bytes, limit: int) -> bytes:
        """Decode more. Raises ``TooMuchOutput`` when that gives more than ``limit`` bytes, and ``BadEncoding``."""
        ...

    def end(self) -> None:
        """The input is over. Raises ``BadEncoding`` when it ended early."""
        ...


class _Pieces:
    """Collects output up to a limit."""

    __slots__ = ("_left", "_pieces")

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise TooMuchOutput
        if piece:
            self._pieces.append(piece)

    def joined(self) -> bytes:
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


class _Zlib:
    """gzip, or deflate with or without the zlib header that some peers forget."""

    def __init__(self, *, gzip: bool) -> None:
        self._decoder: Any = zlib.decompressobj(31) if gzip else None
        self._start = b""
        self._fed = False

    def feed(self, data: bytes, limit: int) -> bytes:
        out = _Pieces(limit)
        self._fed = self._fed or bool(data)
        if self._decoder is None:
            self._start = data = self._start + data
            if len(data) < 2:
                return b""
            has_header = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._decoder = zlib.decompressobj(15 if has_header else -15)
        try:
            while piece := self._decoder.decompress(data, _STEP):
                out.add(piece)
                data = self._decoder.unconsumed_tail
        except zlib.error:
            raise BadEncoding("the compressed data is damaged") from None
        if self._decoder.unused_data:
            raise BadEncoding(_TRAILING)
        return out.joined()

    def end(self) -> None:
        if self._fed and (self._decoder is None or not self._decoder.eof):
            raise BadEncoding(_EARLY)


class _Brotli:
    def __init__(self) -> None:
        self._decoder: Any = brotli.Decompressor()
        self._fed = False

    def feed(self, data: bytes, limit: int) -> bytes:
        out = _Pieces(limit)
        self._fed = self._fed or bool(data)
        try:
            out.add(self._decoder.process(data, output_buffer_limit=_STEP))
            while not self._decoder.can_accept_more_data():
                out.add(self._decoder.process(b"", output_buffer_limit=_STEP))
        except brotli.error:
            raise BadEncoding("the compressed data is damaged") from None
        return out.joined()

    def end(self) -> None:
        if self._fed and not self._decoder.is_finished():
            raise BadEncoding(_EARLY)


class _Zstd:
    def __init__(self) -> None:
        self._decoder: Any = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()
        self._fed = False

    def feed(self, data: bytes, limit: int) -> bytes:
        out = _Pieces(limit)
        self._fed = self._fed or bool(data)
        try:
            for begin in range(0, len(data), _ZSTD_SLICE):
                if self._decoder.eof:
                    raise BadEncoding(_TRAILING)
                out.add(self._decoder.decompress(data[begin : begin + _ZSTD_SLICE]))
        except zstandard.ZstdError:
            raise BadEncoding("the compressed data is damaged or needs too large a window") from None
        if self._decoder.unused_data:
            raise BadEncoding(_TRAILING)
        return out.joined()

    def end(self) -> None:
        if self._fed and not self._decoder.eof:
            raise BadEncoding(_EARLY)


_REQUEST: Mapping[str, Callable[[], Decoder]] = MappingProxyType(
    {
        "gzip": lambda: _Zlib(gzip=True),
        "x-gzip": lambda: _Zlib(gzip=True),
        "deflate": lambda: _Zlib(gzip=False),
        "zstd": _Zstd,
    }
)
_ANSWER: Mapping[str, Callable[[], Decoder]] = MappingProxyType({**_REQUEST, "br": _Brotli})


def decode_request(coding: str | None, body: bytes, max_bytes: int) -> bytes:
    """A request body without its ``Content-Encoding``. Takes time in proportion to the output; no I/O.

    Raises ``BadRequest``: 415 for codings we do not accept, 413 above ``max_bytes`` decoded, 400 for damaged data.
    """
    name = (coding or "identity").strip().lower()
    if name in ("identity", ""):
        return body
    make = _REQUEST.get(name)
    if make is None:
        raise BadRequest(415, "the Content-Encoding of the request is not one of identity, gzip, deflate, zstd")
    decoder = make()
    try:
        decoded = decoder.feed(body, max_bytes)
        decoder.end()
    except TooMuchOutput:
        raise BadRequest(413, f"the decoded request body is larger than {max_bytes} bytes") from None
    except BadEncoding as error:
        raise BadRequest(400, f"the request body is not valid {name}: {error}") from None
    return decoded


def answer_decoder(coding: str | None) -> Decoder | None:
    """A decoder for an endpoint's ``Content-Encoding``; ``None`` where there is nothing to decode.

    Raises ``BadAnswer`` for a coding we did not ask for and do not know.
    """
    name = (coding or "identity").strip().lower()
    if name in ("identity", ""):
        return None
    make = _ANSWER.get(name)
    if make is None:
        raise BadAnswer("the answer has a Content-Encoding that was not asked for")
    return make()
