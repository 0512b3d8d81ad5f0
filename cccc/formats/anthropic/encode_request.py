"""A neutral request as a Messages body. Source: the API reference of ``POST /v1/messages``."""

from __future__ import annotations

from typing import Any

import orjson

from cccc.formats.anthropic.encode_messages import encoded_messages, encoded_text
from cccc.formats.anthropic.encode_thinking import set_thinking
from cccc.formats.anthropic.encode_tools import encoded_choice, encoded_tools
from cccc.ir.bounds import answer_limit, bounded_id
from cccc.ir.loss import Losses
from cccc.ir.messages import Output, Request
from cccc.ir.target import Target

DEFAULT_MAX_TOKENS = 8192

_CACHED = {"type": "ephemeral"}
_NO_COUNTERPART = "Anthropic Messages has no counterpart"
_JSON_ONLY = "Answer with one JSON object and nothing else."
_JSON_SCHEMA = "Answer with one JSON object and nothing else. It must follow this JSON schema:"


def encode_request(request: Request, target: Target, losses: Losses) -> dict[str, Any]:
    """The body for ``target``. Raises ``NotConvertible`` for media that the format cannot hold."""
    limit = answer_limit(request.max_tokens or target.max_output or DEFAULT_MAX_TOKENS, target, losses)
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
    set_thinking(body, request, target, losses)
    _set_sampling(body, request, target, losses)
    if request.user:
        body["metadata"] = {"user_id": bounded_id(request.user)}
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


def _set_sampling(body: dict[str, Any], request: Request, target: Target, losses: Losses) -> None:
    sampling = request.sampling
    fixed = target.fixed_temperature or body.get("thinking", {}).get("type") in ("enabled", "adaptive")
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
