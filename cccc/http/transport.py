"""The ``Transport`` of the running proxy: a pool, a dialer, and one request over one connection.

Whatever ends an exchange early, an error, a time limit or cancellation, closes its connection at once: an endpoint that
is left writing is an answer that is paid for. Redirects are answers like any other.
"""

from __future__ import annotations

import anyio

from cccc.clock import Clock
from cccc.domain.endpoint import EgressProxy
from cccc.http.client_connection import ClientConnection
from cccc.http.dial import Dialer
from cccc.http.messages import Headers, Origin, UpstreamRequest
from cccc.http.pool import Pool


class HttpAnswer:
    """Implements ``UpstreamAnswer``."""

    def __init__(
        self, transport: HttpTransport, request: UpstreamRequest, connection: ClientConnection, connect_ms: float | None
    ) -> None:
        self._transport = transport
        self._request = request
        self._connection: ClientConnection | None = connection
        self.status = connection.status
        self.headers: Headers = connection.headers
        self.reused = connection.reused
        self.connect_ms = connect_ms

    async def read(self) -> bytes:
        return b"" if self._connection is None else await self._connection.read()

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._transport.release(self._request, connection)


class HttpTransport:
    """Implements ``Transport``. ``dialer`` is replaced in tests that need their own trust store."""

    def __init__(self, clock: Clock, dialer: Dialer | None = None) -> None:
        self._clock = clock
        self._pool = Pool(clock)
        self._dialer = dialer or Dialer()
        self._closed = False

    async def open(self, request: UpstreamRequest) -> HttpAnswer:
        """Send a request and wait for the answer's head.

        Raises ``ConnectFailed``, ``TimedOut``, ``ConnectionLost``, ``BadAnswer``, and a bare ``UpstreamError`` where
        the request itself cannot be written. ``ConnectionLost.reused`` means: repeat with ``fresh=True``, for free.
        """
        connection = None if request.fresh else await self._kept(request)
        connect_ms: float | None = None
        if connection is None:
            begun = self._clock.monotonic()
            stream = await self._dialer.connect(request.origin, request.egress, request.timeouts)
            connect_ms = (self._clock.monotonic() - begun) * 1000
            connection = ClientConnection(stream)
        try:
            await connection.ask(request)
        except BaseException:
            await connection.aclose()
            raise
        return HttpAnswer(self, request, connection, connect_ms)

    async def release(self, request: UpstreamRequest, connection: ClientConnection) -> None:
        """Take a connection back: into the pool when its answer was read to the end, else it is closed."""
        if self._closed:
            await connection.aclose()
        elif surplus := self._pool.give(_key(request), connection, request.timeouts.idle_connection):
            await _close(surplus)

    async def close_expired(self) -> None:
        """Close the connections that rested longer than ``idle_connection``. To be called now and then."""
        await _close(self._pool.expire())

    async def aclose(self) -> None:
        """Close every kept-alive connection; those in use close when they are given back."""
        self._closed = True
        await _close(self._pool.clear())

    async def _kept(self, request: UpstreamRequest) -> ClientConnection | None:
        connection, dead = self._pool.take(_key(request))
        if dead:
            await _close(dead)
        return connection


def _key(request: UpstreamRequest) -> tuple[Origin, EgressProxy | None]:
    return (request.origin, request.egress)


async def _close(connections: list[ClientConnection]) -> None:
    """Close without waiting for anybody, to the last one also when cancelled."""
    with anyio.CancelScope(shield=True):
        for connection in connections:
            await connection.aclose()
