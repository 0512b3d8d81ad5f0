"""One exchange without sockets: a transport that answers from memory, a responder that keeps what it is given.

For tests that run thousands of cases, or that hold an exchange at a point of their choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import anyio
import orjson

from cccc.domain.endpoint import Action, Endpoint, WireFormat
from cccc.domain.record import RequestRecord
from cccc.errors import UpstreamError
from cccc.formats.registry import CODECS
from cccc.http.messages import Headers, Interruption, Request, RequestHead, UpstreamRequest
from cccc.proxy.exchange import Exchange
from cccc.proxy.targets import Repair
from tests.clock import ManualClock
from tests.demo.talk import PATH, A, R, ask
from tests.proxy.small_proxy import endpoint, runtime_of

AGENTS = {A: "claude-cli/2.1.330", R: "codex_cli_rs/0.169.0"}
EVENTS = "text/event-stream"

Part = bytes | UpstreamError | anyio.Event


@dataclass
class Answer:
    """Implements ``UpstreamAnswer``. ``parts``: bytes are read, errors are raised, events are waited for."""

    parts: Iterable[Part]
    status: int = 200
    content_type: str = EVENTS
    reused: bool = False
    connect_ms: float | None = None
    closed: bool = False

    def __post_init__(self) -> None:
        self.headers = Headers.of([("content-type", self.content_type)])
        self._parts = iter(self.parts)

    async def read(self) -> bytes:
        for part in self._parts:
            if isinstance(part, anyio.Event):
                await part.wait()
            elif isinstance(part, UpstreamError):
                raise part
            elif part:
                return part
        return b""

    async def aclose(self) -> None:
        self.closed = True


class FromMemory:
    """Implements ``Transport``: every endpoint, by the host of its URL, has an answer to give."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.asked: list[str] = []

    async def open(self, request: UpstreamRequest) -> Answer:
        self.asked.append(request.origin.host)
        return self.answers[request.origin.host]()

    async def aclose(self) -> None: ...


@dataclass
class Kept:
    """Implements ``Responder``: keeps the answer. ``body`` is what has been written so far."""

    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    finished: int = 0
    closes: bool = False
    interruption: Interruption | None = None

    @property
    def started(self) -> bool:
        return self.status != 0

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, headers, body)
        await self.finish()

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:
        assert not self.started, "two heads"
        self.status, self.headers, self.body = status, headers, first

    async def write(self, data: bytes) -> None:
        assert self.started
        assert not self.finished, "a write behind the end"
        self.body += data

    async def finish(self) -> None:
        assert self.started
        assert not self.finished, "two ends"
        self.finished += 1

    def close_after(self) -> None:
        self.closes = True


class ByHand:
    """Two endpoints of one format, ``first`` and ``second``, and exchanges that are begun one by one.

    ``client``: the client speaks another format than the endpoints; ``speaks``: so do these endpoints.
    """

    def __init__(
        self,
        wire_format: WireFormat,
        *names: str,
        gate_timeout: float = 20.0,
        client: WireFormat | None = None,
        speaks: Mapping[str, WireFormat] = MappingProxyType({}),
        **more: Any,
    ) -> None:
        self.wire_format = wire_format
        self.client = client or wire_format
        self._speaks = speaks
        self.clock = ManualClock()
        self.transport = FromMemory()
        self.names = names or ("first", "second")
        self.runtime, self._ledger = runtime_of(
            tuple(self._endpoint(name, place, **more) for place, name in enumerate(self.names, 1)),
            self.transport,
            self.clock,
            gate_timeout=gate_timeout,
        )
        self._context = self.runtime.context
        self.records = self._ledger.records

    def _endpoint(self, name: str, place: int, **more: Any) -> Endpoint:
        return endpoint(name, self._speaks.get(name, self.wire_format), f"http://{name}/v1", place, **more)

    def mend(self, *tools: str) -> None:
        """Let arguments of these tools be mended."""
        settings = self._context.settings
        self._context.settings = replace(settings, repair=Repair(frozenset(tools)))

    def gives(self, name: str, *parts: Part, **more: Any) -> None:
        """What an endpoint answers from now on."""
        self.transport.answers[name] = lambda: Answer(parts, **more)

    def exchange(self, responder: Kept, *, stream: bool = True, **more: Any) -> Exchange:
        """A request, not yet begun."""
        fields = [("content-type", "application/json"), ("user-agent", AGENTS.get(self.client, "sdk/1"))]
        path = PATH[self.client]
        body = orjson.dumps(ask(self.client, stream=stream, **more))
        request = Request(RequestHead("POST", path, path, "", Headers.of(fields)), body, ("127.0.0.1", 1))
        return Exchange(self._context, CODECS[self.client], Action.TURN, request, responder)

    async def run(self, *, stream: bool = True, **more: Any) -> tuple[Kept, RequestRecord]:
        """A whole exchange on endpoints in good health. The record knows byte for byte what the client got."""
        for name in self.names:
            self._context.roster.reset(name)
        self.transport.asked.clear()
        responder = Kept()
        await self.exchange(responder, stream=stream, **more).run()
        record = self.records.pop()
        assert (record.answer or b"") == responder.body
        assert record.response_headers == tuple(responder.headers)
        if responder.body:
            assert record.response_pace.ends[-1] == len(responder.body) == record.bytes_out
        return responder, record
