"""What we write as a stream of chunks: strict readers and the vendor's own types must take it."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from openai.types.chat import ChatCompletionChunk
from pydantic import TypeAdapter

from cccc.domain.usage import Usage
from cccc.formats.openai_chat.tables import FINISHES
from cccc.ir.events import Event
from cccc.ir.messages import Refusal, Reply, ReplyPart, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.unfold import unfold
from tests.formats.openai_chat.wire import CODEC, DONE, FRONT, chunk, decoded, encoded, reply
from tests.formats_check.openai_chat import chat_stream

CHUNK = TypeAdapter(ChatCompletionChunk)
USAGE = Usage(input=20, cache_read=10, cache_write=4, output=9, reasoning=3)
HELLO = Text('Hello, "you"\nthere \\ 😀\u2028')
CALLS = (ToolCall("c1", "exec", '{"cmd":"ls \\"x\\"","ü":1}'), ToolCall("c2", "read", "{}"))
REPLIES: dict[str, Reply] = {
    "text": Reply((HELLO,), usage=USAGE),
    "a call": Reply(CALLS[:1], StopReason.TOOL_USE, usage=USAGE),
    "everything": Reply((Thinking("Hm."), HELLO, *CALLS), StopReason.TOOL_USE, usage=USAGE),
    "nothing": Reply((), usage=USAGE),
    "length": Reply((HELLO,), StopReason.LENGTH, usage=USAGE),
    "refusal": Reply((Refusal("I will not."),), StopReason.REFUSAL, usage=USAGE),
}


def data_of(raw: bytes) -> list[bytes]:
    return [frame.removeprefix(b"data: ") for frame in raw.split(b"\n\n") if frame]


@pytest.mark.parametrize("name", REPLIES)
def test_the_sdk_and_the_strict_reader_take_every_stream(name: str) -> None:
    raw = encoded(unfold(REPLIES[name]))
    said = chat_stream(raw)
    assert (said.id, said.model) == ("chatcmpl-01abc", "asked-model")
    assert raw.endswith(DONE)
    for one in data_of(raw)[:-1]:
        CHUNK.validate_json(one, strict=True)


@pytest.mark.parametrize("name", REPLIES)
def test_what_is_written_reads_as_what_was_said(name: str) -> None:
    got = reply(encoded(unfold(REPLIES[name])))
    assert got == replace(REPLIES[name], id="chatcmpl-01abc", model="asked-model")


def test_the_first_chunk_has_the_role_and_only_it() -> None:
    first, *rest = [orjson.loads(one) for one in data_of(encoded(unfold(REPLIES["everything"])))[:-1]]
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert all("role" not in choice["delta"] for one in rest for choice in one["choices"])


def test_usage_only_where_it_is_asked_for() -> None:
    raw = encoded(unfold(REPLIES["text"]), replace(FRONT, stream_usage=False))
    assert b'"usage"' not in raw
    assert chat_stream(raw).usage is None


def test_usage_in_openais_convention() -> None:
    assert chat_stream(encoded(unfold(REPLIES["text"]))).usage == {
        "prompt_tokens": 34,
        "completion_tokens": 9,
        "total_tokens": 43,
        "prompt_tokens_details": {"cached_tokens": 10, "audio_tokens": 0, "cache_write_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 0},
    }


def test_missing_usage_is_estimated() -> None:
    usage = chat_stream(encoded(unfold(Reply((Text("x" * 41),))))).usage
    assert usage is not None
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (40, 11)


@pytest.mark.parametrize("stop", StopReason)
def test_every_reason_to_stop_has_a_word(stop: StopReason) -> None:
    assert set(FINISHES) == set(StopReason)
    calls = CALLS if stop is StopReason.TOOL_USE else ()
    parts: tuple[ReplyPart, ...] = (HELLO, *calls)
    assert chat_stream(encoded(unfold(Reply(parts, stop)))).stop == FINISHES[stop]


def test_tool_use_without_calls_is_a_stop() -> None:
    assert chat_stream(encoded(unfold(Reply((HELLO,), StopReason.TOOL_USE)))).stop == "stop"


def test_calls_say_so_whatever_the_reason() -> None:
    assert chat_stream(encoded(unfold(Reply(CALLS, StopReason.END)))).stop == "tool_calls"


def test_custom_calls_are_answered_as_such() -> None:
    custom = ToolCall("c1", "patch", '*** Begin\n"', ToolKind.CUSTOM)
    assert reply(encoded(unfold(Reply((custom,))))).parts == (custom,)


def test_what_the_client_has_seen() -> None:
    encoder = CODEC.stream_encoder(FRONT)
    assert not encoder.seen.content
    assert encoder.seen.response_id == "chatcmpl-01abc"
    for event in unfold(REPLIES["everything"]):
        encoder.feed(event)
    assert (encoder.seen.content, encoder.seen.terminal, encoder.seen.tool_calls) == (True, True, 2)
    assert (encoder.seen.stop_reason, encoder.seen.usage) == ("tool_calls", USAGE)


def test_a_stream_that_breaks_off_is_not_closed() -> None:
    whole: list[Event] = decoded(chunk({"content": "Hi"}))
    raw = encoded(whole)
    assert b"[DONE]" not in raw
    assert b'"finish_reason":"' not in raw
