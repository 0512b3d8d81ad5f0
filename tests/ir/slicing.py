"""Every slicing of the wire: one helper for the decoder and for each format's scanner."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations

from cccc.ir.codec import Codec, ReplyFacts, Weight
from cccc.ir.sse import SseDecoder, SseEvent


def slicings(data: bytes, *, threes_below: int = 80, random_cuts: int = 60, seed: int = 7) -> Iterator[list[bytes]]:
    """Whole, byte by byte, every cut in two, for short input every cut in three, and random cuts."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    places = range(len(data) + 1)
    for cut in places:
        yield [data[:cut], data[cut:]]
    if len(data) < threes_below:
        for first, second in combinations(places, 2):
            yield [data[:first], data[first:second], data[second:]]
    chance = random.Random(seed)
    for _ in range(random_cuts):
        cuts = sorted(chance.choices(places, k=chance.randint(2, 12)))
        yield [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def decoded(pieces: Sequence[bytes]) -> tuple[list[SseEvent], bytes]:
    """All events of a stream that came in ``pieces``, and what no event took."""
    decoder = SseDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.close()
    return events, decoder.pending


def scanned(codec: Codec, pieces: Sequence[bytes]) -> tuple[list[Weight], ReplyFacts]:
    """What a codec makes of a stream that came in ``pieces``."""
    scanner = codec.scanner()
    weights = [scanner.feed(event) for event in decoded(pieces)[0]]
    return weights, scanner.facts
