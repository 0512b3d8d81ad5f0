"""An httpx transport that hands requests to a table of routes, without sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from urllib.parse import unquote

import anyio
import httpx
from anyio.abc import TaskGroup

from cccc.http.messages import Headers, Interruption, Request, RequestHead
from cccc.server.routing import Route


class _Answer:
    """A ``Responder`` that keeps what was sent: the head as soon as there is one, the body as a stream."""

    interruption: Interruption | None = None

    def __init__(self) -> None:
        self.status = 0
        self.headers = Headers()
        self.head_sent = anyio.Event()
        self.body_in, self.body_out = anyio.create_memory_object_stream[bytes](1000)

    @property
    def started(self) -> bool:
        return self.head_sent.is_set()

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, headers)
        await self.write(body)
        await self.finish()

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:
        assert not self.started
        self.status, self.headers = status, headers
        self.head_sent.set()
        if first:
            await self.write(first)

    async def write(self, data: bytes) -> None:
        await self.body_in.send(data)

    async def finish(self) -> None:
        self.body_in.close()

    def close_after(self) -> None:
        raise AssertionError("the management API keeps its connections")


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: _Answer, scope: anyio.CancelScope) -> None:
        self._answer, self._scope = answer, scope

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._answer.body_out:
            yield data

    async def aclose(self) -> None:
        self._scope.cancel()
        self._answer.body_out.close()
        self._answer.body_in.close()


class RoutesTransport(httpx.AsyncBaseTransport):
    """Runs each handler as a task of ``tasks``; cancels it when the answer is closed, as the listener does."""

    def __init__(self, routes: Sequence[Route], tasks: TaskGroup) -> None:
        self._routes, self._tasks = routes, tasks

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        route, fields = self._find(request)
        target = request.url.raw_path.decode("ascii")
        head = RequestHead(
            request.method, target, unquote(request.url.path), request.url.query.decode("ascii"), Headers()
        )
        answer, scope = _Answer(), anyio.CancelScope()
        body = await request.aread()
        assert route.has_body == bool(body)

        async def run() -> None:
            with scope:
                await route.handler(Request(head, body, ("127.0.0.1", 4711), fields), answer)

        self._tasks.start_soon(run)
        await answer.head_sent.wait()
        return httpx.Response(answer.status, headers=list(answer.headers), stream=_Body(answer, scope))

    def _find(self, request: httpx.Request) -> tuple[Route, dict[str, str]]:
        parts = request.url.raw_path.decode("ascii").partition("?")[0].split("/")
        for route in self._routes:
            pattern = route.path.split("/")
            pairs = list(zip(pattern, parts, strict=False))
            same = len(pattern) == len(parts) and all(p == q or p.startswith("{") for p, q in pairs)
            if same and route.method == request.method:
                return route, {p.strip("{}"): unquote(q) for p, q in pairs if p.startswith("{")}
        raise AssertionError(f"no route for {request.method} {request.url}")
