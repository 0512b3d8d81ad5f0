from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.anthropic.codec import AnthropicCodec
from cccc.formats.anthropic.decode_stream import StreamDecoder
from cccc.formats.anthropic.reply import decode_reply
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.fold import fold
from cccc.ir.messages import Refusal, Reply, StopReason, Text, Thinking, ToolCall
from cccc.ir.sequence import Sequence
from cccc.ir.sse import SseEvent, encode
from tests.ir.slicing import decoded, slicings

A = WireFormat.ANTHROPIC


def event(kind: str, **fields: Any) -> bytes:
    return encode(kind, orjson.dumps({"type": kind, **fields}))


def start(at: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_start", index=at, content_block={"type": kind, **fields})


def delta(at: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_delta", index=at, delta={"type": kind, **fields})


def stop(at: int) -> bytes:
    return event("content_block_stop", index=at)


def end(reason: str = "end_turn", **usage: int) -> bytes:
    told = {"usage": usage} if usage else {}
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, **told) + STOP


STOP = event("message_stop")
BEGIN = event("message_start", message={"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 9}})
CALL = start(1, "tool_use", id="toolu_1", name="f", input={})


def read(raw: bytes) -> list[Event]:
    decoder = StreamDecoder()
    events = [one for each in decoded([raw])[0] for one in decoder.feed(each)]
    return events + decoder.close()


def reply(*pieces: bytes) -> Reply:
    """The stream's answer, by way of ``Sequence``, which wants the events in order."""
    sequence = Sequence()
    return fold(own for one in read(b"".join(pieces)) for own in sequence.feed(one))


def test_a_whole_answer_event_by_event() -> None:
    raw = (
        BEGIN
        + event("ping")
        + start(0, "thinking", thinking="", signature="")
        + delta(0, "thinking_delta", thinking="hm")
        + delta(0, "signature_delta", signature="sig")
        + stop(0)
        + start(1, "text", text="")
        + delta(1, "text_delta", text="hi")
        + stop(1)
        + start(2, "tool_use", id="toolu_1", name="f", input={})
        + delta(2, "input_json_delta", partial_json="")
        + delta(2, "input_json_delta", partial_json='{"a"')
        + delta(2, "input_json_delta", partial_json=":1}")
        + stop(2)
        + end("tool_use", output_tokens=5)
    )
    assert read(raw) == [
        Started("msg_1", "claude-x"),
        PartOpened(0, PartKind.THINKING),
        PartDelta(0, "hm"),
        PartClosed(0, "sig", A),
        PartOpened(1, PartKind.TEXT),
        PartDelta(1, "hi"),
        PartClosed(1),
        PartOpened(2, PartKind.TOOL_CALL, "toolu_1", "f"),
        PartDelta(2, '{"a"'),
        PartDelta(2, ":1}"),
        PartClosed(2),
        UsageSeen(Usage(input=9, output=5)),
        Ended(StopReason.TOOL_USE),
    ]


def test_every_argument_fragment_is_told_as_it_comes() -> None:
    decoder = StreamDecoder()
    decoder.feed(SseEvent(BEGIN))
    decoder.feed(SseEvent(CALL))
    assert decoder.feed(SseEvent(delta(1, "input_json_delta", partial_json='{"a'))) == [PartDelta(0, '{"a')]


def test_arguments_that_stand_in_the_first_event_only() -> None:
    """Trap: some vendors send a call's whole input where the block opens."""
    whole = start(0, "tool_use", id="t", name="f", input={"a": 1})
    assert reply(BEGIN, whole, stop(0), end("tool_use")).parts == (ToolCall("t", "f", '{"a":1}'),)
    told = delta(0, "input_json_delta", partial_json='{"b":2}')
    assert reply(BEGIN, whole, told, stop(0), end("tool_use")).parts == (ToolCall("t", "f", '{"b":2}'),)


def test_empty_arguments_are_an_empty_object() -> None:
    assert reply(BEGIN, CALL, stop(1), end("tool_use")).parts == (ToolCall("toolu_1", "f", "{}"),)


def test_the_same_index_for_several_calls() -> None:
    """Trap: a block is opened where another is still open."""
    other = start(1, "tool_use", id="toolu_2", name="g", input={})
    assert reply(
        BEGIN,
        CALL,
        delta(1, "input_json_delta", partial_json='{"a":1}'),
        other,
        delta(1, "input_json_delta", partial_json='{"b":2}'),
        stop(1),
        end("tool_use"),
    ).parts == (ToolCall("toolu_1", "f", '{"a":1}'), ToolCall("toolu_2", "g", '{"b":2}'))


def test_a_tool_block_that_comes_twice_is_one_call() -> None:
    """Trap: a relay opens a call's block again, or tells the whole call again at the end."""
    fragment = delta(1, "input_json_delta", partial_json='{"a":1}')
    again = start(2, "tool_use", id="toolu_1", name="f", input={"a": 1})
    told = delta(2, "input_json_delta", partial_json='{"a":1}')
    found = reply(BEGIN, CALL, CALL, fragment, stop(1), again, told, stop(2), end("tool_use"))
    assert found.parts == (ToolCall("toolu_1", "f", '{"a":1}'),)


def test_interleaved_calls() -> None:
    other = start(2, "tool_use", id="toolu_2", name="g", input={})
    assert reply(
        BEGIN,
        CALL,
        other,
        delta(2, "input_json_delta", partial_json='{"b":'),
        delta(1, "input_json_delta", partial_json='{"a":1}'),
        delta(2, "input_json_delta", partial_json="2}"),
        stop(2),
        stop(1),
        end("tool_use"),
    ).parts == (ToolCall("toolu_1", "f", '{"a":1}'), ToolCall("toolu_2", "g", '{"b":2}'))


def test_words_without_a_block_and_blocks_without_an_end() -> None:
    assert reply(
        delta(0, "text_delta", text="hi"),
        start(1, "thinking", thinking="h", signature="s"),
        delta(1, "thinking_delta", thinking="m"),
        CALL.replace(b'"index":1', b'"index":2'),
        STOP,
    ).parts == (Text("hi"), Thinking("hm", "s", A), ToolCall("toolu_1", "f", "{}"))


def test_a_block_without_an_index() -> None:
    raw = encode("", b'{"type":"content_block_delta","delta":{"type":"text_delta","text":"hi"}}')
    assert reply(BEGIN, raw, raw, STOP).parts == (Text("hihi"),)


def test_a_call_cannot_begin_with_its_arguments() -> None:
    assert reply(BEGIN, delta(3, "input_json_delta", partial_json="{}"), STOP).parts == ()


def test_a_delta_of_another_kind_says_nothing() -> None:
    assert reply(BEGIN, CALL, delta(1, "text_delta", text="x"), STOP).parts == (ToolCall("toolu_1", "f", "{}"),)


def test_what_the_vendor_runs_is_no_call_and_parts_no_text() -> None:
    assert reply(
        BEGIN,
        start(0, "text", text=""),
        delta(0, "text_delta", text="I look. "),
        stop(0),
        start(1, "server_tool_use", id="srvtoolu_1", name="web_search", input={}),
        delta(1, "input_json_delta", partial_json='{"query":"x"}'),
        stop(1),
        start(2, "web_search_tool_result", tool_use_id="srvtoolu_1", content=[]),
        stop(2),
        start(3, "text", text=""),
        delta(3, "citations_delta", citation={}),
        delta(3, "text_delta", text="Cats purr."),
        stop(3),
        end("pause_turn"),
    ) == Reply((Text("I look. Cats purr."),), StopReason.PAUSE, usage=Usage(input=9), id="msg_1", model="claude-x")


def test_redacted_thinking() -> None:
    assert reply(BEGIN, start(0, "redacted_thinking", data="d"), stop(0), end()).parts == (
        Thinking("", "d", A, redacted=True),
    )


def test_a_refusal_with_its_explanation() -> None:
    refused = {"stop_reason": "refusal", "stop_details": {"type": "refusal", "explanation": "No."}}
    assert reply(BEGIN, event("message_delta", delta=refused), STOP) == Reply(
        (Refusal("No."),), StopReason.REFUSAL, usage=Usage(input=9), id="msg_1", model="claude-x"
    )


def test_the_stop_sequence() -> None:
    told = {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    found = reply(BEGIN, event("message_delta", delta=told), STOP)
    assert (found.stop, found.stop_sequence) == (StopReason.STOP_SEQUENCE, "END")


@pytest.mark.parametrize(
    ("reports", "usage"),
    [
        (
            [{"input_tokens": 900}, {"input_tokens": 50, "cache_read_input_tokens": 700, "output_tokens": 8}],
            Usage(50, 700, 0, 8),
        ),
        ([{"input_tokens": 9, "output_tokens": 1}, {"output_tokens": 8}], Usage(9, 0, 0, 8)),
        ([{"output_tokens": 3}, {"output_tokens": 8}, {"output_tokens": 8}], Usage(0, 0, 0, 8)),
    ],
    ids=["the truth comes last", "the prompt is told once", "reports are cumulative"],
)
def test_usage(reports: list[dict[str, int]], usage: Usage) -> None:
    first, *later = reports
    begin = event("message_start", message={"usage": first})
    assert reply(begin, *(event("message_delta", delta={}, usage=one) for one in later), STOP).usage == usage


def test_no_usage_is_none_at_all() -> None:
    assert reply(event("message_start", message={}), STOP).usage is None


def test_a_stream_that_breaks_off_has_no_end() -> None:
    raw = BEGIN + CALL + delta(1, "input_json_delta", partial_json="{") + event("error", error={"type": "x"})
    assert [type(one) for one in read(raw)] == [Started, PartOpened, PartDelta]


def test_nothing_comes_after_the_end() -> None:
    assert read(BEGIN + STOP + delta(0, "text_delta", text="x") + STOP)[-1] == Ended(StopReason.END)
    assert len([one for one in read(BEGIN + STOP + STOP) if isinstance(one, Ended)]) == 1


STREAM = (
    BEGIN
    + start(0, "text", text="")
    + delta(0, "text_delta", text="é\u2028😀")
    + stop(0)
    + CALL
    + delta(1, "input_json_delta", partial_json='{"é":1}')
    + stop(1)
    + end("tool_use", output_tokens=3)
)


@pytest.mark.parametrize(
    "raw",
    [
        STREAM,
        STREAM.replace(b"\n", b"\r\n"),
        STREAM.replace(b"data: ", b"data:"),
        STREAM.replace(b'"index":0,', b'"index":0,\ndata: '),
        b"".join(b": comment\n\n" + block + b"\n\n" for block in STREAM.split(b"\n\n") if block),
    ],
    ids=["as it is", "CRLF", "data without a space", "data on several lines", "comments between"],
)
def test_any_slicing_says_the_same(raw: bytes) -> None:
    expected = read(STREAM)
    for pieces in slicings(raw, threes_below=0, random_cuts=20):
        decoder = StreamDecoder()
        assert [one for each in decoded(pieces)[0] for one in decoder.feed(each)] == expected


def test_any_truncation_has_no_end() -> None:
    last = STREAM.index(b"event: message_stop")
    for cut in range(len(STREAM)):
        events = read(STREAM[:cut])
        assert not any(isinstance(one, Ended) for one in events)
        assert cut > last or not any(isinstance(one, UsageSeen) for one in events)


TEXT = st.text(min_size=1, max_size=4)
BLOCK = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, TEXT),
    st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "s"}, TEXT),
    st.just({"type": "redacted_thinking", "data": "d"}),
    st.builds(lambda key: {"type": "tool_use", "id": "t", "name": "f", "input": {key: 1}}, TEXT),
    st.just({"type": "server_tool_use", "id": "t", "name": "web_search", "input": {}}),
)


