"""A neutral request as a Messages body. Source: the API reference of ``POST /v1/messages``."""

from __future__ import annotations

from typing import Any

import orjson

from cccc.formats.anthropic.encode_messages import encoded_messages, encoded_text, thinks_on
from cccc.formats.anthropic.encode_tools import encoded_choice, encoded_tools
from cccc.ir.digest import digest
from cccc.ir.efforts import LEAST_BUDGET, budget_of_effort, clamped, effort_of
from cccc.ir.loss import Losses
from cccc.ir.messages import Effort, Output, Request
from cccc.ir.target import Target

DEFAULT_MAX_TOKENS = 8192
MAX_USER_ID = 64

_FREE_CHOICES = frozenset({None, "auto", "none"})
_CACHED = {"type": "ephemeral"}
_NO_COUNTERPART = "Anthropic Messages has no counterpart"
_JSON_ONLY = "Answer with one JSON object and nothing else."
_JSON_SCHEMA = "Answer with one JSON object and nothing else. It must follow this JSON schema:"


def encode_request(request: Request, target: Target, losses: Losses) -> dict[str, Any]:
    """The body for ``target``. Raises ``NotConvertible`` for media that the format cannot hold."""
    limit = request.max_tokens or target.max_output or DEFAULT_MAX_TOKENS
    if target.max_output and limit > target.max_output:
        losses.add("max_tokens", "max_tokens", f"the model writes at most {target.max_output}")
        limit = target.max_output
    turns = encoded_messages(request.messages, losses)
    body: dict[str, Any] = {"model": target.model, "max_tokens": limit, "messages": turns}
    system = [block for text in request.system for block in encoded_text(text.text)]
    system += _output(request.output, target, losses, body)
    if system:
        body["system"] = system
    if tools := encoded_tools(request.tools, target, losses):
        body["tools"] = list(tools.values())
        if request.tool_choice:
            body["tool_choice"] = encoded_choice(request.tool_choice, tools, losses)
    _mark_cached(body)
    _set_thinking(body, request, target, losses)
    _set_sampling(body, request, target, losses)
    if request.user:
        body["metadata"] = {"user_id": _short(request.user)}
    if request.service_tier == "default" and target.official:
        body["service_tier"] = "standard_only"
    elif request.service_tier not in ("", "auto", "default"):
        losses.add("service_tier", "service_tier", _NO_COUNTERPART)
    if request.stream:
        body["stream"] = True
    return body


def _output(output: Output, target: Target, losses: Losses, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Sets the form of the answer where the target knows it; else what is to be added to the system prompt."""
    if output.verbosity:
        losses.add("text.verbosity", "verbosity", _NO_COUNTERPART)
    if output.schema is not None:
        if target.official:
            body["output_config"] = {"format": {"type": "json_schema", "schema": output.schema}}
            return []
        losses.add("output", "output schema", "this endpoint is asked for it in words")
        return encoded_text(f"{_JSON_SCHEMA}\n{orjson.dumps(output.schema).decode()}")
    if output.json:
        losses.add("output", "JSON output", "this format is asked for it in words")
        return encoded_text(_JSON_ONLY)
    return []


def _mark_cached(body: dict[str, Any]) -> None:
    """At most four marks: on the tools, on the system prompt, and on the last two turns of the user's.

    So every request of an agent finds what the one before it has left in the cache.
    """
    marked = [body[name][-1] for name in ("tools", "system") if name in body]
    marked += [turn["content"][-1] for turn in body["messages"] if turn["role"] == "user"][-2:]
    for block in marked:
        block["cache_control"] = _CACHED


def _set_thinking(body: dict[str, Any], request: Request, target: Target, losses: Losses) -> None:
    reasoning = request.reasoning
    wanted = effort_of(reasoning) if reasoning else None
    if reasoning is None or wanted is None:
        return
    effort = clamped(wanted, target.efforts)
    if wanted is Effort.NONE:
        if not target.official:  # Anthropic's own models do not think unasked, and some refuse to be told
            body["thinking"] = {"type": "disabled"}
        return
    if effort is None:
        losses.add("reasoning", "reasoning effort", "the model does not think")
        return
    limit = body["max_tokens"]
    # Thinking counts against the limit, of which the answer itself needs some; a limit of ours is for the answer alone.
    room = limit - max(LEAST_BUDGET, limit // 4) if request.max_tokens or target.max_output else None
    budget = reasoning.budget or budget_of_effort(effort, room)
    if budget and room:
        budget = min(budget, room - 1)
    if body.get("tool_choice", {}).get("type") not in _FREE_CHOICES:
        losses.add("reasoning", "reasoning effort", "Anthropic does not think where a tool must be called")
    elif budget is None or budget < LEAST_BUDGET:
        losses.add("reasoning", "reasoning effort", "the answer's limit leaves no room for it")
    elif not thinks_on(body["messages"]):
        losses.add("reasoning", "reasoning effort", "the turn that it would go on with began without its own thinking")
    else:
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        if room is None:
            body["max_tokens"] += budget


def _set_sampling(body: dict[str, Any], request: Request, target: Target, losses: Losses) -> None:
    sampling = request.sampling
    fixed = target.fixed_temperature or body.get("thinking", {}).get("type") == "enabled"
    wishes = {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k}
    if sampling.top_p == 1:
        del wishes["top_p"]  # says nothing
    if fixed and sampling.temperature == 1:
        del wishes["temperature"]
    for name, value in wishes.items():
        if value is None:
            continue
        if fixed:
            losses.add(name, name, "a model that thinks takes none")
        elif name == "top_p" and sampling.temperature is not None:
            losses.add(name, name, "Anthropic's models take a temperature or top_p")
        else:
            body[name] = value
    if (temperature := body.get("temperature")) is not None and not 0 <= temperature <= 1:
        losses.add("temperature", "temperature", "Anthropic's goes from 0 to 1")
        body["temperature"] = min(max(temperature, 0), 1)
    stops = [stop for stop in sampling.stop if stop.strip()]
    if len(stops) < len(sampling.stop):
        losses.add("stop", "blank stop sequence", "Anthropic refuses those of white space only")
    if stops:
        body["stop_sequences"] = stops
    for name in sampling.extra:
        losses.add(name, name, _NO_COUNTERPART)


def _short(user: str) -> str:
    """The id as it is where that is allowed, else its hash: as stable, and no longer anybody's name."""
    return user if len(user) <= MAX_USER_ID else digest(user, MAX_USER_ID)
