"""A set-up's own prompt: answered by the proxy in every format, stored as what it is, counted nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.control import statefiles
from cccc.control.api import StatsKey, Verdict, WireFormat
from cccc.domain import proof
from cccc.domain.endpoint import Action
from cccc.domain.secret import Secret
from cccc.formats.registry import CODECS
from cccc.ir.sse import SseDecoder
from tests.clock import ManualClock
from tests.proxy.harness import A, C, R, proxy

pytestmark = pytest.mark.anyio
NONCE = "0123456789abcdef"
formats = pytest.mark.parametrize("wire_format", [A, C, R], ids=str)


@formats
@pytest.mark.parametrize("stream", [False, True])
async def test_is_answered_without_any_endpoint(wire_format: WireFormat, stream: bool, tmp_path: Path) -> None:
    clock = ManualClock()
    async with proxy(tmp_path, None, clock=clock) as running:
        asked = proof.prompt(statefiles.admin_token(running.state_dir), clock.now(), NONCE)
        reply = await running.turn(wire_format, asked, stream=stream)
        assert reply.status == 200
        assert proof.expected(NONCE).encode() in reply.body
        record = await running.record(reply.id)
        stats = await running.control.stats(StatsKey.CLIENT, since=0.0)
    assert (record.action, record.verdict, record.attempts, record.endpoint) == (Action.PROOF, Verdict.OK, (), None)
    assert stats.groups == ()
    codec = CODECS[wire_format]
    if stream:
        decoder, scanner = SseDecoder(), codec.scanner()
        for event in (*decoder.feed(reply.body), *decoder.close()):
            scanner.feed(event)
        facts = scanner.facts
    else:
        facts = codec.reply_facts(reply.body)
    assert facts.valid
    assert facts.content
    assert facts.terminal
    assert facts.model == "demo-model"


@formats
async def test_nobody_else_can_write_one(wire_format: WireFormat, tmp_path: Path) -> None:
    async with proxy(tmp_path, None) as running:
        asked = proof.prompt(Secret("not the owner's"), 0.0, NONCE)
        reply = await running.turn(wire_format, asked)
        assert reply.status == 503
        assert proof.expected(NONCE).encode() not in reply.body
        assert (await running.record(reply.id)).action is Action.TURN
