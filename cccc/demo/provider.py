"""A simulated provider: a small HTTP/1.1 server on the loopback address that answers as a vendor does, or as told.

h11 reads the requests; the answers are steps from ``steps`` and are written as raw bytes. Every request is kept, in an
order that is the same for all providers of a process, so that a test can say who was asked first.
"""

from __future__ import annotations

import itertools
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from types import MappingProxyType
from typing import Any

import anyio
import anyio.abc
import h11
import orjson

from cccc.clock import Clock, SystemClock
from cccc.demo.anthropic import Anthropic
from cccc.demo.ask import Ask
from cccc.demo.brains import Brain, echo
from cccc.demo.dialect import Complaint, Dialect, Ids, Json
from cccc.demo.faults import Fault, status
from cccc.demo.gate import Gate
from cccc.demo.openai_chat import OpenAIChat
from cccc.demo.openai_responses import OpenAIResponses
from cccc.demo.steps import HangUp, Honest, Pause, Send, Stall, Step, steps_of
from cccc.demo.wire import Wire, accept, listen
from cccc.domain.endpoint import Action, WireFormat

DIALECTS: Mapping[WireFormat, Callable[[], Dialect]] = MappingProxyType(
    {
        WireFormat.ANTHROPIC: Anthropic,
        WireFormat.OPENAI_CHAT: OpenAIChat,
        WireFormat.OPENAI_RESPONSES: OpenAIResponses,
    }
)

Schedule = Callable[[int], Fault | None]
"""The fault for the n-th turn, counted from 1."""

