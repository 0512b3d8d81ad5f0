"""A real server on loopback, and a client that says exactly what a test wants to have said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import SocketStream

from cccc.http.limits import Limits
from cccc.server.edge import EdgeRules
from cccc.server.routing import Handler, Router
from cccc.server.serve import Server
from tests.server.tables import echo, routes

QUICK = Limits(
    idle_seconds=0.3,
    head_seconds=0.3,
    body_seconds=0.3,
    body_bytes_per_second=2**30,
    write_seconds=0.3,
    linger_seconds=0.2,
)
"""Limits that a test can wait for."""


class Client:
    """One connection. ``say`` writes bytes, ``answer`` reads one whole answer."""

    def __init__(self, stream: SocketStream) -> None:
        self.stream = stream
        self._received = b""

    async def say(self, data: bytes) -> None:
        await self.stream.send(data)

    async def post(self, body: bytes = b"{}", *more: bytes, path: bytes = b"/v1/messages") -> None:
        await self.say(request(b"POST " + path, b"content-type: application/json", *more, body=body))

    async def until(self, mark: bytes) -> bytes:
        """Everything up to and with ``mark``."""
        while mark not in self._received:
            self._received += await self.stream.receive()
        end = self._received.index(mark) + len(mark)
        text, self._received = self._received[:end], self._received[end:]
        return text

    async def answer_head(self) -> tuple[int, dict[bytes, bytes]]:
        """Status and fields of the next answer."""
        lines = (await self.until(b"\r\n\r\n"))[:-4].split(b"\r\n")
        return int(lines[0].split(b" ")[1]), dict(line.split(b": ", 1) for line in lines[1:])

    async def answer(self) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, fields and body of the next answer with a length."""
        status, fields = await self.answer_head()
        length = int(fields.get(b"content-length", b"0"))
        while len(self._received) < length:
            self._received += await self.stream.receive()
        body, self._received = self._received[:length], self._received[length:]
        return status, fields, body

    async def status(self) -> int:
        return (await self.answer())[0]

    async def closed(self) -> bool:
        """Wait until the server has closed; whether nothing was left to read."""
        try:
            self._received += await self.stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return not self._received
        return False


def request(line: bytes, *fields: bytes, body: bytes | None = None, host: bytes = b"127.0.0.1") -> bytes:
    """A request as it stands on the wire."""
    lines = [line + b" HTTP/1.1", b"host: " + host, *fields]
    if body is not None:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Client]:
    assert server.address is not None
    async with await anyio.connect_tcp(*server.address) as stream:
        yield Client(stream)


@asynccontextmanager
async def running(handler: Handler = echo, *, rules: EdgeRules | None = None, **options: Any) -> AsyncIterator[Server]:
    server = Server(Router(routes(handler)), rules or EdgeRules(), port=0, **options)
    async with anyio.create_task_group() as tasks:
        await tasks.start(server.run)
        try:
            with anyio.fail_after(20):
                yield server
        finally:
            server.stop(now=True)


async def eventually(condition: Callable[[], object]) -> None:
    """Wait for what the server tells only when it is asked; the time limit is that of ``running``."""
    while not condition():  # noqa: ASYNC110
        await anyio.sleep(0.005)
