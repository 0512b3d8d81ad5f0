"""Tools on offer and the choice among them, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from cccc.formats.openai_responses.tables import LOCAL_SHELL, TOOL_SEARCH, WEB_SEARCH, WEB_SEARCHES
from cccc.ir import json
from cccc.ir.codec import JsonObject
from cccc.ir.loss import Losses
from cccc.ir.messages import Choice, Tool, ToolChoice, ToolKind

_PLAIN_NAMESPACE: Final = "functions"
"""OpenAI's own name for where tools stand that are in no namespace; Codex takes calls with and without it."""

_CHOICES: Final[Mapping[str, Choice]] = {
    "auto": Choice.AUTO,
    "required": Choice.ANY,
    "none": Choice.NONE,
}
_CHOICE_WORDS: Final = {choice: word for word, choice in _CHOICES.items()}

_DOMAINS: Final = ("allowed_domains", "blocked_domains")
"""Settings of a web search that stand in ``filters`` here and by themselves in the neutral form."""

_WEB_SEARCH_SETTINGS: Final = frozenset({"external_web_access", "search_context_size", "user_location"})


def decode_namespace(given: object) -> str:
    """The namespace of a tool or a call."""
    name = json.text(given) or ""
    return "" if name == _PLAIN_NAMESPACE else name


def decode_tools(given: object, path: str) -> list[Tool]:
    """The tools of a list, those in namespaces one by one."""
    return [
        tool
        for index, entry in enumerate(map(json.obj, json.items(given)))
        for tool in _decode_tool(entry, f"{path}[{index}]", "")
    ]


def _decode_tool(entry: dict[str, Any], path: str, namespace: str) -> Iterator[Tool]:
    kind = json.text(entry.get("type")) or ""
    name = json.text(entry.get("name")) or ""
    description = json.text(entry.get("description")) or ""
    schema = json.obj(entry.get("parameters"))
    match kind:
        case "namespace":
            for index, inner in enumerate(map(json.obj, json.items(entry.get("tools")))):
                yield from _decode_tool(inner, f"{path}.tools[{index}]", decode_namespace(name))
        case "function":
            strict = entry.get("strict")
            strict = strict if isinstance(strict, bool) else None
            yield Tool(name, description, schema, strict, namespace=namespace, path=path)
        case "custom":
            form = json.obj(entry.get("format"))
            grammar = json.text(form.get("definition")) or ""
            settings = {"syntax": form["syntax"]} if json.text(form.get("syntax")) else {}
            yield Tool(
                name,
                description,
                kind=ToolKind.CUSTOM,
                namespace=namespace,
                grammar=grammar,
                settings=settings,
                path=path,
            )
        case "local_shell":
            yield Tool(LOCAL_SHELL, kind=ToolKind.LOCAL_SHELL, path=path)
        case "tool_search" if entry.get("execution") == "client":
            yield Tool(TOOL_SEARCH, description, schema, kind=ToolKind.TOOL_SEARCH, path=path)
        case _ if kind in WEB_SEARCHES:
            yield Tool(WEB_SEARCH, kind=ToolKind.WEB_SEARCH, settings=_search_settings(entry), path=path)
        case _:
            settings = {key: value for key, value in entry.items() if key != "type"}
            yield Tool(kind or name, kind=ToolKind.OTHER_HOSTED, settings=settings, path=path)


def _search_settings(entry: dict[str, Any]) -> dict[str, Any]:
    filters = json.obj(entry.get("filters"))
    domains = {key: filters[key] for key in _DOMAINS if filters.get(key)}
    return domains | {key: value for key, value in entry.items() if key not in ("type", "filters")}


def decode_choice(
    body: JsonObject, tools: Sequence[Tool], losses: Losses
) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The choice, and the tools that it leaves: ``allowed_tools`` is a shorter list, said without changing the list."""
    given = body.get("tool_choice")
    parallel = body.get("parallel_tool_calls")
    parallel = parallel if isinstance(parallel, bool) else None
    offered = tuple(tools)
    wish = json.obj(given)
    if wish.get("type") == "allowed_tools":
        allowed = {json.text(json.obj(entry).get("name")) for entry in json.items(wish.get("tools"))}
        allowed |= {json.text(json.obj(entry).get("type")) for entry in json.items(wish.get("tools"))}
        offered = tuple(tool for tool in offered if tool.name in allowed)
        given = wish.get("mode")
    elif wish:
        name = json.text(wish.get("name")) or _hosted_name(json.text(wish.get("type")) or "")
        return offered, ToolChoice(Choice.ONE, name, decode_namespace(wish.get("namespace")), parallel)
    choice = _CHOICES.get(given) if isinstance(given, str) else None
    if given is not None and choice is None:
        losses.add("tool_choice", "tool_choice", "no such choice is known")
    if choice is None and parallel is None:
        return offered, None
    return offered, ToolChoice(choice or Choice.AUTO, parallel=parallel)


def _hosted_name(kind: str) -> str:
    return WEB_SEARCH if kind in WEB_SEARCHES else kind


def encode_tools(tools: Iterable[Tool], losses: Losses) -> list[dict[str, Any]]:
    """The tools in their order; neighbours of one namespace together."""
    entries: list[dict[str, Any]] = []
    for namespace, group in groupby(tools, key=lambda tool: tool.namespace):
        inner = [_encode_tool(tool, losses) for tool in group]
        if namespace:
            words = f"Tools in the {namespace} namespace."
            inner = [{"type": "namespace", "name": namespace, "description": words, "tools": inner}]
        entries += inner
    return entries


def _encode_tool(tool: Tool, losses: Losses) -> dict[str, Any]:
    match tool.kind:
        case ToolKind.CUSTOM:
            form: dict[str, Any] = {"type": "text"}
            if tool.grammar:
                syntax = tool.settings.get("syntax") or "lark"
                form = {"type": "grammar", "syntax": syntax, "definition": tool.grammar}
            return {"type": "custom", "name": tool.name, "description": tool.description, "format": form}
        case ToolKind.LOCAL_SHELL:
            return {"type": "local_shell"}
        case ToolKind.TOOL_SEARCH:
            search = {"type": "tool_search", "execution": "client"}
            return {**search, "description": tool.description, "parameters": tool.schema}
        case ToolKind.WEB_SEARCH:
            return _encode_search(tool, losses)
        case _:
            return {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
                "strict": bool(tool.strict),
            }


def _encode_search(tool: Tool, losses: Losses) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "web_search"}
    domains = {key: value for key, value in tool.settings.items() if key in _DOMAINS and value}
    if domains:
        entry["filters"] = domains
    for key, value in tool.settings.items():
        if key in _WEB_SEARCH_SETTINGS:
            entry[key] = value
        elif key not in domains and value is not None:
            losses.add(f"{tool.path}.{key}", key, "OpenAI's web search has no such setting")
    return entry


def encode_choice(choice: ToolChoice, tools: Iterable[Tool]) -> dict[str, Any]:
    """The fields ``tool_choice`` and ``parallel_tool_calls``."""
    fields: dict[str, Any] = {"tool_choice": _CHOICE_WORDS.get(choice.choice) or _encode_one(choice, tools)}
    if choice.parallel is not None:
        fields["parallel_tool_calls"] = choice.parallel
    return fields


def _encode_one(choice: ToolChoice, tools: Iterable[Tool]) -> dict[str, Any]:
    kind = next((tool.kind for tool in tools if tool.name == choice.name), ToolKind.FUNCTION)
    if kind in (ToolKind.FUNCTION, ToolKind.CUSTOM):
        return {"type": kind.value, "name": choice.name}
    return {"type": choice.name}
