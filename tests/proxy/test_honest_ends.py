"""How a stream ends when it cannot end well, and what a client hears while nothing comes: byte for byte."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import orjson
import pytest

from cccc.demo import faults
from cccc.demo.faults import Point
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Timeouts, WireFormat
from cccc.domain.outcome import Outcome
from cccc.domain.record import RequestRecord
from cccc.domain.verdict import Verdict
from cccc.errors import BrokeMidBody
from cccc.http.messages import Headers, Interruption
from tests import formats_check
from tests.demo.talk import FORMATS, PATH, A, C, R, ask, exchange, post
from tests.proxy.by_hand import AGENTS, ByHand, Kept
from tests.proxy.small_proxy import endpoint, small_proxy

pytestmark = pytest.mark.anyio


def event(data: dict[str, Any] | str, *, named: bool = True) -> bytes:
    text = data if isinstance(data, str) else orjson.dumps(data).decode()
    name = f"event: {data['type']}\n" if named and isinstance(data, dict) else ""
    return f"{name}data: {text}\n\n".encode()


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "demo-model"}
    return event(head | {"choices": [choice]}, named=False)


def numbered(number: int, kind: str, **fields: Any) -> bytes:
    return event({"type": kind, "sequence_number": number, **fields})


MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "demo-model", "content": [], "stop_reason": None,
    "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 0},
}  # fmt: skip
RESPONSE = {"id": "resp_1", "object": "response", "model": "demo-model", "status": "in_progress", "output": []}
ITEM = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}

PREAMBLE: dict[WireFormat, bytes] = {
    A: event({"type": "message_start", "message": MESSAGE}),
    C: chunk({"role": "assistant", "content": ""}),
    R: numbered(0, "response.created", response=RESPONSE),
}
CONTENT: dict[WireFormat, bytes] = {
    A: event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    + event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Half"}}),
    C: chunk({"content": "Half"}),
    R: numbered(1, "response.output_item.added", output_index=0, item=ITEM)
    + numbered(2, "response.output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta="Half"),
}
HALF = {name: PREAMBLE[name] + CONTENT[name] for name in FORMATS}
ENDING: dict[WireFormat, bytes] = {
    A: event({"type": "content_block_stop", "index": 0})
    + event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}})
    + event({"type": "message_stop"}),
    C: chunk({}, "stop") + b"data: [DONE]\n\n",
    R: numbered(3, "response.completed", response=RESPONSE | {"status": "completed", "output": [ITEM]}),
}
WHOLE = {name: HALF[name] + ENDING[name] for name in FORMATS}

WHY = "endpoint 'first' closed the stream before its end; the answer above is incomplete"
FAILED = (
    "event: response.failed\n"
    'data: {"type":"response.failed","sequence_number":NUMBER,"response":{"id":"ANSWER","object":"response",'
    '"created_at":0,"status":"failed","model":"MODEL","output":[],"parallel_tool_calls":true,"tool_choice":"auto",'
    '"tools":[],"error":{"code":"CODE","message":"cccc: WHY [ID]"},"incomplete_details":null,"usage":null}}\n\n'
)
FRAMES = {
    A: 'event: error\ndata: {"type":"error","error":{"type":"CODE","message":"cccc: WHY [ID]"}}\n\n',
    C: 'data: {"error":{"message":"cccc: WHY [ID]","type":"TYPE","param":null,"code":"CODE"}}\n\n',
    R: FAILED,
}
CODES = {A: "overloaded_error", C: "upstream_stream_error", R: "server_error"}


def frame(wire_format: WireFormat, why: str, code: str, *, seen: bool = True, number: int = 3) -> bytes:
    """Our error frame, as the document on resilience shows it (§4). ``seen``: an answer had begun."""
    words = {
        "NUMBER": str(number if seen else 0),
        "ANSWER": "resp_1" if seen else "resp_ID",
        "MODEL": "demo-model" if seen else "",
        "TYPE": "rate_limit_error" if code == "rate_limit_exceeded" else "server_error",
        "CODE": code,
        "WHY": why,
    }
    return re.sub("|".join(words), lambda found: words[found[0]], FRAMES[wire_format]).encode()


def without_id(raw: bytes) -> bytes:
    return re.sub(rb"req_[0-9A-Z]{26}", b"ID", raw)


@pytest.mark.parametrize("ending", [(), (BrokeMidBody("reset"),)], ids=["clean end", "reset"])
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_half_an_answer_ends_with_one_error_frame(wire_format: WireFormat, ending: Any) -> None:
    pool = ByHand(wire_format)
    pool.gives("first", HALF[wire_format], *ending)
    got, record = await pool.run()
    assert without_id(got.body) == HALF[wire_format] + frame(wire_format, WHY, CODES[wire_format])
    assert (got.status, got.finished, got.closes) == (200, 1, True)
    assert (record.verdict, record.status, record.endpoint) == (Verdict.INCOMPLETE, 200, "first")


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_half_an_answer_that_stands_still_ends_by_the_idle_time(wire_format: WireFormat) -> None:
    """Upstream comments and pings do not count: they say nothing about the answer."""
    pool = ByHand(wire_format, timeouts=Timeouts(stream_idle=0.3))
    ping = {A: event({"type": "ping"}), C: b": ping\n\n", R: event({"type": "keepalive"})}[wire_format]
    got = Kept()
    why = "endpoint 'first' stood still for 0.3 s; the answer above is incomplete"
    with anyio.fail_after(5):
        async with dripping(pool, HALF[wire_format], ping):
            await pool.exchange(got).run()
    assert without_id(got.body).replace(ping, b"") == HALF[wire_format] + frame(wire_format, why, CODES[wire_format])
    assert ping in got.body


@asynccontextmanager
async def dripping(pool: ByHand, first: bytes, again: bytes) -> AsyncIterator[None]:
    """The first endpoint sends one piece, and then another one for ever."""
    gates = [anyio.Event() for _ in range(1_000)]
    parts: list[Any] = [first]
    for gate in gates:
        parts += [gate, again]
    pool.gives("first", *parts)

    async def drip() -> None:
        for gate in gates:
            await anyio.sleep(0.01)
            gate.set()

    async with anyio.create_task_group() as group:
        group.start_soon(drip)
        yield
        group.cancel_scope.cancel()


ERRORS: dict[WireFormat, bytes] = {
    A: event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    C: event({"error": {"message": "Overloaded", "type": "server_error", "code": None}}, named=False),
    R: numbered(3, "response.failed", response=RESPONSE | {"status": "failed", "error": {"code": "x", "message": "y"}}),
}


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_an_error_event_that_clients_understand_goes_through_and_is_the_end(wire_format: WireFormat) -> None:
    pool = ByHand(wire_format)
    pool.gives("first", HALF[wire_format] + ERRORS[wire_format] + ENDING[wire_format])
    got, record = await pool.run()
    assert got.body == HALF[wire_format] + ERRORS[wire_format]
    assert (got.finished, got.closes) == (1, True)
    assert record.verdict is Verdict.UPSTREAM_ERROR
    assert record.error


async def test_an_error_event_that_codex_would_ignore_becomes_a_failed_response() -> None:
    error = numbered(3, "error", code="rate_limit_exceeded", message="Slow down", param=None)
    pool = ByHand(R)
    pool.gives("first", HALF[R] + error)
    got, record = await pool.run()
    why = "endpoint 'first' is rate limited (in a 200); the answer above is incomplete"
    assert without_id(got.body) == HALF[R] + frame(R, why, "server_error", number=4)
    assert record.attempts[0].outcome is Outcome.RATE_LIMITED


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_an_event_that_is_no_json_ends_the_answer(wire_format: WireFormat) -> None:
    pool = ByHand(wire_format)
    pool.gives("first", HALF[wire_format] + b'data: {"type": "\n\n' + ENDING[wire_format])
    got, record = await pool.run()
    why = "endpoint 'first' sent an answer that cannot be used; the answer above is incomplete"
    assert without_id(got.body) == HALF[wire_format] + frame(wire_format, why, CODES[wire_format])
    assert record.verdict is Verdict.INVALID


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_an_event_that_is_no_json_before_content_is_tried_elsewhere(wire_format: WireFormat) -> None:
    pool = ByHand(wire_format)
    pool.gives("first", PREAMBLE[wire_format] + b'data: {"type": "\n\n' + CONTENT[wire_format] + ENDING[wire_format])
    pool.gives("second", WHOLE[wire_format])
    got, record = await pool.run()
    assert got.body == WHOLE[wire_format]
    assert record.verdict is Verdict.OK_AFTER_FAILOVER


async def test_done_without_a_reason_to_stop_is_no_end_in_chat() -> None:
    """Relays send it after streams that broke."""
    pool = ByHand(C)
    pool.gives("first", HALF[C] + b"data: [DONE]\n\n")
    got, record = await pool.run()
    assert without_id(got.body) == HALF[C] + frame(C, WHY, CODES[C])
    assert record.verdict is Verdict.INCOMPLETE


BEHIND = {"torn": b"data: {\n\n", "comment": b": bye\n\n", "reset": BrokeMidBody("reset")}


@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND.keys())
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_what_follows_a_whole_answer_changes_nothing(wire_format: WireFormat, behind: Any) -> None:
    pool = ByHand(wire_format)
    pool.gives("first", WHOLE[wire_format], behind)
    got, record = await pool.run()
    assert got.body == WHOLE[wire_format] + (behind if isinstance(behind, bytes) else b"")
    assert (got.finished, got.closes) == (1, False)
    assert record.verdict is Verdict.OK


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_whole_answer_with_a_broken_call_has_one_end_and_counts_as_invalid(wire_format: WireFormat) -> None:
    """The client has it all and knows best what to do with it; a second end would only confuse it."""
    call = {"id": "c", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{"}}
    item = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{"}
    raw = {
        A: PREAMBLE[A]
        + event({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "input": {}}})
        + event({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{"}, "index": 0})
        + ENDING[A],
        C: PREAMBLE[C] + chunk({"tool_calls": [call]}) + chunk({}, "tool_calls") + b"data: [DONE]\n\n",
        R: PREAMBLE[R]
        + numbered(1, "response.output_item.added", output_index=0, item=item)
        + numbered(2, "response.output_item.done", output_index=0, item=item)
        + ENDING[R],
    }[wire_format]
    pool = ByHand(wire_format)
    pool.gives("first", raw)
    got, record = await pool.run()
    assert (got.body, got.finished) == (raw, 1)
    assert (record.verdict, record.endpoint) == (Verdict.INVALID, "first")


@pytest.mark.parametrize(
    "response",
    [
        {"status": "completed", "output": [ITEM | {"content": [{"type": "output_text", "text": "All of it."}]}]},
        {"status": "incomplete", "output": [], "incomplete_details": {"reason": "max_output_tokens"}},
    ],
)
async def test_an_answer_that_is_all_in_its_last_event_is_delivered(response: dict[str, Any]) -> None:
    kind = f"response.{response['status']}"
    raw = PREAMBLE[R] + numbered(1, kind, response=RESPONSE | response)
    pool = ByHand(R)
    pool.gives("first", raw)
    got, record = await pool.run()
    assert (got.status, got.body, got.finished) == (200, raw, 1)
    assert (record.verdict, record.endpoint) == (Verdict.OK, "first")


async def stopped(pool: ByHand, *, stream: bool = True) -> tuple[Kept, RequestRecord]:
    """An exchange that the end of the proxy's grace period interrupts."""
    got = Kept(interruption=Interruption.SHUTDOWN)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(pool.exchange(got, stream=stream).run)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    return got, pool.records[-1]


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_the_end_of_the_proxy_ends_half_an_answer_honestly(wire_format: WireFormat) -> None:
    pool = ByHand(wire_format)
    pool.gives("first", HALF[wire_format], anyio.Event())
    got, record = await stopped(pool)
    assert got.body.startswith(HALF[wire_format])
    (last,) = formats_check.frames(got.body[len(HALF[wire_format]) :])
    assert b"shutting down" in got.body
    assert last.name == {A: "error", C: None, R: "response.failed"}[wire_format]
    assert (got.finished, got.closes) == (1, True)
    assert record.verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_the_end_of_the_proxy_adds_nothing_to_a_whole_answer(wire_format: WireFormat) -> None:
    """The endpoint has not closed its connection yet, so the exchange still runs."""
    pool = ByHand(wire_format)
    pool.gives("first", WHOLE[wire_format], anyio.Event())
    got, record = await stopped(pool)
    assert got.body == WHOLE[wire_format]
    assert (got.finished, got.closes) == (1, True)
    assert (record.verdict, record.status) == (Verdict.OK, 200)


