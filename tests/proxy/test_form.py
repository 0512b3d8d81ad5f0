"""The form that was asked for: JSON that answers a request for a stream, and a stream that answers one for JSON."""

from __future__ import annotations

import anyio
import orjson
import pytest

from cccc.demo import faults
from cccc.demo.ask import Ask, Call, Reply, Say, Think
from cccc.demo.dialect import Ids
from cccc.demo.provider import DIALECTS, SimulatedProvider
from cccc.domain.endpoint import Action, ModelRule, WireFormat
from cccc.domain.outcome import Outcome
from cccc.domain.verdict import Verdict
from cccc.errors import BrokeMidBody
from cccc.formats.registry import CODECS
from cccc.http.messages import Headers, Request, RequestHead
from cccc.proxy.whole import understood
from tests import formats_check
from tests.demo.talk import FORMATS, PATH, A, C, ask, exchange, post
from tests.proxy.by_hand import ByHand, Kept
from tests.proxy.small_proxy import endpoint, small_proxy

pytestmark = pytest.mark.anyio

REPLIES: dict[str, Reply] = {
    "text": (Say("Hello there."),),
    "tools and thinking": (Think("Both."), Say("I look."), Call("Read", '{"path":"a"}'), Call("Bash", "{}")),
}
JSON = "application/json"


def answer(wire_format: WireFormat, reply: Reply, *, stream: bool, label: str = "x") -> bytes:
    dialect, ids, asked = DIALECTS[wire_format](), Ids(label), Ask("served-model", stream, (), input_tokens=40)
    if stream:
        return b"".join(event.data for event in dialect.events(asked, reply, ids))
    return orjson.dumps(dialect.whole(asked, reply, ids))


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_json_for_a_stream(wire_format: WireFormat, reply: Reply) -> None:
    pool = ByHand(wire_format, model_rules=(ModelRule("demo-model", "served-model"),))
    body = answer(wire_format, reply, stream=False)
    pool.gives("first", body, content_type=JSON)
    got, record = await pool.run()
    said, meant = formats_check.STREAM[wire_format](got.body), formats_check.REPLY[wire_format](body)
    assert (said.text, said.thinking, said.stop, said.usage) == (meant.text, meant.thinking, meant.stop, meant.usage)
    assert [tool.name for tool in said.tools] == [tool.name for tool in meant.tools]
    assert said.model == "demo-model"
    assert (got.status, got.headers.get("content-type"), got.finished) == (200, "text/event-stream", 1)
    assert (record.verdict, record.model_served, record.bytes_out) == (Verdict.OK, "served-model", len(got.body))
    assert record.usage is not None


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
@pytest.mark.parametrize("content_type", ["text/event-stream", JSON])
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_stream_for_json(wire_format: WireFormat, content_type: str, reply: Reply) -> None:
    pool = ByHand(wire_format, model_rules=(ModelRule("demo-model", "served-model"),))
    raw = answer(wire_format, reply, stream=True)
    pool.gives("first", raw[:100], raw[100:], content_type=content_type)
    got, record = await pool.run(stream=False)
    said, meant = formats_check.REPLY[wire_format](got.body), formats_check.STREAM[wire_format](raw)
    assert (said.text, said.thinking, said.stop, said.usage) == (meant.text, meant.thinking, meant.stop, meant.usage)
    assert [tool.name for tool in said.tools] == [tool.name for tool in meant.tools]
    assert said.model == "demo-model"
    assert (got.status, got.headers.get("content-type")) == (200, JSON)
    assert (record.verdict, record.model_served, record.bytes_out) == (Verdict.OK, "served-model", len(got.body))
    assert record.usage is not None


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_chat_usage_is_told_to_those_who_asked(wire_format: WireFormat) -> None:
    pool = ByHand(wire_format)
    pool.gives("first", answer(wire_format, REPLIES["text"], stream=False), content_type=JSON)
    got, _ = await pool.run(**({"stream_options": None} if wire_format is C else {}))
    assert (formats_check.STREAM[wire_format](got.body).usage is None) == (wire_format is C)


@pytest.mark.parametrize("content_type", ["text/event-stream", JSON])
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_stream_in_crumbs_is_a_stream_from_its_first_content_on(
    wire_format: WireFormat, content_type: str
) -> None:
    """Whatever the first bytes are, a blank line of a relay's included, it is not taken for something else."""
    raw = answer(wire_format, REPLIES["text"], stream=True, label="crumbs")
    half = raw.index(b"Hello") + 200
    rest = anyio.Event()
    pool = ByHand(wire_format)
    crumbs = [raw[at : at + 1] for at in range(half)]
    pool.gives("first", b"\n", *crumbs, rest, raw[half:], content_type=content_type)
    got = Kept()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(pool.exchange(got).run)
            await anyio.wait_all_tasks_blocked()
            assert b"Hello" in got.body
            rest.set()
    assert got.body == b"\n" + raw.replace(b"served-model", b"demo-model")


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_stream_for_json_that_is_cut_is_tried_elsewhere(wire_format: WireFormat) -> None:
    raw = answer(wire_format, REPLIES["text"], stream=True)
    whole = answer(wire_format, REPLIES["text"], stream=False)
    pool = ByHand(wire_format)
    pool.gives("second", whole, content_type=JSON)
    for parts in ((raw[: len(raw) // 2],), (raw[: len(raw) // 2], BrokeMidBody("reset"))):
        pool.gives("first", *parts)
        got, record = await pool.run(stream=False)
        assert formats_check.REPLY[wire_format](got.body).text == "Hello there."
        assert record.verdict is Verdict.OK_AFTER_FAILOVER
        assert record.attempts[0].outcome is Outcome.CUT_BEFORE_CONTENT


async def test_an_error_in_a_stream_for_json_is_what_it_says() -> None:
    pool = ByHand(A, "first")
    raw = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    pool.gives("first", raw)
    got, record = await pool.run(stream=False)
    assert record.attempts[0].outcome is Outcome.OVERLOADED
    assert got.status == 529


async def test_only_turns_are_folded() -> None:
    """A stream is no answer to a request that counts tokens: the client gets our estimate."""
    pool = ByHand(A, "first")
    pool.gives("first", answer(A, REPLIES["text"], stream=True))
    got = Kept()
    path = f"{PATH[A]}/count_tokens"
    head = RequestHead("POST", path, path, "", Headers.of([("content-type", JSON)]))
    body = orjson.dumps(ask(A, stream=False))
    with anyio.fail_after(5):
        await pool.runtime.exchange(CODECS[A], Action.COUNT_TOKENS, Request(head, body, ("127.0.0.1", 1)), got)
    assert got.headers.get("x-cccc-estimated") == "true"


def test_a_refusal_stays_what_it_is() -> None:
    raw = answer(A, REPLIES["text"], stream=True)
    kept = understood(502, Headers.of([("content-type", "text/event-stream")]), raw, CODECS[A], folds=True)
    assert (kept.body, kept.facts.valid) == (raw, False)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_over_sockets(wire_format: WireFormat, stream: bool) -> None:
    provider = SimulatedProvider(wire_format)
    provider.fail_always(faults.wrong_shape())
    async with provider.running(), small_proxy(endpoint("only", wire_format, provider.base_url)) as proxy:
        raw = await exchange(proxy.url, post(PATH[wire_format], ask(wire_format, stream=stream)))
    assert raw.whole
    said = (formats_check.STREAM if stream else formats_check.REPLY)[wire_format](raw.body)
    assert said.text.startswith("You said: hello")
    assert proxy.records[0].verdict is Verdict.OK
