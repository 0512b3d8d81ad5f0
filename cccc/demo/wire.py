"""A TCP connection with nothing in between: no write buffer, and an end that is FIN or RST as asked.

anyio's own streams send a FIN before every close, so a reset could not be told from a clean end.
"""

from __future__ import annotations

import socket
import struct

import anyio

_CHUNK = 65536
_LINGER_NONE = struct.pack("ii", 1, 0)


class Wire:
    """One accepted connection."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock

    async def receive(self) -> bytes:
        """What has come; ``b""`` when the peer has gone, in whatever way."""
        while True:
            try:
                return self._sock.recv(_CHUNK)
            except BlockingIOError:
                await anyio.wait_readable(self._sock)
            except OSError:
                return b""

    async def send(self, data: bytes) -> bool:
        """Write all of ``data``; false when the peer has gone."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._sock.send(view) :]
            except BlockingIOError:
                await anyio.wait_writable(self._sock)
            except OSError:
                return False
        return True

    def close(self, *, reset: bool = False) -> None:
        """End the connection. Safe to call again."""
        if reset and self._sock.fileno() >= 0:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        self._sock.close()


def listen(port: int = 0) -> socket.socket:
    """A listening socket on the loopback address; port 0 takes a free one."""
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    listener.settimeout(0)
    return listener


async def accept(listener: socket.socket) -> Wire:
    """The next connection."""
    while True:
        try:
            return Wire(listener.accept()[0])
        except BlockingIOError:
            await anyio.wait_readable(listener)
