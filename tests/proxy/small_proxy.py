"""The real proxy in this process, without a database: server, runtime and transport around given endpoints.

It starts in a few milliseconds, so that a matrix can give every row a proxy of its own, and it keeps what the log would
get in ``records``.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio

from cccc.clock import Clock, SystemClock
from cccc.config import load_text
from cccc.domain.endpoint import Auth, AuthType, Endpoint, WireFormat
from cccc.domain.health import EndpointHealth
from cccc.domain.record import RequestRecord
from cccc.domain.secret import Secret
from cccc.http.dial import Dialer
from cccc.http.messages import Transport
from cccc.http.transport import HttpTransport
from cccc.proxy.member import Member
from cccc.proxy.runtime import Runtime
from cccc.server.edge import EdgeRules
from cccc.server.proxy_routes import proxy_routes
from cccc.server.routing import Router
from cccc.server.serve import Server

DEFAULTS = load_text("{}", toml=False, name="config.yaml")


class Memory:
    """What a roster has learned; nothing of it outlives the test."""

    def __init__(self) -> None:
        self._facts: dict[tuple[str, str], Any] = {}

    def health(self) -> Mapping[str, EndpointHealth]:
        return {}

    def save_health(self, endpoint: str, state: EndpointHealth) -> None: ...

    def get(self, topic: str, subject: str) -> Any:
        return self._facts.get((topic, subject))

    def set(self, topic: str, subject: str, value: Any, *, seconds: float | None = None) -> None:
        self._facts[topic, subject] = value

    def forget(self, *, topic: str | None = None, subject: str | None = None) -> None:
        self._facts.clear()


@dataclass
class Ledger:
    """Stands in for the store."""

    records: list[RequestRecord] = field(default_factory=list)
    learned: Memory = field(default_factory=Memory)

    def submit(self, record: RequestRecord) -> bool:
        self.records.append(record)
        return True

    def configure(self, policy: object, redactor: object) -> None: ...


@dataclass
class SmallProxy:
    """A proxy that runs."""

    runtime: Runtime
    records: list[RequestRecord]
    url: str

    def member(self, name: str) -> Member:
        return self.runtime.context.roster.member(name)


def endpoint(name: str, wire_format: WireFormat, url: str, priority: int = 1, **more: Any) -> Endpoint:
    """An endpoint with a key in the format's own header."""
    auth = Auth(AuthType.API_KEY, Secret(f"key-of-{name}"))
    return Endpoint(name=name, urls={wire_format: url}, auth=auth, priority=priority, position=priority, **more)


def runtime_of(
    endpoints: tuple[Endpoint, ...], transport: Transport, clock: Clock, *, gate_timeout: float = 20.0
) -> tuple[Runtime, Ledger]:
    """A runtime over a transport, and where its records go."""
    ledger = Ledger()
    runtime = Runtime(replace(DEFAULTS, endpoints=endpoints), ledger, transport, clock)  # type: ignore[arg-type]
    runtime.context.settings = replace(runtime.context.settings, gate_timeout=gate_timeout)
    return runtime, ledger


@asynccontextmanager
async def small_proxy(
    *endpoints: Endpoint, ssl_context: ssl.SSLContext | None = None, gate_timeout: float = 20.0
) -> AsyncIterator[SmallProxy]:
    """Serve on a free port. ``ssl_context`` replaces the system's trust store towards the endpoints."""
    clock = SystemClock()
    transport = HttpTransport(clock, Dialer(ssl_context))
    runtime, ledger = runtime_of(endpoints, transport, clock, gate_timeout=gate_timeout)
    server = Server(Router(proxy_routes(runtime)), EdgeRules(), port=0, drain_grace=0.0)
    try:
        async with runtime.running(), anyio.create_task_group() as tasks:
            host, port = await tasks.start(server.run)
            try:
                yield SmallProxy(runtime, ledger.records, f"http://{host}:{port}")
            finally:
                server.stop(now=True)
    finally:
        with anyio.CancelScope(shield=True):
            await transport.aclose()
