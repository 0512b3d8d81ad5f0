"""Body framings in every slicing, and chunked bodies against h11's reader as the oracle."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.http.body import MAX_LINE, BadFraming, Body, ChunkedBody, FixedBody, UnboundedBody
from tests.http.streams import slicings


def read(body: Body, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """The body and what followed it. ``ended`` must come exactly with the last byte."""
    content, rest = b"", b""
    for piece in pieces:
        if body.ended:
            rest += piece
        else:
            content += body.feed(piece)
            rest += body.rest
    assert body.ended
    return content, rest


def test_fixed() -> None:
    for pieces in slicings(b"hello, world"):
        assert read(FixedBody(5), pieces) == (b"hello", b", world")
        assert read(FixedBody(12), pieces) == (b"hello, world", b"")


def test_fixed_of_nothing() -> None:
    assert FixedBody(0).ended


def test_unbounded() -> None:
    body = UnboundedBody()
    assert body.feed(b"abc") == b"abc"
    assert not body.ended
    assert body.until_close


CHUNKED = [
    (b"0\r\n\r\n", b""),
    (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"3\r\nabc\r\n002\r\nde\r\n000\r\n\r\n", b"abcde"),
    (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    (b"a;x=y;z\r\n0123456789\r\n0;last\r\n\r\n", b"0123456789"),
    (b"3 \r\n\r\n\r\r\n0\r\n\r\n", b"\r\n\r"),
    (b"1\r\na\r\n0\r\nX: y\r\nX-Sum: 5\r\n\r\n", b"a"),
]


@pytest.mark.parametrize(("raw", "content"), CHUNKED)
def test_chunked(raw: bytes, content: bytes) -> None:
    for pieces in slicings(raw + b"NEXT"):
        assert read(ChunkedBody(), pieces) == (content, b"NEXT")


def test_all_chunks_of_one_read_are_one_piece() -> None:
    body = ChunkedBody()
    assert body.feed(b"3\r\nabc\r\n2\r\nde\r\n4\r\nfg") == b"abcdefg"
    assert body.feed(b"hi\r\n") == b"hi"
    assert body.feed(b"0\r\n\r") == b""
    assert not body.ended
    assert body.feed(b"\n") == b""
    assert body.ended


@pytest.mark.parametrize(
    "raw",
    [
        b"+3\r\nabc\r\n",
        b"-3\r\nabc\r\n",
        b"0x3\r\nabc\r\n",
        b"0_3\r\nabc\r\n",
        b" 3\r\nabc\r\n",
        b"\r\nabc\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\rabc\r\n0\r\n\r\n",
        b"g\r\nabc\r\n",
        b"3;\x00\r\nabc\r\n",
        b"3;a\nb\r\nabc\r\n",
        b"10000000000000000\r\n",
        b"3\r\nabcXY",
        b"3\r\nabcd\r\n",
        b"3\r\nabc\rX",
        b"3\r\nabc\n0\r\n\r\n",
        b"0\r\nnonsense\r\n\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"0\r\nX: y\n\r\n\r\n",
        b"0\r\nX: y\r\n z\r\n\r\n",
        b"0\r\nX: \x01\r\n\r\n",
        b"3;" + b"x" * MAX_LINE,
        b"0\r\nX: " + b"x" * MAX_LINE,
    ],
)
def test_broken_chunks(raw: bytes) -> None:
    for pieces in slicings(raw):
        with pytest.raises(BadFraming):
            read(ChunkedBody(), pieces)


def by_h11(raw: bytes) -> bytes | None:
    """What h11 makes of a chunked request body; ``None`` where it refuses or waits for more."""
    machine = h11.Connection(h11.SERVER)
    machine.receive_data(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + raw)
    machine.next_event()
    content = b""
    try:
        while type(event := machine.next_event()) is h11.Data:
            content += bytes(event.data)
    except h11.RemoteProtocolError:
        return None
    return content if type(event) is h11.EndOfMessage else None


@given(st.data())
def test_what_h11_refuses_is_refused(data: st.DataObject) -> None:
    """Mutations of good bodies: never read where h11 does not, and never read as something else."""
    raw = data.draw(st.sampled_from([raw for raw, _ in CHUNKED]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        insert = data.draw(st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b";", b"0", b"\x00", b"+", b"_", b"x"]))
        raw = raw[:at] + insert + raw[at + data.draw(st.integers(0, 2)) :]
    outcomes = set()
    for pieces in slicings(raw):
        body = ChunkedBody()
        try:
            content = b"".join(body.feed(piece) for piece in pieces if not body.ended)
            outcomes.add(content if body.ended else None)
        except BadFraming:
            outcomes.add(None)
    assert len(outcomes) == 1
    assert outcomes <= {None, by_h11(raw)}


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(1, 9))
def test_any_chunks_in_any_slicing(chunks: list[bytes], step: int) -> None:
    raw = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    pieces = [raw[i : i + step] for i in range(0, len(raw), step)]
    assert read(ChunkedBody(), pieces) == (b"".join(chunks), b"")
