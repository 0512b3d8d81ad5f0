"""Answers of another format on their way to the client: their form, their first event, and every way they can end."""

from __future__ import annotations

import anyio
import orjson
import pytest

from cccc.demo.ask import Ask, Call, Reply, Say, Think
from cccc.demo.dialect import Ids
from cccc.demo.provider import DIALECTS
from cccc.domain.endpoint import WireFormat
from cccc.domain.outcome import Outcome
from cccc.domain.verdict import Verdict
from cccc.errors import BrokeMidBody
from tests import formats_check
from tests.demo.talk import A, C, R, with_shell
from tests.proxy.by_hand import ByHand, Kept
from tests.proxy.test_fault_table import failure

pytestmark = pytest.mark.anyio

PAIRS = [(client, upstream) for client in (A, C, R) for upstream in (A, C, R) if client is not upstream]
pairs = pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda one: one.value)

SPOKEN: Reply = (Say("Hello there, \u2028 and 😀."), Call("Bash", '{"command":"ls -la"}'))
JSON = "application/json"
ASK = Ask("served-model", True, (), input_tokens=40)


def events(wire_format: WireFormat, reply: Reply = SPOKEN) -> list[bytes]:
    return [event.data for event in DIALECTS[wire_format]().events(ASK, reply, Ids("x"))]


def whole(wire_format: WireFormat, reply: Reply = SPOKEN) -> bytes:
    return orjson.dumps(DIALECTS[wire_format]().whole(ASK, reply, Ids("x")))


def pool(client: WireFormat, upstream: WireFormat, *names: str) -> ByHand:
    return ByHand(upstream, *names, client=client)


def assert_said(said: formats_check.Said) -> None:
    assert said.text == "Hello there, \u2028 and 😀."
    assert [tool.name for tool in said.tools] == ["Bash"]
    assert said.model == "demo-model"
    assert said.usage is not None


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "json"])
@pytest.mark.parametrize("asked", [True, False], ids=["asked for a stream", "asked for json"])
@pairs
async def test_the_form_that_was_asked_for(
    client: WireFormat, upstream: WireFormat, asked: bool, streamed: bool
) -> None:
    by_hand = pool(client, upstream, "only")
    if streamed:
        by_hand.gives("only", *events(upstream))
    else:
        by_hand.gives("only", whole(upstream), content_type=JSON)
    got, record = await by_hand.run(stream=asked, **with_shell(client))
    assert_said((formats_check.STREAM if asked else formats_check.REPLY)[client](got.body))
    assert got.headers.get("content-type") == ("text/event-stream" if asked else JSON)
    assert got.headers.get("x-cccc-converted") == upstream
    assert (record.verdict, record.converted, record.model_served) == (Verdict.OK, True, "served-model")


@pairs
async def test_the_first_event_goes_out_before_the_last_comes_in(client: WireFormat, upstream: WireFormat) -> None:
    """And a call's arguments do not wait for its end."""
    by_hand = pool(client, upstream, "only")
    stream = events(upstream, (Say("Hello"), Call("Bash", orjson.dumps({"command": "echo " * 40}).decode())))
    middle = next(place for place, event in enumerate(stream) if b"echo echo" in event) + 1
    rest = anyio.Event()
    by_hand.gives("only", *stream[:middle], rest, *stream[middle:])
    got = Kept()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(by_hand.exchange(got, **with_shell(client)).run)
            await anyio.wait_all_tasks_blocked()
            assert b"Hello" in got.body
            assert b"echo" in got.body
            rest.set()
    assert formats_check.STREAM[client](got.body).text == "Hello"


@pairs
async def test_nothing_goes_out_before_there_is_something_to_show(client: WireFormat, upstream: WireFormat) -> None:
    """Reasoning that the user does not want to see is no answer yet: another endpoint may still give one."""
    by_hand = ByHand(upstream, client=client, keep_reasoning=False)
    thinking, _ = b"".join(events(upstream, (Think("Hm " * 20), Say("unseen")))).split(b"unseen", 1)
    by_hand.gives("first", thinking.rpartition(b"\n\n")[0] + b"\n\n", BrokeMidBody("reset"))
    by_hand.gives("second", *events(upstream))
    got, record = await by_hand.run(**with_shell(client))
    assert_said(formats_check.STREAM[client](got.body))
    assert record.verdict is Verdict.OK_AFTER_FAILOVER


def assert_goes_on(frames: list[formats_check.Frame]) -> None:
    """The frame that ends the stream belongs to the answer that began: its number and its id."""
    first, *_, last = (frame.data for frame in frames)
    assert [frame.data["sequence_number"] for frame in frames] == list(range(len(frames)))
    assert last["response"]["id"] == first["response"]["id"]


