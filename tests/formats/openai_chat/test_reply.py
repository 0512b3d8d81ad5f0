"""Whole completions: the same traps as in streams, and what we write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion
from pydantic import TypeAdapter

from cccc.domain.usage import Usage
from cccc.formats.openai_chat.tables import STOPS
from cccc.ir.fold import fold
from cccc.ir.messages import Refusal, Reply, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.sse import SseDecoder
from tests.formats.openai_chat.test_decode_stream import CHUNK, JSON, THINK_TEXTS
from tests.formats.openai_chat.test_encode_stream import CALLS, HELLO, REPLIES
from tests.formats.openai_chat.wire import CODEC, FRONT
from tests.formats_check.openai_chat import chat_reply

COMPLETION = TypeAdapter(ChatCompletion)


def whole(message: Any, finish: str | None = "stop", **rest: Any) -> dict[str, Any]:
    """A completion as vendors answer it."""
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-x", "choices": [choice], **rest}


def read(message: Any, finish: str | None = "stop", **rest: Any) -> Reply:
    return CODEC.decode_reply(whole(message, finish, **rest))


def raw_call(call_id: str | None, name: str, arguments: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_a_plain_answer() -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 10}}
    assert read({"role": "assistant", "content": "Hi"}, usage=usage) == Reply(
        (Text("Hi"),), usage=Usage(input=20, cache_read=10, output=7), id="chatcmpl-1", model="gpt-x"
    )


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_under_either_name(key: str) -> None:
    assert read({key: "Hm.", "content": "Hi"}).parts == (Thinking("Hm."), Text("Hi"))


def test_reasoning_details_are_sealed_whole() -> None:
    details = [{"type": "reasoning.text", "text": "Hm.", "signature": "SIG"}]
    got = read({"reasoning": "Hm.", "reasoning_details": details, "content": "Hi"})
    assert got.parts == (Thinking("Hm.", orjson.dumps(details).decode()), Text("Hi"))


def test_a_signature_beside_a_call() -> None:
    got = read(
        {"tool_calls": [raw_call("c1", "f", "{}") | {"extra_content": {"google": {"thought_signature": "SIG"}}}]}
    )
    sealed = '{"extra_content":{"google":{"thought_signature":"SIG"}}}'
    assert got.parts == (Thinking("", sealed, redacted=True), ToolCall("c1", "f", "{}"))


def test_content_as_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    texts = [{"type": "text", "text": "H"}, {"type": "text", "text": "i"}]
    assert read({"content": [thinking, *texts]}).parts == (Thinking("Hm."), Text("Hi"))


@pytest.mark.parametrize("text", THINK_TEXTS)
def test_think_tags(text: str) -> None:
    thought, words = THINK_TEXTS[text]
    parts = read({"content": text}).parts
    assert "".join(part.text for part in parts if isinstance(part, Thinking)).strip("\n") == thought.strip("\n")
    assert "".join(part.text for part in parts if isinstance(part, Text)) == words


@pytest.mark.parametrize("arguments", ["", "{}", " ", "null", None, {}])
def test_empty_arguments_are_an_object(arguments: Any) -> None:
    assert read({"tool_calls": [raw_call("c1", "f", arguments)]}).parts == (ToolCall("c1", "f", "{}"),)


def test_arguments_are_an_object_instead_of_a_text() -> None:
    assert read({"tool_calls": [raw_call("c1", "f", {"a": 1})]}).parts == (ToolCall("c1", "f", '{"a":1}'),)


def test_ids_that_are_missing_or_taken_are_left_open() -> None:
    calls = [raw_call("c", "f", "{}"), raw_call("c", "g", "{}"), raw_call(None, "h", "{}")]
    assert [part.id for part in read({"tool_calls": calls}).parts if isinstance(part, ToolCall)] == ["c", "", ""]


def test_stop_with_calls_is_tool_use() -> None:
    assert read({"tool_calls": [raw_call("c1", "f", "{}")]}).stop is StopReason.TOOL_USE


def test_tool_calls_without_calls_is_an_end() -> None:
    assert read({"content": "Hi"}, "tool_calls").stop is StopReason.END


def test_function_call_is_a_call() -> None:
    got = read({"content": None, "function_call": {"name": "f", "arguments": "{}"}}, "function_call")
    assert (got.parts, got.stop) == ((ToolCall("", "f", "{}"),), StopReason.TOOL_USE)


def test_a_custom_call() -> None:
    custom = {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    assert read({"tool_calls": [custom]}).parts == (ToolCall("c1", "patch", "*** Begin", ToolKind.CUSTOM),)


def test_a_refusal() -> None:
    got = read({"content": None, "refusal": "I will not."})
    assert (got.parts, got.stop) == ((Refusal("I will not."),), StopReason.REFUSAL)


def test_audio_is_its_transcript() -> None:
    assert read({"content": None, "audio": {"data": "AAAA", "transcript": "Hi"}}).parts == (Text("Hi"),)


@pytest.mark.parametrize("word", STOPS)
def test_reasons_to_stop(word: str) -> None:
    stop = STOPS[word]
    assert read({"content": "Hi"}, word).stop is (StopReason.END if stop is StopReason.TOOL_USE else stop)


def test_only_the_first_of_several_choices() -> None:
    choices = [{"index": at, "message": {"content": text}} for at, text in ((1, "no"), (0, "yes"))]
    assert CODEC.decode_reply({"choices": choices}).parts == (Text("yes"),)


@pytest.mark.parametrize("name", REPLIES)
def test_the_sdk_and_the_strict_reader_take_every_reply(name: str) -> None:
    raw = orjson.dumps(CODEC.encode_reply(REPLIES[name], FRONT))
    COMPLETION.validate_json(raw, strict=True)
    said = chat_reply(raw)
    assert (said.id, said.model) == ("chatcmpl-01abc", "asked-model")


@pytest.mark.parametrize("name", REPLIES)
def test_what_is_written_reads_as_what_was_said(name: str) -> None:
    got = CODEC.decode_reply(CODEC.encode_reply(REPLIES[name], FRONT))
    assert got == replace(REPLIES[name], id="chatcmpl-01abc", model="asked-model")


def test_custom_calls_are_answered_as_such() -> None:
    custom = ToolCall("c1", "patch", '*** Begin\n"', ToolKind.CUSTOM)
    assert CODEC.decode_reply(CODEC.encode_reply(Reply((custom,)), FRONT)).parts == (custom,)


def test_missing_usage_is_estimated() -> None:
    usage = CODEC.encode_reply(Reply((Text("x" * 41),)), FRONT)["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (40, 11)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"content": "<think>hm</think>\n\nHi"}, id="tags"),
        pytest.param({"reasoning_content": "hm", "content": "Hi"}, id="reasoning"),
        pytest.param(
            {"content": HELLO.text, "tool_calls": [raw_call(c.id, c.name, c.arguments) for c in CALLS]}, id="calls"
        ),
        pytest.param({"content": "\n", "tool_calls": [raw_call("c1", "f", "")]}, id="white space"),
        pytest.param({"content": None, "refusal": "No."}, id="refusal"),
    ],
)
def test_streamed_or_not_it_says_the_same(message: dict[str, Any]) -> None:
    body = orjson.dumps(whole(message, usage={"prompt_tokens": 3, "completion_tokens": 4}))
    wire, decoder = SseDecoder(), CODEC.stream_decoder()
    events = [one for event in wire.feed(CODEC.unfold(body, usage=True)) for one in decoder.feed(event)]
    assert fold([*events, *decoder.close()]) == CODEC.decode_reply(orjson.loads(body))


@given(CHUNK | st.dictionaries(st.text(max_size=4), JSON))
def test_whatever_comes_is_a_reply(body: dict[str, Any]) -> None:
    CODEC.encode_reply(CODEC.decode_reply(body), FRONT)
