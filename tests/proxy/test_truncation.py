"""A stream that ends early, at every byte of it: before content another endpoint answers, after it the end is honest.

Never does a cut answer look whole. The matrix runs on exchanges in memory; samples of it run over sockets, where the
framing is cut as well. Within an event all bytes are alike, so that a plain run takes those at its edges and one of
``CCCC_TEST_CUTS`` between them; with 1 it is every byte, as the test plan has it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import anyio
import pytest

from cccc.demo.ask import Ask, Call, Reply, Say, Think
from cccc.demo.dialect import Event, Ids, Stage
from cccc.demo.http_bytes import LAST_CHUNK, chunk, head
from cccc.demo.provider import DIALECTS
from cccc.demo.wire import Wire, accept, listen
from cccc.domain.endpoint import WireFormat
from cccc.domain.outcome import Outcome
from cccc.domain.verdict import Verdict
from cccc.errors import BrokeMidBody
from tests import formats_check
from tests.demo.talk import FORMATS, PATH, A, C, R, ask, exchange, post
from tests.proxy.by_hand import AGENTS, ByHand
from tests.proxy.small_proxy import endpoint, small_proxy

pytestmark = pytest.mark.anyio

SPOKEN = (Say("An answer in pieces: \u2028, 😀."), Call("Bash", '{"command":"ls -la"}'))
REPLIES: dict[WireFormat, Reply] = {A: (Think("It can be answered."), *SPOKEN), C: SPOKEN, R: SPOKEN}
"""Short, because the formats around them are not."""

ASK = Ask("demo-model", stream=True, turns=(), input_tokens=40)

RESET = BrokeMidBody("the connection was reset")
EVERY = int(os.environ.get("CCCC_TEST_CUTS", "16"))
EDGE = 3
"""So many bytes on either side of an event's end: its last field, the empty line, and the next event's first field."""


@cache
def events(wire_format: WireFormat, label: str = "first") -> tuple[Event, ...]:
    return tuple(DIALECTS[wire_format]().events(ASK, REPLIES[wire_format], Ids(label)))


@cache
def stream(wire_format: WireFormat, label: str = "first") -> bytes:
    return b"".join(event.data for event in events(wire_format, label))


@cache
def ends(wire_format: WireFormat) -> list[int]:
    """Where every event ends."""
    at, found = 0, [0]
    for event in events(wire_format):
        at += len(event.data)
        found.append(at)
    return found


def cuts(wire_format: WireFormat, *, offset: int) -> list[int]:
    """Where the stream is cut: around the end of every event, and at every so manyth byte from ``offset`` on."""
    last = len(stream(wire_format))
    edges = {end + near for end in ends(wire_format) for near in range(-EDGE, EDGE + 1)}
    return sorted(cut for cut in edges.union(range(offset, last, EVERY)) if 0 <= cut <= last)


def first_end(wire_format: WireFormat, stage: Stage) -> int:
    """Where the first event of a stage ends."""
    place = next(place for place, event in enumerate(events(wire_format)) if event.stage is stage)
    return ends(wire_format)[place + 1]


PROOF = {A: Stage.TERMINAL, C: Stage.CLOSING, R: Stage.TERMINAL}
"""What proves that an answer is whole: in Chat the reason to stop, since ``[DONE]`` proves nothing."""


@dataclass(frozen=True)
class Expected:
    """How a stream that was cut after so many bytes reaches the client."""

    elsewhere: bool
    whole: bool
    passed: bytes

    @classmethod
    def of(cls, wire_format: WireFormat, cut: int) -> Expected:
        if cut < first_end(wire_format, Stage.CONTENT):
            return cls(elsewhere=True, whole=True, passed=stream(wire_format, "second"))
        passed = stream(wire_format)[: max(end for end in ends(wire_format) if end <= cut)]
        return cls(elsewhere=False, whole=cut >= first_end(wire_format, PROOF[wire_format]), passed=passed)


def check(wire_format: WireFormat, cut: int, body: bytes) -> None:
    """What the client has is what was expected."""
    expected = Expected.of(wire_format, cut)
    assert body.startswith(expected.passed), cut
    rest = body[len(expected.passed) :]
    if expected.whole:
        assert rest == b"", cut
        return
    assert_one_error(wire_format, rest, cut)


def assert_one_error(wire_format: WireFormat, rest: bytes, cut: int) -> None:
    (frame,) = formats_check.frames(rest)
    if wire_format is R:
        assert frame.name == frame.data["type"] == "response.failed", cut
        before = stream(wire_format)[:cut].count(b"\n\n")
        assert frame.data["sequence_number"] == before, cut
        assert frame.data["response"]["error"]["code"] == "server_error"
        message = frame.data["response"]["error"]["message"]
    else:
        assert frame.name == ("error" if wire_format is A else None), cut
        message = frame.data["error"]["message"]
    assert message.startswith("cccc: endpoint 'first' "), cut
    assert "the answer above is incomplete" in message, cut


def test_a_stream_of_about_four_kilobytes() -> None:
    for wire_format in FORMATS:
        assert 2_000 < len(stream(wire_format)) < 6_500
        formats_check.STREAM[wire_format](stream(wire_format))


@pytest.mark.parametrize("reset", [False, True], ids=["clean", "reset"])
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_cut_at_any_byte(wire_format: WireFormat, reset: bool) -> None:
    raw = stream(wire_format)
    pool = ByHand(wire_format)
    pool.gives("second", stream(wire_format, "second"))
    for cut in cuts(wire_format, offset=reset * (EVERY // 2)):
        seam = cut * 7_919 % (cut + 1)
        pool.gives("first", raw[:seam], raw[seam:cut], *((RESET,) if reset else ()))
        got, record = await pool.run()
        expected = Expected.of(wire_format, cut)
        check(wire_format, cut, got.body)
        assert (got.status, got.finished) == (200, 1)
        assert got.closes is not expected.whole
        assert pool.transport.asked == ["first", "second"][: 1 + expected.elsewhere], cut
        assert record.verdict is (
            Verdict.OK_AFTER_FAILOVER if expected.elsewhere else Verdict.OK if expected.whole else Verdict.INCOMPLETE
        ), cut
        assert record.endpoint == ("second" if expected.elsewhere else "first"), cut
        if not (expected.whole or expected.elsewhere):
            assert record.attempts[-1].outcome is Outcome.CUT, cut


@asynccontextmanager
async def cutting(wire: list[bytes]) -> AsyncIterator[str]:
    """An endpoint that answers with the bytes at hand and ends the connection: by RST where the second item says so."""

    async def answer(one: Wire) -> None:
        asked = b""
        while b"hello" not in asked:
            asked += await one.receive()
        await one.send(wire[0])
        one.close(reset=wire[1] == b"reset")

    async def serve() -> None:
        while True:
            group.start_soon(answer, await accept(listener))

    with listen() as listener:
        async with anyio.create_task_group() as group:
            group.start_soon(serve)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            group.cancel_scope.cancel()


def framed(wire_format: WireFormat) -> bytes:
    """The stream as it stands on the wire, in chunks."""
    start = head(200, (("content-type", "text/event-stream"), ("transfer-encoding", "chunked")))
    return start + b"".join(chunk(event.data) for event in events(wire_format)) + LAST_CHUNK


def arrived(wire_format: WireFormat, cut: int) -> int | None:
    """How many bytes of the body are among the first ``cut`` on the wire; ``None``: the head is not."""
    at = framed(wire_format).index(b"\r\n\r\n") + 4
    if cut < at:
        return None
    body = 0
    for event in events(wire_format):
        size, data = len(chunk(event.data)), len(event.data)
        body += min(data, max(0, cut - at - (size - data - 2)))
        at += size
        if cut < at:
            break
    return body


@pytest.mark.parametrize("ending", [b"close", b"reset"])
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_cut_on_the_wire(wire_format: WireFormat, ending: bytes) -> None:
    raw = framed(wire_format)
    request = post(PATH[wire_format], ask(wire_format), user_agent=AGENTS.get(wire_format, "sdk/1"))
    second = [raw.replace(stream(wire_format), b""), b"close"]
    second[0] = head(200, (("content-type", "text/event-stream"),)) + stream(wire_format, "second")
    first = [b"", ending]
    with anyio.fail_after(60):
        async with cutting(first) as url, cutting(second) as other:
            pool = (endpoint("first", wire_format, url, 1), endpoint("second", wire_format, other, 2))
            async with small_proxy(*pool) as proxy:
                for cut in range(0, len(raw), 97):
                    first[0] = raw[:cut]
                    proxy.runtime.context.roster.reset("first")
                    got = await exchange(proxy.url, request)
                    assert (got.status, got.whole, got.reset) == (200, True, False), cut
                    body = arrived(wire_format, cut)
                    if ending == b"reset" and body is not None and got.body == stream(wire_format, "second"):
                        continue  # a reset may overtake what was sent before it
                    check(wire_format, body or 0, got.body)


def whole_looking(wire_format: WireFormat, raw: bytes) -> bool:
    try:
        formats_check.STREAM[wire_format](raw)
    except (AssertionError, KeyError, ValueError):
        return False
    return True


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_no_cut_answer_looks_whole(wire_format: WireFormat) -> None:
    """To strict readers, at the end of every event."""
    pool = ByHand(wire_format)
    pool.gives("second", stream(wire_format, "second"))
    for cut in ends(wire_format):
        pool.gives("first", stream(wire_format)[:cut])
        got, _ = await pool.run()
        all_there = cut == len(stream(wire_format)) or Expected.of(wire_format, cut).elsewhere
        assert whole_looking(wire_format, got.body) == all_there, cut