def cuts(wire_format: WireFormat) -> range:
    """Fifty places all over the stream: every byte of it, for every pair, would take minutes."""
    length = len(b"".join(events(wire_format)))
    return range(0, length, length // 50)


@pytest.mark.parametrize("clean", [True, False], ids=["clean end", "reset"])
@pairs
async def test_a_stream_that_ends_early(client: WireFormat, upstream: WireFormat, clean: bool) -> None:
    """Before content the next endpoint answers, after it there is one error and nothing that looks whole."""
    by_hand = pool(client, upstream)
    raw = b"".join(events(upstream))
    by_hand.gives("second", *events(upstream, (Say("I am the second."),)))
    seen: set[str] = set()
    for cut in cuts(upstream):
        by_hand.gives("first", raw[:cut], *(() if clean else (BrokeMidBody("reset"),)))
        got, record = await by_hand.run(**with_shell(client))
        assert got.finished == 1
        last = formats_check.frames(got.body)[-1].data
        if (error := failure(last)) is not None:
            seen.add("failed")
            assert record.verdict is Verdict.INCOMPLETE
            assert "the answer above is incomplete" in error["message"]
            assert sum(failure(frame.data) is not None for frame in formats_check.frames(got.body)) == 1
            with pytest.raises((AssertionError, KeyError)):
                formats_check.STREAM[client](got.body)
            if client is R:
                assert_goes_on(formats_check.frames(got.body))
            continue
        said = formats_check.STREAM[client](got.body)
        if record.verdict is Verdict.OK_AFTER_FAILOVER:
            seen.add("elsewhere")
            assert said.text == "I am the second."
        else:
            seen.add("whole")
            assert record.verdict is Verdict.OK
            assert_said(said)
    assert seen >= {"elsewhere", "failed"}


@pairs
async def test_an_error_in_the_middle_ends_the_stream_in_the_words_of_the_client(
    client: WireFormat, upstream: WireFormat
) -> None:
    errors = {
        A: b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
        C: b'data: {"error":{"message":"Overloaded","type":"server_error","code":null}}\n\n',
        R: b'event: response.failed\ndata: {"type":"response.failed","sequence_number":9,"response":{"id":"resp_1",'
        b'"status":"failed","error":{"code":"server_error","message":"Overloaded"}}}\n\n',
    }
    by_hand = pool(client, upstream, "only")
    stream = events(upstream)
    middle = next(place for place, event in enumerate(stream) if b"Hello" in event) + 1
    by_hand.gives("only", *stream[:middle], errors[upstream])
    got, record = await by_hand.run()
    error = failure(formats_check.frames(got.body)[-1].data)
    assert "cccc: endpoint 'only'" in error["message"]
    assert got.finished == 1
    assert record.attempts[-1].outcome in (Outcome.ERROR_EVENT, Outcome.OVERLOADED)


@pytest.mark.parametrize(("client", "upstream"), [(A, C), (A, R)])
@pytest.mark.parametrize("asked", [True, False], ids=["stream", "json"])
async def test_python_arguments_that_were_mended_are_no_failure(
    client: WireFormat, upstream: WireFormat, asked: bool
) -> None:
    call = Call("TodoWrite", "{'todos': [{'done': True, 'note': None,}]}")
    by_hand = pool(client, upstream, "only")
    by_hand.mend("TodoWrite")
    by_hand.gives("only", *(events(upstream, (call,)) if asked else (whole(upstream, (call,)),)),
                  content_type="text/event-stream" if asked else JSON)  # fmt: skip
    tools = {"tools": [{"name": "TodoWrite", "input_schema": {"type": "object"}}]}
    got, record = await by_hand.run(stream=asked, **tools)
    said = (formats_check.STREAM if asked else formats_check.REPLY)[client](got.body)
    assert orjson.loads(said.tools[0].arguments) == {"todos": [{"done": True, "note": None}]}
    assert record.verdict is Verdict.OK


async def test_a_stream_without_its_last_mark_is_whole_all_the_same() -> None:
    """Some vendors of Chat never send ``[DONE]``: the client's own end is made when the connection ends."""
    by_hand = pool(A, C, "only")
    stream = [event for event in events(C) if b"[DONE]" not in event]
    for parts in (stream, [*stream, BrokeMidBody("reset")]):
        by_hand.gives("only", *parts)
        got, record = await by_hand.run(**with_shell(A))
        assert_said(formats_check.STREAM[A](got.body))
        assert record.verdict is Verdict.OK
