"""Ways in which vendors write the same stream: whatever the bytes look like, every client is told the same.

The traps that are about one format's own events stand in that format's ``test_decode_stream.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from tests.formats.conversations import LONG_NAME, REQUESTS, answer
from tests.formats.pairs import PAIRS, C, conversion, read, streamed
from tests.formats_check import STREAM
from tests.ir.slicing import decoded

pairs = pytest.mark.parametrize(("client", "upstream"), PAIRS)

Pieces = list[bytes]


def heard(client: WireFormat, upstream: WireFormat, written: Callable[[bytes], Pieces]) -> bytes:
    """The endpoint's rich answer, written in another way, as the client gets it."""
    converting = conversion(client, upstream, read(client, REQUESTS[client])[0])
    return streamed(converting, written(answer(upstream, LONG_NAME[:64])))


def _bare(raw: bytes) -> bytes:
    """Without a single escape: characters of several bytes, and U+2028, stand in the JSON as they are."""
    lines = raw.decode().split("\n")
    for at, line in enumerate(lines):
        if line.startswith("data: {"):
            lines[at] = "data: " + json.dumps(json.loads(line.removeprefix("data: ")), ensure_ascii=False)
    return "\n".join(lines).encode()


def _told(client: WireFormat, upstream: WireFormat, written: Callable[[bytes], Pieces]) -> None:
    told = heard(client, upstream, written)
    assert told == heard(client, upstream, lambda raw: [raw])
    assert STREAM[client](told).text == 'I change one line: "x" \u2028 \U0001f600.'


@pairs
def test_multi_byte_text_split_across_chunks(client: WireFormat, upstream: WireFormat) -> None:
    def split(raw: bytes) -> Pieces:
        bare = _bare(raw)
        cuts = [at for at, byte in enumerate(bare) if 0x80 <= byte < 0xC0]
        assert len(cuts) > 5
        return [bare[start:end] for start, end in zip([0, *cuts], [*cuts, len(bare)], strict=True)]

    _told(client, upstream, split)


@pairs
def test_u2028_inside_json_ends_no_line(client: WireFormat, upstream: WireFormat) -> None:
    def bare(raw: bytes) -> Pieces:
        assert "\u2028".encode() in _bare(raw)
        return [_bare(raw)]

    _told(client, upstream, bare)


@pairs
@pytest.mark.parametrize("size", [1, 1_000_000])
def test_crlf_frames(client: WireFormat, upstream: WireFormat, size: int) -> None:
    def with_crlf(raw: bytes) -> Pieces:
        lines = raw.replace(b"\n", b"\r\n")
        return [lines[at : at + size] for at in range(0, len(lines), size)]

    _told(client, upstream, with_crlf)


@pairs
def test_data_without_a_space(client: WireFormat, upstream: WireFormat) -> None:
    _told(client, upstream, lambda raw: [raw.replace(b"\ndata: ", b"\ndata:")])


@pairs
def test_several_data_lines(client: WireFormat, upstream: WireFormat) -> None:
    """An event's data goes on in the next line wherever JSON allows a line to end."""

    def over_lines(raw: bytes) -> Pieces:
        split = raw.replace(b', "', b',\ndata: "')
        assert split.count(b"data:") > 2 * raw.count(b"data:")
        return [split]

    _told(client, upstream, over_lines)


@pairs
def test_a_frame_without_an_end(client: WireFormat, upstream: WireFormat) -> None:
    """It is no event, as the standard has it: an answer whose last frame was cut never looks whole."""

    def cut(raw: bytes) -> Pieces:
        last = raw.rstrip(b"\n").rfind(b"\n\n")
        return [raw[: last + 2], raw[last + 2 : -1]]

    def without(raw: bytes) -> Pieces:
        return cut(raw)[:1]

    told = heard(client, upstream, cut)
    assert told == heard(client, upstream, without)
    scanner = CODECS[client].scanner()
    for event in decoded([told])[0]:
        scanner.feed(event)
    assert scanner.facts.terminal is (upstream is C)  # which has told its end before ``[DONE]``


@pairs
def test_comments_and_pings(client: WireFormat, upstream: WireFormat) -> None:
    ping = b"" if upstream is C else b'event: ping\ndata: {"type": "ping"}\n\n'

    def between(raw: bytes) -> Pieces:
        return [frame + b": keep-alive\n\n" + ping + b":\n\n" for frame in re.findall(rb".*?\n\n", raw, re.DOTALL)]

    _told(client, upstream, between)
