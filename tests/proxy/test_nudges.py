"""What a client of the Messages format hears in a long silence: an empty delta of the block that it sees open.

Older versions of Claude Code count deltas only and hang up on an answer that sends nothing but pings.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from cccc.domain.endpoint import Timeouts, WireFormat
from cccc.domain.verdict import Verdict
from tests import formats_check
from tests.demo.talk import A, C, R
from tests.proxy.by_hand import ByHand, Kept
from tests.proxy.test_honest_ends import ALIVE, CONTENT, ENDING, HALF, PREAMBLE, WHOLE, chunk, event

pytestmark = pytest.mark.anyio

PATIENT = Timeouts(stream_idle=100_000.0)


class Silence:
    """An exchange that has passed on the beginning of an answer; ``more`` is what the endpoint says then."""

    def __init__(self, beginning: bytes, more: tuple[Any, ...] = (), *, speaks: WireFormat = A, client: WireFormat = A):
        self.pool = ByHand(speaks, "first", client=client, timeouts=PATIENT)
        self._steps = [anyio.Event() for _ in more]
        said = [part for pair in zip(self._steps, more, strict=True) for part in pair]
        self._end = anyio.Event()
        self.pool.gives("first", beginning, *said, self._end)
        self.got = Kept()
        self.exchange = self.pool.exchange(self.got)

    async def goes_on(self) -> bytes:
        """The endpoint's next words, as the client gets them."""
        before = len(self.got.body)
        self._steps.pop(0).set()
        await anyio.wait_all_tasks_blocked()
        return self.got.body[before:]

    async def lasts(self, seconds: float) -> list[bytes]:
        """What the ticker sends in that time."""
        sent = []
        for _ in range(int(seconds)):
            self.pool.clock.advance(1.0)
            if self.exchange.needs_keep_alive(self.pool.clock.monotonic(), 10.0):
                before = len(self.got.body)
                await self.exchange.keep_alive()
                sent.append(self.got.body[before:])
        return sent

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(self.exchange.run)
                await anyio.wait_all_tasks_blocked()
                yield
                for event in (*self._steps, self._end):
                    event.set()


def begun(index: int, **block: Any) -> bytes:
    return event({"type": "content_block_start", "index": index, "content_block": block})


def delta(index: int, **fields: Any) -> bytes:
    return event({"type": "content_block_delta", "index": index, "delta": fields})


def stopped(index: int) -> bytes:
    return event({"type": "content_block_stop", "index": index})


def empty_text(index: int) -> bytes:
    return delta(index, type="text_delta", text="")


def empty_thinking(index: int) -> bytes:
    return delta(index, type="thinking_delta", thinking="")


PING = ALIVE[A]
SIGNED = delta(0, type="signature_delta", signature="c2ln")
TOOL = begun(1, type="tool_use", id="toolu_1", name="Bash", input={})
SAID = {
    "text": (CONTENT[A], empty_text(0)),
    "text that has only begun": (CONTENT[A] + stopped(0) + begun(1, type="text", text=""), empty_text(1)),
    "a citation": (CONTENT[A] + delta(0, type="citations_delta", citation={}), empty_text(0)),
    "thinking": (begun(0, type="thinking", thinking="") + delta(0, type="thinking_delta", thinking="Hm"),
                 empty_thinking(0)),
    "thinking, then a ping": (begun(0, type="thinking", thinking="Hm") + PING, empty_thinking(0)),
    "signed thinking": (begun(0, type="thinking", thinking="Hm") + SIGNED, PING),
    "sealed thinking": (begun(0, type="redacted_thinking", data="c2ln"), PING),
    "a call": (CONTENT[A] + stopped(0) + TOOL, PING),
    "a call's arguments": (CONTENT[A] + stopped(0) + TOOL
                           + delta(1, type="input_json_delta", partial_json='{"type":"text_delta"'), PING),
    "a block that is closed": (CONTENT[A] + stopped(0), PING),
}  # fmt: skip


@pytest.mark.parametrize(("said", "nudge"), SAID.values(), ids=SAID.keys())
async def test_every_twelfth_keep_alive_is_a_delta_of_the_open_text_or_thinking(said: bytes, nudge: bytes) -> None:
    silence = Silence(PREAMBLE[A] + said)
    async with silence.running():
        assert await silence.lasts(240) == [*[PING] * 11, nudge] * 2


async def test_an_endpoints_own_pings_are_silence_too() -> None:
    """They keep ours away, but not the delta. The end finds the same blocks as if nothing had come between."""
    silence = Silence(HALF[A], (PING, PING, PING, PING, ENDING[A]))
    async with silence.running():
        for _ in range(4):
            assert await silence.lasts(9) == []
            assert await silence.goes_on() == PING
        assert await silence.lasts(240 - 36) == [*[PING] * 8, empty_text(0), *[PING] * 11, empty_text(0)]
        assert await silence.goes_on() == ENDING[A]
    assert silence.pool.records[0].verdict is Verdict.OK
    assert silence.got.body.replace(PING, b"").replace(empty_text(0), b"") == WHOLE[A]


async def test_what_counts_is_the_block_that_is_open_now() -> None:
    text, more = delta(0, type="text_delta", text=" more"), stopped(0) + begun(1, type="thinking", thinking="")
    silence = Silence(HALF[A], (text, more, TOOL.replace(b'"index":1', b'"index":2')))
    async with silence.running():
        await silence.lasts(100)
        await silence.goes_on()
        assert await silence.lasts(119) == [PING] * 11
        assert await silence.lasts(1) == [empty_text(0)]
        await silence.goes_on()
        assert (await silence.lasts(120))[-1] == empty_thinking(1)
        await silence.goes_on()
        assert (await silence.lasts(120))[-1] == PING


@pytest.mark.parametrize("speaks", [C, R])
async def test_a_converted_answer_is_kept_alive_in_the_block_that_the_client_sees(speaks: WireFormat) -> None:
    silence = Silence(HALF[speaks], (ENDING[speaks],), speaks=speaks)
    async with silence.running():
        assert await silence.lasts(120) == [*[PING] * 11, empty_text(0)]
        await silence.goes_on()
    assert silence.pool.records[0].verdict is Verdict.OK
    assert formats_check.anthropic_stream(silence.got.body).text == "Half"


async def test_no_block_is_open_while_a_call_is_converted() -> None:
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "Bash", "arguments": '{"a'}}
    silence = Silence(HALF[C] + chunk({"tool_calls": [call]}), speaks=C)
    async with silence.running():
        assert b"input_json_delta" in silence.got.body
        assert await silence.lasts(120) == [PING] * 12


@pytest.mark.parametrize("wire_format", [C, R])
async def test_other_formats_hear_what_they_always_hear(wire_format: WireFormat) -> None:
    silence = Silence(HALF[wire_format], speaks=wire_format, client=wire_format)
    async with silence.running():
        assert await silence.lasts(240) == [ALIVE[wire_format]] * 24
