"""Time to the first event through a running proxy: the same client, an endpoint of its own format and of each other.

The upstream answers at once with the first events and a little later with the rest, so that what is left of the time is
the proxy's.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketAttribute, SocketStream

from benchmarks.conversion.material import answer, request_body
from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from cccc.ir.codec import Weight
from cccc.ir.sse import SseDecoder

REQUESTS = 40
WARM_UP = 10
FIRST_EVENTS = 8
REST_AFTER_S = 0.05
START_LIMIT_S = 30.0

_PATHS = {
    WireFormat.ANTHROPIC: "/v1/messages",
    WireFormat.OPENAI_CHAT: "/v1/chat/completions",
    WireFormat.OPENAI_RESPONSES: "/v1/responses",
}
_ADDRESSES = {WireFormat.ANTHROPIC: "url_anthropic"}
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
_LISTENING = re.compile(rb"listening on http://127\.0\.0\.1:([0-9]+)\s")


async def first_event_ms(client: WireFormat) -> dict[WireFormat, list[float]]:
    """The times from requests to the first event with content, by the endpoint's format, which take turns."""
    times: dict[WireFormat, list[float]] = {upstream: [] for upstream in CODECS}
    request, answers = request_body(client), {_PATHS[upstream]: answer(upstream) for upstream in CODECS}

    async def serve(stream: SocketStream) -> None:
        async with stream:
            head = await _read_request(stream)
            pieces = answers[head.split(b" ", 2)[1].decode().partition("?")[0]]
            await stream.send(_HEAD + b"".join(pieces[:FIRST_EVENTS]))
            await anyio.sleep(REST_AFTER_S)
            await stream.send(b"".join(pieces[FIRST_EVENTS:]))

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as server:
        server.start_soon(listener.serve, serve)
        async with _proxy(listener.extra(SocketAttribute.local_port)) as port:
            for number in range(WARM_UP + REQUESTS):
                for upstream, seen in times.items():
                    took = await _first_event(client, upstream, port, request)
                    if number >= WARM_UP:
                        seen.append(took * 1e3)
        server.cancel_scope.cancel()
    return times


@asynccontextmanager
async def _proxy(upstream_port: int) -> AsyncIterator[int]:
    """A proxy with one endpoint for each format, chosen by the query; the port at which it listens."""
    config = ["endpoints:"]
    config += [
        f'  - {{name: {upstream}, {_ADDRESSES.get(upstream, "url_openai")}: "http://127.0.0.1:{upstream_port}{path}",'
        f" auth_type: api_key, auth_value: benchmark-key, tags: [{upstream}]}}"
        for upstream, path in _PATHS.items()
    ]
    config.append("tagging:\n  taggers:")
    config += [
        f"    - {{name: {upstream}, type: query, tag: {upstream}, param_name: to, expected_value: {upstream}}}"
        for upstream in _PATHS
    ]
    with tempfile.TemporaryDirectory(prefix="cccc-benchmark-") as name:
        folder = anyio.Path(name)
        file, log = folder / "config.yaml", folder / "log"
        await file.write_text("\n".join(config))
        await file.chmod(0o600)
        command = [sys.executable, "-m", "cccc", "--no-tui", "--port", "0", "--config", str(file)]
        command += ["--state-dir", str(folder / "state")]
        environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
        async with (
            await anyio.open_file(log, "wb") as stderr,
            await anyio.open_process(command, env=environment, stderr=stderr.wrapped) as process,
        ):
            with anyio.fail_after(START_LIMIT_S):
                # Nothing tells that the log of another process has grown.
                while (listening := _LISTENING.search(await log.read_bytes())) is None:  # noqa: ASYNC110
                    await anyio.sleep(0.05)
            yield int(listening[1])
            process.terminate()


async def _first_event(client: WireFormat, upstream: WireFormat, port: int, body: bytes) -> float:
    """Seconds until the client has its first event with content. The stream is read to its end."""
    head = (
        f"POST {_PATHS[client]}?to={upstream} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"x-api-key: k\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    decoder, scanner, took = SseDecoder(), CODECS[client].scanner(), 0.0
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        begun = time.perf_counter()
        await stream.send(head + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += await stream.receive()
        status, _, data = data.partition(b"\r\n\r\n")
        if not status.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"{client} through {upstream}: {status!r} {data!r}")
        try:
            while True:
                # Sizes of chunks stand on lines of their own, which no reader of events takes for a field.
                weights = [scanner.feed(event) for event in decoder.feed(data)]
                if not took and Weight.CONTENT in weights:
                    took = time.perf_counter() - begun
                data = await stream.receive()
        except anyio.EndOfStream:
            return took


async def _read_request(stream: SocketStream) -> bytes:
    """The head of a request whose body has been read to its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += await stream.receive()
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = (line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    missing = int(next(lengths)) - len(body)
    while missing > 0:
        missing -= len(await stream.receive())
    return head
