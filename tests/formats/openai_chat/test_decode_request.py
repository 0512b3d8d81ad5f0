"""Chat Completions requests in neutral words: OpenAI's own fields, older ones, and those of the vendors' clients."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cccc.errors import NotConvertible
from cccc.ir.adapt import adapt
from cccc.ir.loss import Losses
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
from tests.formats.openai_chat.test_decode_stream import JSON, some
from tests.formats.openai_chat.wire import CODEC, VENDOR

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "f", "description": "Does f.", "parameters": SCHEMA, "strict": False}}


def read(*messages: Any, lost: tuple[str, ...] = (), **fields: Any) -> Request:
    """The request, once its losses are these (by what and path)."""
    losses = Losses()
    request = CODEC.decode_request({"model": "m", "messages": list(messages), **fields}, losses)
    assert tuple(loss.path for loss in losses.all) == lost
    return request


def parts(message: dict[str, Any], lost: tuple[str, ...] = ()) -> tuple[Part, ...]:
    (only,) = read(message, lost=lost).messages
    return only.parts


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


# messages


def test_string_and_list_contents() -> None:
    assert parts({"role": "user", "content": "Hi"}) == (Text("Hi"),)
    assert parts(user({"type": "text", "text": "H"}, "i")) == (Text("H"), Text("i"))


def test_system_first_and_later() -> None:
    request = read(
        {"role": "system", "content": "One."},
        {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
        {"role": "user", "content": "Hi"},
        {"role": "developer", "content": "Three."},
    )
    assert request.system == (Text("One."), Text("Two."))
    assert request.messages == (
        Message(Role.USER, (Text("Hi"),), "messages[2]"),
        Message(Role.SYSTEM, (Text("Three."),), "messages[3]"),
    )


def test_system_messages_hold_text_only() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    request = read({"role": "system", "content": [{"type": "text", "text": "S"}, image]}, lost=("messages[0]",))
    assert request.system == (Text("S"),)


def test_images() -> None:
    data = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    address = {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "high"}}
    bare = {"type": "image_url", "image_url": "https://x.example/b.png"}
    assert parts(user(data, address, bare)) == (
        Media(Medium.IMAGE, "image/png", "AAAA"),
        Media(Medium.IMAGE, url="https://x.example/a.png", detail="high"),
        Media(Medium.IMAGE, url="https://x.example/b.png"),
    )


def test_files() -> None:
    named = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}}
    bare = {"type": "file", "file": {"file_data": "AAAA"}}
    held = {"type": "file", "file": {"file_id": "file-1"}}
    assert parts(user(named, bare, held)) == (
        Media(Medium.DOCUMENT, "application/pdf", "AAAA", name="a.pdf"),
        Media(Medium.DOCUMENT, "application/pdf", "AAAA"),
        Media(Medium.DOCUMENT, file_id="file-1"),
    )


def test_sound() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}
    assert parts(user(sound)) == (Media(Medium.AUDIO, "audio/mpeg", "AAAA"),)


def test_cache_marks_of_compatible_clients() -> None:
    assert parts(user({"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}})) == (
        Text("Hi", cached=True),
    )


def test_calls_and_results() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    custom = {"id": "c2", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    request = read(
        {"role": "assistant", "content": None, "tool_calls": [call, custom]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "ok"}]},
    )
    assert [message.parts for message in request.messages] == [
        (ToolCall("c1", "f", '{"a":1}'), ToolCall("c2", "patch", "*** Begin", ToolKind.CUSTOM)),
        (ToolResult("c1", (Text("done"),)),),
        (ToolResult("c2", (Text("ok"),)),),
    ]


def test_functions_of_old_find_their_results() -> None:
    asked = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    answered = {"role": "function", "name": "f", "content": "done"}
    old = adapt(read(asked, answered, asked, answered), CODEC.abilities, VENDOR, Losses()).request
    calls = [part.id for message in old.messages for part in message.parts if isinstance(part, ToolCall)]
    results = [part.call_id for message in old.messages for part in message.parts if isinstance(part, ToolResult)]
    assert calls == results
    assert len(set(calls)) == 2


def test_history_of_an_assistant() -> None:
    message = {"role": "assistant", "reasoning_content": "Hm.", "content": "Hi", "refusal": "No."}
    assert parts(message) == (Thinking("Hm."), Text("Hi"), Refusal("No."))


def test_history_of_an_assistant_in_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}, {"type": "text", "text": " Yes."}]}
    refusal = {"type": "refusal", "refusal": "No."}
    assert parts({"role": "assistant", "content": [thinking, refusal]}) == (Thinking("Hm. Yes."), Refusal("No."))


def test_arguments_of_sloppy_clients() -> None:
    calls = [{"id": "c", "function": {"name": "f", "arguments": given}} for given in ({"a": 1}, "", None)]
    assert [
        call.arguments for call in parts({"role": "assistant", "tool_calls": calls}) if isinstance(call, ToolCall)
    ] == [
        '{"a":1}',
        "{}",
        "{}",
    ]


def test_a_speakers_name_is_lost() -> None:
    assert parts({"role": "user", "name": "Ann", "content": "Hi"}, lost=("messages[0].name",)) == (Text("Hi"),)


# tools


def test_functions() -> None:
    request = read(tools=[TOOL, {"type": "function", "function": {"name": "g", "parameters": None}}])
    assert request.tools == (
        Tool("f", "Does f.", SCHEMA, strict=False, path="tools[0]"),
        Tool("g", path="tools[1]"),
    )


def test_functions_of_old() -> None:
    request = read(functions=[TOOL["function"]], function_call={"name": "f"}, lost=("functions",))
    assert [tool.name for tool in request.tools] == ["f"]
    assert request.tool_choice == ToolChoice(Choice.ONE, "f")


def test_custom_tools() -> None:
    form = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /x/"}}
    (tool,) = read(tools=[{"type": "custom", "custom": {"name": "patch", "description": "P.", "format": form}}]).tools
    assert (tool.name, tool.kind, tool.grammar) == ("patch", ToolKind.CUSTOM, "start: /x/")
    assert tool.settings == {"syntax": "lark"}


def test_tools_of_one_vendor() -> None:
    (tool,) = read(tools=[{"type": "code_runner", "limit": 3}]).tools
    assert (tool.kind, tool.settings) == (ToolKind.OTHER_HOSTED, {"type": "code_runner", "limit": 3})


def test_web_search() -> None:
    (tool,) = read(web_search_options={"search_context_size": "low"}).tools
    assert (tool.kind, tool.settings) == (ToolKind.WEB_SEARCH, {"search_context_size": "low"})


@pytest.mark.parametrize(
    ("wish", "choice"),
    [
        ("auto", ToolChoice(Choice.AUTO)),
        ("required", ToolChoice(Choice.ANY)),
        ("none", ToolChoice(Choice.NONE)),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(Choice.ONE, "f")),
        ({"type": "custom", "custom": {"name": "f"}}, ToolChoice(Choice.ONE, "f")),
        (None, None),
        ("whatever", None),
    ],
)
def test_tool_choice(wish: Any, choice: ToolChoice | None) -> None:
    assert read(tools=[TOOL], tool_choice=wish).tool_choice == choice


def test_parallel_calls() -> None:
    assert read(tools=[TOOL], parallel_tool_calls=False).tool_choice == ToolChoice(parallel=False)
    one = read(tools=[TOOL], tool_choice="required", parallel_tool_calls=True).tool_choice
    assert one == ToolChoice(Choice.ANY, parallel=True)


def test_allowed_tools_are_those_on_offer() -> None:
    inner = {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]}
    other = {"type": "function", "function": {"name": "g"}}
    request = read(tools=[TOOL, other], tool_choice={"type": "allowed_tools", "allowed_tools": inner})
    assert [tool.name for tool in request.tools] == ["f"]
    assert request.tool_choice == ToolChoice(Choice.ANY)


# tuning


def test_tuning() -> None:
    request = read(
        temperature=0.5,
        top_p=1,
        top_k=3,
        stop="x",
        seed=7,
        frequency_penalty=0.1,
        max_tokens=9,
        user="u",
        prompt_cache_key="s",
        service_tier="flex",
        stream=True,
        stream_options={"include_usage": True},
    )
    assert request == Request(
        "m",
        (),
        max_tokens=9,
        sampling=Sampling(0.5, 1, 3, ("x",), {"frequency_penalty": 0.1, "seed": 7}),
        user="u",
        session="s",
        service_tier="flex",
        stream=True,
        stream_usage=True,
    )


def test_newer_names_come_first() -> None:
    request = read(max_tokens=9, max_completion_tokens=8, user="old", safety_identifier="new", stop=["x", "y"])
    assert (request.max_tokens, request.user, request.sampling.stop) == (8, "new", ("x", "y"))


@pytest.mark.parametrize(
    ("fields", "reasoning"),
    [
        ({"reasoning_effort": "high"}, Reasoning(Effort.HIGH)),
        ({"reasoning_effort": "none"}, Reasoning(Effort.NONE)),
        ({"reasoning_effort": "max"}, Reasoning(Effort.XHIGH)),
        ({"reasoning": {"effort": "low"}}, Reasoning(Effort.LOW)),
        ({"reasoning": {"max_tokens": 2000}}, Reasoning(budget=2000)),
        ({"reasoning": {"enabled": True}}, Reasoning(adaptive=True)),
        ({"thinking": {"type": "enabled"}}, Reasoning(adaptive=True)),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Reasoning(budget=2000)),
        ({"thinking": {"type": "disabled"}}, Reasoning(Effort.NONE)),
        ({}, None),
    ],
)
def test_how_hard_to_think(fields: dict[str, Any], reasoning: Reasoning | None) -> None:
    assert read(**fields).reasoning == reasoning


def test_an_unknown_effort_is_lost() -> None:
    assert read(reasoning_effort="heroic", lost=("reasoning_effort",)).reasoning is None


def test_forms_of_output() -> None:
    schema = {"name": "answer", "schema": SCHEMA, "strict": True}
    assert read(response_format={"type": "text"}, verbosity="low").output == Output(verbosity="low")
    assert read(response_format={"type": "json_object"}).output == Output(json=True)
    assert read(response_format={"type": "json_schema", "json_schema": schema}).output == Output(
        json=True, schema=SCHEMA, name="answer", strict=True
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("logit_bias", {"1": 5}),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("prediction", {"type": "content", "content": "x"}),
        ("store", True),
        ("something_new", 1),
    ],
)
def test_what_only_this_format_says_is_lost(field: str, value: Any) -> None:
    read(**{field: value}, lost=(field,))


@pytest.mark.parametrize("field", ["logit_bias", "logprobs", "store", "something_new", "modalities", "n"])
def test_what_says_nothing_is_no_loss(field: str) -> None:
    read(**{field: None})
    read(store=False, logprobs=False, n=1, modalities=["text"], logit_bias={}, metadata={"a": "b"})


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"n": 2}, "n"),
        ({"modalities": ["text", "audio"], "audio": {"voice": "ash"}}, "modalities"),
        ({"messages": [{"role": "assistant", "audio": {"id": "a1"}}]}, "messages[0].audio"),
        ({"messages": [user({"type": "hologram"})]}, "messages[0].content[0]"),
        ({"messages": [user({"type": "image_url"})]}, "messages[0].content[0].image_url"),
        ({"messages": [user({"type": "file"})]}, "messages[0].content[0].file"),
        ({"messages": [user({"type": "input_audio"})]}, "messages[0].content[0].input_audio"),
    ],
)
def test_what_nothing_else_can_say(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(NotConvertible) as caught:
        CODEC.decode_request({"model": "m", "messages": [], **fields}, Losses())
    assert caught.value.path == path


PART = some(
    type=st.sampled_from(["text", "image_url", "file", "input_audio", "refusal", "thinking"]),
    text=st.text(max_size=3),
    image_url=some(url=st.just("data:image/png;base64,AA")),
    file=some(file_data=st.text(max_size=3)),
)
MESSAGE = some(
    role=st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"]),
    content=st.lists(PART, max_size=2) | st.text(max_size=3),
    tool_calls=st.lists(some(id=st.just("c"), function=JSON, custom=JSON), max_size=2),
    function_call=some(name=st.just("f"), arguments=JSON),
    name=st.just("f"),
)
BODY = some(
    messages=st.lists(MESSAGE, max_size=4),
    tools=st.lists(some(type=st.sampled_from(["function", "custom", "x"]), function=JSON, custom=JSON), max_size=2),
    functions=JSON,
    tool_choice=some(allowed_tools=some(mode=JSON, tools=JSON), function=JSON),
    reasoning_effort=JSON,
    reasoning=some(effort=JSON, max_tokens=JSON),
    thinking=some(type=JSON),
    response_format=some(type=st.just("json_schema"), json_schema=some(schema=JSON, name=JSON)),
    stop=JSON,
    temperature=JSON,
    max_tokens=JSON,
    n=JSON,
    modalities=JSON,
    logprobs=JSON,
)


@settings(max_examples=50)
@given(BODY)
def test_whatever_comes_is_a_request_or_not_convertible(body: dict[str, Any]) -> None:
    with contextlib.suppress(NotConvertible):
        CODEC.decode_request(body, Losses())
