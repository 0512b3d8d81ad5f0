"""The traps of Chat Completions streams, one test each: what vendors do with the format, and what it must mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.usage import Usage
from cccc.formats.openai_chat.tables import STOPS
from cccc.ir.events import Ended, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import Refusal, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.sse import SseEvent
from tests.formats.openai_chat.wire import CODEC, DONE, call, check_order, chunk, data, decoded, reply
from tests.ir.slicing import slicings

ROLE = chunk({"role": "assistant", "content": ""})
STOP, TOOLS = chunk({}, "stop"), chunk({}, "tool_calls")
USAGE = {"prompt_tokens": 30, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 10}}
READ = Usage(input=20, cache_read=10, output=7)


def calls(*pieces: bytes) -> list[tuple[str, str, str]]:
    """The calls of a stream: id, name and arguments."""
    events = decoded(*pieces)
    check_order(events)
    parts = reply(*pieces).parts
    return [(part.id, part.name, part.arguments) for part in parts if isinstance(part, ToolCall)]


def said(*pieces: bytes) -> tuple[str, str]:
    """The thinking and the text of a stream."""
    check_order(decoded(*pieces))
    parts = reply(*pieces).parts
    thought = "".join(part.text for part in parts if isinstance(part, Thinking))
    return thought, "".join(part.text for part in parts if isinstance(part, Text))


# calls


def test_arguments_come_in_fragments() -> None:
    assert calls(ROLE, call(0, "c1", "f", ""), call(0, arguments='{"a"'), call(0, arguments=":1}"), TOOLS, DONE) == [
        ("c1", "f", '{"a":1}')
    ]


def test_arguments_come_only_in_the_final_chunk() -> None:
    final = {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":1}'}}]}
    assert calls(call(0, "c1", "f"), call(0, arguments=""), chunk(final, "tool_calls"), DONE) == [
        ("c1", "f", '{"a":1}')
    ]


def test_a_whole_call_comes_in_one_chunk() -> None:
    assert calls(ROLE, call(0, "c1", "f", '{"a":1}'), TOOLS, DONE) == [("c1", "f", '{"a":1}')]


def test_several_whole_calls_come_in_one_chunk() -> None:
    two = [{"index": at, "id": f"c{at}", "function": {"name": "f", "arguments": "{}"}} for at in range(2)]
    assert calls(chunk({"tool_calls": two}, "tool_calls"), DONE) == [("c0", "f", "{}"), ("c1", "f", "{}")]


@pytest.mark.parametrize("again", ["", "c1"])
def test_a_continuation_has_an_empty_or_repeated_id(again: str) -> None:
    pieces = call(0, "c1", "f", '{"a":'), call(0, again, "", "1"), call(0, again, None, "}"), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}')]


def test_a_continuation_repeats_the_name() -> None:
    pieces = call(0, "c1", "f", '{"a":'), call(0, "c1", "f", "1}"), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}')]


def test_every_fragment_has_an_id_of_its_own() -> None:
    pieces = call(0, "c1", "f", '{"a":'), call(0, "c2", None, "1"), call(0, "c3", "f", "}"), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}')]


def test_the_same_index_for_several_calls() -> None:
    pieces = call(0, "c1", "f", '{"a":1}'), call(0, "c2", "f", '{"a":'), call(0, "c2", None, "2}"), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}'), ("c2", "f", '{"a":2}')]


def test_the_same_index_for_several_calls_without_arguments() -> None:
    assert calls(call(0, "c1", "f", ""), call(0, "c2", "f", ""), TOOLS, DONE) == [("c1", "f", "{}"), ("c2", "f", "{}")]


@pytest.mark.parametrize("names", ["ff", "fg"])
def test_the_same_index_for_several_calls_without_ids(names: str) -> None:
    pieces = call(0, None, names[0], '{"a":1}'), call(0, None, names[1], '{"a":2}'), TOOLS, DONE
    assert calls(*pieces) == [("", names[0], '{"a":1}'), ("", names[1], '{"a":2}')]


def test_no_index() -> None:
    pieces = call(None, "c1", "f", '{"a":'), call(None, None, None, "1}"), call(None, "c2", "g", "{}"), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}'), ("c2", "g", "{}")]


def test_no_index_and_no_id() -> None:
    pieces = call(None, None, "f", '{"a":'), call(None, None, None, "1}"), call(None, None, "f", "{}"), TOOLS, DONE
    assert calls(*pieces) == [("", "f", '{"a":1}'), ("", "f", "{}")]


def test_calls_are_interleaved() -> None:
    pieces = (
        *(call(0, "c1", "f", ""), call(1, "c2", "g", "")),
        *(call(0, arguments='{"a"'), call(1, arguments='{"b"'), call(0, arguments=":1}"), call(1, arguments=":2}")),
    )
    assert calls(*pieces, TOOLS, DONE) == [("c1", "f", '{"a":1}'), ("c2", "g", '{"b":2}')]


def test_two_calls_have_the_same_id() -> None:
    assert calls(call(0, "c", "f", "{}"), call(1, "c", "f", "{}"), TOOLS, DONE) == [("c", "f", "{}"), ("", "f", "{}")]


def test_a_call_is_told_twice() -> None:
    pieces = call(0, "c1", "f", '{"a":'), call(0, arguments="1}"), call(0, "c1", "f", '{"a":1}'), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}')]


def test_the_name_comes_after_the_id() -> None:
    pieces = call(0, "c1", None, ""), call(0, None, None, '{"a"'), call(0, None, "f", ":1}"), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}')]


@pytest.mark.parametrize("arguments", ["", "{}", " ", "null", None])
def test_empty_arguments_are_an_object(arguments: str | None) -> None:
    assert calls(call(0, "c1", "f", arguments), TOOLS, DONE) == [("c1", "f", "{}")]


def test_an_empty_object_before_the_arguments() -> None:
    pieces = call(0, "c1", "f", "{}"), call(0, arguments='{"a"'), call(0, arguments=":1}"), TOOLS, DONE
    assert calls(*pieces) == [("c1", "f", '{"a":1}')]


def test_arguments_are_an_object_instead_of_a_text() -> None:
    assert calls(call(0, "c1", "f", {"a": 1}), TOOLS, DONE) == [("c1", "f", '{"a":1}')]


def test_function_call_is_a_call() -> None:
    parts = [
        chunk({"function_call": {"name": "f", "arguments": '{"a"'}}),
        chunk({"function_call": {"arguments": ":1}"}}),
    ]
    assert calls(ROLE, *parts, chunk({}, "function_call"), DONE) == [("", "f", '{"a":1}')]
    assert reply(*parts, chunk({}, "function_call")).stop is StopReason.TOOL_USE


def test_a_custom_call() -> None:
    first = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "patch", "input": ""}}
    more = {"index": 0, "custom": {"input": "*** Begin"}}
    got = reply(chunk({"tool_calls": [first]}), chunk({"tool_calls": [more]}), TOOLS, DONE)
    assert got.parts == (ToolCall("c1", "patch", "*** Begin", ToolKind.CUSTOM),)


def test_a_fragment_behind_the_end_of_its_call_is_dropped() -> None:
    assert calls(call(0, "c1", "f", "{}"), TOOLS, call(0, arguments="x"), DONE) == [("c1", "f", "{}")]


def test_a_reason_to_stop_comes_with_every_call() -> None:
    def whole(name: str) -> bytes:
        return chunk({"tool_calls": [{"index": 0, "function": {"name": name, "arguments": ""}}]}, "tool_calls")

    assert calls(whole("f"), whole("f"), whole("g"), DONE) == [("", "f", "{}"), ("", "f", "{}"), ("", "g", "{}")]


def test_fragments_are_passed_on_as_they_come() -> None:
    decoder = CODEC.stream_decoder()
    for fragment in ('{"a"', ":", "1}"):
        events = decoder.feed(SseEvent(call(0, "c1", "f", fragment)))
        assert events[-1] == PartDelta(0, fragment)


def test_white_space_before_a_call_is_no_text() -> None:
    events = decoded(ROLE, chunk({"content": "\n\n"}), call(0, "c1", "f", "{}"), chunk({"content": "\n"}), TOOLS, DONE)
    assert [event.kind for event in events if isinstance(event, PartOpened)] == [PartKind.TOOL_CALL]


# thinking


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_under_either_name(key: str) -> None:
    assert said(ROLE, chunk({key: "hm"}), chunk({key: "m", "content": ""}), chunk({"content": "Hi"}), STOP, DONE) == (
        "hmm",
        "Hi",
    )


def test_reasoning_under_both_names_is_said_once() -> None:
    assert said(chunk({"reasoning_content": "hm", "reasoning": "hm"}), STOP, DONE) == ("hm", "")


def test_reasoning_details_are_sealed_whole() -> None:
    def detail(**fields: str) -> bytes:
        return chunk({"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]})

    got = reply(detail(text="h"), detail(text="m"), detail(signature="SIG"), chunk({"content": "Hi"}), STOP, DONE)
    sealed = '[{"type":"reasoning.text","index":0,"text":"hm","signature":"SIG"}]'
    assert got.parts == (Thinking("hm", sealed), Text("Hi"))


def test_reasoning_details_without_a_seal_are_words() -> None:
    detail = {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]}
    assert reply(chunk(detail), STOP, DONE).parts == (Thinking("hm"),)


def test_encrypted_reasoning_behind_everything() -> None:
    late = chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "XYZ"}]})
    got = reply(chunk({"content": "Hi"}), late, STOP, DONE)
    assert got.parts == (Text("Hi"), Thinking("", '[{"type":"reasoning.encrypted","data":"XYZ"}]', redacted=True))


def test_a_signature_beside_a_call() -> None:
    extra = {"google": {"thought_signature": "SIG"}}
    signed = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}, "extra_content": extra}
    got = reply(chunk({"content": "Hi", "tool_calls": [signed]}), TOOLS, DONE)
    sealed = '{"extra_content":{"google":{"thought_signature":"SIG"}}}'
    assert got.parts == (Text("Hi"), Thinking("", sealed, redacted=True), ToolCall("c1", "f", "{}"))


def test_content_as_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    text = {"type": "text", "text": "Hi"}
    reference = {"type": "reference", "reference_ids": [1]}
    assert said(chunk({"content": [thinking]}), chunk({"content": [text, reference]}), STOP, DONE) == ("hm", "Hi")


THINK_TEXTS = {
    "<think>hmm</think>\n\nHello": ("hmm", "Hello"),
    "\n<think>\nhmm\n</think>Hello": ("hmm\n", "Hello"),
    "<thought>hmm</thought>Hello": ("hmm", "Hello"),
    "<think></think>Hello": ("", "Hello"),
    "<think>a < b </thin> c</think> Hi <think>": ("a < b </thin> c", "Hi <think>"),
    "<think>never closed": ("never closed", ""),
    "Use <think> tags": ("", "Use <think> tags"),
    "<thi": ("", "<thi"),
    "<things>": ("", "<things>"),
    "  indented": ("", "  indented"),
    "héllo 😀": ("", "héllo 😀"),
    " \n": ("", ""),
}


@pytest.mark.parametrize("text", THINK_TEXTS)
def test_think_tags_cut_between_chunks(text: str) -> None:
    expected = THINK_TEXTS[text]
    for size in (1, 2, 3, 5, len(text)):
        chunks = [chunk({"content": text[at : at + size]}) for at in range(0, len(text), size)]
        thought, words = said(ROLE, *chunks, STOP, DONE)
        assert (thought.strip("\n"), words) == (expected[0].strip("\n"), expected[1]), size


def test_think_tags_are_words_where_reasoning_has_its_own_field() -> None:
    assert said(chunk({"reasoning": "hm"}), chunk({"content": "<think>x</think>"}), STOP) == ("hm", "<think>x</think>")


def test_half_a_tag_before_a_call_is_text() -> None:
    got = reply(chunk({"content": "<thi"}), call(0, "c1", "f", "{}"), TOOLS, DONE)
    assert got.parts == (Text("<thi"), ToolCall("c1", "f", "{}"))


# frames


def test_a_role_only_chunk_starts() -> None:
    assert decoded(ROLE) == [Started("chatcmpl-1", "gpt-x")]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((data({"id": "x", "choices": [], "usage": USAGE}), chunk({"content": "Hi"}), STOP), id="before"),
        pytest.param((chunk({"content": "Hi"}), chunk({}, "stop", usage=USAGE)), id="in"),
        pytest.param((chunk({"content": "Hi"}), STOP, chunk({}, usage=USAGE)), id="after, with a choice"),
        pytest.param((chunk({"content": "Hi"}), STOP, data({"choices": [], "usage": USAGE})), id="after, without"),
        pytest.param((chunk({"content": "Hi"}), STOP, data({"choices": None, "usage": USAGE})), id="after, null"),
    ],
)
def test_usage_before_in_and_after_the_last_chunk(pieces: tuple[bytes, ...]) -> None:
    events = decoded(*pieces, DONE)
    check_order(events)
    assert isinstance(events[0], Started)
    assert reply(*pieces, DONE).usage == READ
    assert isinstance(events[-1], Ended)


def test_cumulative_usage_is_not_summed() -> None:
    first, second = USAGE | {"completion_tokens": 3}, USAGE
    got = reply(chunk({"content": "H"}, usage=first), chunk({"content": "i"}, usage=second), STOP, DONE)
    assert got.usage == READ


def test_usage_of_zeros_is_none() -> None:
    nothing = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert not [one for one in decoded(chunk({"content": "H"}, usage=nothing)) if isinstance(one, UsageSeen)]


def test_usage_in_the_choice_and_in_groqs_field() -> None:
    moonshot = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}]}
    assert reply(data(moonshot), DONE).usage == READ
    assert reply(STOP, data({"choices": [], "x_groq": {"usage": USAGE}}), DONE).usage == READ


def test_no_choices() -> None:
    filtered = data({"id": "", "model": "", "choices": [], "prompt_filter_results": []})
    assert said(filtered, chunk({"content": "Hi"}), STOP, DONE) == ("", "Hi")


def test_a_null_delta() -> None:
    null = data({"choices": [{"index": 0, "delta": None, "finish_reason": None}]})
    nulls = chunk({"role": None, "content": None, "tool_calls": None, "reasoning": None, "refusal": None})
    assert said(null, nulls, chunk({"content": "Hi"}), null, STOP, DONE) == ("", "Hi")


def test_done_is_missing() -> None:
    assert decoded(chunk({"content": "Hi"}), STOP)[-1] == Ended(StopReason.END)


def test_done_alone_ends_nothing() -> None:
    assert not [event for event in decoded(chunk({"content": "Hi"}), DONE) if isinstance(event, Ended)]


def test_done_comes_twice() -> None:
    assert [type(event) for event in decoded(STOP, DONE, DONE)].count(Ended) == 1


def test_only_the_first_of_several_choices() -> None:
    choices = [{"index": at, "delta": {"content": text}} for at, text in ((1, "no"), (0, "yes"))]
    assert said(data({"choices": choices}), STOP, DONE) == ("", "yes")


def test_a_message_instead_of_a_delta() -> None:
    whole = {"choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}
    assert said(data(whole), DONE) == ("", "Hi")
    closing = {"choices": [{"delta": {}, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    assert said(chunk({"content": "Hi"}), data(closing), DONE) == ("", "Hi")


def test_refusal_deltas() -> None:
    got = reply(ROLE, chunk({"refusal": "I "}), chunk({"refusal": "will not."}), STOP, DONE)
    assert (got.parts, got.stop) == ((Refusal("I will not."),), StopReason.REFUSAL)


def test_audio_is_its_transcript() -> None:
    assert said(chunk({"audio": {"id": "a", "data": "AAAA"}}), chunk({"audio": {"transcript": "Hi"}}), STOP) == (
        "",
        "Hi",
    )


def test_an_error_in_the_stream_says_nothing() -> None:
    failed = data(
        {"error": {"message": "overloaded"}, "choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}
    )
    assert not [event for event in decoded(chunk({"content": "Hi"}), failed, DONE) if isinstance(event, Ended)]


# the end


@pytest.mark.parametrize("word", STOPS)
def test_reasons_to_stop(word: str) -> None:
    stop = STOPS[word]
    without = StopReason.END if stop is StopReason.TOOL_USE else stop
    assert reply(chunk({"content": "Hi"}), chunk({}, word), DONE).stop is without
    assert reply(chunk({"content": "Hi"}), chunk({}, word.upper()), DONE).stop is without


def test_an_unknown_reason_is_an_end() -> None:
    assert reply(chunk({"content": "Hi"}), chunk({}, "because"), DONE).stop is StopReason.END


def test_stop_with_calls_is_tool_use() -> None:
    assert reply(call(0, "c1", "f", "{}"), STOP, DONE).stop is StopReason.TOOL_USE


def test_tool_calls_without_calls_is_an_end() -> None:
    assert reply(chunk({"content": "Hi"}), TOOLS, DONE).stop is StopReason.END


def test_a_limit_stays_one_beside_calls() -> None:
    assert reply(call(0, "c1", "f", '{"a'), chunk({}, "length"), DONE).stop is StopReason.LENGTH


@pytest.mark.parametrize("word", ["", "null", None])
def test_no_reason(word: str | None) -> None:
    assert not [one for one in decoded(chunk({"content": "Hi"}, word), DONE) if isinstance(one, Ended)]


def test_the_stop_sequence_that_vllm_names() -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": "###"}
    got = reply(chunk({"content": "Hi"}), data({"choices": [choice]}), DONE)
    assert (got.stop, got.stop_sequence) == (StopReason.STOP_SEQUENCE, "###")


# laws

EVERYTHING = b"".join(
    (
        ROLE,
        chunk({"reasoning_content": "Hm 😀\u2028"}),
        chunk({"content": "Hé"}),
        call(0, "c1", "f", '{"a":'),
        call(0, arguments='"ü"}'),
        TOOLS,
        data({"choices": [], "usage": USAGE}),
        DONE,
    )
)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_no_slicing_and_no_line_end_changes_a_stream(ending: bytes) -> None:
    raw = EVERYTHING.replace(b"\n", ending)
    expected = decoded(EVERYTHING)
    whole, *others = slicings(raw, threes_below=0, random_cuts=10)
    assert decoded(*whole) == expected
    for pieces in [others[0], *others[1 :: len(others) // 40 + 1]]:
        assert decoded(*pieces) == expected, pieces


def test_data_without_a_space_and_over_several_lines() -> None:
    raw = b'data:{"choices":[{"index":0,\ndata:"delta":{"content":"Hi"}}]}\n\n'
    assert said(b": ping\n\n", raw, STOP, DONE) == ("", "Hi")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def some(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Objects with some of these fields, each as it should be or anything at all."""
    return st.fixed_dictionaries({}, optional={key: value | JSON for key, value in fields.items()})


