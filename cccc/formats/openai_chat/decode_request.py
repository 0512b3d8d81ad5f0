"""A Chat Completions request in neutral words.

Reads what OpenAI documents, what it used to (``functions``), and how clients of the compatible vendors ask a model to
think. Source: the API reference of ``POST /v1/chat/completions``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from cccc.errors import NotConvertible
from cccc.formats.openai_chat.decode_messages import decode_messages
from cccc.formats.openai_chat.tables import CHOICES
from cccc.ir import json
from cccc.ir.efforts import EFFORT_WORDS
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Choice,
    Effort,
    Output,
    Reasoning,
    Request,
    Sampling,
    Tool,
    ToolChoice,
    ToolKind,
)

_SHARED_TUNING = ("frequency_penalty", "presence_penalty", "seed")
_READ = frozenset(
    {
        *("model", "messages", "stream", "stream_options", "tools", "functions", "tool_choice", "function_call"),
        *("parallel_tool_calls", "max_tokens", "max_completion_tokens", "reasoning_effort", "reasoning", "thinking"),
        *("temperature", "top_p", "top_k", "stop", "response_format", "verbosity", "user", "safety_identifier"),
        *("prompt_cache_key", "service_tier", "n", "modalities", "audio", "web_search_options", *_SHARED_TUNING),
    }
)
_MEANINGLESS = frozenset({"metadata", "prompt_cache_retention"})
"""Fields that mean nothing elsewhere and change nothing in the answer."""

_SAYS_NOTHING: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {"store": (False,), "logprobs": (False,), "top_logprobs": (0,), "logit_bias": ({},)}
)
"""Fields that are no loss with these values, which are what they mean when absent."""

_ONLY_CHAT = "only OpenAI Chat understands it"


def decode_request(body: Mapping[str, Any], losses: Losses) -> Request:
    """The neutral request. Raises ``NotConvertible`` for several answers at once and for spoken ones."""
    _refuse(body)
    for field, value in body.items():
        if field not in _READ | _MEANINGLESS and value is not None and value not in _SAYS_NOTHING.get(field, ()):
            losses.add(field, field, _ONLY_CHAT)
    system, messages = decode_messages(json.items(body.get("messages")), losses)
    tools, choice = _offer(body, losses)
    return Request(
        model=json.text(body.get("model")) or "",
        messages=messages,
        system=system,
        tools=tools,
        tool_choice=choice,
        max_tokens=json.count(body.get("max_completion_tokens")) or json.count(body.get("max_tokens")) or None,
        reasoning=_reasoning(body, losses),
        sampling=_sampling(body),
        output=_output(body),
        user=json.text(body.get("safety_identifier")) or json.text(body.get("user")) or "",
        session=json.text(body.get("prompt_cache_key")) or "",
        service_tier=json.text(body.get("service_tier")) or "",
        stream=body.get("stream") is True,
        stream_usage=json.obj(body.get("stream_options")).get("include_usage") is True,
    )


def _refuse(body: Mapping[str, Any]) -> None:
    """What changes the shape of the answer into one that nothing else can give."""
    if json.count(body.get("n")) > 1:
        raise NotConvertible("n", "several answers to one request exist in OpenAI Chat only")
    if "audio" in json.items(body.get("modalities")):
        raise NotConvertible("modalities", "spoken answers exist in OpenAI Chat only")


def _offer(body: Mapping[str, Any], losses: Losses) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The tools, and whether they may or must be called."""
    tools = [_tool(json.obj(raw), f"tools[{at}]") for at, raw in enumerate(json.items(body.get("tools")))]
    functions = json.items(body.get("functions"))
    tools += [_function(json.obj(raw), f"functions[{at}]") for at, raw in enumerate(functions)]
    if functions:
        losses.add("functions", "functions", "calls are answered as tool_calls")
    if isinstance(search := body.get("web_search_options"), dict):
        tools.append(Tool("web_search", kind=ToolKind.WEB_SEARCH, settings=_cleaned(search), path="web_search_options"))
    wish = body.get("tool_choice")
    if wish is None and isinstance(body.get("function_call"), str | dict):
        wish = {"type": "function", "function": call} if isinstance(call := body["function_call"], dict) else call
    parallel = body.get("parallel_tool_calls")
    choice = _choice(wish)
    if allowed := _allowed(wish):
        tools = [tool for tool in tools if tool.name in allowed]
    if isinstance(parallel, bool):
        choice = replace(choice or ToolChoice(), parallel=parallel)
    return tuple(tools), choice


