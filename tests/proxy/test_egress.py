"""Requests on their way through an egress proxy, from the configuration file to the endpoint and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from cccc.demo.configuration import endpoint
from cccc.demo.provider import SimulatedProvider
from tests.http.test_dial import HttpProxy, SocksProxy
from tests.proxy.harness import A, proxy

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def listening(handler: Any) -> AsyncIterator[str]:
    """``host:port`` where ``handler`` serves."""

    async def handle(stream: SocketStream) -> None:
        async with stream:
            await handler(stream)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        yield f"127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("kind", "through"), [("http", HttpProxy), ("socks5", SocksProxy)])
async def test_an_endpoints_own_proxy_is_used_with_its_credentials(
    tmp_path: Path, kind: str, through: Any, stream: bool
) -> None:
    upstream, on_the_way = SimulatedProvider(A), through()
    async with upstream.running(), listening(on_the_way) as address:
        egress = {"type": kind, "address": address, "username": "me", "password": "pa-ss-0123456789"}
        async with proxy(tmp_path, [endpoint(upstream, proxy=egress)]) as running:
            reply = await running.turn(A, stream=stream)
            assert reply.status == 200
            record = await running.record(reply.id)
    assert len(upstream.turns) == 1
    if kind == "http":
        assert on_the_way.asked.startswith(b"CONNECT 127.0.0.1:")
        assert b"Basic bWU6cGEtc3MtMDEyMzQ1Njc4OQ==\r\n" in on_the_way.asked
    else:
        assert on_the_way.credentials == b"\x01\x02me\x10pa-ss-0123456789"
    assert "pa-ss-0123456789" not in repr(record)
    assert upstream.turns[0].header("proxy-authorization") is None


async def test_the_environments_proxy_is_never_used_for_loopback(tmp_path: Path) -> None:
    upstream, on_the_way = SimulatedProvider(A), HttpProxy()
    async with upstream.running(), listening(on_the_way) as address:
        environ = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), f"http://{address}")
        async with proxy(tmp_path, [endpoint(upstream)], environ=environ) as running:
            assert (await running.turn(A)).status == 200
    assert on_the_way.asked == b""


async def test_the_environments_proxy_is_used_for_what_lies_beyond(tmp_path: Path) -> None:
    upstream, on_the_way = SimulatedProvider(A), SocksProxy()
    async with upstream.running(), listening(on_the_way) as address:
        port = upstream.origin.rpartition(":")[2]
        far = endpoint(upstream) | {"url_anthropic": f"http://far.example:{port}/v1/messages", "allow_insecure": True}
        async with proxy(tmp_path, [far], environ={"ALL_PROXY": f"socks5://{address}"}) as running:
            assert (await running.turn(A)).status == 200
    assert b"far.example" in on_the_way.asked


async def test_a_proxy_that_refuses_is_told_as_such(tmp_path: Path) -> None:
    upstream, on_the_way = SimulatedProvider(A), HttpProxy(b"407 Proxy Authentication Required")
    async with upstream.running(), listening(on_the_way) as address:
        egress = {"type": "http", "address": address}
        async with proxy(tmp_path, [endpoint(upstream, proxy=egress)]) as running:
            reply = await running.turn(A)
    assert reply.status == 503
    assert "egress proxy" in reply.json["error"]["message"]
    assert upstream.turns == []
