"""What each stream event means, under every slicing of the wire, and with every line end."""

from __future__ import annotations

import dataclasses

import pytest

from cccc.formats.registry import CODECS
from tests.formats.streams import STREAMS
from tests.ir.slicing import scanned, slicings


@pytest.mark.parametrize("name", STREAMS)
def test_weights_and_facts(name: str) -> None:
    stream = STREAMS[name]
    weights, facts = scanned(CODECS[stream.wire_format], [stream.raw])
    assert weights == [weight for _, weight in stream.events]
    assert facts == stream.facts


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("name", STREAMS)
def test_no_slicing_and_no_line_end_changes_them(name: str, ending: bytes) -> None:
    stream = STREAMS[name]
    codec = CODECS[stream.wire_format]
    raw = stream.raw.replace(b"\n", ending)
    expected = ([weight for _, weight in stream.events], stream.facts)
    whole, *others = slicings(raw, threes_below=0, random_cuts=10)
    assert scanned(codec, whole) == expected
    for pieces in [others[0], *others[1 :: len(others) // 40 + 1]]:
        assert scanned(codec, pieces) == expected, pieces


@pytest.mark.parametrize("name", STREAMS)
def test_every_beginning_of_a_stream_gives_the_facts_up_to_there(name: str) -> None:
    stream = STREAMS[name]
    codec = CODECS[stream.wire_format]
    scanner = codec.scanner()
    seen = scanner.facts
    assert seen == dataclasses.replace(seen, content=False, terminal=False, fault=None)
    for count in range(len(stream.events) + 1):
        part = b"".join(text.encode() + b"\n\n" for text, _ in stream.events[:count])
        weights, facts = scanned(codec, [part])
        assert weights == [weight for _, weight in stream.events[:count]]
        assert facts.tool_calls >= seen.tool_calls
        assert facts.content >= seen.content
        assert facts.terminal >= seen.terminal
        seen = facts
