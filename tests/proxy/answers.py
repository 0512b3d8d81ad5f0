"""Answers in every spelling that the standards of JSON and of event streams allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from cccc.demo.brains import echo
from cccc.demo.dialect import Ids
from cccc.demo.provider import DIALECTS
from cccc.demo.steps import Honest
from cccc.domain.endpoint import WireFormat
from tests.proxy.harness import turn

Spelling = Callable[[list[bytes]], list[bytes]]

ODD_TEXT = "line\u2028separator \u0085 next 😀 \\u2028 é"
"""What careless readers of lines split at, and what they tear."""

_UNKNOWN = b'event: vendor.note\nid: 7\nretry: 100\nfield: of nobody\ndata: {"type":"vendor.note","n":1e40}\n\n'


def honest(wire_format: WireFormat, *, stream: bool = True, text: str = ODD_TEXT, model: str | None = None) -> Honest:
    """An answer of a vendor to ``text``."""
    dialect = DIALECTS[wire_format]()
    body = turn(wire_format, text, stream=stream)
    ask = dialect.read(body if model is None else {**body, "model": model})
    return Honest(dialect, ask, echo(ask), Ids("answer"), (), stream)


def events(wire_format: WireFormat, *, model: str | None = None) -> list[bytes]:
    """The events of a stream."""
    return [piece.data for piece in honest(wire_format, model=model).pieces()]


def whole(wire_format: WireFormat, *, model: str | None = None) -> bytes:
    """The body of an answer that does not stream."""
    return honest(wire_format, stream=False, model=model).pieces()[0].data


def _plain(stream: list[bytes]) -> list[bytes]:
    return stream


def _crlf(stream: list[bytes]) -> list[bytes]:
    return [event.replace(b"\n", b"\r\n") for event in stream]


def _cr(stream: list[bytes]) -> list[bytes]:
    return [event.replace(b"\n", b"\r") for event in stream]


def _bom_and_comments(stream: list[bytes]) -> list[bytes]:
    return [b"\xef\xbb\xbf" + stream[0], *(b": still here\n\n" + event for event in stream[1:])]


def _unknown(stream: list[bytes]) -> list[bytes]:
    return [stream[0], _UNKNOWN, *stream[1:-1], _UNKNOWN, stream[-1]]


def _fields(stream: list[bytes]) -> list[bytes]:
    return [b"id: %d\n:note\nretry: 5\nnothing\n" % number + event for number, event in enumerate(stream)]


def _no_space(stream: list[bytes]) -> list[bytes]:
    return [event.replace(b"data: ", b"data:").replace(b"event: ", b"event:") for event in stream]


def _wide(stream: list[bytes]) -> list[bytes]:
    return [event.replace(b"data: {", b"data:  { ").replace(b'":', b'"\t: ') for event in stream]


def _many_lines(stream: list[bytes]) -> list[bytes]:
    return [event.replace(b"{", b"{\ndata: ", 1).replace(b"}\n\n", b"\ndata: }\n\n") for event in stream]


def _blank_lines(stream: list[bytes]) -> list[bytes]:
    return [b"\n\n", *(event + b"\n\n\n" for event in stream)]


def _in_one(stream: list[bytes]) -> list[bytes]:
    return [b"".join(stream)]


def _torn(stream: list[bytes]) -> list[bytes]:
    body = b"".join(stream)
    return [body[at : at + 7] for at in range(0, len(body), 7)]


def _torn_crlf(stream: list[bytes]) -> list[bytes]:
    return _torn(_crlf(stream))


def _unfinished(stream: list[bytes]) -> list[bytes]:
    return [*stream, b": the last words have no blank line\n"]


SPELLINGS: Mapping[str, Spelling] = {
    "plain": _plain,
    "crlf": _crlf,
    "cr": _cr,
    "bom and comments": _bom_and_comments,
    "unknown events": _unknown,
    "other fields": _fields,
    "no space": _no_space,
    "wide": _wide,
    "many lines": _many_lines,
    "blank lines": _blank_lines,
    "in one": _in_one,
    "torn": _torn,
    "torn crlf": _torn_crlf,
    "unfinished": _unfinished,
}

BODIES: Mapping[str, Callable[[bytes], bytes]] = {
    "plain": lambda body: body,
    "indented": lambda body: orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2) + b"\n",
    "surrounded": lambda body: b" \r\n\t" + body + b"\n\n",
    "odd numbers and duplicates": lambda body: body[:-1] + b',"n":1.0e+2,"n":0.10000000000000000001,"n":-0}',
    "escaped": lambda body: body.replace("é".encode(), b"\\u00e9").replace(b"/", b"\\/"),
}
"""Spellings of a JSON body."""
