"""A whole proxy in this process, on a real socket, before simulated providers: runtime, store, server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import SocketStream

from cccc.config import load
from cccc.demo.configuration import configuration, endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action, WireFormat
from cccc.domain.health import Breaker
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.http.transport import HttpTransport
from cccc.proxy.runtime import Runtime
from cccc.server.edge import EdgeRules
from cccc.server.proxy_routes import proxy_routes
from cccc.server.routing import Router
from cccc.server.serve import Server
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.demo.talk import PATH, Raw, ask, dial, exchange, post

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

CODEX = {"user_agent": "codex_cli_rs/0.169.0", "originator": "codex_cli_rs"}


class House:
    """One running proxy. ``records`` are the requests that have ended."""

    def __init__(self, runtime: Runtime, server: Server, url: str, clock: ManualClock) -> None:
        self.runtime = runtime
        self.server = server
        self.url = url
        self.clock = clock
        self.records: list[RequestRecord] = []
        submit = runtime.context.submit

        def keep(record: RequestRecord) -> object:
            self.records.append(record)
            return submit(record)

        runtime.context.submit = keep

    async def turn(self, wire_format: WireFormat = A, *, headers: dict[str, str] | None = None, **more: Any) -> Raw:
        """One request on a connection of its own, and its whole answer."""
        return await exchange(self.url, post(PATH[wire_format], ask(wire_format, **more), **(headers or {})))

    async def count_tokens(self) -> Raw:
        """A request for a count of tokens."""
        return await exchange(self.url, post("/v1/messages/count_tokens", ask(A, stream=False)))

    @asynccontextmanager
    async def asking(self, wire_format: WireFormat = A, **more: Any) -> AsyncIterator[SocketStream]:
        """A request that has been sent; leaving the block hangs up."""
        stream = await dial(self.url)
        try:
            await stream.send(post(PATH[wire_format], ask(wire_format, **more)))
            yield stream
        finally:
            with anyio.CancelScope(shield=True):
                await stream.aclose()

    def breaker(self, name: str) -> Breaker:
        return self.runtime.context.roster.member(name).health.breaker

    def in_flight(self) -> int:
        roster = self.runtime.context.roster
        return sum(roster.member(one.name).in_flight for one in roster.endpoints)

    async def quiet(self) -> None:
        """Wait until nothing is under way any more."""
        await until(lambda: not self.runtime.context.in_flight and self.server.in_flight == 0)

    def attempts(self) -> list[AttemptRecord]:
        """All attempts of all requests that have ended."""
        return [attempt for record in self.records for attempt in record.attempts]


@asynccontextmanager
async def house(
    state_dir: Path,
    clock: ManualClock,
    *entries: dict[str, Any],
    background: bool = False,
    drain_grace: float = 30.0,
    **sections: Any,
) -> AsyncIterator[House]:
    """A proxy for these ``endpoints[]`` entries. ``background``: with its probes and keep-alives."""
    config = state_dir / "config.yaml"
    config.write_text(configuration(entries, **sections), encoding="utf-8")
    loaded = load(config, environ={}, options={})
    store = await anyio.to_thread.run_sync(partial(Store.open, state_dir, clock))
    transport = HttpTransport(clock)
    runtime = Runtime(loaded, store, transport, clock)
    rules = EdgeRules(instance=runtime.context.instance)
    server = Server(Router(proxy_routes(runtime)), rules, port=0, drain_grace=drain_grace, clock=clock)
    failure: Exception | None = None
    try:
        async with AsyncExitStack() as stack:
            if background:
                await stack.enter_async_context(runtime.running())
            async with anyio.create_task_group() as tasks:
                address = await tasks.start(server.run)
                try:
                    yield House(runtime, server, f"http://{address[0]}:{address[1]}", clock)
                except Exception as error:  # noqa: BLE001 (raised again once the group has ended)
                    failure = error
                server.stop(now=True)
    finally:
        with anyio.CancelScope(shield=True):
            await transport.aclose()
            await anyio.to_thread.run_sync(store.close)
    if failure is not None:
        raise failure


@asynccontextmanager
async def providers(*names: str, formats: tuple[WireFormat, ...] = (A, R)) -> AsyncIterator[list[SimulatedProvider]]:
    """Simulated providers that run, by name."""
    found = [SimulatedProvider(*formats, name=name) for name in names]
    async with AsyncExitStack() as stack:
        for provider in found:
            await stack.enter_async_context(provider.running())
        yield found


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Wait until something holds."""
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110  (conditions of many objects; none of them tells)
            await anyio.sleep(0.002)


def asked(provider: SimulatedProvider, action: Action) -> int:
    """How often a provider was asked for something."""
    return sum(request.action is action for request in provider.received)


entry = endpoint
