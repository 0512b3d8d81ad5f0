"""Streams at a steady pace: how much later does each event arrive through a gateway?

The upstream writes the time into every event; the client subtracts. Both run in one process and read one clock.
"""

from __future__ import annotations

import re
import time
from statistics import quantiles

import anyio
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
_STAMP = re.compile(rb'"text":"@(\d+)@')


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def paced_upstream(stream: SocketStream, *, events: int, per_second: float) -> None:
    """Answer one request with ``events`` text deltas at a steady pace."""
    async with stream:
        await stream.receive()
        await stream.send(_HEAD + _chunk(_START))
        due = time.perf_counter()
        for _ in range(events):
            due += 1.0 / per_second
            await anyio.sleep(max(0.0, due - time.perf_counter()))
            data = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"@%d@"}}' % (
                time.perf_counter_ns()
            )
            await stream.send(_chunk(b"event: content_block_delta\ndata: %b\n\n" % data))
        await stream.send(_chunk(_END) + b"0\r\n\r\n")


async def _read(port: int, path: str, delays: list[float]) -> None:
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
                return
            now = time.perf_counter_ns()
            end = 0
            for found in _STAMP.finditer(unread):
                delays.append((now - int(found[1])) / 1e6)
                end = found.end()
            unread = unread[end:]


async def event_delays(port: int, path: str, *, streams: int) -> tuple[float, float]:
    """Median and 99th percentile of the events' delays in milliseconds, over all streams together."""
    delays: list[float] = []
    async with anyio.create_task_group() as tasks:
        for _ in range(streams):
            tasks.start_soon(_read, port, path, delays)
    cuts = quantiles(delays, n=100)
    return cuts[49], cuts[98]
