"""Streams at a steady pace: how much later does each event arrive through a gateway?

The upstream writes the time into every event; the client subtracts. Both run in one process and read one clock.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import quantiles

import anyio
import anyio.to_thread
from anyio.abc import SocketStream

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
    b'"model":"claude-sonnet-5","content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"text","text":""}}\n\n'
)
_END = (
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
    b'"usage":{"output_tokens":9}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
LIMIT = 10.0
"""How many times as long as their events take the streams may take."""

_STAMP = re.compile(rb'"text":"@(\d+)@')


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@dataclass(frozen=True, slots=True)
class Pace:
    """So many streams at once, each of so many events at a steady pace."""

    streams: int
    events: int
    per_second: float


@dataclass(slots=True)
class _Seen:
    """How far the streams have come, at both ends: what tells where one has stopped that does not end."""

    asked: int = 0
    written: int = 0
    served: int = 0
    read: int = 0
    ended: int = 0

    def __str__(self) -> str:
        return (
            f"the upstream was asked {self.asked} times, wrote {self.written} events and ended {self.served} streams; "
            f"the clients read {self.read} events, and {self.ended} streams to their end"
        )


async def _serve(pace: Pace, seen: _Seen, stream: SocketStream) -> None:
    async with stream:
        await stream.receive()
        seen.asked += 1
        await stream.send(_HEAD + _chunk(_START))
        due = time.perf_counter()
        for _ in range(pace.events):
            due += 1.0 / pace.per_second
            await anyio.sleep(max(0.0, due - time.perf_counter()))
            data = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"@%d@"}}' % (
                time.perf_counter_ns()
            )
            await stream.send(_chunk(b"event: content_block_delta\ndata: %b\n\n" % data))
            seen.written += 1
        await stream.send(_chunk(_END) + b"0\r\n\r\n")
        seen.served += 1


async def _read(after: float, port: int, path: str, delays: list[float], seen: _Seen) -> None:
    await anyio.sleep(after)
    body = b'{"model":"claude-sonnet-5","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nx-api-key: k\r\n"
        f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(head.encode() + body)
        unread = b""
        while True:
            try:
                unread += await stream.receive()
            except anyio.EndOfStream:
                seen.ended += 1
                return
            now = time.perf_counter_ns()
            end = 0
            for found in _STAMP.finditer(unread):
                delays.append((now - int(found[1])) / 1e6)
                seen.read += 1
                end = found.end()
            unread = unread[end:]


@dataclass(frozen=True, slots=True)
class Delays:
    """How late the events of all streams together came, in milliseconds; the most the proxy's memory grew to, in MB."""

    p50: float
    p99: float
    longest: float
    memory_mb: float


async def paced_streams(
    pace: Pace, *, port: int, path: str, upstream_port: int, memory_mb: Callable[[], float]
) -> Delays:
    """Serve and read ``pace.streams`` streams through the gateway at ``port``.

    Raises ``SystemExit`` if one is cut, or does not end within ``LIMIT`` times what its events take.
    """
    delays: list[float] = []
    seen = _Seen()
    takes = pace.events / pace.per_second
    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=upstream_port) as listener,
        anyio.create_task_group() as server,
    ):
        server.start_soon(listener.serve, partial(_serve, pace, seen))
        with anyio.move_on_after(LIMIT * takes) as limit:
            async with anyio.create_task_group() as clients:
                for number in range(pace.streams):
                    # Streams begin spread over one period, as they do in life, not all in the same moment.
                    clients.start_soon(_read, number / pace.streams / pace.per_second, port, path, delays, seen)
                await anyio.sleep(takes * 0.8)
                memory = await anyio.to_thread.run_sync(memory_mb)
        server.cancel_scope.cancel()
    if limit.cancelled_caught:
        raise SystemExit(f"a stream did not end within {LIMIT * takes:.0f} s at port {port}{path}: {seen}")
    if len(delays) != pace.streams * pace.events:
        raise SystemExit(f"{pace.streams * pace.events - len(delays)} events were lost at port {port}{path}")
    cuts = quantiles(delays, n=100)
    return Delays(cuts[49], cuts[98], max(delays), memory)
