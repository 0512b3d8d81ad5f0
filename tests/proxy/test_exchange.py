"""Exchanges with a client whose every moment the test decides: a responder that leaves when it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import orjson
import pytest

from cccc.clock import SystemClock
from cccc.config import load
from cccc.demo.configuration import configuration, endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action, WireFormat
from cccc.domain.record import RequestRecord
from cccc.domain.verdict import Verdict
from cccc.errors import ClientGone
from cccc.formats.registry import CODECS
from cccc.http.messages import Headers, Interruption, Request, RequestHead
from cccc.http.transport import HttpTransport
from cccc.proxy.runtime import Runtime
from cccc.storage.store import Store

pytestmark = pytest.mark.anyio

R = WireFormat.OPENAI_RESPONSES


class Leaving:
    """A responder whose client reads the whole answer and leaves before the body's framing has ended."""

    def __init__(self) -> None:
        self.body = b""
        self.started = False
        self.interruption: Interruption | None = None

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        self.started, self.body = True, body

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:
        self.started, self.body = True, first

    async def write(self, data: bytes) -> None:
        self.body += data

    async def finish(self) -> None:
        self.interruption = Interruption.CLIENT_GONE
        raise ClientGone("the client has left")

    def close_after(self) -> None:
        pass


@asynccontextmanager
async def running(folder: Path, provider: SimulatedProvider) -> AsyncIterator[tuple[Runtime, list[RequestRecord]]]:
    """A runtime in front of one provider, and the records that it hands to the store."""
    path = folder / "config.yaml"
    records: list[RequestRecord] = []
    async with provider.running():
        path.write_text(configuration([endpoint(provider)]), encoding="utf-8")
        clock = SystemClock()
        store = await anyio.to_thread.run_sync(Store.open, folder / "state", clock)
        transport = HttpTransport(clock)
        try:
            runtime = Runtime(load(path, environ={}, options={}), store, transport, clock)
            runtime.context.submit = records.append
            yield runtime, records
        finally:
            await transport.aclose()
            await anyio.to_thread.run_sync(store.close)


async def test_a_client_that_leaves_after_the_last_event_had_its_whole_answer(tmp_path: Path) -> None:
    body = orjson.dumps({"model": "m", "input": "hello", "stream": True})
    head = RequestHead("POST", "/v1/responses", "/v1/responses", "", Headers.of([("content-type", "application/json")]))
    client = Leaving()
    async with running(tmp_path, SimulatedProvider(R)) as (runtime, records):
        await runtime.exchange(CODECS[R], Action.TURN, Request(head, body, ("127.0.0.1", 1)), client)
    assert b"response.completed" in client.body
    assert [(one.verdict, one.status, one.endpoint) for one in records] == [(Verdict.OK, 200, "provider")]
