"""A stream is passed on while it comes, and whoever leaves is not worked for any longer."""

from __future__ import annotations

from pathlib import Path

import anyio
import orjson
import pytest

from cccc.control.api import Outcome, Standing, Verdict
from cccc.demo.configuration import endpoint
from cccc.demo.faults import Point, cut, stall
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests.proxy import answers
from tests.proxy.harness import PATHS, A, C, Proxy, R, Scripted, eventually, proxy, turn

pytestmark = pytest.mark.anyio

FORMATS = pytest.mark.parametrize("wire_format", [A, C, R])


def asked(wire_format: WireFormat) -> bytes:
    return orjson.dumps(turn(wire_format, stream=True))


@FORMATS
async def test_every_event_reaches_the_client_while_the_upstream_holds_the_next(
    tmp_path: Path, wire_format: WireFormat
) -> None:
    """Measured by order: the upstream does not send an event before the client has the one in front of it."""
    upstream = Scripted(wire_format)
    events = answers.events(wire_format)
    upstream.stream(*events)
    upstream.hold(after=1)  # the head of the answer
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running, running.connected() as talk:
        await talk.send("POST", PATHS[wire_format], asked(wire_format))
        seen, sent = b"", b""
        begun = False
        for event in events:
            upstream.step()
            sent += event
            if not begun and b"delta" in event and b"You" in event:
                begun = (await talk.head()).status == 200
            while begun and seen != sent:
                seen += await talk.piece()
        assert begun
        assert not upstream.received[0].answered.is_set()
        upstream.release()
        assert await talk.rest() == b""
    assert seen == b"".join(events)


@FORMATS
async def test_nothing_reaches_the_client_before_the_first_content(tmp_path: Path, wire_format: WireFormat) -> None:
    """The preamble is no proof of an answer: what breaks behind it is tried elsewhere, and the client never knows."""
    first, second = (SimulatedProvider(wire_format, name=name) for name in ("first", "second"))
    first.fail_always(cut(Point.PREAMBLE))
    async with first.running(), second.running():
        pool = [endpoint(first, priority=1), endpoint(second, priority=2)]
        async with proxy(tmp_path, pool) as running:
            reply = await running.turn(wire_format, stream=True)
            record = await running.record(reply.id)
    assert (reply.status, reply.field("x-cccc-endpoint")) == (200, "second")
    assert record.verdict is Verdict.OK_AFTER_FAILOVER
    assert [attempt.endpoint for attempt in record.attempts][-1] == "second"
    assert len(first.turns) == len(record.attempts) - 1


async def gone(running: Proxy, upstream: SimulatedProvider) -> None:
    """The upstream has seen the end of its connection, and the log says whose doing it was."""
    with anyio.fail_after(5):
        await upstream.turns[-1].abandoned.wait()
    await eventually(lambda: _one_row(running))
    (row,) = await running.rows()
    record = await running.control.request(row.id)
    assert (record.verdict, record.status) == (Verdict.CLIENT_GONE, 499)
    assert record.attempts[-1].outcome is Outcome.CLIENT_GONE
    assert (record.ttft_ms is None) is (record.attempts[-1].ttft_ms is None)
    (view,) = await running.control.endpoints()
    assert (view.health, view.last_error, view.in_flight) == (Standing.HEALTHY, None, 0)


async def _one_row(running: Proxy) -> bool:
    return len(await running.rows()) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("point", [Point.BEFORE_HEAD, Point.HEAD, Point.PREAMBLE])
@FORMATS
async def test_a_client_that_leaves_while_it_waits(
    tmp_path: Path, wire_format: WireFormat, point: Point, stream: bool
) -> None:
    upstream = SimulatedProvider(wire_format)
    upstream.fail_always(stall(point))
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        async with running.connected() as talk:
            await talk.send("POST", PATHS[wire_format], orjson.dumps(turn(wire_format, stream=stream)))
            await upstream.until_asked()
            await upstream.gate.until_held()
        await gone(running, upstream)


@FORMATS
async def test_a_client_that_leaves_within_the_stream(tmp_path: Path, wire_format: WireFormat) -> None:
    upstream = SimulatedProvider(wire_format)
    upstream.fail_always(stall(Point.CONTENT))
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        async with running.connected() as talk:
            await talk.send("POST", PATHS[wire_format], asked(wire_format))
            await talk.until(b"You said") if (await talk.head()).status == 200 else None
        await gone(running, upstream)


@FORMATS
async def test_a_client_that_leaves_after_the_end_has_its_answer(tmp_path: Path, wire_format: WireFormat) -> None:
    """Codex closes as soon as it has read the terminal event, while the body has not come to its end."""
    upstream = SimulatedProvider(wire_format)
    upstream.fail_always(stall(Point.TERMINAL))
    mark = {A: b"message_stop", C: b"[DONE]", R: b"response.completed"}[wire_format]
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        async with running.connected() as talk:
            await talk.send("POST", PATHS[wire_format], asked(wire_format))
            reply = await talk.head()
            await talk.until(mark)
        record = await running.record(reply.id)
        (view,) = await running.control.endpoints()
    assert (record.verdict, record.status, record.endpoint) == (Verdict.OK, 200, "provider")
    assert record.attempts[0].outcome is Outcome.OK
    assert view.success_rate in (None, 1.0)
