"""Whole answers, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import CompactedResponse
from pydantic import TypeAdapter

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.ir.codec import Front
from cccc.ir.loss import Losses
from cccc.ir.messages import Refusal, Reply, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.seal import unseal_text
from tests.formats.openai_responses.judge import CODEC, FRONT, judged_reply


def test_everything_that_can_be_said() -> None:
    reply = Reply(
        (
            Thinking("hm", "sig", WireFormat.ANTHROPIC, "claude"),
            Text("Hello"),
            ToolCall("call_1", "ls", '{"a":1}', namespace="n"),
            ToolCall("call_2", "apply_patch", "***", ToolKind.CUSTOM),
            ToolCall("call_3", "tool_search", '{"query":"x"}', ToolKind.TOOL_SEARCH),
            ToolCall("call_4", "local_shell", '{"command":["ls"]}', ToolKind.LOCAL_SHELL),
            Refusal("No."),
        ),
        StopReason.TOOL_USE,
        usage=Usage(input=3, output=2),
    )
    said, response = judged_reply(reply)
    assert (said.thinking, said.text, said.refusal, said.stop) == ("hm", "Hello", "No.", "completed")
    assert [(tool.id, tool.name, tool.custom, tool.namespace) for tool in said.tools] == [
        ("call_1", "ls", False, "n"),
        ("call_2", "apply_patch", True, None),
        ("call_3", "tool_search", False, None),
        ("call_4", "local_shell", False, None),
    ]
    assert [item["id"].partition("_")[0] for item in response["output"]] == [
        "rs",
        "msg",
        "fc",
        "ctc",
        "tsc",
        "lsh",
        "msg",
    ]
    assert (response["model"], response["created_at"]) == ("gpt-asked", 1_700_000_000)
    assert CODEC.decode_reply(response).parts[0] == reply.parts[0]


@pytest.mark.parametrize("arguments", ["", "nonsense"])
def test_arguments_that_are_no_object(arguments: str) -> None:
    calls = tuple(ToolCall("c", "n", arguments, kind) for kind in (ToolKind.TOOL_SEARCH, ToolKind.LOCAL_SHELL))
    output = CODEC.encode_reply(Reply(calls), FRONT)["output"]
    assert output[0]["arguments"] == {}
    assert output[1]["action"] == {"type": "exec", "command": [], "env": {}}


def test_ids_fit_what_openai_accepts() -> None:
    front = Front("m", "req_01KAVZ6C7T2V0Y0X3J9N8R4Q5W")
    output = CODEC.encode_reply(Reply(tuple(Text("x") for _ in range(1_000))), front)["output"]
    assert len({item["id"] for item in output}) == 1_000
    assert max(len(item["id"]) for item in output) <= 64


def test_a_call_that_came_without_an_id_gets_one() -> None:
    (item,) = CODEC.encode_reply(Reply((ToolCall("", "n", ""),)), FRONT)["output"]
    assert (item["call_id"], item["arguments"]) == ("call_req_01ABC_0", "{}")


def test_usage_that_never_came_is_guessed() -> None:
    usage = CODEC.encode_reply(Reply((Text("x" * 30), ToolCall("c", "n", "y" * 10))), FRONT)["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (77, 10, 87)


def test_a_summary_is_exactly_one_compaction_item() -> None:
    reply = Reply((Thinking("hm"), Text("All"), Text(" of it.")))
    said, response = judged_reply(reply, Front("m", "req_1", compact=True))
    assert said.text == ""
    (item,) = response["output"]
    assert unseal_text(item["encrypted_content"]) == "All of it."


def test_a_compacted_conversation_keeps_what_the_user_said() -> None:
    first = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    history = ({"role": "developer", "content": "x"}, first, {"type": "function_call", "name": "n"})
    front = Front("m", "req_1", created=1.5, compact=True, history=history)
    response = CODEC.encode_reply(Reply((Text("Summary"),), usage=Usage(1, output=2)), front)
    TypeAdapter(CompactedResponse).validate_python(response | {"output": response["output"][1:]})
    assert response["object"] == "response.compaction"
    kept, item = response["output"]
    assert kept == first
    assert unseal_text(item["encrypted_content"]) == "Summary"
    read = CODEC.decode_request({"model": "m", "input": response["output"]}, Losses())
    assert len(read.messages) == 2


def test_a_summary_that_says_nothing_replaces_nothing() -> None:
    history = ({"role": "user", "content": "hi"}, {"role": "assistant", "content": "x"})
    assert CODEC.encode_reply(Reply(()), Front("m", "req_1", compact=True))["output"] == []
    kept = CODEC.encode_reply(Reply(()), Front("m", "req_1", compact=True, history=history))["output"]
    assert kept == [*history]


def test_a_response_of_an_endpoint() -> None:
    response = {
        "id": "resp_9",
        "object": "response",
        "status": "completed",
        "model": "gpt-x-2026",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {
                "type": "message",
                "id": "msg_1",
                "content": [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}],
            },
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "ls", "arguments": "{}"},
        ],
        "usage": {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 2}, "output_tokens": 1},
    }
    assert CODEC.decode_reply(response) == Reply(
        (
            Thinking("", "gAAA", WireFormat.OPENAI_RESPONSES, redacted=True, item_id="rs_1"),
            Text("a"),
            Text("b"),
            ToolCall("call_1", "ls", "{}", item_id="fc_1"),
        ),
        StopReason.TOOL_USE,
        usage=Usage(3, 2, output=1),
        id="resp_9",
        model="gpt-x-2026",
    )


@pytest.mark.parametrize(
    ("fields", "stop"),
    [
        ({"status": "completed"}, StopReason.END),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, StopReason.LENGTH),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, StopReason.REFUSAL),
        ({"status": "incomplete", "incomplete_details": {"reason": "tired"}}, StopReason.LENGTH),
        ({"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]}, StopReason.REFUSAL),
    ],
)
def test_how_it_ended(fields: dict[str, Any], stop: StopReason) -> None:
    assert CODEC.decode_reply(fields).stop is stop


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_PARTS = st.lists(
    st.one_of(
        st.builds(Text, _TEXT),
        st.builds(Refusal, _TEXT),
        st.builds(
            Thinking, _TEXT, st.sampled_from(["", "sig"]), st.sampled_from(WireFormat), st.sampled_from(["", "x"])
        ),
        st.builds(ToolCall, st.sampled_from(["call_1", "call_2"]), st.just("n"), st.just('{"a":1}')),
    ),
    max_size=5,
)


@given(_PARTS)
def test_an_answer_comes_back_as_it_was(parts: list[Any]) -> None:
    read = CODEC.decode_reply(CODEC.encode_reply(Reply(tuple(parts)), FRONT)).parts
    assert [part.__class__(*_without_item_id(part)) for part in read] == parts


def _without_item_id(part: Any) -> tuple[Any, ...]:
    if isinstance(part, ToolCall):
        return part.id, part.name, part.arguments, part.kind, part.namespace
    if isinstance(part, Thinking):
        return part.text, part.sealed, part.origin, part.maker, part.redacted, part.item_id
    return (part.text,)


@given(
    st.dictionaries(
        st.sampled_from(["output", "usage", "status", "incomplete_details", "id"]),
        st.recursive(
            st.none() | st.integers() | st.sampled_from(["message", "reasoning", "function_call", "local_shell_call"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["type", "content", "summary", "text", "name"]), inner, max_size=4)
            ),
            max_leaves=10,
        ),
    )
)
def test_no_body_raises(body: dict[str, Any]) -> None:
    CODEC.decode_reply(body)
