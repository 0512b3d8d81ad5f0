"""What is written to a terminal that is there, held, or gone."""

from __future__ import annotations

import os
import pty
import select
import tty
from collections.abc import Iterator

import pytest

from tui.terminal import Output, is_gone


class Pair:
    """A terminal and its other end; what ``Output`` has told."""

    def __init__(self) -> None:
        self.other, self.terminal = pty.openpty()
        tty.setraw(self.terminal)
        self.told: list[str] = []
        self.output = Output(self.terminal, lambda: self.told.append("gone"), patience=0.05)

    def write(self, data: bytes) -> None:
        """As a buffer does: until nothing is left."""
        while data:
            data = data[self.output.write(data) :]

    def read(self) -> bytes:
        """Everything that can be read."""
        data = b""
        while select.select([self.other], [], [], 0.1)[0]:
            data += os.read(self.other, 65_536)
        return data

    def hold(self) -> None:
        """Fill it, until it takes nothing."""
        while not self.output.incomplete:
            self.write(b"x" * 1_000)


@pytest.fixture
def pair() -> Iterator[Pair]:
    both = Pair()
    yield both
    both.output.close()
    os.close(both.terminal)
    try:
        os.close(both.other)
    except OSError:
        pass  # the test has closed it


def test_what_is_written_arrives(pair: Pair) -> None:
    pair.write(b"hello")
    assert pair.read() == b"hello"
    assert not pair.told
    assert not is_gone(pair.terminal)


def test_keys_that_wait_do_not_look_like_the_end(pair: Pair) -> None:
    os.write(pair.other, b"q")
    assert not is_gone(pair.terminal)


def test_what_is_held_is_left_out_and_told(pair: Pair) -> None:
    assert not pair.output.incomplete
    pair.hold()
    assert not pair.output.has_room()
    pair.write(b"a frame that is left out")
    pair.read()
    assert pair.output.has_room()
    pair.output.incomplete = False
    pair.write(b"the next")
    assert pair.read() == b"\x18the next"
    pair.write(b", and more")
    assert pair.read() == b", and more"
    assert not pair.output.incomplete
    assert not pair.told


def test_the_terminal_of_others_keeps_waiting(pair: Pair) -> None:
    assert os.get_blocking(pair.terminal)
    pair.output.close()
    assert os.get_blocking(pair.terminal)
    os.write(pair.terminal, b"still open")


def test_what_is_written_to_nobody_is_lost(pair: Pair) -> None:
    os.close(pair.other)
    assert is_gone(pair.terminal)
    pair.write(b"hello")
    assert pair.told == ["gone"]


def test_one_that_goes_away_while_it_is_held(pair: Pair) -> None:
    pair.hold()
    os.close(pair.other)
    pair.write(b"hello")
    assert "gone" in pair.told