def _tool(raw: dict[str, Any], path: str) -> Tool:
    kind = json.text(raw.get("type")) or "function"
    if kind == "function":
        tool = _function(json.obj(raw.get("function")), path)
        return replace(tool, cached=True) if raw.get("cache_control") else tool
    if kind == "custom":
        custom = json.obj(raw.get("custom"))
        name, description = json.text(custom.get("name")) or "", json.text(custom.get("description")) or ""
        form = json.obj(custom.get("format"))
        grammar = json.obj(form.get("grammar"))
        return Tool(
            name,
            description,
            kind=ToolKind.CUSTOM,
            grammar=json.text(grammar.get("definition")) or "",
            settings=_cleaned({"syntax": grammar.get("syntax")}),
            path=path,
        )
    settings = {key: value for key, value in raw.items() if key != "type"}
    return Tool(kind, kind=ToolKind.OTHER_HOSTED, settings={"type": kind, **settings}, path=path)


def _function(function: dict[str, Any], path: str) -> Tool:
    strict = function.get("strict")
    return Tool(
        json.text(function.get("name")) or "",
        json.text(function.get("description")) or "",
        schema=json.obj(function.get("parameters")),
        strict=strict if isinstance(strict, bool) else None,
        path=path,
    )


def _cleaned(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if value is not None}


def _choice(wish: object) -> ToolChoice | None:
    if isinstance(wish, str):
        return ToolChoice(CHOICES[wish]) if wish in CHOICES else None
    fields = json.obj(wish)
    if inner := json.obj(fields.get("allowed_tools")):
        return ToolChoice(CHOICES.get(json.text(inner.get("mode")) or "auto", Choice.AUTO))
    name = json.text(json.obj(fields.get("function") or fields.get("custom")).get("name"))
    return ToolChoice(Choice.ONE, name) if name else None


def _allowed(wish: object) -> set[str]:
    """The tools that a choice leaves of those on offer, which is what it means to offer only them."""
    listed = json.items(json.obj(json.obj(wish).get("allowed_tools")).get("tools"))
    inner = (json.obj(one.get("function") or one.get("custom")) for one in map(json.obj, listed))
    return {name for one in inner if (name := json.text(one.get("name")))}


def _reasoning(body: Mapping[str, Any], losses: Losses) -> Reasoning | None:
    """The wish to think in OpenAI's word, in OpenRouter's ``reasoning`` or in Z.AI's and others' ``thinking``."""
    router, thinking = json.obj(body.get("reasoning")), json.obj(body.get("thinking"))
    word = json.text(body.get("reasoning_effort")) or json.text(router.get("effort"))
    effort = EFFORT_WORDS.get(word or "")
    if word and effort is None:
        losses.add("reasoning_effort", "reasoning effort", f'no other format knows "{word[:40]}"')
    if effort is None and (thinking.get("type") == "disabled" or router.get("enabled") is False):
        effort = Effort.NONE
    budget = json.count(router.get("max_tokens")) or json.count(thinking.get("budget_tokens")) or None
    adaptive = thinking.get("type") in ("enabled", "adaptive") or router.get("enabled") is True
    if effort is None and budget is None and not adaptive:
        return None
    return Reasoning(effort=effort, budget=budget, adaptive=adaptive and effort is None and budget is None)


def _sampling(body: Mapping[str, Any]) -> Sampling:
    stop = body.get("stop")
    words = [stop] if isinstance(stop, str) else json.items(stop)
    return Sampling(
        temperature=json.number(body.get("temperature")),
        top_p=json.number(body.get("top_p")),
        top_k=json.count(body.get("top_k")) or None,
        stop=tuple(word for word in words if json.text(word)),
        extra={key: value for key in _SHARED_TUNING if (value := json.number(body.get(key))) is not None},
    )


def _output(body: Mapping[str, Any]) -> Output:
    form = json.obj(body.get("response_format"))
    verbosity = json.text(body.get("verbosity")) or ""
    if form.get("type") != "json_schema":
        return Output(json=form.get("type") == "json_object", verbosity=verbosity)
    inner = json.obj(form.get("json_schema"))
    strict, schema = inner.get("strict"), inner.get("schema")
    return Output(
        json=True,
        schema=schema if isinstance(schema, dict) else None,
        name=json.text(inner.get("name")) or "",
        strict=strict if isinstance(strict, bool) else None,
        verbosity=verbosity,
    )
