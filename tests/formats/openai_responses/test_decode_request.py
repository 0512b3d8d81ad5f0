"""What clients of the Responses API ask, in neutral words: the SDK's forms, and Codex's recorded requests."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Choice,
    Effort,
    Media,
    Medium,
    Message,
    Output,
    Reasoning,
    Refusal,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolKind,
    ToolResult,
)
from cccc.ir.seal import seal, seal_text
from tests.formats.openai_responses.judge import CODEC, request, request_and_losses

CAPTURES = {
    path.stem: json.loads(path.read_bytes())["body"]
    for path in sorted((Path(__file__).parents[2] / "captures").glob("codex_*.json"))
}
TURNS = sorted(name for name, body in CAPTURES.items() if body)
NOT_CONVERTIBLE = {"codex_after_compaction_item": "input[4]", "codex_ws_frame3": "previous_response_id"}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def the_part(item: dict[str, Any]) -> Any:
    """The one part of the one message of a request with one item."""
    (message,) = request(item).messages
    (part,) = message.parts
    return part


@pytest.mark.parametrize("name", [name for name in TURNS if name not in NOT_CONVERTIBLE])
def test_recorded_requests_of_codex_lose_nothing(name: str) -> None:
    read, lost = request_and_losses(CAPTURES[name])
    assert lost == []
    assert read.model == CAPTURES[name]["model"]
    assert len(read.session) == 36
    assert read.stream
    assert read.system
    assert all(message.parts for message in read.messages)
    assert all(tool.name for tool in read.tools)


@pytest.mark.parametrize(("name", "path"), NOT_CONVERTIBLE.items())
def test_recorded_requests_that_only_their_endpoint_can_read(name: str, path: str) -> None:
    with pytest.raises(NotConvertible) as refused:
        CODEC.decode_request(CAPTURES[name], Losses())
    assert refused.value.path == path


def test_a_string_is_what_the_user_says() -> None:
    read, _ = request_and_losses({"model": "m", "input": "hi", "instructions": "Be brief."})
    assert read.messages == (Message(Role.USER, (Text("hi"),), "input"),)
    assert read.system == (Text("Be brief."),)


def test_system_and_developer_messages_before_everything_are_the_system_prompt() -> None:
    read = request(
        {"role": "developer", "content": "One"},
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Two"}]},
        user("hi"),
        {"role": "developer", "content": "Later"},
    )
    assert read.system == (Text("One"), Text("Two"))
    assert [(message.role, message.path) for message in read.messages] == [
        (Role.USER, "input[2]"),
        (Role.SYSTEM, "input[3]"),
    ]


PNG = "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "output_text", "text": "a", "annotations": []}, Text("a")),
        ({"type": "refusal", "refusal": "no"}, Refusal("no")),
        ({"type": "input_image", "image_url": PNG}, Media(Medium.IMAGE, "image/png", "AAAA")),
        ({"type": "input_image", "image_url": {"url": PNG}}, Media(Medium.IMAGE, "image/png", "AAAA")),
        ({"type": "input_image", "image_url": "https://x/y.png"}, Media(Medium.IMAGE, url="https://x/y.png")),
        ({"type": "input_image", "file_id": "file-1"}, Media(Medium.IMAGE, file_id="file-1")),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB"},
            Media(Medium.DOCUMENT, "application/pdf", "BBBB", name="a.pdf"),
        ),
        ({"type": "input_file", "file_data": "BBBB"}, Media(Medium.DOCUMENT, "application/pdf", "BBBB")),
        ({"type": "input_file", "file_url": "https://x/a.pdf"}, Media(Medium.DOCUMENT, url="https://x/a.pdf")),
        (
            {"type": "input_audio", "input_audio": {"data": "CCCC", "format": "mp3"}},
            Media(Medium.AUDIO, "audio/mp3", "CCCC"),
        ),
    ],
)
def test_content(content: dict[str, Any], part: object) -> None:
    assert the_part(user([content])) == part


def test_codex_speaks_to_a_sub_agent_of_another_vendor() -> None:
    task = [{"type": "input_text", "text": "Payload:"}, {"type": "encrypted_content", "encrypted_content": "Say hello"}]
    (message,) = request({"type": "agent_message", "author": "/root", "content": task}).messages
    assert (message.role, message.parts) == (Role.USER, (Text("Payload:"), Text("Say hello")))


def test_empty_texts_say_nothing() -> None:
    assert request(user(""), user([{"type": "input_text", "text": ""}]), user("x")).messages == (
        Message(Role.USER, (Text("x"),), "input[2]"),
    )


@pytest.mark.parametrize(
    ("item", "call"),
    [
        (
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "ls", "arguments": '{"a":1}'},
            ToolCall("call_1", "ls", '{"a":1}', item_id="fc_1"),
        ),
        (
            {"type": "function_call", "call_id": "c", "name": "hello", "namespace": "mcp__demo", "arguments": {"a": 1}},
            ToolCall("c", "hello", '{"a":1}', namespace="mcp__demo"),
        ),
        (
            {"type": "function_call", "call_id": "c", "name": "wait", "namespace": "functions", "arguments": "{}"},
            ToolCall("c", "wait", "{}"),
        ),
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "apply_patch", "input": "*** Begin"},
            ToolCall("c", "apply_patch", "*** Begin", ToolKind.CUSTOM),
        ),
        (
            {"type": "local_shell_call", "call_id": "c", "action": {"type": "exec", "command": ["ls"]}},
            ToolCall("c", "local_shell", '{"type":"exec","command":["ls"]}', ToolKind.LOCAL_SHELL),
        ),
        (
            {"type": "tool_search_call", "call_id": "c", "execution": "client", "arguments": {"query": "x"}},
            ToolCall("c", "tool_search", '{"query":"x"}', ToolKind.TOOL_SEARCH),
        ),
        (
            {"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}},
            ToolCall("c", "shell", '{"commands":["ls"]}'),
        ),
    ],
)
def test_calls(item: dict[str, Any], call: ToolCall) -> None:
    assert the_part(item) == call


@pytest.mark.parametrize(
    ("item", "result"),
    [
        ({"type": "function_call_output", "call_id": "c", "output": "ok"}, ToolResult("c", (Text("ok"),))),
        (
            {
                "type": "function_call_output",
                "call_id": "c",
                "output": [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": PNG}],
            },
            ToolResult("c", (Text("a"), Media(Medium.IMAGE, "image/png", "AAAA"))),
        ),
        ({"type": "function_call_output", "call_id": "c", "output": ""}, ToolResult("c", ())),
        (
            {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
            ToolResult("c", (Text("ok"),), kind=ToolKind.CUSTOM),
        ),
        (
            {"type": "local_shell_call_output", "id": "c", "output": "{}"},
            ToolResult("c", (Text("{}"),), kind=ToolKind.LOCAL_SHELL),
        ),
        (
            {"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "x"}]},
            ToolResult("c", (Text('[{"stdout":"x"}]'),)),
        ),
        (
            {"type": "apply_patch_call_output", "call_id": "c", "status": "failed", "output": "no"},
            ToolResult("c", (Text("no"),), is_error=True),
        ),
    ],
)
def test_results(item: dict[str, Any], result: ToolResult) -> None:
    assert the_part(item) == result


def test_tools_that_were_found_are_on_offer_from_then_on() -> None:
    read, _ = request_and_losses(CAPTURES["codex_tool_search_then_mcp_call"])
    assert ("mcp__demo", "hello") in {(tool.namespace, tool.name) for tool in read.tools}
    results = [part for message in read.messages for part in message.parts if isinstance(part, ToolResult)]
    assert results[0] == ToolResult("call_1", (Text("Found: mcp__demo.hello"),), kind=ToolKind.TOOL_SEARCH)


# Reasoning and compaction


def test_encrypted_reasoning_keeps_its_origin() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    encrypted = item | {"encrypted_content": "gAAA", "content": None}
    assert the_part(encrypted) == Thinking("hm", "gAAA", WireFormat.OPENAI_RESPONSES, item_id="rs_1")
    assert the_part(item) == Thinking("hm", origin=WireFormat.OPENAI_RESPONSES)


def test_reasoning_without_words_is_redacted_or_nothing() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    assert the_part(item).redacted
    assert request(user("x"), item | {"encrypted_content": None}).messages[1:] == ()


def test_thinking_that_we_sealed_comes_back_as_it_was() -> None:
    thought = Thinking("hm", "sig", WireFormat.ANTHROPIC, "claude")
    item = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    assert the_part(item | {"encrypted_content": seal(thought)}) == thought


def test_a_compaction_of_ours_becomes_text() -> None:
    read = request(
        user("hi"), {"type": "compaction", "id": "cmp_1", "encrypted_content": seal_text("We did X.")}, user("on")
    )
    (summary,) = read.messages[1].parts
    assert isinstance(summary, Text)
    assert summary.text.endswith("We did X.")
    assert read.messages[1].role is Role.USER


def test_a_compaction_trigger_asks_for_a_summary() -> None:
    read = request(user("hi"), {"type": "compaction_trigger"})
    assert read.compact
    assert len(read.messages) == 1
    assert not request(user("hi")).compact


# What no other format can say


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
        ({"input": [{"type": "compaction", "encrypted_content": "gAAA"}]}, "input[0]"),
        ({"input": [user("x"), {"type": "something_new"}]}, "input[1]"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{"role": "critic", "content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "function_call", "call_id": "c", "arguments": "{}"}]}, "input[0].name"),
        ({"input": [user([{"type": "input_text", "text": "a"}, {"type": "hologram"}])]}, "input[0].content[1]"),
        ({"input": [user([{"type": "input_image"}])]}, "input[0].content[0]"),
        ({"input": [user([{"type": "encrypted_content", "encrypted_content": "gAAAAABo"}])]}, "input[0].content[0]"),
        (
            {"input": [{"type": "function_call_output", "call_id": "c", "output": [{"type": "hologram"}]}]},
            "input[0].output[0]",
        ),
    ],
)
def test_not_convertible(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(NotConvertible) as refused:
        CODEC.decode_request({"model": "m", "input": "x", **fields}, Losses())
    assert refused.value.path == path
    assert refused.value.reason


def test_fields_that_only_this_format_has_are_losses() -> None:
    fields = {"truncation": "auto", "top_logprobs": 3, "max_tool_calls": 2, "moderation": {"model": "x"}}
    _, lost = request_and_losses({"model": "m", "input": "x", **fields})
    assert lost == [(name, name) for name in fields]


def test_fields_that_mean_nothing_elsewhere_cost_nothing() -> None:
    request(
        user("x"),
        store=True,
        include=["reasoning.encrypted_content"],
        metadata={"a": "b"},
        client_metadata={},
        truncation="disabled",
        top_logprobs=0,
        background=False,
        previous_response_id=None,
        stream_options={"include_obfuscation": False},
        prompt_cache_retention="24h",
    )


def test_history_of_the_vendors_own_tools_is_a_loss() -> None:
    item = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    read, lost = request_and_losses({"model": "m", "input": [user("x"), item]})
    assert lost == [("input[1]", "web_search_call")]
    assert len(read.messages) == 1


# Tools and settings


def tools(*entries: dict[str, Any], **fields: Any) -> tuple[Tool, ...]:
    return request(user("x"), tools=list(entries), **fields).tools


def test_functions() -> None:
    schema = {"type": "object", "properties": {}}
    assert tools({"type": "function", "name": "a", "description": "b", "parameters": schema, "strict": False}) == (
        Tool("a", "b", schema, strict=False, path="tools[0]"),
    )
    assert tools({"type": "function", "name": "a", "parameters": None}) == (Tool("a", path="tools[0]"),)


def test_a_custom_tool_has_a_grammar() -> None:
    form = {"type": "grammar", "syntax": "lark", "definition": "start: x"}
    (tool,) = tools({"type": "custom", "name": "a", "description": "b", "format": form})
    assert (tool.kind, tool.grammar, tool.settings) == (ToolKind.CUSTOM, "start: x", {"syntax": "lark"})
    assert tools({"type": "custom", "name": "a"})[0].grammar == ""


def test_namespaces_are_told_apart_by_the_tools_in_them() -> None:
    inner = {"type": "function", "name": "hello"}
    found = tools(
        {"type": "namespace", "name": "mcp__demo", "tools": [inner]},
        {"type": "namespace", "name": "functions", "tools": [inner]},
    )
    assert [(tool.namespace, tool.name, tool.path) for tool in found] == [
        ("mcp__demo", "hello", "tools[0].tools[0]"),
        ("", "hello", "tools[1].tools[0]"),
    ]


@pytest.mark.parametrize(
    ("entry", "kind", "name", "settings"),
    [
        ({"type": "local_shell"}, ToolKind.LOCAL_SHELL, "local_shell", {}),
        ({"type": "tool_search", "execution": "client", "description": "d"}, ToolKind.TOOL_SEARCH, "tool_search", {}),
        ({"type": "tool_search"}, ToolKind.OTHER_HOSTED, "tool_search", {}),
        (
            {"type": "web_search_preview", "filters": {"allowed_domains": ["a.b"]}, "search_context_size": "low"},
            ToolKind.WEB_SEARCH,
            "web_search",
            {"allowed_domains": ["a.b"], "search_context_size": "low"},
        ),
        ({"type": "mcp", "server_label": "x"}, ToolKind.OTHER_HOSTED, "mcp", {"server_label": "x"}),
        ({"type": "code_interpreter"}, ToolKind.OTHER_HOSTED, "code_interpreter", {}),
    ],
)
def test_other_tools(entry: dict[str, Any], kind: ToolKind, name: str, settings: dict[str, Any]) -> None:
    (tool,) = tools(entry)
    assert (tool.kind, tool.name, tool.settings) == (kind, name, settings)


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, ToolChoice()),
        ({"tool_choice": "required", "parallel_tool_calls": False}, ToolChoice(Choice.ANY, parallel=False)),
        ({"tool_choice": "none"}, ToolChoice(Choice.NONE)),
        ({"parallel_tool_calls": True}, ToolChoice(parallel=True)),
        ({"tool_choice": {"type": "function", "name": "a"}}, ToolChoice(Choice.ONE, "a")),
        ({"tool_choice": {"type": "custom", "name": "b"}}, ToolChoice(Choice.ONE, "b")),
        ({"tool_choice": {"type": "web_search_preview"}}, ToolChoice(Choice.ONE, "web_search")),
    ],
)
def test_choice(fields: dict[str, Any], choice: ToolChoice | None) -> None:
    assert request(user("x"), **fields).tool_choice == choice


def test_a_choice_among_some_leaves_only_those() -> None:
    offered = [{"type": "function", "name": name} for name in "abc"]
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "b"}]}
    read = request(user("x"), tools=offered, tool_choice=allowed)
    assert [tool.name for tool in read.tools] == ["b"]
    assert read.tool_choice == ToolChoice(Choice.ANY)


def test_settings() -> None:
    schema = {"type": "object"}
    form = {"type": "json_schema", "name": "n", "schema": schema, "strict": True}
    read = request(
        user("x"),
        max_output_tokens=100,
        temperature=1,
        top_p=0.5,
        reasoning={"effort": "high", "summary": "auto", "context": "all_turns"},
        text={"verbosity": "low", "format": form},
        prompt_cache_key="key",
        safety_identifier="me",
        service_tier="flex",
        stream=True,
    )
    assert (read.max_tokens, read.sampling.temperature, read.sampling.top_p) == (100, 1.0, 0.5)
    assert read.reasoning == Reasoning(Effort.HIGH, summary="auto")
    assert read.output == Output(json=True, schema=schema, name="n", strict=True, verbosity="low")
    assert (read.session, read.user, read.service_tier, read.stream) == ("key", "me", "flex", True)
    assert request(user("x"), text={"format": {"type": "json_object"}}).output == Output(json=True)
    assert request(user("x"), reasoning=None).reasoning is None


@pytest.mark.parametrize(("word", "effort"), [*((each.value, each) for each in Effort), ("max", Effort.XHIGH)])
def test_efforts(word: str, effort: Effort) -> None:
    assert request(user("x"), reasoning={"effort": word}).reasoning == Reasoning(effort)


def test_an_effort_that_nobody_knows_is_a_loss() -> None:
    read, lost = request_and_losses({"model": "m", "input": "x", "reasoning": {"effort": "heroic"}})
    assert (read.reasoning, lost) == (None, [("reasoning.effort", "reasoning effort")])


_NAMES = sorted(
    {name for body in CAPTURES.values() if body for name in body} | {"conversation", "prompt", "instructions"}
)
_KEYS = [
    "type",
    "role",
    "content",
    "text",
    "name",
    "id",
    "call_id",
    "output",
    "arguments",
    "tools",
    "image_url",
    "action",
]
_WORDS = [
    "message",
    "user",
    "developer",
    "function_call",
    "function_call_output",
    "reasoning",
    "input_image",
    "namespace",
    "custom",
]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.sampled_from(_WORDS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=2), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=6))
def test_no_json_raises_anything_else(body: dict[str, Any]) -> None:
    with contextlib.suppress(NotConvertible):
        CODEC.decode_request(body, Losses())
