"""One client connection: request after request from head to answer.

The loop assumes the happy path and recovers from what is raised: ``BadRequest`` is answered once and ends the
connection, ``ClientGone`` ends it silently, a handler's bug becomes a 500 or a cut, never a traceback to the client.
While a handler runs the socket is watched; a client that leaves cancels it at once, because an upstream that nobody
reads from goes on costing money.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType

import anyio
from anyio.abc import ByteStream, TaskGroup
from anyio.to_thread import run_sync

from cccc.domain.answers import Failure
from cccc.domain.wording import plain
from cccc.errors import BadRequest, ClientGone
from cccc.http.encoding import decode_request
from cccc.http.limits import Limits
from cccc.http.messages import Headers, Interruption, Request, RequestHead
from cccc.http.responder import HttpResponder
from cccc.http.server_connection import ServerConnection
from cccc.server.edge import Denial, Edge
from cccc.server.replies import text_refusal
from cccc.server.routing import Match, Refusal, Refuse, Route

_log = logging.getLogger(__name__)

LAST_REQUEST_SECONDS = 0.5
"""How long a connection that was promised to stay open may still ask, and be told no, while we drain."""

WATCH_AFTER_SECONDS = 0.02
"""How long a handler runs before its client is watched. A task for every request costs a third of all the time that a
request spends in this server; answers that are given at once go without."""

_BODY_FAILURES: Mapping[int, Failure] = MappingProxyType({413: Failure.TOO_LARGE, 415: Failure.BAD_ENCODING})
"""What is wrong with a body, by the status of ``BadRequest``; anything else is no matter of the wire format."""

_SHUTTING_DOWN = "this proxy is shutting down"


class _Watch:
    """Looks after the client of one request, beside the handler, from a little after its beginning."""

    __slots__ = ("_connection", "_ended", "_on_left", "_scope", "_tasks", "_timer")

    def __init__(self, tasks: TaskGroup, connection: ServerConnection, on_left: Callable[[], None]) -> None:
        self._tasks = tasks
        self._connection = connection
        self._on_left = on_left
        self._ended: anyio.Event | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._begin)

    def _begin(self) -> None:
        self._ended = anyio.Event()
        self._scope = anyio.CancelScope()
        self._tasks.start_soon(self._run, self._ended)

    async def _run(self, ended: anyio.Event) -> None:
        try:
            with self._scope:
                await self._connection.wait_disconnected()
                self._on_left()
        finally:
            ended.set()

    async def end(self) -> None:
        """Stop looking; returns when the socket may be read by somebody else."""
        self._timer.cancel()
        if self._ended is not None:
            self._scope.cancel()
            with anyio.CancelScope(shield=True):
                await self._ended.wait()


class Traffic:
    """What all conversations of a server share: how many requests are being served, and whether we are leaving."""

    __slots__ = ("draining", "in_flight")

    def __init__(self) -> None:
        self.draining = False
        self.in_flight = 0


class Conversation:
    """One accepted connection."""

    __slots__ = ("_connection", "_edge", "_interruption", "_peer", "_responder", "_tasks", "_traffic", "_work")

    def __init__(self, stream: ByteStream, peer: tuple[str, int], edge: Edge, limits: Limits, traffic: Traffic) -> None:
        self._connection = ServerConnection(stream, limits)
        self._peer = peer
        self._edge = edge
        self._traffic = traffic
        self._interruption: Interruption | None = None
        self._responder: HttpResponder | None = None
        self._work: anyio.CancelScope | None = None
        self._tasks = anyio.create_task_group()

    @property
    def idle(self) -> bool:
        """Nothing of a next request has come: the connection may be closed without a word."""
        return self._connection.idle

    async def run(self) -> None:
        """Serve requests until the client, an error or a shutdown ends the connection."""
        async with self._tasks:
            try:
                while await self._next():
                    pass
            except ClientGone:
                pass
            except Exception as error:  # noqa: BLE001  (a bug in one conversation must not end the others)
                _log_bug("a connection was closed", error)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._connection.aclose()

    def drain(self) -> None:
        """Let the answer at hand be the last one, where its head can still say so."""
        if self._responder is not None:
            self._responder.close_after()

    def interrupt(self, why: Interruption) -> None:
        """Cancel the request at hand; its handler may still write a closing frame in a shielded scope."""
        if self._work is None:
            return
        if self._interruption is None:
            self._interruption = why
            if self._responder is not None:
                self._responder.interruption = why
        self._work.cancel()

    async def abort(self) -> None:
        """Close the socket now, whatever is going on."""
        await self._connection.abort()

    async def _next(self) -> bool:
        """Serve one request. Returns whether another one may follow."""
        try:
            head = await self._read_head()
            if head is None:
                return False
            admitted = self._edge.check(head, self._peer[0])
        except BadRequest as error:
            return await self._refuse(text_refusal(error.status, str(error)))
        if isinstance(admitted, Denial):
            refusal = admitted.refuse(admitted.failure, admitted.message, head)
            return await self._refuse(refusal, close=admitted.close, extra=_allow(admitted))
        if self._traffic.draining:
            return await self._refuse_shutdown(admitted.route.refuse, head)
        self._interruption = None
        self._traffic.in_flight += 1
        try:
            return await self._serve(head, admitted)
        finally:
            self._traffic.in_flight -= 1

    async def _read_head(self) -> RequestHead | None:
        if not self._traffic.draining:
            return await self._connection.read_head()
        with anyio.move_on_after(LAST_REQUEST_SECONDS):
            return await self._connection.read_head()
        return None

    async def _serve(self, head: RequestHead, match: Match) -> bool:
        """Read the body and let the handler answer, within the scope that ``interrupt`` cancels."""
        route = match.route
        try:
            with anyio.CancelScope() as self._work:
                body = await self._read_body(head, route)
                if isinstance(body, Refusal):
                    return await self._refuse(body, close=True)
                self._responder = responder = self._connection.responder()
                if self._traffic.draining:
                    responder.close_after()
                await self._handle(route, Request(head, body, self._peer, match.fields), responder)
            answered = self._responder is not None and self._responder.started
        finally:
            self._work = self._responder = None
        if self._interruption is Interruption.SHUTDOWN and not answered:
            return await self._refuse_shutdown(route.refuse, head)
        return self._interruption is None

    async def _read_body(self, head: RequestHead, route: Route) -> bytes | Refusal:
        if not self._connection.has_body:
            return b""
        limit = self._edge.rules.max_request_bytes
        try:
            body = await self._connection.read_body(limit)
            coding = head.headers.get("content-encoding")
            # Decoding is pure computation, up to the whole limit from a few bytes: not on the loop.
            return body if coding is None else await run_sync(decode_request, coding, body, limit)
        except BadRequest as error:
            failure = _BODY_FAILURES.get(error.status)
            if failure is None:
                return text_refusal(error.status, str(error))
            return route.refuse(failure, str(error), head)

    async def _handle(self, route: Route, request: Request, responder: HttpResponder) -> None:
        watch = _Watch(self._tasks, self._connection, self._client_left)
        try:
            await route.handler(request, responder)
            if not responder.started:
                raise RuntimeError("the handler returned without an answer")
        except ClientGone:
            self._client_left()
        except Exception as error:  # noqa: BLE001  (the last barrier before a client: whatever it is, it is a bug)
            await self._own_up(error, route, request.head, responder)
        finally:
            await watch.end()

    def _client_left(self) -> None:
        self.interrupt(Interruption.CLIENT_GONE)

    async def _own_up(self, error: Exception, route: Route, head: RequestHead, responder: HttpResponder) -> None:
        """A bug of ours: log it, and answer what can still be answered."""
        refusal = route.refuse(Failure.INTERNAL, "internal error; see log", head)
        name = refusal.headers.get("x-cccc-request-id") or "-"
        _log_bug(f"{name} {route.method} {route.path}", error)
        if responder.started:
            await self._connection.abort()
        else:
            responder.close_after()
            await responder.send(refusal.status, refusal.headers, refusal.body)

    async def _refuse_shutdown(self, refuse: Refuse, head: RequestHead) -> bool:
        refusal = refuse(Failure.SHUTTING_DOWN, _SHUTTING_DOWN, head)
        retry = () if "retry-after" in refusal.headers else ((b"retry-after", b"2"),)
        return await self._refuse(refusal, close=True, extra=retry)

    async def _refuse(
        self, refusal: Refusal, *, close: bool = False, extra: tuple[tuple[bytes, bytes], ...] = ()
    ) -> bool:
        """Write a refusal. Returns whether the connection may go on."""
        responder = self._connection.responder()
        closes = close or refusal.close or self._traffic.draining or self._connection.has_body
        if closes:
            responder.close_after()
        headers = Headers((*refusal.headers.raw, *extra)) if extra else refusal.headers
        await responder.send(refusal.status, headers, refusal.body)
        return not closes


def _log_bug(what: str, error: Exception) -> None:
    """Log a bug of ours: its type, its text without keys and URLs, and the way to it, but no values."""
    frames = reversed(traceback.extract_tb(error.__traceback__)[-6:])
    way = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames)
    _log.error("internal error: %s: %s: %s: %s", what, type(error).__name__, plain(str(error)), way)


def _allow(denial: Denial) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"allow", denial.allow.encode("ascii")),) if denial.allow else ()
