"""A TCP relay in front of a proxy that notes every request line on its way: what a client sent, refused or not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import anyio
import anyio.abc

# A JSON text holds no bare line end, so that no body can be taken for a request line.
_REQUEST_LINE = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+) HTTP/1\.1\r\n")
_LONGEST_LINE = 4_096


class Relay:
    """``requests`` holds method and target of every request, in order."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._address = (parts.hostname or "", parts.port or 0)
        self.base_url = ""
        self.requests: list[tuple[str, str]] = []

    def posts(self) -> int:
        """How many turns were asked for (counting tokens is none)."""
        return sum(method == "POST" and "count_tokens" not in target for method, target in self.requests)

    async def serve(self, client: anyio.abc.SocketStream) -> None:
        """Carry one connection."""
        async with client:
            try:
                upstream = await anyio.connect_tcp(*self._address)
            except OSError:
                return
            async with upstream, anyio.create_task_group() as tasks:
                tasks.start_soon(self._carry, client, upstream, self.requests)
                await self._carry(upstream, client, None)
                tasks.cancel_scope.cancel()

    async def _carry(
        self, source: anyio.abc.SocketStream, sink: anyio.abc.SocketStream, notes: list[tuple[str, str]] | None
    ) -> None:
        seen = b""
        try:
            async for data in source:
                if notes is not None:
                    seen += data
                    done = 0
                    for found in _REQUEST_LINE.finditer(seen):
                        notes.append((found[1].decode(), found[2].decode("latin-1")))
                        done = found.end()
                    seen = seen[done:][-_LONGEST_LINE:]
                await sink.send(data)
            await sink.send_eof()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            pass  # one side has gone: the other learns it when its connection closes


@asynccontextmanager
async def relay_to(target: str) -> AsyncIterator[Relay]:
    """A relay to ``http://HOST:PORT`` on a free port of the loopback address. What is raised within keeps its type."""
    relay = Relay(target)
    failure: Exception | None = None
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    relay.base_url = f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, relay.serve)
        try:
            yield relay
        except Exception as error:  # noqa: BLE001 (raised again once the group has ended)
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
