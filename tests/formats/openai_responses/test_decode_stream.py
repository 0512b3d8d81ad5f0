"""What endpoints send as a stream, however little of the format they speak."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started
from cccc.ir.fold import fold
from cccc.ir.messages import Refusal, ReplyPart, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.sequence import Sequence
from cccc.ir.sse import SseEvent
from tests.formats.openai_responses.judge import CODEC, events_of, folded, stream_of
from tests.ir.slicing import slicings

R = WireFormat.OPENAI_RESPONSES
CREATED = {"type": "response.created", "response": {"id": "resp_1", "model": "m", "status": "in_progress"}}
COMPLETED: dict[str, Any] = {"type": "response.completed", "response": {"id": "resp_1", "status": "completed"}}

CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "ls", "arguments": '{"a":1}'}
OTHER_CALL = CALL | {"id": "fc_2", "call_id": "call_2", "arguments": '{"b":2}'}
PATCH = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "apply_patch", "input": "*** Begin"}
MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Hello there", "annotations": []}],
}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "First"}, {"type": "summary_text", "text": "Second"}],
    "encrypted_content": "gAAA",
}

LS = ToolCall("call_1", "ls", '{"a":1}', item_id="fc_1")
LS_AGAIN = ToolCall("call_2", "ls", '{"b":2}', item_id="fc_2")


def about(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def added(item: dict[str, Any], index: int) -> dict[str, Any]:
    blank = {key: "" if key in ("arguments", "input") else [] for key in ("arguments", "input", "content", "summary")}
    announced = item | {key: value for key, value in blank.items() if key in item}
    return about("output_item.added", output_index=index, item=announced)


def done(item: dict[str, Any], index: int) -> dict[str, Any]:
    return about("output_item.done", output_index=index, item=item)


def completed(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "type": "response.completed",
        "response": {"id": "resp_1", "status": "completed", "output": [*items], **fields},
    }


def delta(kind: str, text: str, item: dict[str, Any], index: int, **at: int) -> dict[str, Any]:
    return about(f"{kind}.delta", item_id=item["id"], output_index=index, delta=text, **at)


def whole(item: dict[str, Any], index: int) -> list[dict[str, Any]]:
    """An item as OpenAI tells it."""
    told: list[dict[str, Any]] = [added(item, index)]
    match item["type"]:
        case "message":
            for at, part in enumerate(item["content"]):
                kind, key = ("refusal", "refusal") if part["type"] == "refusal" else ("output_text", "text")
                words = part[key]
                told += [
                    about(
                        "content_part.added",
                        item_id=item["id"],
                        output_index=index,
                        content_index=at,
                        part=part | {key: ""},
                    ),
                    delta(kind, words[:3], item, index, content_index=at),
                    delta(kind, words[3:], item, index, content_index=at),
                    about(f"{kind}.done", item_id=item["id"], output_index=index, content_index=at, **{key: words}),
                    about("content_part.done", item_id=item["id"], output_index=index, content_index=at, part=part),
                ]
        case "reasoning":
            for at, part in enumerate(item["summary"]):
                place = {"item_id": item["id"], "output_index": index, "summary_index": at}
                told += [
                    about("reasoning_summary_part.added", **place, part=part | {"text": ""}),
                    delta("reasoning_summary_text", part["text"], item, index, summary_index=at),
                    about("reasoning_summary_text.done", **place, text=part["text"]),
                    about("reasoning_summary_part.done", **place, part=part),
                ]
        case "function_call" | "custom_tool_call" as kind:
            name, key = (
                ("function_call_arguments", "arguments")
                if kind == "function_call"
                else ("custom_tool_call_input", "input")
            )
            told += [
                delta(name, item[key][:2], item, index),
                delta(name, item[key][2:], item, index),
                about(f"{name}.done", item_id=item["id"], output_index=index, **{key: item[key]}),
            ]
    return [*told, done(item, index)]


FULL = [CREATED, *whole(REASONING, 0), *whole(MESSAGE, 1), *whole(CALL, 2), completed(REASONING, MESSAGE, CALL)]
FULL_PARTS: tuple[ReplyPart, ...] = (Thinking("First\n\nSecond", "gAAA", item_id="rs_1"), Text("Hello there"), LS)


def test_everything_that_openai_sends() -> None:
    answer = folded(*FULL)
    assert answer.parts == FULL_PARTS
    assert (answer.stop, answer.id, answer.model) == (StopReason.TOOL_USE, "resp_1", "m")


def test_a_stream_says_what_the_whole_response_says() -> None:
    said = CODEC.decode_reply(completed(REASONING, MESSAGE, CALL)["response"])
    assert fold(events_of(stream_of(*FULL))).parts == tuple(
        Thinking(part.text, part.sealed, item_id=part.item_id) if isinstance(part, Thinking) else part
        for part in said.parts
    )


@pytest.mark.parametrize("names", [True, False])
def test_any_slicing(names: bool) -> None:
    raw = stream_of(
        CREATED,
        *whole(MESSAGE | {"content": [{"type": "output_text", "text": "wörld\u2028 "}]}, 0),
        completed(),
        names=names,
    )
    expected = [repr(event) for event in events_of(raw)]
    for pieces in slicings(raw, random_cuts=5):
        assert [repr(event) for event in events_of(raw, pieces)] == expected


def test_events_come_as_early_as_they_are_known() -> None:
    decoder = CODEC.stream_decoder()
    raws = [SseEvent(stream_of(event)) for event in (CREATED, *whole(CALL, 0))]
    said = [[type(event).__name__ for event in decoder.feed(raw)] for raw in raws]
    assert said == [["Started"], ["PartOpened"], ["PartDelta"], ["PartDelta"], [], ["PartClosed"]]


def test_parallel_calls_may_interleave() -> None:
    name = "function_call_arguments"
    events = [
        CREATED,
        added(CALL, 0),
        added(OTHER_CALL, 1),
        delta(name, '{"b"', OTHER_CALL, 1),
        delta(name, '{"a":', CALL, 0),
        delta(name, ":2}", OTHER_CALL, 1),
        delta(name, "1}", CALL, 0),
        done(OTHER_CALL, 1),
        done(CALL, 0),
        completed(),
    ]
    assert folded(*events).parts == (LS, LS_AGAIN)


# The traps


def test_arguments_that_come_only_in_the_done_event() -> None:
    arguments = about("function_call_arguments.done", item_id="fc_1", output_index=0, arguments='{"a":1}')
    assert folded(CREATED, added(CALL, 0), arguments, done(CALL, 0), completed(CALL)).parts == (LS,)


def test_arguments_that_come_only_with_the_finished_item() -> None:
    assert folded(CREATED, added(CALL, 0), done(CALL, 0), completed(CALL)).parts == (LS,)


def test_items_without_an_announcement() -> None:
    assert folded(CREATED, done(REASONING, 0), done(MESSAGE, 1), done(CALL, 2), COMPLETED).parts == FULL_PARTS


def test_items_that_only_the_last_response_lists() -> None:
    assert folded(CREATED, completed(REASONING, MESSAGE, CALL, OTHER_CALL)).parts == (*FULL_PARTS, LS_AGAIN)


def test_deltas_of_a_call_that_nobody_announced_wait_for_its_name() -> None:
    name = "function_call_arguments"
    events = [delta(name, '{"a"', CALL, 0), delta(name, ":1}", CALL, 0)]
    assert folded(CREATED, *events, done(CALL, 0), completed(CALL)).parts == (LS,)
    assert folded(CREATED, *events, completed(CALL)).parts == (LS,)


def test_a_tool_block_emitted_twice() -> None:
    again = CALL | {"id": "fc_9"}
    assert folded(CREATED, *whole(CALL, 0), *whole(CALL, 0), completed(CALL)).parts == (LS,)
    assert folded(CREATED, *whole(CALL, 0), *whole(again, 1), completed(CALL, again)).parts == (LS,)
    assert folded(CREATED, *whole(CALL, 0), completed(again)).parts == (LS,)


def test_ids_that_change_in_the_last_response() -> None:
    listed = completed(REASONING | {"id": "rs_x"}, MESSAGE | {"id": "msg_x"}, CALL | {"id": "fc_x"})
    assert folded(CREATED, *whole(REASONING, 0), *whole(MESSAGE, 1), *whole(CALL, 2), listed).parts == FULL_PARTS


def test_neither_ids_nor_indices() -> None:
    bare = [
        {key: value for key, value in event.items() if key not in ("item_id", "output_index")}
        for event in (*whole(MESSAGE, 0), *whole(CALL, 1))
    ]
    assert folded(CREATED, *bare, completed()).parts == (Text("Hello there"), LS)


@pytest.mark.parametrize("left_out", [("id", "item_id"), ("id", "item_id", "output_index")])
def test_two_calls_without_ids_of_their_items(left_out: tuple[str, ...]) -> None:
    events = []
    for event in (*whole(CALL, 0), *whole(OTHER_CALL, 0)):
        bare = {key: value for key, value in event.items() if key not in left_out}
        if "item" in bare:
            bare["item"] = {key: value for key, value in bare["item"].items() if key not in left_out}
        events.append(bare)
    decoded = events_of(stream_of(CREATED, *events))
    assert [event.text for event in decoded if isinstance(event, PartDelta)] == ['{"', 'a":1}', '{"', 'b":2}']
    assert [type(event) for event in decoded].count(PartClosed) == 2


def test_continuation_deltas_with_an_empty_id() -> None:
    events = [event | {"item_id": ""} if "item_id" in event else event for event in whole(CALL, 0)]
    assert folded(CREATED, *events, completed(CALL)).parts == (LS,)


def test_the_same_index_for_several_items() -> None:
    assert folded(CREATED, *whole(CALL, 0), *whole(OTHER_CALL, 0), completed(CALL, OTHER_CALL)).parts == (LS, LS_AGAIN)


def test_thinking_whose_end_is_never_told_does_not_hold_up_the_text() -> None:
    thought = delta("reasoning_text", "hm", REASONING, 0, content_index=0)
    sequence, decoder = Sequence(), CODEC.stream_decoder()
    said: list[Event] = []
    for event in (CREATED, thought, delta("output_text", "Hi", MESSAGE, 1, content_index=0)):
        said += [own for each in decoder.feed(SseEvent(stream_of(event))) for own in sequence.feed(each)]
    assert said[-1] == PartDelta(1, "Hi")


def test_empty_deltas_say_nothing() -> None:
    events = [added(MESSAGE, 0), delta("output_text", "", MESSAGE, 0, content_index=0)]
    assert [type(event) for event in events_of(stream_of(CREATED, *events))] == [Started]


def test_a_stream_that_breaks_off_has_no_end() -> None:
    events = events_of(stream_of(*FULL[:-1]))
    assert not any(isinstance(event, Ended) for event in events)


@pytest.mark.parametrize("last", ["response.failed", "error"])
def test_errors_never_pass_through(last: str) -> None:
    failed = {"type": last, "response": {"id": "r", "status": "failed", "error": {"message": "no"}}}
    assert [type(event) for event in events_of(stream_of(CREATED, failed))] == [Started]


def test_a_failure_in_a_completed_event_is_no_end() -> None:
    failed = {"type": "response.completed", "response": {"id": "r", "status": "failed"}}
    assert [type(event) for event in events_of(stream_of(CREATED, failed))] == [Started]


def test_nothing_comes_after_the_end() -> None:
    assert isinstance(events_of(stream_of(CREATED, COMPLETED, *whole(MESSAGE, 5), COMPLETED))[-1], Ended)
    assert len(events_of(stream_of(CREATED, COMPLETED, *whole(MESSAGE, 5), COMPLETED))) == 2


# Content


def test_several_content_parts() -> None:
    parts = [{"type": "output_text", "text": "One more"}, {"type": "refusal", "refusal": "I won't"}]
    answer = folded(CREATED, *whole(MESSAGE | {"content": parts}, 0), completed())
    assert answer.parts == (Text("One more"), Refusal("I won't"))
    assert answer.stop is StopReason.REFUSAL


def test_reasoning_text_and_summaries() -> None:
    thought = [
        delta("reasoning_text", "raw ", REASONING, 0, content_index=0),
        delta("reasoning_text", "thoughts", REASONING, 0, content_index=0),
        delta("reasoning_summary_text", "In short", REASONING, 0, summary_index=0),
    ]
    assert folded(CREATED, *thought, COMPLETED).parts == (Thinking("raw thoughts\n\nIn short", item_id="rs_1"),)


def test_reasoning_without_words() -> None:
    item = REASONING | {"summary": []}
    (opened, closed) = events_of(stream_of(CREATED, *whole(item, 0)))[1:]
    assert opened == PartOpened(0, PartKind.THINKING, item_id="rs_1")
    assert closed == PartClosed(0, "gAAA", redacted=True)
    assert folded(CREATED, *whole(item | {"encrypted_content": None}, 0), COMPLETED).parts == ()


def test_other_kinds_of_calls() -> None:
    search = {
        "type": "tool_search_call",
        "id": "tsc_1",
        "call_id": "c",
        "execution": "client",
        "arguments": {"query": "x"},
    }
    shell = {"type": "local_shell_call", "id": "lsh_1", "call_id": "d", "action": {"type": "exec", "command": ["ls"]}}
    answer = folded(CREATED, *whole(PATCH, 0), done(search, 1), done(shell, 2), completed(PATCH, search, shell))
    assert [(call.kind, call.name, call.arguments) for call in answer.parts if isinstance(call, ToolCall)] == [
        (ToolKind.CUSTOM, "apply_patch", "*** Begin"),
        (ToolKind.TOOL_SEARCH, "tool_search", '{"query":"x"}'),
        (ToolKind.LOCAL_SHELL, "local_shell", '{"type":"exec","command":["ls"]}'),
    ]
    assert answer.stop is StopReason.TOOL_USE


def test_a_namespace() -> None:
    (call,) = folded(CREATED, *whole(CALL | {"namespace": "mcp__demo"}, 0), COMPLETED).parts
    assert isinstance(call, ToolCall)
    assert (call.name, call.namespace) == ("ls", "mcp__demo")


def test_what_the_vendors_tools_did_says_nothing() -> None:
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    }
    events = [added(search, 0), about("web_search_call.searching", item_id="ws_1", output_index=0), done(search, 0)]
    answer = folded(CREATED, *events, *whole(MESSAGE, 1), completed(search, MESSAGE))
    assert (answer.parts, answer.stop) == ((Text("Hello there"),), StopReason.END)


def test_annotations_say_nothing() -> None:
    note = about("output_text.annotation.added", item_id="msg_1", output_index=0, content_index=0, annotation={})
    assert folded(CREATED, added(MESSAGE, 0), note, done(MESSAGE, 0), COMPLETED).parts == (Text("Hello there"),)


@pytest.mark.parametrize(
    ("kind", "fields", "stop"),
    [
        ("response.completed", {"status": "completed"}, StopReason.END),
        ("response.incomplete", {"incomplete_details": {"reason": "max_output_tokens"}}, StopReason.LENGTH),
        ("response.incomplete", {"incomplete_details": {"reason": "content_filter"}}, StopReason.REFUSAL),
        ("response.incomplete", {"incomplete_details": None}, StopReason.LENGTH),
        ("response.completed", {"status": "incomplete", "incomplete_details": None}, StopReason.LENGTH),
    ],
)
def test_how_it_ended(kind: str, fields: dict[str, Any], stop: StopReason) -> None:
    ended = {"type": kind, "response": {"id": "resp_1", "status": kind.rpartition(".")[2], **fields}}
    assert folded(CREATED, *whole(MESSAGE, 0), ended).stop is stop


def test_usage() -> None:
    usage = {
        "input_tokens": 18,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 3},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 25,
    }
    assert folded(CREATED, completed(usage=usage)).usage == Usage(10, 5, 3, 7, 2)
    assert folded(CREATED, completed()).usage is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats(allow_nan=False) | st.sampled_from(["", "fc_1", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "text", "type"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(FULL),
            st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "item",
                        "item_id",
                        "output_index",
                        "content_index",
                        "summary_index",
                        "delta",
                        "text",
                        "arguments",
                        "response",
                    ]
                ),
                _JSON,
                max_size=2,
            ),
        ),
        max_size=12,
    )
)
def test_whatever_comes_is_sequential_in_the_end(changed: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    decoder, sequence = CODEC.stream_decoder(), Sequence()
    said: list[Event] = []
    for event, changes in changed:
        raw = b"data: " + orjson.dumps(event | changes) + b"\n\n"
        said += [own for each in decoder.feed(SseEvent(raw)) for own in sequence.feed(each)]
    opened = [event.index for event in said if isinstance(event, PartOpened)]
    assert opened == list(range(len(opened)))


@given(st.permutations(range(len(FULL) - 1)))
def test_no_order_of_events_raises(order: list[int]) -> None:
    events_of(stream_of(*(FULL[at] for at in order), FULL[-1]))
