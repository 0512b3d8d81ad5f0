"""When the bytes of a stored body passed: kept beside the body, small, and true to what was made of the body.

Numbers grow along a body, so their differences are stored, compressed like the body itself. A body in which secrets
were masked, or whose middle was left out, has other offsets than what passed; they are moved along.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

import orjson

from cccc.domain.record import NO_PACE, Pace
from cccc.ir.sse import SseDecoder
from cccc.storage.policy import place_kept


def packed(pace: Pace) -> bytes:
    """The pace as bytes, before compression."""
    return orjson.dumps([_differences(pace.ends), _differences(pace.at_ms)])


def unpacked(data: bytes) -> Pace:
    """The reverse. Raises ``ValueError``."""
    ends, at_ms = orjson.loads(data)
    return Pace(tuple(accumulate(ends)), tuple(accumulate(at_ms)))


def _differences(numbers: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise((0, *numbers))]


def moved(pace: Pace, body: bytes, masked: bytes, part: bytes) -> Pace:
    """The pace of the ``part`` that is kept of a ``body`` after its secrets were ``masked``.

    Masking keeps the number of events: an offset goes to the end of the last event that was whole by then.
    """
    ends: Sequence[int] = pace.ends
    if masked is not body:
        before, after = _event_ends(body), _event_ends(masked)
        if len(before) != len(after):
            return NO_PACE
        ends = [len(masked) if end >= len(body) else _at(after, bisect_right(before, end)) for end in ends]
    if part is not masked:
        ends = [place_kept(end, len(masked)) for end in ends]
    return Pace(tuple(ends), pace.at_ms)


def _event_ends(body: bytes) -> list[int]:
    decoder = SseDecoder(max_event=len(body) + 1)
    return list(accumulate(len(event.raw) for event in (*decoder.feed(body), *decoder.close())))


def _at(ends: Sequence[int], whole: int) -> int:
    return ends[whole - 1] if whole else 0
