"""A Messages request in neutral words. Source: the API reference of ``POST /v1/messages``, betas included."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from cccc.errors import NotConvertible
from cccc.formats.anthropic.client_tools import client_tool
from cccc.formats.anthropic.decode_blocks import decoded_parts, decoded_texts, is_cached
from cccc.formats.anthropic.tables import ATTRIBUTION, EFFORTS
from cccc.ir import json
from cccc.ir.codec import JsonObject
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Choice,
    Effort,
    Message,
    Output,
    Reasoning,
    Request,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolKind,
)

_READ = frozenset(
    {
        "model",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "max_tokens",
        "thinking",
        "output_config",
        "output_format",
        "metadata",
        "stream",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "service_tier",
        "context_management",
    }
)
_MEANINGLESS_ELSEWHERE = frozenset(
    {
        "betas",  # headers, where they mean anything
        "anthropic_beta",
        "anthropic_version",
        "cache_control",  # asks for the caching that other vendors do unasked
        "container",  # of tools that are lost anyway
        "diagnostics",
        "fallbacks",  # of Anthropic's models
        "fallback_credit_token",
        "billing_policy",
        "inference_geo",
        "user_profile_id",
        "workspace_id",
    }
)
_STATE = frozenset({"thread"})
_ONLY_HERE = "Anthropic Messages only"

_ROLES: Mapping[str, Role] = MappingProxyType(
    {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM, "developer": Role.SYSTEM}
)
_CHOICES: Mapping[str, Choice] = MappingProxyType(
    {"auto": Choice.AUTO, "any": Choice.ANY, "none": Choice.NONE, "tool": Choice.ONE}
)
_WEB_SEARCH = "web_search_"
_FUNCTION_TYPES = frozenset({None, "custom"})
_OLD_USER_ID = re.compile(r"_session_([0-9A-Za-z-]+)$")


def decode_request(body: JsonObject, losses: Losses) -> Request:
    """A parsed request body in neutral words. Raises ``NotConvertible`` for state and content of Anthropic's own."""
    for name in body:
        if name in _STATE and body[name]:
            raise NotConvertible(name, "it refers to state that Anthropic holds")
        if name not in _READ | _MEANINGLESS_ELSEWHERE and body[name] is not None:
            losses.add(name, name, _ONLY_HERE)
    for edit in map(json.obj, json.items(json.obj(body.get("context_management")).get("edits"))):
        # Thinking of the past goes back to its maker only, whatever the client wants kept of it.
        if not str(edit.get("type")).startswith("clear_thinking"):
            losses.add("context_management", "context_management", _ONLY_HERE)
    user = json.text(json.obj(body.get("metadata")).get("user_id")) or ""
    tools = _list(body.get("tools"), "tools", losses, _tool)
    return Request(
        model=json.text(body.get("model")) or "",
        messages=_list(body.get("messages"), "messages", losses, _message),
        system=_system(body.get("system")),
        tools=tools,
        tool_choice=_tool_choice(body.get("tool_choice")),
        max_tokens=json.count(body.get("max_tokens")) or None,
        reasoning=_reasoning(json.obj(body.get("thinking")), json.obj(body.get("output_config"))),
        sampling=_sampling(body),
        output=_output(body, losses),
        user=user,
        session=session_of(user) or "",
        service_tier="default" if body.get("service_tier") == "standard_only" else "",
        stream=body.get("stream") is True,
        stream_usage=True,
    )


def session_of(user_id: str | None) -> str | None:
    """Claude Code's session: in a JSON text since 2.1, at the end of an underscored name before."""
    if user_id is None:
        return None
    if session := json.text(json.obj(json.peek(user_id)).get("session_id")):
        return session
    old = _OLD_USER_ID.search(user_id)
    return old[1] if old else None


def _list(
    values: object, name: str, losses: Losses, read: Callable[[dict[str, Any], str, Losses], Any]
) -> tuple[Any, ...]:
    return tuple(read(json.obj(value), f"{name}[{at}]", losses) for at, value in enumerate(json.items(values)))


def _message(message: dict[str, Any], path: str, losses: Losses) -> Message:
    role = _ROLES.get(str(message.get("role")), Role.USER)
    content = message.get("content")
    if role is Role.SYSTEM:
        return Message(role, decoded_texts(content), path)
    return Message(role, decoded_parts(content, role, path, losses), path)


def _system(system: object) -> tuple[Text, ...]:
    texts = decoded_texts(system)
    if texts and texts[0].text.startswith(ATTRIBUTION):
        rest = texts[0].text.partition("\n")[2]
        return (Text(rest, texts[0].cached), *texts[1:]) if rest else texts[1:]
    return texts


def _tool(tool: dict[str, Any], path: str, losses: Losses) -> Tool:
    kind = json.text(tool.get("type"))
    name = json.text(tool.get("name")) or ""
    if kind is not None and (known := client_tool(kind)):
        return Tool(name, known.description, known.schema, cached=is_cached(tool), path=path)
    if kind not in _FUNCTION_TYPES:
        hosted = ToolKind.WEB_SEARCH if str(kind).startswith(_WEB_SEARCH) else ToolKind.OTHER_HOSTED
        settings = {key: value for key, value in tool.items() if key not in ("type", "name", "cache_control")}
        return Tool(name, kind=hosted, settings=settings, cached=is_cached(tool), path=path)
    if tool.get("input_examples"):
        losses.add(f"{path}.input_examples", "input_examples", _ONLY_HERE)
    strict = tool.get("strict")
    return Tool(
        name,
        json.text(tool.get("description")) or "",
        json.obj(tool.get("input_schema")),
        strict if isinstance(strict, bool) else None,
        cached=is_cached(tool),
        path=path,
    )


def _tool_choice(value: object) -> ToolChoice | None:
    choice = json.obj(value)
    kind = _CHOICES.get(str(choice.get("type")))
    if kind is None:
        return None
    alone = choice.get("disable_parallel_tool_use")
    parallel = not alone if isinstance(alone, bool) else None
    return ToolChoice(kind, json.text(choice.get("name")) or "", parallel=parallel)


def _reasoning(thinking: dict[str, Any], config: dict[str, Any]) -> Reasoning | None:
    effort = EFFORTS.get(str(config.get("effort")))
    # Whoever asks for thinking sees it here; the other formats hide it unless a summary is asked for.
    summary = "" if thinking.get("display") == "omitted" else "auto"
    match thinking.get("type"):
        case "enabled":
            return Reasoning(effort, json.count(thinking.get("budget_tokens")) or None, summary=summary)
        case "adaptive":
            return Reasoning(effort, adaptive=True, summary=summary)
        case "disabled":
            return Reasoning(Effort.NONE)
    return Reasoning(effort) if effort else None


def _sampling(body: JsonObject) -> Sampling:
    stops = (json.text(stop) for stop in json.items(body.get("stop_sequences")))
    return Sampling(
        temperature=json.number(body.get("temperature")),
        top_p=json.number(body.get("top_p")),
        top_k=json.count(body.get("top_k")) or None,
        stop=tuple(stop for stop in stops if stop),
    )


def _output(body: JsonObject, losses: Losses) -> Output:
    config = json.obj(body.get("output_config"))
    for name in config:
        if name not in ("effort", "format"):
            losses.add(f"output_config.{name}", name, _ONLY_HERE)
    wanted = json.obj(config.get("format") or body.get("output_format"))
    if wanted.get("type") != "json_schema":
        return Output()
    return Output(json=True, schema=json.obj(wanted.get("schema")), strict=True)