FUNCTION = some(name=st.sampled_from(["", "f", "g"]), arguments=st.sampled_from(["", "{", "{}", '{"a":1}', " "]))
FRAGMENT = some(index=st.integers(0, 2), id=st.sampled_from(["", "c1", "c2"]), function=FUNCTION, custom=FUNCTION)
DELTA = some(
    content=st.sampled_from(["", "Hi", "<thi", "nk>", "</think>", "\n"]),
    reasoning=st.text(max_size=3),
    reasoning_details=st.lists(some(type=st.just("x"), index=st.integers(0, 1), data=st.text(max_size=2)), max_size=2),
    refusal=st.text(max_size=3),
    tool_calls=st.lists(FRAGMENT, max_size=3),
    function_call=FUNCTION,
    audio=JSON,
)
CHOICE = some(index=st.integers(0, 1), delta=DELTA, message=DELTA, finish_reason=st.sampled_from(["stop", "length"]))
CHUNK = some(id=st.text(max_size=3), choices=st.lists(CHOICE, max_size=2), usage=JSON, x_groq=JSON, error=st.none())


@given(st.lists(CHUNK | JSON, max_size=8))
def test_whatever_comes_the_order_is_kept(chunks: list[object]) -> None:
    check_order(decoded(*map(data, chunks), DONE))
