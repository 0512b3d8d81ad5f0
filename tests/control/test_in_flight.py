"""A request in flight and its converted answer, as the control in this process and the one over HTTP tell them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import anyio
import pytest

from cccc.control.api import ClientGot, Control, Flow, FlowEnded, FlowPiece, UpstreamSaid, WireFormat
from cccc.control.local import Local
from cccc.control.remote import Remote
from cccc.server.admin_routes import admin_routes
from tests.clock import ManualClock
from tests.control.routes_transport import RoutesTransport
from tests.control.test_remote import TOKEN
from tests.proxy.house import A, C, House, entry, house, providers

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def controlled(home: House, clock: ManualClock, kind: str) -> AsyncIterator[Control]:
    local = Local(home.runtime, lambda: home.runtime.loaded)
    if kind == "local":
        yield local
        return
    async with anyio.create_task_group() as tasks:
        transport = RoutesTransport(admin_routes(local, clock), tasks)
        async with Remote("http://127.0.0.1:1", TOKEN, transport=transport) as remote:
            yield remote
        tasks.cancel_scope.cancel()


async def everything(flow: Flow) -> list[FlowPiece]:
    async with aclosing(flow):
        return [piece async for piece in flow]


@pytest.mark.parametrize("kind", ["local", "remote"])
async def test_it_is_listed_while_it_runs_and_both_sides_are_there_when_it_has_ended(
    tmp_path: Path, clock: ManualClock, kind: str
) -> None:
    async with providers("one", formats=(C,)) as (one,), house(tmp_path, clock, entry(one)) as home:
        one.hold(after=3)
        with anyio.fail_after(20):
            async with controlled(home, clock, kind) as control:
                async with home.asking(A) as talk:
                    await one.gate.until_held()
                    got = b""
                    while b"message_start" not in got:
                        got += await talk.receive()
                    (running,) = (await control.overview()).running
                    assert (running.start.format, running.start.stream) == (WireFormat.ANTHROPIC, True)
                    assert running.progress is not None
                    assert running.progress.endpoint == "one"
                    flow = control.watch(running.start.id)
                    begun = await anext(flow)
                    clock.advance(1.5)
                    one.release()
                    live = [begun, *await everything(flow)]
                    await talk.receive()
                await home.quiet()
                assert (await control.overview()).running == ()
                after = await everything(control.watch(running.start.id))
    assert said(after, UpstreamSaid) == said(live, UpstreamSaid)
    assert said(after, ClientGot) == said(live, ClientGot)
    assert said(after, ClientGot)[0][0] == "message_start"
    assert b'"chat.completion.chunk"' in said(after, UpstreamSaid)[0][1]
    assert {round(piece.at_ms or 0) for piece in after if isinstance(piece, ClientGot)} == {0, 1_500}
    ended = after[-1]
    assert isinstance(ended, FlowEnded)
    assert not ended.record.response_same


def said(pieces: list[FlowPiece], kind: type[UpstreamSaid | ClientGot]) -> list[tuple[str | None, bytes]]:
    return [(piece.event, piece.data) for piece in pieces if isinstance(piece, kind)]
