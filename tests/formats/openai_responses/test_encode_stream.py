"""What Codex and the SDK get as a stream: numbered events, one item per part, everything told twice the same."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.ir.codec import Front
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.fold import fold
from cccc.ir.messages import StopReason, Thinking, ToolKind
from cccc.ir.seal import unseal, unseal_text
from tests.formats.openai_responses.judge import CODEC, FRONT, judged, part, said, written
from tests.formats_check import frames

CALL = {"id": "call_1", "name": "exec_command"}


def names(raw: bytes) -> list[str | None]:
    return [frame.name for frame in frames(raw)]


def test_text() -> None:
    raw = written(
        *part(0, PartKind.TEXT, "Hello", " wörld\u2028"), UsageSeen(Usage(input=3, output=2)), Ended(StopReason.END)
    )
    answer = judged(raw)
    assert (answer.text, answer.model, answer.id, answer.stop) == (
        "Hello wörld\u2028",
        "gpt-asked",
        "resp_req_01ABC",
        "completed",
    )
    assert names(raw) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


def test_two_parallel_calls_have_their_own_items() -> None:
    raw = written(
        *said(
            part(0, PartKind.TOOL_CALL, '{"cmd":', '"ls"}', id="call_1", name="exec_command"),
            part(1, PartKind.TOOL_CALL, '{"cmd":"pwd"}', id="call_2", name="exec_command"),
            stop=StopReason.TOOL_USE,
        )
    )
    answer = judged(raw)
    assert [(tool.id, tool.name, tool.arguments) for tool in answer.tools] == [
        ("call_1", "exec_command", '{"cmd":"ls"}'),
        ("call_2", "exec_command", '{"cmd":"pwd"}'),
    ]
    assert answer.stop == "completed"


def test_a_call_is_announced_before_its_arguments_come() -> None:
    encoder = CODEC.stream_encoder(FRONT)
    encoder.feed(Started())
    (frame,) = frames(encoder.feed(PartOpened(0, PartKind.TOOL_CALL, "call_1", "exec_command")))
    assert frame.data["item"] == {
        "id": "fc_req_01ABC_0",
        "type": "function_call",
        "status": "in_progress",
        "call_id": "call_1",
        "name": "exec_command",
        "arguments": "",
    }
    (delta,) = frames(encoder.feed(PartDelta(0, '{"c')))
    assert (delta.data["delta"], delta.data["item_id"]) == ('{"c', "fc_req_01ABC_0")


def test_a_call_without_arguments_has_an_empty_object() -> None:
    (tool,) = judged(written(*said(part(0, PartKind.TOOL_CALL, **CALL)))).tools
    assert tool.arguments == "{}"


def test_a_custom_tool_is_answered_in_its_kind() -> None:
    known = {"id": "call_1", "name": "apply_patch", "tool_kind": ToolKind.CUSTOM}
    raw = written(*said(part(0, PartKind.TOOL_CALL, "*** Begin", " Patch\n", **known)))
    (tool,) = judged(raw).tools
    assert (tool.arguments, tool.custom) == ("*** Begin Patch\n", True)
    assert "response.custom_tool_call_input.delta" in names(raw)


def test_a_namespaced_function_keeps_its_namespace() -> None:
    known = {"id": "call_1", "name": "hello", "namespace": "mcp__demo"}
    (tool,) = judged(written(*said(part(0, PartKind.TOOL_CALL, "{}", **known)))).tools
    assert (tool.name, tool.namespace) == ("hello", "mcp__demo")


@pytest.mark.parametrize(
    ("kind", "arguments", "key", "expected"),
    [
        (ToolKind.TOOL_SEARCH, '{"query":"x"}', "arguments", {"query": "x"}),
        (ToolKind.LOCAL_SHELL, '{"command":["ls"]}', "action", {"type": "exec", "command": ["ls"], "env": {}}),
    ],
)
def test_calls_whose_arguments_are_an_object_come_whole(
    kind: ToolKind, arguments: str, key: str, expected: dict[str, object]
) -> None:
    raw = written(*part(0, PartKind.TOOL_CALL, arguments[:4], arguments[4:], id="c", name="n", tool_kind=kind))
    added, done = frames(raw)[2:]
    assert (added.name, done.name) == ("response.output_item.added", "response.output_item.done")
    assert done.data["item"][key] == expected
    assert done.data["item"]["call_id"] == "c"


def test_thinking_is_a_summary_and_carries_what_its_maker_needs() -> None:
    closed = PartClosed(0, "sig", WireFormat.ANTHROPIC, "claude")
    raw = written(*said(part(0, PartKind.THINKING, "Hm", "m.", closed=closed), part(1, PartKind.TEXT, "Yes.")))
    answer = judged(raw)
    assert (answer.thinking, answer.text) == ("Hmm.", "Yes.")
    (item,) = [frame.data["item"] for frame in frames(raw) if frame.name == "response.output_item.done"][:1]
    assert unseal(item["encrypted_content"]) == Thinking("", "sig", WireFormat.ANTHROPIC, "claude")
    assert item["id"] == "rs_req_01ABC_0"


def test_thinking_without_words_is_an_item_with_its_seal_only() -> None:
    closed = PartClosed(0, "data", WireFormat.ANTHROPIC, "claude", redacted=True)
    raw = written(*said(part(0, PartKind.THINKING, closed=closed)))
    assert judged(raw).thinking == ""
    item = frames(raw)[-1].data["response"]["output"][0]
    assert item["summary"] == []
    assert unseal(item["encrypted_content"]) == Thinking("", "data", WireFormat.ANTHROPIC, "claude", redacted=True)


def test_empty_parts_are_never_announced() -> None:
    raw = written(*said(part(0, PartKind.TEXT), part(1, PartKind.THINKING, ""), part(2, PartKind.TEXT, "", "x")))
    assert judged(raw).text == "x"
    assert len(frames(raw)[-1].data["response"]["output"]) == 1


def test_a_refusal_in_words_is_a_complete_answer() -> None:
    raw = written(*said(part(0, PartKind.REFUSAL, "I won't."), stop=StopReason.REFUSAL))
    answer = judged(raw)
    assert (answer.stop, answer.refusal, answer.text) == ("completed", "I won't.", "")


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (StopReason.END, "completed"),
        (StopReason.TOOL_USE, "completed"),
        (StopReason.STOP_SEQUENCE, "completed"),
        (StopReason.PAUSE, "completed"),
        (StopReason.LENGTH, "max_output_tokens"),
        (StopReason.CONTEXT, "max_output_tokens"),
        (StopReason.REFUSAL, "content_filter"),
    ],
)
def test_how_an_answer_ends(stop: StopReason, expected: str) -> None:
    assert judged(written(*said(part(0, PartKind.TEXT, "x"), stop=stop))).stop == expected


def test_the_table_of_ends_is_total() -> None:
    cases = {mark.args[1][at][0] for mark in test_how_an_answer_ends.pytestmark for at in range(len(mark.args[1]))}
    assert cases == set(StopReason)


def test_usage_counts_what_was_cached_and_thought() -> None:
    usage = Usage(input=10, cache_read=5, cache_write=3, output=7, reasoning=2)
    answer = judged(written(UsageSeen(Usage(input=10)), UsageSeen(usage), Ended(StopReason.END)))
    assert answer.usage == {
        "input_tokens": 18,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 3},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 25,
    }


def test_usage_that_never_came_is_guessed() -> None:
    answer = judged(written(*said(part(0, PartKind.TEXT, "x" * 40))))
    assert answer.usage is not None
    assert (answer.usage["input_tokens"], answer.usage["output_tokens"]) == (77, 10)


def test_a_stream_without_an_announcement_has_its_beginning_all_the_same() -> None:
    encoder = CODEC.stream_encoder(FRONT)
    assert judged(b"".join(map(encoder.feed, said(part(0, PartKind.TEXT, "x"))))).text == "x"


def test_what_was_seen_of_a_stream_that_breaks_off() -> None:
    encoder = CODEC.stream_encoder(FRONT)
    assert encoder.seen.response_id is None
    assert encoder.seen.sequence_number is None
    encoder.feed(Started())
    assert (encoder.seen.response_id, encoder.seen.sequence_number) == ("resp_req_01ABC", 1)
    assert not encoder.seen.content
    for event in part(0, PartKind.TEXT, "Hel"):
        if not isinstance(event, PartClosed):
            encoder.feed(event)
    assert encoder.seen.content
    assert encoder.seen.sequence_number == 4
    assert not encoder.seen.terminal


def test_codex_gets_exactly_one_compaction_item() -> None:
    front = Front("m", "req_1", compact=True)
    raw = written(
        *said(
            part(0, PartKind.THINKING, "hm"), part(1, PartKind.TEXT, "All", " of it."), part(2, PartKind.TEXT, " End.")
        ),
        front=front,
    )
    judged(raw)
    (item,) = frames(raw)[-1].data["response"]["output"]
    assert item["type"] == "compaction"
    assert item["id"].startswith("cmp_")
    assert unseal_text(item["encrypted_content"]) == "All of it. End."
    assert [frame.name for frame in frames(raw)].count("response.output_item.done") == 1


def test_a_summary_that_says_nothing_replaces_nothing() -> None:
    raw = written(
        *said(part(0, PartKind.THINKING, "hm"), part(1, PartKind.TEXT, "\n")), front=Front("m", "req_1", compact=True)
    )
    judged(raw)
    assert frames(raw)[-1].data["response"]["output"] == []


_TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4)
_PARTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([PartKind.TEXT, PartKind.REFUSAL, PartKind.THINKING]), _TEXTS),
        st.tuples(st.just(PartKind.TOOL_CALL), st.just(['{"a":', " 1}"])),
    ),
    max_size=5,
)


@given(_PARTS, st.sampled_from(StopReason))
def test_stream_equals_whole_answer(parts: list[tuple[PartKind, list[str]]], stop: StopReason) -> None:
    events: list[Event] = said(
        *(
            part(at, kind, *texts, **({**CALL, "id": f"call_{at}"} if kind is PartKind.TOOL_CALL else {}))
            for at, (kind, texts) in enumerate(parts)
        ),
        stop=stop,
    )
    raw = written(*events)
    judged(raw)
    streamed = frames(raw)[-1].data["response"]
    whole = orjson.loads(orjson.dumps(CODEC.encode_reply(fold(events), FRONT)))
    assert streamed == whole
