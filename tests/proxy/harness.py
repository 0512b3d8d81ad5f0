"""The running proxy in this process, over real sockets: an ``App`` with a state folder of its own, and a raw client.

``proxy`` starts one; what it has stored is read through its own admin API, as any command would read it. ``Scripted``
is an upstream that answers with given bytes, for tests that compare them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import h11
import orjson

from cccc.clock import Clock, SystemClock
from cccc.control.api import RequestRecord, RequestSummary
from cccc.control.remote import Remote, connect
from cccc.demo.configuration import configuration
from cccc.demo.http_bytes import LAST_CHUNK, chunk, head
from cccc.demo.provider import Received, SimulatedProvider
from cccc.demo.steps import Send, Step
from cccc.domain.endpoint import WireFormat
from cccc.server.app import App
from cccc.setup.machine import Machine

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

PATHS = {A: "/v1/messages", C: "/v1/chat/completions", R: "/v1/responses"}
MODEL = "demo-model"
EVERY_REQUEST = {"logging": {"exclude_paths": []}}
"""Sections of a configuration under which counting tokens gets a row too."""

PATIENCE_S = 60.0
"""Until a proxy is given up: no test waits for it, and a busy machine takes long to start one."""

Json = dict[str, Any]
Fields = Sequence[tuple[str, str]]


def turn(wire_format: WireFormat, text: str = "hello", *, stream: bool = False, **more: Any) -> Json:
    """The body of a small turn."""
    said = [{"role": "user", "content": text}]
    shapes: dict[WireFormat, Json] = {
        A: {"max_tokens": 64, "messages": said},
        C: {"messages": said},
        R: {"input": said},
    }
    return {"model": MODEL, **shapes[wire_format], **({"stream": True} if stream else {}), **more}


class Scripted(SimulatedProvider):
    """An upstream that answers its turns with given bytes, in order; every send is an event that can be held back."""

    def __init__(self, *formats: WireFormat, name: str = "scripted") -> None:
        super().__init__(*formats, name=name)
        self.script: deque[list[bytes]] = deque()

    def whole(self, body: bytes, fields: Fields = (("content-type", "application/json"),), status: int = 200) -> None:
        """Answer the next turn with a body of known length."""
        self.script.append([head(status, (*fields, ("content-length", str(len(body))))) + body])

    def stream(self, *pieces: bytes, fields: Fields = (("content-type", "text/event-stream"),)) -> None:
        """Answer the next turn with a chunked body in these pieces."""
        start = head(200, (*fields, ("transfer-encoding", "chunked")))
        self.script.append([start, *(chunk(piece) for piece in pieces), LAST_CHUNK])

    def _plan(self, received: Received) -> list[Step]:
        if not self.script:
            return super()._plan(received)
        return [Send(data, event=True) for data in self.script.popleft()]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``fields`` are in wire order with lower-case names; ``body`` has lost its framing only."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def field(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    @property
    def id(self) -> str:
        """Our request id."""
        return self.field("x-cccc-request-id") or ""

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Talk:
    """One connection to the proxy. h11 reads the framing; ``send`` writes whatever it is told."""

    def __init__(self, stream: anyio.abc.SocketStream, host: str) -> None:
        self._stream = stream
        self._host = host
        self._parser = h11.Connection(h11.CLIENT)

    async def send(
        self, method: str, target: str, body: bytes | None = None, fields: Fields = (), *, json: bool = True
    ) -> None:
        """One request. ``content-type`` is JSON unless ``json`` is false."""
        framing = [] if body is None else [("content-length", str(len(body)))]
        kind = [("content-type", "application/json")] if json and body is not None else []
        named = {name.lower() for name, _ in fields}
        own = [(name, value) for name, value in (("host", self._host), *kind, *framing) if name not in named]
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in (*own, *fields)), "", ""]
        self._parser = h11.Connection(h11.CLIENT)
        self._parser.send(h11.Request(method=method, target=target, headers=[("host", "x")]))
        self._parser.send(h11.EndOfMessage())
        await self._stream.send("\r\n".join(lines).encode("latin-1") + (body or b""))

    async def head(self) -> Reply:
        """Status and fields."""
        event = await self._next()
        assert isinstance(event, h11.Response), event
        fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
        return Reply(event.status_code, fields, b"")

    async def piece(self) -> bytes:
        """The next bytes of the body; ``b""`` at its clean end."""
        event = await self._next()
        if isinstance(event, h11.EndOfMessage):
            return b""
        assert isinstance(event, h11.Data), event
        return bytes(event.data)

    async def until(self, mark: bytes) -> bytes:
        """The body up to the piece that completes ``mark``."""
        seen = b""
        while mark not in seen:
            piece = await self.piece()
            assert piece, f"the answer ended before {mark!r}: {seen!r}"
            seen += piece
        return seen

    async def rest(self) -> bytes:
        """The body up to its clean end."""
        seen = b""
        while piece := await self.piece():
            seen += piece
        return seen

    async def reply(self) -> Reply:
        """A whole answer."""
        start = await self.head()
        return Reply(start.status, start.fields, await self.rest())

    async def leave(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def _next(self) -> Any:
        while (event := self._parser.next_event()) is h11.NEED_DATA:
            try:
                data = await self._stream.receive()
            except anyio.EndOfStream:
                data = b""
            self._parser.receive_data(data)
        return event


@dataclass
class Proxy:
    """A proxy that runs. ``said`` is what it told the person who started it."""

    address: str
    state_dir: Path
    config: Path
    control: Remote
    said: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Talk]:
        """A connection of its own."""
        name, _, port = self.host.rpartition(":")
        async with await anyio.connect_tcp(name, int(port)) as stream:
            yield Talk(stream, self.host)

    async def ask(
        self, method: str, target: str, body: bytes | None = None, fields: Fields = (), *, json: bool = True
    ) -> Reply:
        """One request on a connection of its own."""
        async with self.connected() as talk:
            await talk.send(method, target, body, fields, json=json)
            return await talk.reply()

    async def turn(self, wire_format: WireFormat, text: str = "hello", fields: Fields = (), **more: Any) -> Reply:
        """A small turn; ``more`` goes into its body (``stream=True``)."""
        return await self.ask("POST", PATHS[wire_format], orjson.dumps(turn(wire_format, text, **more)), fields)

    async def record(self, request_id: str) -> RequestRecord:
        """What was stored of a request, as soon as it is."""
        await eventually(lambda: self.stored(request_id))
        return await self.control.request(request_id)

    async def stored(self, request_id: str) -> bool:
        return any(row.id == request_id for row in await self.rows())

    async def rows(self) -> tuple[RequestSummary, ...]:
        """All rows of the log."""
        return await self.control.requests(limit=1_000)

    def configure(self, endpoints: Iterable[Json], **sections: Any) -> None:
        """Write another configuration; the running proxy looks for it once a second."""
        write(self.config, endpoints, **sections)


async def eventually(condition: Callable[[], Any]) -> None:
    """Wait for what is told only when it is asked; the time limit is that of ``proxy``."""
    while True:
        met = condition()
        if met if isinstance(met, bool) else await met:
            return
        await anyio.sleep(0.005)


def write(path: Path, endpoints: Iterable[Json], **sections: Any) -> None:
    path.write_text(configuration(endpoints, **sections), encoding="utf-8")


@asynccontextmanager
async def proxy(
    folder: Path,
    endpoints: Iterable[Json] | None,
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    patience: float = PATIENCE_S,
    machine: Machine | None = None,
    **sections: Any,
) -> AsyncIterator[Proxy]:
    """Start a proxy with this configuration (``None``: without any) in ``folder``, on a free port.

    A second one in the same folder finds the state of the first. ``patience``: the seconds until it is given up.
    """
    state_dir, config = folder / "state", folder / "config.yaml"
    state_dir.mkdir(parents=True, exist_ok=True)
    if endpoints is not None:
        write(config, endpoints, **sections)
    said: list[str] = []
    app = App(
        state_dir,
        lambda: config if config.exists() else None,
        environ or {},
        {"port": "0"},
        said.append,
        clock=clock or SystemClock(),
        machine=machine,
    )
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:

        async def run(*, task_status: anyio.abc.TaskStatus[str]) -> None:
            await app.run(task_status.started)

        try:
            with anyio.fail_after(patience):
                address = await tasks.start(run)
                async with connect(state_dir) as control:
                    yield Proxy(address, state_dir, config, control, said)
        except Exception as error:  # noqa: BLE001 (raised again once the group has ended)
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
