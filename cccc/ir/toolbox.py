"""The tools of a request in the kinds that a target has: offers, the choice among them, and calls in the history.

Every format knows functions. A tool of another kind that the client runs itself is offered as a function and found
again by its name when it is called; one that the vendor runs is dropped where the target has none like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from cccc.ir.loss import Losses
from cccc.ir.messages import Choice, Part, Request, Tool, ToolCall, ToolChoice, ToolKind, ToolResult
from cccc.ir.names import ToolName
from cccc.ir.target import Abilities

INPUT = "input"
"""The one field of a function that stands for a custom tool."""

HOSTED = frozenset({ToolKind.WEB_SEARCH, ToolKind.OTHER_HOSTED})
"""Run by the vendor."""

_AS_FUNCTION = (
    "Here this tool is called as a function with one string: put the whole text, exactly as it is to be, into the "
    f"field `{INPUT}`."
)
_FREE_FORM = re.compile(r"\s*This is a FREEFORM tool, so do not wrap [^.]* in JSON\.")
"""What Codex says of such tools. It would contradict how they are called here."""

_GRAMMAR = "The text must follow this grammar:"

_SCHEMAS: Mapping[ToolKind, Mapping[str, Any]] = {
    ToolKind.CUSTOM: {
        "type": "object",
        "properties": {INPUT: {"type": "string", "description": "The whole text."}},
        "required": [INPUT],
        "additionalProperties": False,
    },
    ToolKind.LOCAL_SHELL: {
        "type": "object",
        "properties": {
            "command": {"type": "array", "items": {"type": "string"}, "description": "The program and its arguments."},
            "working_directory": {"type": "string"},
            "timeout_ms": {"type": "number"},
            "env": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["command"],
    },
    ToolKind.TOOL_SEARCH: {
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What the tools should do."},
            "limit": {"type": "number", "description": "How many tools at most."},
        },
        "required": ["query"],
    },
}
"""What a tool of a kind takes where the client does not say."""

_DESCRIPTIONS = {
    ToolKind.LOCAL_SHELL: "Runs a command on the user's machine and returns its output.",
    ToolKind.TOOL_SEARCH: "Searches for more tools. Those that are found can be called from then on.",
}


def offered(request: Request, abilities: Abilities, losses: Losses) -> Request:
    """Every tool once, of a kind that the target has, with a schema that says ``object``."""
    tools: dict[ToolName, Tool] = {}
    for tool in request.tools:
        name = tool.name or tool.kind.value
        if tool.kind in HOSTED and tool.kind not in abilities.tool_kinds:
            losses.add(tool.path or "tools", name, "the target runs no such tool")
            continue
        tools.setdefault(
            ToolName(name, tool.namespace), _offer(tool if tool.name else replace(tool, name=name), abilities)
        )
    return replace(request, tools=tuple(tools.values()))


def chosen(request: Request, losses: Losses) -> Request:
    """The choice among the tools that are left. Without tools there is none; a tool that is gone cannot be forced."""
    choice = request.tool_choice
    if choice is None or not request.tools:
        return replace(request, tool_choice=None)
    names = {ToolName(tool.name, tool.namespace) for tool in request.tools}
    if choice.choice is Choice.ONE and ToolName(choice.name, choice.namespace) not in names:
        losses.add("tool_choice", "tool_choice", f"the tool {choice.name} is not offered to the target")
        choice = ToolChoice(parallel=choice.parallel)
    return replace(request, tool_choice=choice)


def called(request: Request, abilities: Abilities) -> Request:
    """Calls and results of the history in the kinds of the target."""
    kinds = abilities.tool_kinds - HOSTED

    def change(part: Part) -> Part:
        return _in_kind(part, kinds)

    return replace(request, messages=tuple(message.changed(change) for message in request.messages))


def kinds_of(request: Request) -> dict[ToolName, ToolKind]:
    """The kinds of the tools that the client runs, by its own names: those on offer before those that were called."""
    calls = (part for message in request.messages for part in message.parts if isinstance(part, ToolCall))
    kinds: dict[ToolName, ToolKind] = {}
    tools: Iterable[Tool | ToolCall] = (*request.tools, *calls)
    for tool in tools:
        if tool.kind not in HOSTED:
            kinds.setdefault(ToolName(tool.name or tool.kind.value, tool.namespace), tool.kind)
    return kinds


def _offer(tool: Tool, abilities: Abilities) -> Tool:
    if tool.kind not in abilities.tool_kinds:
        description = _FREE_FORM.sub("", tool.description) or _DESCRIPTIONS.get(tool.kind, "")
        schema = tool.schema or _SCHEMAS.get(tool.kind, {})
        if tool.kind is ToolKind.CUSTOM:
            grammar = (_GRAMMAR, tool.grammar) if tool.grammar else ()
            description = "\n\n".join(filter(None, (description, _AS_FUNCTION, *grammar)))
        tool = Tool(
            tool.name,
            description,
            schema,
            kind=ToolKind.FUNCTION,
            namespace=tool.namespace,
            cached=tool.cached,
            path=tool.path,
        )
    if tool.kind is ToolKind.FUNCTION and (schema := _object(tool.schema)) is not tool.schema:
        tool = replace(tool, schema=schema)
    return tool


def _object(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if schema.get("type") == "object" and "properties" in schema:
        return schema
    return {"type": "object", "properties": {}, **{key: value for key, value in schema.items() if value is not None}}


def _in_kind(part: Part, kinds: frozenset[ToolKind]) -> Part:
    """A call or a result, as a function's where its own kind is none of these."""
    match part:
        case ToolCall() if part.kind not in kinds or not part.name:
            name = part.name or part.kind.value
            if part.kind in kinds:
                return replace(part, name=name)
            wrapped = part.kind is ToolKind.CUSTOM
            arguments = orjson.dumps({INPUT: part.arguments}).decode() if wrapped else part.arguments
            return replace(part, name=name, arguments=arguments, kind=ToolKind.FUNCTION)
        case ToolResult() if part.kind not in kinds:
            return replace(part, kind=ToolKind.FUNCTION)
    return part
