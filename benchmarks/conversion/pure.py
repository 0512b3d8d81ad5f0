"""Conversion by itself, without a proxy around it: bytes in, bytes out, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from benchmarks.conversion.material import FRONT, answer, request_body
from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from cccc.ir.codec import Weight
from cccc.ir.conversion import Conversion
from cccc.ir.loss import Losses
from cccc.ir.sse import SseDecoder
from cccc.ir.target import Target

ROUNDS = 7


def best_s(work: Callable[[], object]) -> float:
    """The shortest of several runs: what the work takes when nothing else disturbs it."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def passed_per_second(wire_format: WireFormat) -> float:
    """Events a second where nothing is converted: cut into events and read along."""
    pieces = answer(wire_format)

    def work() -> None:
        decoder, scanner = SseDecoder(), CODECS[wire_format].scanner()
        for piece in pieces:
            for event in decoder.feed(piece):
                scanner.feed(event)

    return len(pieces) / best_s(work)


def converted_per_second(client: WireFormat, upstream: WireFormat) -> float:
    """Events a second through the whole way home, cut into events included."""
    pieces = answer(upstream)
    converting = _conversion(client, upstream, orjson.loads(request_body(client)))

    def work() -> None:
        decoder, stream = SseDecoder(), converting.stream()
        for piece in pieces:
            for event in decoder.feed(piece):
                stream.feed(event)

    return len(pieces) / best_s(work)


def first_event_ms(client: WireFormat, upstream: WireFormat) -> float:
    """What conversion adds before the client's first event with content: the request there, the first events back."""
    body = orjson.loads(request_body(client))
    pieces = answer(upstream)

    def work() -> None:
        decoder, stream, scanner = SseDecoder(), _conversion(client, upstream, body).stream(), CODECS[client].scanner()
        for piece in pieces:
            for event in decoder.feed(piece):
                for own in SseDecoder().feed(stream.feed(event)):
                    if scanner.feed(own) is Weight.CONTENT:
                        return

    return best_s(work) * 1e3


def _conversion(client: WireFormat, upstream: WireFormat, body: dict[str, object]) -> Conversion:
    request = CODECS[client].decode_request(body, Losses())
    return Conversion(CODECS[client], CODECS[upstream], request, Target(upstream, "endpoint", "its-model"), FRONT)