# while nothing comes

ALIVE = {
    A: b'event: ping\ndata: {"type": "ping"}\n\n',
    C: b": keepalive\n\n",
    R: b'event: keepalive\ndata: {"type":"keepalive"}\n\n',
}


class Waiting:
    """An exchange whose first endpoint has not answered for longer than the gate's time."""

    def __init__(self, wire_format: WireFormat) -> None:
        self.pool = ByHand(wire_format)
        self.answer = anyio.Event()
        self.got = Kept()
        self.exchange = self.pool.exchange(self.got)

    async def keep_alive(self) -> None:
        """What the ticker does after 20 s."""
        await anyio.wait_all_tasks_blocked()
        now = self.pool.clock.monotonic
        assert not self.exchange.needs_keep_alive(now() + 19.9, 10.0)
        self.pool.clock.advance(20.0)
        assert self.exchange.needs_keep_alive(now(), 10.0)
        await self.exchange.keep_alive()
        assert not self.exchange.needs_keep_alive(now() + 9.9, 10.0)
        assert self.exchange.needs_keep_alive(now() + 10.0, 10.0)


async def kept_waiting(wire_format: WireFormat, *first: Any, second: bytes, **more: Any) -> Waiting:
    waiting = Waiting(wire_format)
    waiting.pool.gives("first", waiting.answer, *first)
    waiting.pool.gives("second", second, **more)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(waiting.exchange.run)
            await waiting.keep_alive()
            assert waiting.got.status == 200
            assert waiting.got.body == ALIVE[wire_format]
            waiting.answer.set()
    return waiting


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_early_headers_do_not_give_up_failover(wire_format: WireFormat) -> None:
    waiting = await kept_waiting(wire_format, PREAMBLE[wire_format], second=WHOLE[wire_format])
    assert waiting.got.headers.get("content-type") == "text/event-stream"
    assert waiting.got.headers.get("x-cccc-request-id") == waiting.exchange.id
    assert waiting.got.body == ALIVE[wire_format] + WHOLE[wire_format]
    assert waiting.pool.transport.asked == ["first", "second"]


