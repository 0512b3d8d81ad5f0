"""Tools on offer and the choice among them, as Messages wants them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cccc.ir import json
from cccc.ir.loss import Losses
from cccc.ir.messages import Choice, Tool, ToolChoice, ToolKind
from cccc.ir.target import Target

_CHOICES: Mapping[Choice, str] = MappingProxyType(
    {Choice.AUTO: "auto", Choice.ANY: "any", Choice.NONE: "none", Choice.ONE: "tool"}
)
_COMPOSED = ("oneOf", "allOf", "anyOf")
_WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search"}
_KEPT_SETTINGS = ("max_uses", "allowed_domains", "blocked_domains", "user_location")
_UNIMPORTANT_SETTINGS = frozenset({"type", "filters", "external_web_access", *_KEPT_SETTINGS})
_LOCATION = ("city", "country", "region", "timezone")


def encoded_tools(tools: tuple[Tool, ...], target: Target, losses: Losses) -> dict[str, dict[str, Any]]:
    """``tools`` of the body by the names that the request gives them."""
    functions = {tool.name for tool in tools if tool.kind is not ToolKind.WEB_SEARCH}
    bodies: dict[str, dict[str, Any]] = {}
    for tool in tools:
        if tool.kind is not ToolKind.WEB_SEARCH:
            bodies[tool.name] = _function(tool, losses)
        elif _WEB_SEARCH["name"] in functions:
            losses.add(tool.path, "web_search", "another tool has its name")
        elif search := _web_search(tool, target, losses):
            bodies[tool.name] = search
    return bodies


def encoded_choice(choice: ToolChoice, tools: Mapping[str, dict[str, Any]], losses: Losses) -> dict[str, Any]:
    """``tool_choice``; a tool that is not among ``tools`` cannot be forced."""
    kind = choice.choice
    if kind is Choice.ONE and choice.name not in tools:
        losses.add("tool_choice", "tool_choice", f"the tool {choice.name} is not on offer")
        kind = Choice.AUTO
    body: dict[str, Any] = {"type": _CHOICES[kind]}
    if kind is Choice.ONE:
        body["name"] = tools[choice.name]["name"]
    if choice.parallel is False and kind is not Choice.NONE:
        body["disable_parallel_tool_use"] = True
    return body


def _function(tool: Tool, losses: Losses) -> dict[str, Any]:
    schema = {"type": "object", **tool.schema}
    for key in _COMPOSED:
        if schema.pop(key, None) is not None:
            losses.add(f"{tool.path}.parameters.{key}", "schema alternatives", "Anthropic takes none at the top level")
    if tool.strict:
        losses.add(f"{tool.path}.strict", "strict", "Anthropic's strict schemas follow other rules")
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "input_schema": schema}


def _web_search(tool: Tool, target: Target, losses: Losses) -> dict[str, Any] | None:
    settings = tool.settings
    if not target.official:
        losses.add(tool.path, "web_search", "only Anthropic itself searches the web in this format")
        return None
    if settings.get("external_web_access") is False:
        losses.add(tool.path, "web_search", "Anthropic's search reads the live web, which the request rules out")
        return None
    for name in settings:
        if name not in _UNIMPORTANT_SETTINGS:
            losses.add(f"{tool.path}.{name}", name, "Anthropic's search has no counterpart")
    given = {**json.obj(settings.get("filters")), **settings}
    kept = {name: given[name] for name in _KEPT_SETTINGS if given.get(name)}
    if location := json.obj(kept.pop("user_location", None)):
        place = json.obj(location.get("approximate")) or location
        kept["user_location"] = {"type": "approximate"} | {name: place[name] for name in _LOCATION if place.get(name)}
    return {**_WEB_SEARCH, **kept}