@given(blocks=st.lists(BLOCK, max_size=5))
def test_a_stream_says_what_the_whole_answer_says(blocks: list[dict[str, Any]]) -> None:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": blocks,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    assert reply(AnthropicCodec().unfold(orjson.dumps(body), usage=True)) == decode_reply(body)


KINDS = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
)
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        1,
        "",
        "x",
        [],
        {},
        {"output_tokens": 1},
        "text",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "text_delta",
        "thinking_delta",
        "input_json_delta",
        "signature_delta",
        "hologram",
    ]
)
BODIES = st.dictionaries(
    st.sampled_from(["type", "type", "text", "thinking", "partial_json", "signature", "input", "id", "data", "usage"]),
    VALUES,
    max_size=4,
)
FIELDS: st.SearchStrategy[Any] = st.fixed_dictionaries({"index": st.sampled_from([0, 0, 1, "x", None])}) | st.just({})
HOLDERS = st.dictionaries(st.sampled_from(["message", "content_block", "delta", "usage"]), BODIES | VALUES, max_size=3)


@given(events=st.lists(st.builds(lambda kind, at, held: event(kind, **at, **held), KINDS, FIELDS, HOLDERS), max_size=8))
def test_no_stream_makes_it_raise(events: list[bytes]) -> None:
    opened: set[int] = set()
    for one in read(b"".join(events)):
        if isinstance(one, PartOpened):
            assert one.index == len(opened)
            opened.add(one.index)
        elif isinstance(one, PartDelta | PartClosed):
            assert one.index in opened
