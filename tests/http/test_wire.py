"""Heads as bytes: nothing gets in that could end a line."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.http.wire import BadHead, closes, write_head

fields = st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=12)), max_size=4)


def test_a_head() -> None:
    assert write_head(b"GET / HTTP/1.1", [(b"host", b"x"), (b"x-a", b"1\t\xe4")]) == (
        b"GET / HTTP/1.1\r\nhost: x\r\nx-a: 1\t\xe4\r\n\r\n"
    )


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\n", b"a\r", b"\x00", b"\x1b[2J", b"\x7f", b"secret\n"])
def test_values_that_cannot_be_sent(value: bytes) -> None:
    with pytest.raises(BadHead) as caught:
        write_head(b"GET / HTTP/1.1", [(b"x-a", value)])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", [b"x a", b"x:", b"x\r\n", b"\xe4", b"x\x00", b"(x)"])
def test_names_that_cannot_be_sent(name: bytes) -> None:
    with pytest.raises(BadHead):
        write_head(b"GET / HTTP/1.1", [(name, b"1")])


def test_first_line_cannot_smuggle() -> None:
    with pytest.raises(BadHead):
        write_head(b"GET / HTTP/1.1\r\nx: y", [])


@given(fields)
def test_what_is_written_is_read_back(wanted: list[tuple[bytes, bytes]]) -> None:
    """Through h11, on the other side: the same number of fields with the same names, or nothing was written."""
    named = [(name, value) for name, value in wanted if name]
    try:
        head = write_head(b"GET / HTTP/1.1", [(b"host", b"x"), *named])
    except BadHead:
        return
    machine = h11.Connection(h11.SERVER)
    machine.receive_data(head)
    try:
        event = machine.next_event()
    except h11.RemoteProtocolError:
        return
    assert isinstance(event, h11.Request)
    assert [(n, v) for n, v in event.headers] == [(b"host", b"x")] + [(n.lower(), v.strip(b" \t")) for n, v in named]


@pytest.mark.parametrize(
    ("version", "connection", "expected"),
    [
        (b"1.1", [], False),
        (b"1.1", ["keep-alive"], False),
        (b"1.1", ["upgrade, Close"], True),
        (b"1.1", ["a", "close"], True),
        (b"1.1", ["closed"], False),
        (b"1.0", ["keep-alive"], True),
        (None, [], True),
    ],
)
def test_closes(version: bytes | None, connection: list[str], expected: bool) -> None:
    assert closes(version, connection) is expected
