"""Accepting connections: who may have one, how many there may be, and how they all end.

One task serves one connection. Peers that are not on this machine or in a private network are let go before a byte
is read, whatever address we are bound to.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

import anyio
from anyio.abc import SocketAttribute, SocketListener, SocketStream, TaskGroup

from cccc.http.limits import DEFAULT_LIMITS, Limits
from cccc.http.messages import Interruption
from cccc.server.conversation import Conversation, Traffic
from cccc.server.edge import PRIVATE_NETWORKS, Edge, Networks, peer_address, peer_allowed

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.2
"""How long nothing is accepted after the system refused (no file descriptors, no memory)."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How many connections there may be, and from where. ``per_peer`` does not count for loopback."""

    connections: int = 4096
    per_peer: int = 256
    networks: Networks = PRIVATE_NETWORKS


DEFAULT_CAPS = Caps()


class Listener:
    """All connections of one server."""

    def __init__(self, edge: Edge, *, limits: Limits = DEFAULT_LIMITS, caps: Caps = DEFAULT_CAPS) -> None:
        self._edge = edge
        self._limits = limits
        self._caps = caps
        self._traffic = Traffic()
        self._open: set[Conversation] = set()
        self._per_peer: Counter[str] = Counter()
        self._full = False
        self._all_closed = anyio.Event()

    @property
    def in_flight(self) -> int:
        """Requests that are being read or answered."""
        return self._traffic.in_flight

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    async def accept(self, socket: SocketListener, conversations: TaskGroup) -> None:
        """Accept from ``socket`` until cancelled; each connection becomes a task of ``conversations``."""
        while True:
            try:
                stream = await socket.accept()
            except OSError as error:
                _log.warning("cannot accept connections: %s", error.strerror)
                await anyio.sleep(_PAUSE_SECONDS)
                continue
            peer = _peer(stream)
            if peer is None or not self._admits(peer[0]):
                await anyio.aclose_forcefully(stream)
                continue
            # Entered here, not in its task: a task that is cancelled before it begins would leave the socket open.
            conversation = Conversation(stream, peer, self._edge, self._limits, self._traffic)
            self._open.add(conversation)
            self._per_peer[peer[0]] += 1
            conversations.start_soon(self._converse, conversation, peer[0])

    def drain(self) -> None:
        """From now on the requests at hand are the last ones; whoever asks for more is told that we are leaving."""
        self._traffic.draining = True
        for conversation in self._open:
            conversation.drain()

    async def all_closed(self) -> None:
        """Close idle connections and wait until the others have come to their end. May be cancelled and repeated."""
        self._all_closed = anyio.Event()
        for conversation in tuple(self._open):
            if conversation.idle:
                await conversation.abort()
        if self._open:
            await self._all_closed.wait()

    def interrupt(self) -> None:
        """Cancel every request at hand; handlers may still write a closing frame."""
        for conversation in self._open:
            conversation.interrupt(Interruption.SHUTDOWN)

    async def abort(self) -> None:
        """Close every socket now."""
        for conversation in tuple(self._open):
            await conversation.abort()

    def _admits(self, host: str) -> bool:
        if not peer_allowed(host, self._caps.networks):
            _log.info("refused a connection from outside the private networks")
            return False
        full = len(self._open) >= self._caps.connections
        if full and not self._full:
            _log.warning("refusing connections: %d are open", len(self._open))
        self._full = full
        return not full and (self._per_peer[host] < self._caps.per_peer or peer_address(host).is_loopback)

    async def _converse(self, conversation: Conversation, host: str) -> None:
        try:
            await conversation.run()
        finally:
            self._open.remove(conversation)
            self._per_peer[host] -= 1
            if not self._per_peer[host]:
                del self._per_peer[host]
            if not self._open:
                self._all_closed.set()


def _peer(stream: SocketStream) -> tuple[str, int] | None:
    """Who is at the other end, or ``None`` where they have left already."""
    try:
        address = stream.extra(SocketAttribute.remote_address)  # noqa: S610  (nothing of Django)
    except (OSError, anyio.TypedAttributeLookupError):
        return None
    return (address[0], int(address[1])) if isinstance(address, tuple) else None
