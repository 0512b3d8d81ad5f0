"""Every client on every endpoint: requests converted, answers brought home, and what the log says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.demo.configuration import endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests import formats_check
from tests.proxy.harness import MODEL, A, C, R, proxy

pytestmark = pytest.mark.anyio

PAIRS = [(client, upstream) for client in (A, C, R) for upstream in (A, C, R) if client is not upstream]
pairs = pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda one: one.value)


@pairs
async def test_a_stream(client: WireFormat, upstream: WireFormat, tmp_path: Path) -> None:
    only = SimulatedProvider(upstream, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(client, stream=True)
        record = await running.record(reply.id)
    assert reply.status == 200, reply.body
    formats_check.STREAM[client](reply.body)
    assert b"You said" in reply.body
    assert reply.field("x-cccc-converted") == upstream
    assert (record.converted, record.target_format, record.verdict) == (True, upstream, "ok")


@pairs
async def test_a_whole_answer(client: WireFormat, upstream: WireFormat, tmp_path: Path) -> None:
    only = SimulatedProvider(upstream, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(client)
    assert reply.status == 200, reply.body
    formats_check.REPLY[client](reply.body)
    assert reply.json["model"] == MODEL
    assert reply.field("content-type") == "application/json"
