"""Tools of every kind in the kinds that a target has."""

from __future__ import annotations

import pytest

from cccc.ir.loss import Loss, Losses
from cccc.ir.messages import (
    Choice,
    Message,
    Request,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolKind,
    ToolResult,
)
from cccc.ir.names import ToolName
from cccc.ir.target import Abilities
from cccc.ir.toolbox import called, chosen, kinds_of, offered

FUNCTIONS = Abilities()
EVERYTHING = Abilities(tool_kinds=frozenset(ToolKind))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
PATCH = Tool(
    "apply_patch",
    "Edits files. This is a FREEFORM tool, so do not wrap the patch in JSON.",
    kind=ToolKind.CUSTOM,
    grammar="start: begin",
    settings={"syntax": "lark"},
    path="tools[0]",
)


def offer(*tools: Tool, abilities: Abilities = FUNCTIONS) -> tuple[tuple[Tool, ...], tuple[Loss, ...]]:
    losses = Losses()
    return offered(Request("m", (), tools=tools), abilities, losses).tools, losses.all


def test_a_custom_tool_becomes_a_function_of_one_text() -> None:
    (tool,), losses = offer(PATCH)
    assert tool.kind is ToolKind.FUNCTION
    assert tool.schema["properties"]["input"]["type"] == "string"
    assert tool.schema["required"] == ["input"]
    before, words, _, grammar = tool.description.split("\n\n")
    assert (before, grammar) == ("Edits files.", "start: begin")
    assert "`input`" in words
    assert (tool.grammar, tool.settings, tool.path) == ("", {}, "tools[0]")
    assert losses == ()


def test_a_custom_tool_without_words_still_says_how_it_is_called() -> None:
    (tool,), _ = offer(Tool("exec", kind=ToolKind.CUSTOM))
    assert tool.description.startswith("Here this tool is called as a function")


@pytest.mark.parametrize("kind", [ToolKind.LOCAL_SHELL, ToolKind.TOOL_SEARCH])
def test_other_tools_of_the_client_become_functions(kind: ToolKind) -> None:
    (tool,), losses = offer(Tool("", kind=kind))
    assert (tool.name, tool.kind, losses) == (kind.value, ToolKind.FUNCTION, ())
    assert tool.description
    assert tool.schema["required"]
    (own,), _ = offer(Tool("find", "Finds.", SCHEMA, kind=kind))
    assert own == Tool("find", "Finds.", SCHEMA)


def test_a_target_that_has_the_kind_gets_the_tool_as_it_is() -> None:
    tools = (PATCH, Tool("web_search", kind=ToolKind.WEB_SEARCH, settings={"max_uses": 8}))
    assert offer(*tools, abilities=EVERYTHING) == (tools, ())


@pytest.mark.parametrize("kind", [ToolKind.WEB_SEARCH, ToolKind.OTHER_HOSTED])
def test_a_vendors_own_tool_is_lost_elsewhere(kind: ToolKind) -> None:
    tool = Tool("code", kind=kind, path="tools[3]")
    assert offer(tool) == ((), (Loss("tools[3]", "code", "the target runs no such tool"),))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {"type": "object", "properties": {}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"type": None, "properties": None}, {"type": "object", "properties": {}}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"anyOf": []}, {"type": "object", "properties": {}, "anyOf": []}),
        (SCHEMA, SCHEMA),
    ],
)
def test_schemas_say_object(schema: dict[str, object], expected: dict[str, object]) -> None:
    (tool,), _ = offer(Tool("f", schema=schema))
    assert tool.schema == expected


def test_a_tool_is_offered_once() -> None:
    tools, _ = offer(Tool("f", "first"), Tool("f", "again"), Tool("f", namespace="other"))
    assert [(tool.name, tool.namespace, tool.description) for tool in tools] == [("f", "", "first"), ("f", "other", "")]


@pytest.mark.parametrize(
    ("choice", "tools", "expected", "lost"),
    [
        (None, (Tool("f"),), None, 0),
        (ToolChoice(Choice.ANY), (), None, 0),
        (ToolChoice(Choice.NONE), (), None, 0),
        (ToolChoice(Choice.ANY), (Tool("f"),), ToolChoice(Choice.ANY), 0),
        (ToolChoice(Choice.ONE, "f"), (Tool("f"),), ToolChoice(Choice.ONE, "f"), 0),
        (ToolChoice(Choice.ONE, "f", "n"), (Tool("f", namespace="n"),), ToolChoice(Choice.ONE, "f", "n"), 0),
        (ToolChoice(Choice.ONE, "web_search", parallel=False), (Tool("f"),), ToolChoice(parallel=False), 1),
        (ToolChoice(Choice.ONE, "f"), (Tool("f", namespace="n"),), ToolChoice(), 1),
    ],
)
def test_the_choice_is_among_what_is_offered(
    choice: ToolChoice | None, tools: tuple[Tool, ...], expected: ToolChoice | None, lost: int
) -> None:
    losses = Losses()
    assert chosen(Request("m", (), tools=tools, tool_choice=choice), losses).tool_choice == expected
    assert len(losses.all) == lost


def history(*parts: ToolCall | ToolResult) -> Request:
    return Request("m", (Message(Role.ASSISTANT, parts),))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (ToolCall("1", "f", "{}"), ToolCall("1", "f", "{}")),
        (ToolCall("1", "p", 'a "b"\n', ToolKind.CUSTOM), ToolCall("1", "p", '{"input":"a \\"b\\"\\n"}')),
        (ToolCall("1", "", '{"command":[]}', ToolKind.LOCAL_SHELL), ToolCall("1", "local_shell", '{"command":[]}')),
        (ToolCall("1", "", "{}", ToolKind.WEB_SEARCH), ToolCall("1", "web_search", "{}")),
    ],
)
def test_calls_of_the_history_become_functions(call: ToolCall, expected: ToolCall) -> None:
    assert called(history(call), FUNCTIONS).messages[0].parts == (expected,)


def test_results_and_calls_of_a_kind_that_the_target_has_stay() -> None:
    call, result = ToolCall("1", "p", "text", ToolKind.CUSTOM), ToolResult("1", (Text("ok"),), kind=ToolKind.CUSTOM)
    assert called(history(call, result), EVERYTHING) == history(call, result)
    assert called(history(result), FUNCTIONS).messages[0].parts == (ToolResult("1", (Text("ok"),)),)


def test_the_kinds_of_tools_by_the_clients_names() -> None:
    request = Request(
        "m",
        (Message(Role.ASSISTANT, (ToolCall("1", "gone", "", ToolKind.CUSTOM), ToolCall("2", "apply_patch", "{}"))),),
        tools=(PATCH, Tool("", kind=ToolKind.LOCAL_SHELL), Tool("web_search", kind=ToolKind.WEB_SEARCH)),
    )
    assert kinds_of(request) == {
        ToolName("apply_patch"): ToolKind.CUSTOM,
        ToolName("local_shell"): ToolKind.LOCAL_SHELL,
        ToolName("gone"): ToolKind.CUSTOM,
    }
