"""The server as a whole: bind, serve, and stop in the right order.

Stopping: listeners and idle connections close; requests at hand go on, and whoever asks on an open connection is told
that we are leaving; after a grace period handlers are interrupted and may write one closing frame; then sockets close.
A second request to stop skips what is left of this. Source: resilience.md §8.
"""

from __future__ import annotations

import errno
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import anyio
from anyio import from_thread
from anyio.abc import SocketAttribute, SocketListener, TaskGroup, TaskStatus
from anyio.lowlevel import EventLoopToken, current_token

from cccc.clock import Clock, SystemClock
from cccc.errors import ConfigError, ListenError
from cccc.http.limits import DEFAULT_LIMITS, Limits
from cccc.server.edge import Edge, EdgeRules
from cccc.server.listener import DEFAULT_CAPS, Caps, Listener
from cccc.server.routing import Router

CLOSING_SECONDS = 2.0
"""How long interrupted handlers have for their closing frames."""

_WHY_NOT = {
    errno.EADDRINUSE: "port {port} on {host} is taken by another program; stop it, or choose another with --port",
    errno.EACCES: "port {port} needs more rights than this user has; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "{host} is not an address of this machine; choose another with --host",
}


@dataclass(slots=True)
class _Run:
    """One time of listening, from taking the address to its release."""

    address: tuple[str, int]
    sockets: list[SocketListener]
    listener: Listener
    stop: anyio.Event
    loop: EventLoopToken
    thread: int
    now: bool = False
    patience: anyio.CancelScope | None = None

    def end(self, *, now: bool) -> None:
        """Begin to stop, or give up waiting. In the loop's own thread."""
        self.now = self.now or now
        self.stop.set()
        self.listener.drain()
        if now and self.patience is not None:
            self.patience.cancel()

    async def close_sockets(self) -> None:
        for listening in self.sockets:
            await listening.aclose()


