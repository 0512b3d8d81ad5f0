"""What endpoints of the Responses API are sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.ir.messages import (
    Choice,
    Effort,
    Media,
    Medium,
    Message,
    Output,
    Part,
    Reasoning,
    Refusal,
    Request,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolKind,
    ToolResult,
)
from tests.formats.openai_responses.judge import CODEC, OFFICIAL, RELAY, body, body_and_losses, request

R = WireFormat.OPENAI_RESPONSES
PNG = Media(Medium.IMAGE, "image/png", "AAAA")
TOOL = Tool("ls", "Lists.", {"type": "object", "properties": {}})


def asked(*messages: Message, **fields: Any) -> Request:
    return Request("asked", messages or (Message(Role.USER, (Text("hi"),), "messages[0]"),), **fields)


def by(role: Role, *parts: Part) -> Message:
    return Message(role, parts, "messages[0]")


def items(*messages: Message, target: Any = OFFICIAL) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body(asked(*messages), target)["input"]
    return found


def test_the_least() -> None:
    assert body(asked()) == {
        "model": "gpt-target",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
        "stream": False,
        "store": False,
    }


def test_the_system_prompt_are_the_instructions() -> None:
    assert body(asked(system=(Text("One"), Text("Two"))))["instructions"] == "One\n\nTwo"


def test_later_system_messages_stay_in_their_place() -> None:
    messages = (by(Role.USER, Text("a")), by(Role.SYSTEM, Text("b")), by(Role.USER, Text("c")))
    assert [item["role"] for item in items(*messages)] == ["user", "developer", "user"]
    assert [item["role"] for item in items(*messages, target=RELAY)] == ["user", "system", "user"]


def test_later_system_messages_go_to_the_front_where_they_must() -> None:
    given = asked(by(Role.USER, Text("a")), by(Role.SYSTEM, Text("b")), system=(Text("One"),))
    written = body(given, replace(RELAY, system_first=True))
    assert written["instructions"] == "One\n\nb"
    assert [item["role"] for item in written["input"]] == ["user"]


def test_a_whole_turn_of_the_assistant() -> None:
    thought = Thinking("hm", "gAAA", R, "openai", item_id="rs_1")
    call = ToolCall("call_1", "ls", '{"a":1}')
    assert items(by(Role.ASSISTANT, thought, Text("Let"), Text("me"), call, Text("?"), Refusal("No."))) == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": "gAAA",
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Let"}, {"type": "output_text", "text": "me"}],
        },
        {"type": "function_call", "call_id": "call_1", "name": "ls", "arguments": '{"a":1}'},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "?"}, {"type": "refusal", "refusal": "No."}],
        },
    ]


def test_bare_thinking_goes_only_to_those_that_want_it() -> None:
    message = by(Role.ASSISTANT, Thinking("hm"), Text("x"))
    assert [item["type"] for item in items(message, target=RELAY)] == ["message"]
    first, _ = items(message, target=replace(RELAY, reasoning_back=True))
    assert first == {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}


@pytest.mark.parametrize(
    ("media", "part"),
    [
        (PNG, {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"}),
        (Media(Medium.IMAGE, url="https://x/y"), {"type": "input_image", "detail": "auto", "image_url": "https://x/y"}),
        (Media(Medium.IMAGE, file_id="f"), {"type": "input_image", "detail": "auto", "file_id": "f"}),
        (
            Media(Medium.DOCUMENT, "application/pdf", "BBBB"),
            {"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,BBBB"},
        ),
        (Media(Medium.DOCUMENT, url="https://x/a"), {"type": "input_file", "file_url": "https://x/a"}),
        (Media(Medium.DOCUMENT, file_id="f"), {"type": "input_file", "file_id": "f"}),
        (Media(Medium.DOCUMENT, "text/plain", "aGk=", name="a.txt"), {"type": "input_text", "text": "a.txt\n\nhi"}),
        (
            Media(Medium.DOCUMENT, "text/plain", "?"),
            {"type": "input_file", "filename": "document.plain", "file_data": "data:text/plain;base64,?"},
        ),
        (
            Media(Medium.AUDIO, "audio/x-wav", "CC"),
            {"type": "input_audio", "input_audio": {"data": "CC", "format": "wav"}},
        ),
    ],
)
def test_media(media: Media, part: dict[str, Any]) -> None:
    (item,) = items(by(Role.USER, media))
    assert item["content"] == [part]


def test_a_picture_that_the_assistant_drew_is_a_loss() -> None:
    _, lost = body_and_losses(asked(by(Role.ASSISTANT, PNG, Text("x"))))
    assert lost == [("messages[0]", "image")]


@pytest.mark.parametrize(
    ("result", "output"),
    [
        (ToolResult("c", (Text("a"), Text("b"))), "a\nb"),
        (ToolResult("c", ()), ""),
        (ToolResult("c", (Text("a"),), is_error=True), "Error: a"),
        (ToolResult("c", (), is_error=True), "Error:"),
        (
            ToolResult("c", (PNG,), is_error=True),
            [
                {"type": "input_text", "text": "Error:"},
                {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"},
            ],
        ),
    ],
)
def test_results(result: ToolResult, output: object) -> None:
    (item,) = items(by(Role.USER, result))
    assert item == {"type": "function_call_output", "call_id": "c", "output": output}


def test_a_user_speaks_beside_a_result() -> None:
    told = items(by(Role.USER, ToolResult("c", (Text("a"),)), Text("go"), PNG))
    assert [item["type"] for item in told] == ["function_call_output", "message"]
    assert len(told[1]["content"]) == 2


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (
            {"type": "custom_tool_call", "call_id": "c", "input": "x", "name": "apply_patch"},
            {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
        ),
        (
            {"type": "local_shell_call", "call_id": "c", "action": {"command": ["ls"]}},
            {"type": "local_shell_call_output", "id": "c", "output": "ok"},
        ),
        (
            {"type": "tool_search_call", "call_id": "c", "arguments": {"query": "x"}, "execution": "client"},
            {"type": "tool_search_output", "call_id": "c", "execution": "client", "tools": []},
        ),
        (
            {"type": "function_call", "call_id": "c", "arguments": "{}", "name": "hello", "namespace": "mcp__demo"},
            {"type": "function_call_output", "call_id": "c", "output": "ok"},
        ),
    ],
)
def test_every_kind_of_call_comes_back_as_it_was(call: dict[str, Any], result: dict[str, Any]) -> None:
    assert body(request(call, result))["input"] == [call, result]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert items(by(Role.ASSISTANT, ToolCall("c", "ls", "")))[0]["arguments"] == "{}"


def test_tools() -> None:
    written = body(asked(tools=(TOOL, replace(TOOL, name="b", strict=True)), tool_choice=ToolChoice(parallel=False)))
    assert written["tools"] == [
        {"type": "function", "name": "ls", "description": "Lists.", "parameters": TOOL.schema, "strict": False},
        {"type": "function", "name": "b", "description": "Lists.", "parameters": TOOL.schema, "strict": True},
    ]
    assert (written["tool_choice"], written["parallel_tool_calls"]) == ("auto", False)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "custom", "name": "a", "description": "b", "format": {"type": "text"}},
        {
            "type": "custom",
            "name": "a",
            "description": "b",
            "format": {"type": "grammar", "syntax": "regex", "definition": "x+"},
        },
        {"type": "local_shell"},
        {"type": "tool_search", "execution": "client", "description": "d", "parameters": {"type": "object"}},
        {"type": "web_search", "filters": {"allowed_domains": ["a.b"]}, "search_context_size": "low"},
        {
            "type": "namespace",
            "name": "n",
            "description": "Tools in the n namespace.",
            "tools": [{"type": "function", "name": "a", "description": "", "parameters": {}, "strict": False}],
        },
    ],
)
def test_every_kind_of_tool_comes_back_as_it_was(entry: dict[str, Any]) -> None:
    assert body(request({"role": "user", "content": "x"}, tools=[entry]))["tools"] == [entry]


def test_settings_that_openais_search_does_not_have_are_losses() -> None:
    search = Tool("web_search", kind=ToolKind.WEB_SEARCH, settings={"max_uses": 8}, path="tools[0]")
    assert body_and_losses(asked(tools=(search,)))[1] == [("tools[0].max_uses", "max_uses")]


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice(Choice.ANY), "required"),
        (ToolChoice(Choice.NONE), "none"),
        (ToolChoice(Choice.ONE, "ls"), {"type": "function", "name": "ls"}),
        (ToolChoice(Choice.ONE, "patch"), {"type": "custom", "name": "patch"}),
        (ToolChoice(Choice.ONE, "web_search"), {"type": "web_search"}),
    ],
)
def test_choice(choice: ToolChoice, written: object) -> None:
    offered = (TOOL, Tool("patch", kind=ToolKind.CUSTOM), Tool("web_search", kind=ToolKind.WEB_SEARCH))
    assert body(asked(tools=offered, tool_choice=choice))["tool_choice"] == written


ENCRYPTED = ["reasoning.encrypted_content"]
NO_EFFORTS = replace(OFFICIAL, efforts=frozenset())


@pytest.mark.parametrize(
    ("wish", "target", "reasoning", "include", "costs"),
    [
        (Reasoning(Effort.HIGH), OFFICIAL, {"effort": "high", "summary": "auto"}, ENCRYPTED, False),
        (Reasoning(Effort.HIGH), RELAY, {"effort": "high", "summary": "auto"}, None, False),
        (Reasoning(Effort.XHIGH, summary="concise"), RELAY, {"effort": "high", "summary": "concise"}, None, True),
        (Reasoning(budget=2_000), RELAY, {"effort": "low", "summary": "auto"}, None, False),
        (Reasoning(adaptive=True), OFFICIAL, {"summary": "auto"}, ENCRYPTED, False),
        (Reasoning(Effort.NONE), OFFICIAL, {"effort": "none"}, None, False),
        (Reasoning(Effort.NONE), RELAY, None, None, True),
        (Reasoning(Effort.NONE), NO_EFFORTS, None, None, False),
        (Reasoning(Effort.HIGH), NO_EFFORTS, None, None, True),
        (None, OFFICIAL, None, None, False),
    ],
)
def test_reasoning(wish: Reasoning | None, target: Any, reasoning: object, include: object, costs: bool) -> None:
    written, lost = body_and_losses(asked(reasoning=wish), target)
    assert (written.get("reasoning"), written.get("include")) == (reasoning, include)
    assert lost == ([("reasoning", "reasoning effort")] if costs else [])


@pytest.mark.parametrize(
    ("target", "limit", "expected", "costs"),
    [
        (OFFICIAL, 100, {"max_output_tokens": 100}, False),
        (OFFICIAL, 1, {"max_output_tokens": 16}, False),
        (replace(OFFICIAL, max_output=50), 100, {"max_output_tokens": 50}, True),
        (replace(RELAY, max_tokens_field="max_tokens"), 100, {"max_tokens": 100}, False),
    ],
)
def test_the_limit(target: Any, limit: int, expected: dict[str, int], costs: bool) -> None:
    written, lost = body_and_losses(asked(max_tokens=limit), target)
    assert lost == ([("max_tokens", "max_tokens")] if costs else [])
    assert {name: value for name, value in written.items() if name.startswith("max_")} == expected


def test_output() -> None:
    schema = {"type": "object"}
    assert body(asked(output=Output(json=True, schema=schema, name="n", strict=True, verbosity="low")))["text"] == {
        "format": {"type": "json_schema", "name": "n", "schema": schema, "strict": True},
        "verbosity": "low",
    }
    named = body(asked(output=Output(json=True, schema=schema, name="my answer")))["text"]["format"]
    assert (named["name"], named["strict"]) == ("my_answer", False)
    assert body(asked(output=Output(json=True)))["text"] == {"format": {"type": "json_object"}}


def test_sampling() -> None:
    wish = Sampling(0.5, 0.9, 40, ("END",), {"seed": 1})
    written, lost = body_and_losses(asked(sampling=wish))
    assert (written["temperature"], written["top_p"]) == (0.5, 0.9)
    assert [what for _, what in lost] == ["top_k", "stop sequences", "seed"]
    written, lost = body_and_losses(asked(sampling=Sampling(0.5)), replace(OFFICIAL, fixed_temperature=True))
    assert ("temperature" in written, lost) == (False, [("temperature", "temperature")])


def test_what_only_openai_itself_knows() -> None:
    given = asked(session="s" * 80, user="u" * 80, service_tier="priority")
    written, lost = body_and_losses(given)
    assert (len(written["prompt_cache_key"]), len(written["user"]), written["service_tier"]) == (64, 64, "priority")
    assert lost == []
    written, lost = body_and_losses(given, RELAY)
    assert "prompt_cache_key" not in written
    assert lost == [("service_tier", "service_tier")]
    assert body(asked(service_tier="standard_only"))["service_tier"] == "default"


def test_cache_marks_are_losses() -> None:
    given = asked(
        by(Role.USER, Text("a", cached=True)),
        system=(Text("b", cached=True),),
        tools=(replace(TOOL, cached=True, path="tools[0]"),),
    )
    assert body_and_losses(given)[1] == [
        (f"{path}.cache_control", "cache_control") for path in ("system[0]", "tools[0]", "messages[0]")
    ]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_SAID = st.lists(st.tuples(st.sampled_from(["user", "assistant", "developer"]), _TEXT), min_size=1, max_size=6)


@given(_SAID)
def test_what_was_read_is_written_again(said: list[tuple[str, str]]) -> None:
    given = [{"role": "user", "content": "first"}, *({"role": role, "content": text} for role, text in said)]
    written = body(request(*given))
    again = [(item["role"], item["content"][0]["text"]) for item in written["input"]]
    assert again == [("user", "first"), *said]
    assert CODEC.request_facts(written, {}).problem is None