_TURNS = frozenset({Action.TURN, Action.COMPACT})
_orders = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a provider is, in seconds: before the head, and before every event."""

    first: float = 0.0
    between: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """One request as it came. ``order`` counts over all providers of the process, ``connection`` within this one.

    ``answered`` is set when the answer was written as planned, ``abandoned`` when the client left before that.
    """

    order: int
    connection: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    action: Action | None
    answered: anyio.Event = field(default_factory=anyio.Event)
    abandoned: anyio.Event = field(default_factory=anyio.Event)

    @property
    def json(self) -> Any:
        """The parsed body."""
        return orjson.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first value of a header field."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class SimulatedProvider:
    """Speaks one or more wire formats under one address.

    ``key``: when set, requests without it get the vendor's 401. ``models``: when given, others get its 404.
    ``prefix`` is the path in front of ``/messages``, ``/chat/completions`` and ``/responses``. ``remembers``: how many
    of the newest requests ``received`` keeps, ``None`` for all of them.
    """

    def __init__(
        self,
        *formats: WireFormat,
        name: str = "provider",
        key: str | None = None,
        models: Sequence[str] = (),
        brain: Brain = echo,
        pace: Pace = Pace(),
        prefix: str = "/v1",
        clock: Clock | None = None,
        remembers: int | None = None,
    ) -> None:
        self.formats = formats
        self.name = name
        self.key = key
        self.models = tuple(models)
        self.brain = brain
        self.pace = pace
        self.prefix = prefix
        self.gate = Gate()
        self.received: list[Received] = []
        self.connections = 0
        self.origin = ""
        self._clock = clock or SystemClock()
        self._remembers = remembers
        self._turns_so_far = 0
        self._dialects = [DIALECTS[wire_format]() for wire_format in formats]
        self._queue: deque[Fault | None] = deque()
        self._standing: dict[Action, Fault] = {}
        self._schedule: Schedule | None = None
        self._arrived = anyio.Event()

    @property
    def base_url(self) -> str:
        """Address and prefix: what a client appends ``/messages`` or ``/responses`` to."""
        return self.origin + self.prefix

    @property
    def turns(self) -> list[Received]:
        """The requests that were turns or compactions."""
        return [request for request in self.received if request.action in _TURNS]

    def fail_next(self, *faults: Fault | None) -> None:
        """Spoil the next turns, one fault each; ``None`` lets one pass."""
        self._queue.extend(faults)

    def fail_always(self, fault: Fault, action: Action = Action.TURN) -> None:
        """Spoil every request of a kind until ``heal``."""
        self._standing[action] = fault

    def fail_by(self, schedule: Schedule) -> None:
        """Spoil turns by their number."""
        self._schedule = schedule

    def heal(self) -> None:
        """No more faults, and nothing is held."""
        self._queue.clear()
        self._standing.clear()
        self._schedule = None
        self.gate.release()

    def hold(self, after: int = 0) -> None:
        """Hold streams back after so many more events."""
        self.gate.hold(after)

    def step(self, count: int = 1) -> None:
        """Let so many events of held streams pass."""
        self.gate.step(count)

    def release(self) -> None:
        """Let held and stalled answers go on."""
        self.gate.release()

    async def until_asked(self, turns: int = 1) -> Received:
        """Wait until so many turns have come; the last of them."""
        while len(self.turns) < turns:
            await self._arrived.wait()
        return self.turns[turns - 1]

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[str]:
        """Listen and answer; the address as ``http://127.0.0.1:PORT``.

        What is raised within keeps its type: it does not become an exception group.
        """
        failure: Exception | None = None
        listener = listen(port)
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._accept, listener, group)
                try:
                    yield self.origin
                except Exception as error:  # noqa: BLE001 (raised again once the group has ended)
                    failure = error
                group.cancel_scope.cancel()
        finally:
            listener.close()
        if failure is not None:
            raise failure

    async def _accept(self, listener: socket.socket, group: anyio.abc.TaskGroup) -> None:
        while True:
            wire = await accept(listener)
            self.connections += 1
            group.start_soon(self._converse, wire, self.connections)

    async def _converse(self, wire: Wire, connection: int) -> None:
        try:
            pending = b""
            while (read := await _read_request(wire, pending)) is not None:
                request, body, pending = read
                received = self._record(request, body, connection)
                more = await self._answer(wire, received)
                if more is None:
                    return
                pending += more
        finally:
            wire.close()

    def _record(self, request: h11.Request, body: bytes, connection: int) -> Received:
        target = request.target.decode("latin-1")
        _, action = self._route(request.method.decode(), target)
        received = Received(
            order=next(_orders),
            connection=connection,
            method=request.method.decode(),
            target=target,
            headers=tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers.raw_items()),
            body=body,
            action=action,
        )
        self.received.append(received)
        self._turns_so_far += action in _TURNS
        if self._remembers is not None:
            del self.received[: -self._remembers]
        self._arrived.set()
        self._arrived = anyio.Event()
        return received

    async def _answer(self, wire: Wire, received: Received) -> bytes | None:
        """Answer; bytes that came meanwhile, or ``None`` where the connection has ended."""
        early = bytearray()
        ended = False

        async def watch(scope: anyio.CancelScope) -> None:
            while data := await wire.receive():
                early.extend(data)
            received.abandoned.set()
            scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(watch, group.cancel_scope)
            for step in self._plan(received):
                if not await self._perform(wire, step):
                    ended = True
                    break
            group.cancel_scope.cancel()
        if received.abandoned.is_set():
            return None
        received.answered.set()
        return None if ended else bytes(early)

    async def _perform(self, wire: Wire, step: Step) -> bool:
        """One step; false where the connection has ended."""
        match step:
            case Send(data, event):
                if event:
                    if self.pace.between:
                        await anyio.sleep(self.pace.between)
                    await self.gate.pass_event()
                return await wire.send(data)
            case Pause(seconds):
                await anyio.sleep(seconds)
            case Stall():
                await self.gate.stall()
            case HangUp(reset):
                wire.close(reset=reset)
                return False
        return True

    def _plan(self, received: Received) -> list[Step]:
        dialect, action = self._route(received.method, received.target)
        ids = Ids(f"{self.name}/{received.order}")
        headers = (
            ("date", formatdate(self._clock.now(), usegmt=True)),
            (dialect.request_id_header, ids.fixed("req_")),
        )
        ask, refusal = self._understand(dialect, action, received)
        reply = self.brain(ask) if refusal is None and action in _TURNS else ()
        aside: Json | None = None
        if action is Action.MODELS:
            aside = dialect.models(self.models or ("demo-model",))
        elif action is not None and refusal is None and action in dialect.asides:
            aside = dialect.asides[action](ask, ids)
        answer = Honest(dialect, ask, reply, ids, headers, ask.stream and aside is None, aside)
        fault = self._next_fault(action) or refusal
        slow = [Pause(self.pace.first)] if self.pace.first else []
        return [*slow, *steps_of(answer, fault)]

    def _next_fault(self, action: Action | None) -> Fault | None:
        if action in _TURNS:
            if self._queue:
                return self._queue.popleft()
            if self._schedule is not None:
                return self._schedule(self._turns_so_far)
        return self._standing.get(action) if action is not None else None

    def _route(self, method: str, target: str) -> tuple[Dialect, Action | None]:
        path = target.partition("?")[0]
        for dialect in self._dialects:
            for below, action in dialect.paths.items():
                if method == "POST" and path == self.prefix + below:
                    return dialect, action
        if method == "GET" and path == f"{self.prefix}/models":
            return self._dialects[0], Action.MODELS
        return self._dialects[0], None

    def _understand(self, dialect: Dialect, action: Action | None, received: Received) -> tuple[Ask, Fault | None]:
        """What is asked, and why it is refused, if it is."""
        nothing = Ask(model="", stream=False, turns=())
        if action is None:
            return nothing, status(404, f"Invalid URL ({received.method} {received.target})")
        if (refusal := self._refused_key(dialect, received)) is not None:
            return nothing, refusal
        if action is Action.MODELS:
            return nothing, None
        try:
            body = received.json
            if (complaint := dialect.complaint(body, action)) is not None:
                return nothing, status(400, complaint)
            ask = dialect.read(body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return nothing, status(400, f"The body could not be understood: {error!r}")
        if self.models and ask.model not in self.models:
            return ask, _refusal(dialect.model_complaint(ask.model))
        return ask, None

    def _refused_key(self, dialect: Dialect, received: Received) -> Fault | None:
        if self.key is None:
            return None
        bearer = received.header("authorization")
        presented = received.header("x-api-key") or (bearer.removeprefix("Bearer ") if bearer else None)
        return None if presented == self.key else _refusal(dialect.key_complaint(presented))


def _refusal(complaint: Complaint) -> Fault:
    return status(complaint.status, complaint.message, error_kind=complaint.kind)


async def _read_request(wire: Wire, pending: bytes) -> tuple[h11.Request, bytes, bytes] | None:
    """The next request, its body, and what already came behind it; ``None`` at the connection's end."""
    parser = h11.Connection(h11.SERVER)
    if pending:
        parser.receive_data(pending)
    request: h11.Request | None = None
    body = bytearray()
    while True:
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError:
            return None
        match event:
            case h11.Request():
                request = event
            case h11.Data():
                body += event.data
            case h11.EndOfMessage() if request is not None:
                return request, bytes(body), parser.trailing_data[0]
            case h11.ConnectionClosed():
                return None
            case h11.NEED_DATA:
                parser.receive_data(await wire.receive())
            case _:
                return None
