"""When the bytes of a body passed: small in the database, and true to what was kept of the body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.record import NO_PACE, Pace
from cccc.storage.pace import moved, packed, unpacked
from cccc.storage.policy import TRUNCATED_BYTES, BodyLog, kept, place_kept

numbers = st.lists(st.integers(0, 2**62), max_size=20).map(tuple)


@given(numbers, numbers)
def test_it_reads_back_as_it_was(ends: tuple[int, ...], at_ms: tuple[int, ...]) -> None:
    assert unpacked(packed(Pace(ends, at_ms))) == Pace(ends, at_ms)


def test_a_long_stream_takes_a_few_bytes_an_event() -> None:
    pace = Pace(tuple(range(180, 180 * 5_001, 180)), tuple(range(900, 900 + 5_000 * 21, 21)))
    assert len(packed(pace)) < 8 * 5_000


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=8), st.integers(1, 60)), min_size=1, max_size=12), st.data())
def test_masking_moves_every_offset_to_the_same_event(parts: list[tuple[bytes, int]], data: st.DataObject) -> None:
    events = [b"data: " + content.hex().encode() + b"\n\n" for content, _ in parts]
    masked = [b"data: " + b"*" * length + b"\n\n" for _, length in parts]
    body, shown = b"".join(events), b"".join(masked)
    cuts = sorted(data.draw(st.lists(st.integers(1, len(body)), max_size=5)))
    found = moved(Pace(tuple(cuts), tuple(range(len(cuts)))), body, shown, shown)
    for cut, end in zip(cuts, found.ends, strict=True):
        whole = sum(len(b"".join(events[:number])) <= cut for number in range(1, len(events) + 1))
        assert end == len(b"".join(masked[:whole]))


def test_what_is_no_longer_the_same_events_has_no_pace() -> None:
    assert moved(Pace((9,), (1,)), b"data: 1\n\n", b"data: 1\n\ndata: 2\n\n", b"data: 1\n\ndata: 2\n\n") == NO_PACE


@pytest.mark.parametrize("size", [TRUNCATED_BYTES + 1, 100_001, 1_000_000])
def test_a_place_is_where_its_byte_is(size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    part = kept(body, BodyLog.TRUNCATED)
    assert part is not None
    half = (TRUNCATED_BYTES - 64) // 2
    for place in (0, 1, half - 1, size - half, size - half + 7, size - 1):
        assert part[place_kept(place, size)] == body[place]
    assert place_kept(size, size) == len(part)
    assert place_kept(size // 2, size) == len(part) - half, "the gap has come when the rest begins to come"