OVERLOADED: dict[WireFormat, str] = {A: "overloaded_error", C: "all_endpoints_failed", R: "server_error"}


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_after_early_headers_the_verdict_goes_into_the_stream(wire_format: WireFormat) -> None:
    waiting = await kept_waiting(
        wire_format, b"<html>", second=b'{"error":{"message":"no"}}', status=500, content_type="application/json"
    )
    why = "2 endpoints failed: first sent a web page in place of an answer; second 500 Internal Server Error"
    expected = ALIVE[wire_format] + frame(wire_format, why, OVERLOADED[wire_format], seen=False)
    assert without_id(waiting.got.body) == expected
    assert (waiting.got.finished, waiting.got.closes) == (1, True)


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_after_early_headers_an_answer_in_one_piece_becomes_a_stream(wire_format: WireFormat) -> None:
    body = {
        A: MESSAGE | {"content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"},
        C: {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "demo-model",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        },
        R: RESPONSE | {"status": "completed", "output": [ITEM | {"content": [{"type": "refusal", "refusal": "Hi"}]}]},
    }[wire_format]  # fmt: skip
    waiting = await kept_waiting(wire_format, b"<html>", second=orjson.dumps(body), content_type="application/json")
    assert waiting.got.body.startswith(ALIVE[wire_format])
    assert b"Hi" in waiting.got.body
    assert waiting.got.finished == 1