class Server:
    """One listening address with everything behind it. Lives in the event loop that calls ``run``, of any thread."""

    def __init__(
        self,
        router: Router,
        rules: EdgeRules,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        limits: Limits = DEFAULT_LIMITS,
        caps: Caps = DEFAULT_CAPS,
        drain_grace: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        """``port`` 0 takes a free one. ``drain_grace`` are the seconds that requests at hand get when we stop.

        Raises ``ConfigError`` where ``host`` is not loopback and ``rules`` hold no proxy token.
        """
        _check_token(host, port, rules)
        self.address: tuple[str, int] | None = None
        self._host = host
        self._port = port
        self._edge = Edge(router, rules.also_at(host), clock or SystemClock())
        self._limits = limits
        self._caps = caps
        self._drain_grace = drain_grace
        self._run: _Run | None = None

    @property
    def in_flight(self) -> int:
        """Requests that are being read or answered."""
        return self._run.listener.in_flight if self._run else 0

    @property
    def connections(self) -> int:
        """Open connections."""
        return self._run.listener.connections if self._run else 0

    @property
    def stopping(self) -> bool:
        """Whether ``stop`` was called since the server began to listen."""
        return self._run is not None and self._run.stop.is_set()

    def reconfigure(self, rules: EdgeRules) -> None:
        """Put other rules in force for the requests to come; raises ``ConfigError`` as the constructor does."""
        _check_token(self._host, self._port, rules)
        self._edge.rules = rules.also_at(self._host)

    async def listen(self) -> tuple[str, int]:
        """Take the address; clients may connect from now on and are served by ``run``. Raises ``ListenError``."""
        self._run = await self._listening()
        return self._run.address

    async def run(self, *, task_status: TaskStatus[tuple[str, int]] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until ``stop``, after ``listen`` where that was not called before; ``task_status`` gets the address.

        Raises ``ListenError``.
        """
        if self.address is None or self._run is None:
            self._run = await self._listening()
        run = self._run
        try:
            async with anyio.create_task_group() as conversations:
                async with anyio.create_task_group() as accepting:
                    for listening in run.sockets:
                        accepting.start_soon(run.listener.accept, listening, conversations)
                    task_status.started(run.address)
                    await run.stop.wait()
                    accepting.cancel_scope.cancel()
                await run.close_sockets()
                await self._finish(run, conversations)
        finally:
            await self.release()

    async def release(self) -> None:
        """Give the address back; ``run`` does so by itself, and what was never taken needs none."""
        if self._run is not None:
            with anyio.CancelScope(shield=True):
                await self._run.close_sockets()
        self.address = None

    async def stopping_begun(self) -> None:
        """Return when ``stop`` has been called; after ``listen``, in the server's own loop."""
        if self._run is not None:
            await self._run.stop.wait()

    def stop(self, *, now: bool = False) -> None:
        """Stop gracefully, or at once. From any thread, more than once; before ``listen`` it does nothing."""
        run = self._run
        if run is None:
            return
        if threading.get_ident() == run.thread:
            run.end(now=now)
            return
        try:
            from_thread.run_sync(lambda: run.end(now=now), token=run.loop)
        except anyio.RunFinishedError:
            pass  # its loop has ended, and so has the server

    async def _listening(self) -> _Run:
        sockets = await _bind(self._host, self._port)
        port = sockets[0].extra(SocketAttribute.local_port)  # noqa: S610  (nothing of Django)
        listener = Listener(self._edge, limits=self._limits, caps=self._caps)
        self.address = (self._host, port)
        return _Run(self.address, sockets, listener, anyio.Event(), current_token(), threading.get_ident())

    async def _finish(self, run: _Run, conversations: TaskGroup) -> None:
        for seconds in (self._drain_grace, CLOSING_SECONDS):
            if run.now:
                break
            with anyio.move_on_after(seconds) as run.patience:
                await run.listener.all_closed()
            run.listener.interrupt()
        run.listener.interrupt()
        await run.listener.abort()
        conversations.cancel_scope.cancel()


async def serve(server: Server, on_listening: Callable[[tuple[str, int]], None], *, signals: bool = True) -> None:
    """Run ``server`` until SIGTERM or SIGINT; a second one stops it at once.

    ``on_listening`` gets the address when connections are accepted. ``signals=False`` leaves them alone, as a thread
    that is not the main one must. Raises ``ListenError``.
    """
    raise_file_limit()
    address = await server.listen()
    try:
        async with anyio.create_task_group() as tasks:
            if signals:
                await tasks.start(_obey_signals, server)
            on_listening(address)
            await server.run()
            tasks.cancel_scope.cancel()
    finally:
        await server.release()


async def _obey_signals(server: Server, *, task_status: TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        task_status.started()
        async for _ in received:
            server.stop(now=server.stopping)


@contextmanager
def undisturbed() -> Iterator[None]:
    """No SIGTERM or SIGINT ends the process within the block: what is left to be written when we stop is written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def raise_file_limit() -> None:
    """Allow this process as many open files as the system lets it: every open stream needs two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        pass  # macOS names a hard limit that it does not grant; the soft one stands


async def _bind(host: str, port: int) -> list[SocketListener]:
    try:
        bound = await anyio.create_tcp_listener(local_host=host, local_port=port)
    except socket.gaierror:
        raise ListenError(f"{host!r} is not a name or address that can be listened on; see --host") from None
    except OSError as error:
        why = _WHY_NOT.get(error.errno or 0, "cannot listen on {host}:{port}: {error}")
        raise ListenError(why.format(host=host, port=port, error=error.strerror)) from None
    return [listening for listening in bound.listeners if isinstance(listening, SocketListener)]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _check_token(host: str, port: int, rules: EdgeRules) -> None:
    if not rules.proxy_tokens and not _is_loopback(host):
        remedy = "Set server.auth_token (auto makes one), or use 127.0.0.1"
        raise ConfigError([f"listen {host}:{port}: refused, no token is set. {remedy}"])
