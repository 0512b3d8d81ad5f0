from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.anthropic.encode_stream import StreamEncoder
from cccc.formats.anthropic.reply import encode_reply
from cccc.formats.anthropic.shape import fold_stream
from cccc.ir import json
from cccc.ir.codec import Front
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import Refusal, Reply, ReplyPart, StopReason, Text, Thinking, ToolCall
from cccc.ir.seal import unseal
from cccc.ir.unfold import unfold
from tests.formats.anthropic.sdk import checked_stream
from tests.formats_check import Said, Tool, frames
from tests.ir.slicing import decoded

FRONT = Front("the model asked for", "req_01ABC", prompt_tokens=77)
R = WireFormat.OPENAI_RESPONSES


def written(*events: Event) -> bytes:
    encoder = StreamEncoder(FRONT)
    return b"".join(map(encoder.feed, events))


def answered(*parts: ReplyPart, **fields: Any) -> Said:
    return checked_stream(written(*unfold(Reply(parts, **fields))))


def data(raw: bytes) -> list[Any]:
    return [frame.data for frame in frames(raw)]


def test_a_whole_answer_event_by_event() -> None:
    raw = written(
        Started("chatcmpl-1", "gpt-x"),
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "h"),
        PartDelta(0, 'i "\u2028'),
        PartClosed(0),
        PartOpened(1, PartKind.TOOL_CALL, "call_1", "f"),
        PartDelta(1, '{"a'),
        PartDelta(1, '":1}'),
        PartClosed(1),
        UsageSeen(Usage(1, 2, 3, 4)),
        Ended(StopReason.TOOL_USE),
    )
    checked_stream(raw)
    usage = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0}
    assert data(raw) == [
        {
            "type": "message_start",
            "message": {
                "id": "msg_01ABC",
                "type": "message",
                "role": "assistant",
                "model": "the model asked for",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 77, **usage},
            },
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "h"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 'i "\u2028'}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "call_1", "name": "f", "input": {}},
        },
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"a'}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '":1}'}},
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {
                "input_tokens": 1,
                "cache_read_input_tokens": 2,
                "cache_creation_input_tokens": 3,
                "output_tokens": 4,
            },
        },
        {"type": "message_stop"},
    ]


def test_message_start_goes_out_before_anything_is_known() -> None:
    assert data(written(Started()))[0]["message"]["usage"]["input_tokens"] == 77


def test_usage_that_nobody_told_is_estimated() -> None:
    said = answered(Text("12345"), ToolCall("c", "f", "{}"))
    assert said.usage
    assert (said.usage["input_tokens"], said.usage["output_tokens"]) == (77, 2)


def test_an_answer_without_parts_ends_validly() -> None:
    said = answered()
    assert (said.events, said.stop) == (["message_delta", "message_stop"], "end_turn")


def test_blank_text_opens_no_block() -> None:
    """Trap: Claude Code asks again after an answer of blank text, and Anthropic refuses it in the next request."""
    said = answered(Text("\n\n"), ToolCall("c", "f", "{}"), Text(""))
    assert said.tools == [Tool("c", "f", "{}")]
    assert said.events.count("content_block_start") == 1


def test_white_space_before_words_is_kept() -> None:
    raw = written(
        Started(),
        PartOpened(0, PartKind.TEXT),
        PartDelta(0, "\n"),
        PartDelta(0, " x"),
        PartDelta(0, " "),
        PartClosed(0),
        Ended(StopReason.END),
    )
    assert checked_stream(raw).text == "\n x "


def test_a_call_without_arguments() -> None:
    raw = written(Started(), PartOpened(0, PartKind.TOOL_CALL, "c", "f"), PartClosed(0), Ended(StopReason.TOOL_USE))
    assert checked_stream(raw).tools == [Tool("c", "f", "{}")]


def test_parallel_calls_have_blocks_of_their_own() -> None:
    said = answered(ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"), stop=StopReason.TOOL_USE)
    assert said.tools == [Tool("a", "f", '{"x":1}'), Tool("b", "g", "{}")]


def test_foreign_thinking_carries_its_proof_in_the_signature() -> None:
    thought = Thinking("hm", "enc", R, "relay", item_id="rs_1")
    raw = written(*unfold(Reply((thought, Text("x")))))
    assert checked_stream(raw).thinking == "hm"
    signatures = [
        one["delta"]["signature"] for one in data(raw) if one.get("delta", {}).get("type") == "signature_delta"
    ]
    assert [unseal(signature) for signature in signatures] == [Thinking("", "enc", R, "relay", item_id="rs_1")]


def test_thinking_that_proves_nothing_is_signed_too() -> None:
    assert answered(Thinking("hm"), Text("x")).thinking == "hm"


def test_thinking_without_words() -> None:
    said = answered(
        Thinking("", "d", WireFormat.ANTHROPIC, "relay", redacted=True),
        Thinking("", "enc", R, "relay", redacted=True),
        Thinking("", ""),
        Text("x"),
    )
    assert (said.thinking, said.events.count("content_block_start")) == ("", 3)


def test_a_refusal_is_text_that_ends_so() -> None:
    said = answered(Refusal("No."))
    assert (said.text, said.stop) == ("No.", "refusal")


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_stream_that_breaks_off_closes_nothing(cut: int) -> None:
    events = list(unfold(Reply((Text("a"), ToolCall("c", "f", "{}")))))[:cut]
    kinds = [one["type"] for one in data(written(*events))]
    closed = sum(isinstance(event, PartClosed) for event in events)
    assert kinds.count("content_block_stop") == closed
    assert "message_delta" not in kinds
    assert "message_stop" not in kinds


def test_what_the_client_has_seen() -> None:
    encoder = StreamEncoder(FRONT)
    encoder.feed(Started())
    assert (encoder.seen.content, encoder.seen.response_id, encoder.seen.model) == (False, "msg_01ABC", FRONT.model)
    encoder.feed(PartOpened(0, PartKind.TOOL_CALL, "c", "f"))
    encoder.feed(UsageSeen(Usage(1)))
    assert (encoder.seen.content, encoder.seen.tool_calls, encoder.seen.usage) == (True, 1, Usage(1))


WORDS = st.sampled_from(["", " ", "hi", "\n\nhi ", 'é"\\\u2028😀'])
FORMATS = st.sampled_from([None, WireFormat.ANTHROPIC, R])
PARTS: st.SearchStrategy[ReplyPart] = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Refusal, WORDS),
    st.builds(Thinking, WORDS, st.sampled_from(["", "s"]), FORMATS, st.just("relay"), st.booleans()),
)


def is_consistent(part: ReplyPart) -> bool:
    return not (isinstance(part, Thinking) and part.redacted and part.text)


@given(
    parts=st.lists(PARTS.filter(is_consistent), max_size=5),
    calls=st.lists(st.sampled_from(["{}", '{"a":1}']), max_size=3),
    stop=st.sampled_from([StopReason.END, StopReason.LENGTH]),
)
def test_a_stream_says_what_the_whole_answer_says(parts: list[ReplyPart], calls: list[str], stop: StopReason) -> None:
    made = [ToolCall(f"c{at}", "f", arguments) for at, arguments in enumerate(calls)]
    reply = Reply((*parts, *made), StopReason.END if made else stop, usage=Usage(1, 2, 3, 4))
    raw = written(*unfold(reply))
    checked_stream(raw)
    assert json.peek(fold_stream(decoded([raw])[0])) == encode_reply(reply, FRONT)