class SlowToTake(Kept):
    """A client that takes its answer late."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = anyio.Event()

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, headers, body)
        await self.taken.wait()
        await self.finish()


@pytest.mark.parametrize("parts", [(400, b'{"error":{"message":"no"}}'), (401, b"{}")], ids=["theirs", "ours"])
async def test_no_keep_alive_comes_between_a_whole_answer(parts: tuple[int, bytes]) -> None:
    pool = ByHand(A, "first")
    pool.gives("first", parts[1], status=parts[0], content_type="application/json")
    got = SlowToTake()
    running = pool.exchange(got)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(running.run)
            await anyio.wait_all_tasks_blocked()
            pool.clock.advance(60.0)
            group.start_soon(running.keep_alive)
            await anyio.wait_all_tasks_blocked()
            got.taken.set()
    assert b"ping" not in got.body
    assert got.finished == 1


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_the_ticker_keeps_a_real_client_alive(wire_format: WireFormat) -> None:
    provider = SimulatedProvider(wire_format)
    provider.fail_always(faults.stall(Point.PREAMBLE))
    request = post(PATH[wire_format], ask(wire_format), user_agent=AGENTS.get(wire_format, "sdk/1"))
    async with provider.running():
        target = endpoint("only", wire_format, provider.base_url, timeouts=Timeouts(first_event=1.2))
        async with small_proxy(target, gate_timeout=0.1) as proxy:
            raw = await exchange(proxy.url, request)
        provider.release()
    assert raw.whole
    assert raw.body.startswith(ALIVE[wire_format])
    last = formats_check.frames(raw.body)[-1].data
    message = (last["response"] if wire_format is R else last)["error"]["message"]
    assert "only' gave no content in 1.2 s" in message
