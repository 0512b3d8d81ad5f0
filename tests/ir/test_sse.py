"""The decoder: what the HTML standard says of lines and fields, under every slicing, without losing a byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.errors import BadAnswer
from cccc.ir.sse import SseDecoder, SseEvent, encode, with_data
from tests.ir.slicing import decoded, slicings

Fields = list[tuple[str, bytes | None]]

STREAMS: dict[str, tuple[bytes, Fields, bytes]] = {
    "lf": (b"event: a\ndata: 1\n\ndata: 2\n\n", [("a", b"1"), ("", b"2")], b""),
    "crlf": (b"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", [("a", b"1"), ("", b"2")], b""),
    "cr": (b"event: a\rdata: 1\r\rdata: 2\r\r", [("a", b"1"), ("", b"2")], b""),
    "mixed line ends": (
        b"data: 1\r\n\ndata: 2\n\rdata: 3\r\r\ndata: 4\n\n",
        [("", b"%d" % n) for n in (1, 2, 3, 4)],
        b"",
    ),
    "lf, then crlf": (b"data: 1\n\ndata: 2\r\n\r\n", [("", b"1"), ("", b"2")], b""),
    "several data lines": (b"data: {\ndata:\ndata: }\n\n", [("", b"{\n\n}")], b""),
    "without a space": (b"event:a\ndata:1\n\n", [("a", b"1")], b""),
    "one space only is dropped": (b"data:  1\n\n", [("", b" 1")], b""),
    "field without a colon": (b"data\n\n", [("", b"")], b""),
    "the last name counts": (b"event: a\nevent: b\ndata: 1\n\n", [("b", b"1")], b""),
    "comments": (b": hello\n\ndata: 1\n: between\n\n", [("", None), ("", b"1")], b""),
    "other fields": (b"id: 7\nretry: 10\nfoo: bar\ndata: 1\n\n", [("", b"1")], b""),
    "case matters": (b"Data: 1\n\n", [("", None)], b""),
    "spare blank lines": (b"\ndata: 1\n\n\n\n\ndata: 2\n\n", [("", b"1"), ("", None), ("", b"2")], b""),
    "bom": (b"\xef\xbb\xbfdata: 1\n\ndata: 2\n\n", [("", b"1"), ("", b"2")], b""),
    "bom with crlf": (b"\xef\xbb\xbfdata: 1\r\n\r\n", [("", b"1")], b""),
    "bom in mid-stream is no bom": (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n", [("", b"1"), ("", None)], b""),
    "unicode line ends": (
        'data: "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"\n\n'.encode(),
        [("", '"a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"'.encode())],
        b"",
    ),
    "four-byte characters": ('data: "😀é"\n\n'.encode(), [("", '"😀é"'.encode())], b""),
    "not utf-8": (b"event: \xff\ndata: \xff\n\n", [("\ufffd", b"\xff")], b""),
    "cut in a line": (b"data: 1\n\ndata: 2", [("", b"1")], b"data: 2"),
    "cut before the blank line": (b"data: 1\n\ndata: 2\n", [("", b"1")], b"data: 2\n"),
    "cut in crlf": (b"data: 1\r\n\r\ndata: 2\r\n", [("", b"1")], b"data: 2\r\n"),
    "ends in half a crlf": (b"data: 1\r\n\r", [("", b"1")], b""),
    "empty": (b"", [], b""),
}


@pytest.mark.parametrize("name", STREAMS)
def test_every_slicing_gives_the_same_events_and_loses_no_byte(name: str) -> None:
    stream, fields, tail = STREAMS[name]
    for pieces in slicings(stream):
        events, pending = decoded(pieces)
        assert [(event.name, event.data) for event in events] == fields, pieces
        assert pending == tail, pieces
        assert b"".join(event.raw for event in events) + pending == stream, pieces


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"data: x", b": c", b"event: e", b"\xe2\x80\xa8"]), max_size=14)
)
def test_any_mixture_of_lines_reads_the_same_however_it_is_sliced(lines: list[bytes]) -> None:
    stream = b"".join(lines)
    whole = [(event.raw, event.name, event.data) for event in decoded([stream])[0]]
    for pieces in slicings(stream, threes_below=0, random_cuts=10):
        assert [(event.raw, event.name, event.data) for event in decoded(pieces)[0]] == whole, pieces


def test_an_event_is_given_as_soon_as_its_blank_line_has_come() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: 1\n") == []
    assert [event.data for event in decoder.feed(b"\nda")] == [b"1"]
    assert decoder.pending == b"da"


def fed(decoder: SseDecoder, pieces: list[bytes]) -> list[SseEvent]:
    return [event for piece in pieces for event in decoder.feed(piece)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_event_of_the_longest_length_passes_and_a_longer_one_does_not(end: bytes) -> None:
    event = b"data: " + b"x" * 50 + end + end
    for pieces in slicings(event, threes_below=0):
        assert len(fed(SseDecoder(max_event=len(event)), pieces)) == 1
        with pytest.raises(BadAnswer, match="larger than"):
            fed(SseDecoder(max_event=len(event) - 1), pieces)


def test_a_line_that_never_ends_is_refused() -> None:
    with pytest.raises(BadAnswer):
        fed(SseDecoder(max_event=1000), [b"x" * 100] * 100)


@given(st.sampled_from(["", "ping", "response.failed"]), st.binary(max_size=60))
def test_what_is_encoded_is_decoded(name: str, data: bytes) -> None:
    events, pending = decoded([encode(name, data)])
    expected = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert [(event.name, event.data) for event in events] == [(name, expected)]
    assert pending == b""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"event: a\ndata: old\n\n", b"event: a\ndata: new\n\n"),
        (b"event: a\r\ndata:old\r\nid: 7\r\n\r\n", b"event: a\r\ndata:new\r\nid: 7\r\n\r\n"),
        (b"data\rdatabase: x\r\r", b"data: new\rdatabase: x\r\r"),
        (b"\xef\xbb\xbfdata: old\n\n", b"\xef\xbb\xbfdata: new\n\n"),
        (b": c\ndata: o\ndata: ld\n: d\n\n", b": c\ndata: new\n: d\n\n"),
        (b": comment\n\n", b": comment\n\n"),
    ],
)
def test_other_data_leaves_the_rest_of_an_event_alone(raw: bytes, expected: bytes) -> None:
    assert with_data(SseEvent(raw), b"new") == expected


def test_data_of_as_many_lines_takes_the_places_of_the_old() -> None:
    assert with_data(SseEvent(b"data:a\n:c\ndata: b\n\n"), b"x\ny") == b"data:x\n:c\ndata: y\n\n"
