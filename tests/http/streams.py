"""Streams for tests: one that plays prepared pieces, and real connections on the loopback."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketStream


class ScriptedStream(ByteStream):
    """Gives the prepared pieces one by one, then the end of the stream, or with ``open_end`` silence."""

    def __init__(self, pieces: Iterable[bytes] = (), *, open_end: bool = False) -> None:
        self.pieces = list(pieces)
        self.open_end = open_end
        self.sent: list[bytes] = []
        self.closed = False

    async def receive(self, max_bytes: int = 65536) -> bytes:
        await anyio.lowlevel.checkpoint()
        if self.closed:
            raise anyio.ClosedResourceError
        if not self.pieces:
            if self.open_end:
                await anyio.sleep_forever()
            raise anyio.EndOfStream
        piece, rest = self.pieces[0][:max_bytes], self.pieces[0][max_bytes:]
        self.pieces[:1] = [rest] if rest else []
        return piece

    async def send(self, item: bytes) -> None:
        await anyio.lowlevel.checkpoint()
        if self.closed:
            raise anyio.ClosedResourceError
        self.sent.append(bytes(item))

    async def send_eof(self) -> None:
        pass

    async def aclose(self) -> None:
        self.closed = True

    @property
    def output(self) -> bytes:
        return b"".join(self.sent)


def slicings(data: bytes) -> list[list[bytes]]:
    """The same bytes whole, byte by byte (long ones from where their end is near), and in pieces of seven."""
    near = max(0, len(data) - 1_000)
    single = [data[i : i + 1] for i in range(near, len(data))]
    return [[data], [data[:near], *single] if near else single, [data[i : i + 7] for i in range(0, len(data), 7)]]


@asynccontextmanager
async def serving(handler: Callable[[SocketStream], Awaitable[None]]) -> AsyncIterator[int]:
    """Run ``handler`` for every connection to a loopback port; yields the port, cancels everything at the end."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, _closing(handler))
        yield int(listener.extra(SocketAttribute.local_port))
        tasks.cancel_scope.cancel()


def _closing(handler: Callable[[SocketStream], Awaitable[None]]) -> Callable[[SocketStream], Awaitable[None]]:
    async def run(stream: SocketStream) -> None:
        try:
            await handler(stream)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # a peer that leaves is what many tests are about
        finally:
            await anyio.aclose_forcefully(stream)

    return run


async def read_until(stream: ByteStream, end: bytes) -> bytes:
    """Read until the data ends with ``end``."""
    data = b""
    while not data.endswith(end):
        data += await stream.receive()
    return data


async def read_all(stream: ByteStream) -> bytes:
    """Read to the end of the stream or its reset."""
    data = b""
    try:
        while True:
            data += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return data


def open_sockets() -> int:
    """How many sockets this process holds (Linux; elsewhere the check is void)."""
    folder = Path("/proc/self/fd")
    count = 0
    for entry in folder.iterdir() if folder.is_dir() else ():
        try:
            count += os.readlink(entry).startswith("socket:")  # noqa: PTH115
        except OSError:
            continue  # the listing's own descriptor
    return count


async def settled(condition: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    """Wait until ``condition`` holds; false when it does not come about."""
    with anyio.move_on_after(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await anyio.sleep(0.005)
    return condition()
