"""A neutral request as a Responses request. Source: the API reference of ``POST /v1/responses``.

Nothing is stored: ``store`` is false, so reasoning can only come back encrypted. The newest fields go to OpenAI's own
host alone; relays refuse what they do not know.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any, Final

from cccc.domain.endpoint import WireFormat
from cccc.formats.openai_responses.content import encode_media
from cccc.formats.openai_responses.tables import BEGIN_OF_ID, CALL_ITEMS, TEXT_CALLS
from cccc.formats.openai_responses.tools import encode_choice, encode_tools
from cccc.ir import json
from cccc.ir.bounds import answer_limit, bounded_id
from cccc.ir.efforts import clamped, effort_of
from cccc.ir.loss import Losses
from cccc.ir.messages import (
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
    ToolCall,
    ToolKind,
    ToolResult,
)
from cccc.ir.names import legal_name
from cccc.ir.target import Target

LEAST_OUTPUT: Final = 16
"""OpenAI refuses a smaller ``max_output_tokens``."""

LONGEST_NAME: Final = 64
"""Of the schema of an answer."""

_BETWEEN_TEXTS: Final = "\n\n"
_NO_COUNTERPART: Final = "OpenAI Responses has no counterpart"
_CACHES_BY_ITSELF: Final = "OpenAI caches prompts by itself"
_TIERS: Final = {"standard_only": "default"}
"""Service tiers of other formats in OpenAI's words; all others are OpenAI's own."""


def encode_request(request: Request, target: Target, losses: Losses) -> dict[str, Any]:
    """See ``Codec.encode_request``."""
    instructions, messages = _instructions(request, target)
    _cache_marks(request, losses)
    body: dict[str, Any] = {"model": target.model, "input": _input(messages, target, losses)}
    if instructions:
        body["instructions"] = instructions
    if request.tools:
        body["tools"] = encode_tools(request.tools, losses)
        if request.tool_choice is not None:
            body |= encode_choice(request.tool_choice, request.tools)
    body |= _limit(request.max_tokens, target, losses)
    body |= _reasoning(request.reasoning, target, losses)
    body |= _sampling(request.sampling, target, losses)
    if words := _text(request.output):
        body["text"] = words
    body |= _caller(request, target, losses)
    return body | {"stream": request.stream, "store": False}


def _instructions(request: Request, target: Target) -> tuple[str, Iterable[Message]]:
    """The system prompt and what follows it."""
    first = [part.text for part in request.system]
    messages = request.messages
    if target.system_first:
        first += [part.text for message in messages if message.role is Role.SYSTEM for part in _texts(message)]
        messages = tuple(message for message in messages if message.role is not Role.SYSTEM)
    return _BETWEEN_TEXTS.join(first), messages


def _texts(message: Message) -> list[Text]:
    return [part for part in message.parts if isinstance(part, Text)]


def _cache_marks(request: Request, losses: Losses) -> None:
    marks = [(f"system[{at}]", part.cached) for at, part in enumerate(request.system)]
    marks += [(tool.path or "tools", tool.cached) for tool in request.tools]
    for message in request.messages:
        marks += [(message.path, True) for part in message.parts if getattr(part, "cached", False)]
    for path, cached in marks:
        if cached:
            losses.add(f"{path}.cache_control", "cache_control", _CACHES_BY_ITSELF)


def _input(messages: Iterable[Message], target: Target, losses: Losses) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for message in messages:
        writer = _Writer(_role(message.role, target), target, items)
        for part in message.parts:
            writer.add(part, message.path, losses)
    return items


def _role(role: Role, target: Target) -> str:
    if role is Role.SYSTEM:
        return "developer" if target.official else "system"
    return role.value


class _Writer:
    """Writes one message as items. Words and pictures that follow each other stand in one item."""

    def __init__(self, role: str, target: Target, items: list[dict[str, Any]]) -> None:
        self._role = role
        self._target = target
        self._items = items
        self._content: list[dict[str, Any]] | None = None

    def add(self, part: Part, path: str, losses: Losses) -> None:
        """The next part of the message."""
        match part:
            case Text():
                kind = "output_text" if self._role == "assistant" else "input_text"
                self._say({"type": kind, "text": part.text})
            case Refusal():
                self._say({"type": "refusal", "refusal": part.text})
            case Media() if self._role == "assistant":
                losses.add(path, part.medium.value, "OpenAI Responses takes none from the assistant")
            case Media():
                self._say(_media(part))
            case Thinking():
                self._write(_thinking(part, self._target))
            case ToolCall():
                self._write(_call(part))
            case ToolResult():
                self._write(_result(part))

    def _say(self, content: dict[str, Any]) -> None:
        if self._content is None:
            self._content = []
            self._items.append({"type": "message", "role": self._role, "content": self._content})
        self._content.append(content)

    def _write(self, item: dict[str, Any] | None) -> None:
        if item is not None:
            self._content = None
            self._items.append(item)


def _media(media: Media) -> dict[str, Any]:
    """Text files as text, which every model reads; all else as it is."""
    if media.medium is Medium.DOCUMENT and media.data and media.media_type.startswith("text/"):
        try:
            words = base64.b64decode(media.data, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return encode_media(media)
        return {"type": "input_text", "text": f"{media.name}\n\n{words}" if media.name else words}
    return encode_media(media)


def _thinking(part: Thinking, target: Target) -> dict[str, Any] | None:
    """What this endpoint encrypted goes back as it was; bare words only to those that want them."""
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    if part.sealed and part.origin is WireFormat.OPENAI_RESPONSES:
        own = {"id": part.item_id} if part.item_id.startswith(BEGIN_OF_ID["reasoning"]) else {}
        return {"type": "reasoning", **own, "summary": summary, "encrypted_content": part.sealed}
    if part.text and target.reasoning_back:
        return {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": part.text}]}
    return None


def _call(call: ToolCall) -> dict[str, Any]:
    kind = CALL_ITEMS.get(call.kind, CALL_ITEMS[ToolKind.FUNCTION])
    given: Any = call.arguments
    if call.kind not in TEXT_CALLS:
        given = json.obj(json.peek(call.arguments))
    elif call.kind is ToolKind.FUNCTION:
        given = call.arguments or "{}"
    item: dict[str, Any] = {"type": kind.type, "call_id": call.id, kind.field: given}
    if call.kind in TEXT_CALLS:
        item["name"] = call.name
    if call.namespace:
        item["namespace"] = call.namespace
    if call.kind is ToolKind.TOOL_SEARCH:
        item["execution"] = "client"
    return item


def _result(result: ToolResult) -> dict[str, Any]:
    kind = CALL_ITEMS.get(result.kind, CALL_ITEMS[ToolKind.FUNCTION])
    parts = result.parts
    if result.is_error:
        parts = (Text("Error:"), *parts) if not parts or isinstance(parts[0], Media) else _marked(parts)
    if all(isinstance(part, Text) for part in parts):
        output: Any = "\n".join(part.text for part in parts if isinstance(part, Text))
    else:
        output = [
            {"type": "input_text", "text": part.text} if isinstance(part, Text) else _media(part) for part in parts
        ]
    if result.kind is ToolKind.TOOL_SEARCH:  # what was found is on offer already
        return {"type": kind.result, "call_id": result.call_id, "execution": "client", "tools": []}
    key = "id" if result.kind is ToolKind.LOCAL_SHELL else "call_id"
    return {"type": kind.result, key: result.call_id, "output": output}


def _marked(parts: tuple[Text | Media, ...]) -> tuple[Text | Media, ...]:
    first, *rest = parts
    return (Text(f"Error: {first.text}"), *rest) if isinstance(first, Text) else parts


def _limit(limit: int | None, target: Target, losses: Losses) -> dict[str, Any]:
    if limit is None:
        return {}
    return {target.max_tokens_field or "max_output_tokens": max(answer_limit(limit, target, losses), LEAST_OUTPUT)}


def _reasoning(wish: Reasoning | None, target: Target, losses: Losses) -> dict[str, Any]:
    """Reasoning is shown as a summary, and comes back encrypted where nothing is stored."""
    asked = None if wish is None else effort_of(wish)
    if wish is None or (asked is Effort.NONE and not target.efforts):
        return {}
    if not target.efforts:
        losses.add("reasoning", "reasoning effort", "this model has none to choose")
        return {}
    if asked is Effort.NONE and not target.official:
        losses.add("reasoning", "reasoning effort", "not to think is said by each vendor in its own way")
        return {}
    effort = None if asked is None else clamped(asked, target.efforts)
    if effort is not asked:
        losses.add("reasoning", "reasoning effort", f"the nearest that this model has is {effort}")
    fields: dict[str, Any] = {} if effort is None else {"effort": effort.value}
    if effort is Effort.NONE:
        return {"reasoning": fields}
    encrypted = {"include": ["reasoning.encrypted_content"]} if target.official else {}
    return {"reasoning": fields | {"summary": wish.summary or "auto"}, **encrypted}


def _sampling(wish: Sampling, target: Target, losses: Losses) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in (("temperature", wish.temperature), ("top_p", wish.top_p)):
        if value is None:
            continue
        if target.fixed_temperature:
            losses.add(name, name, "reasoning models take none")
        else:
            fields[name] = value
    if wish.top_k is not None:
        losses.add("top_k", "top_k", _NO_COUNTERPART)
    if wish.stop:
        losses.add("stop", "stop sequences", _NO_COUNTERPART)
    for name in wish.extra:
        losses.add(name, name, _NO_COUNTERPART)
    return fields


def _text(output: Output) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if output.schema is not None:
        fields["format"] = {
            "type": "json_schema",
            "name": legal_name(output.name, LONGEST_NAME) or "answer",
            "schema": output.schema,
            "strict": bool(output.strict),
        }
    elif output.json:
        fields["format"] = {"type": "json_object"}
    if output.verbosity:
        fields["verbosity"] = output.verbosity
    return fields


def _caller(request: Request, target: Target, losses: Losses) -> dict[str, Any]:
    """Who asks, in which session, and how urgently: of meaning to OpenAI itself only."""
    fields: dict[str, Any] = {}
    if request.user:
        fields["user"] = bounded_id(request.user)
    if target.official:
        if request.session:
            fields["prompt_cache_key"] = bounded_id(request.session)
        if request.service_tier:
            fields["service_tier"] = _TIERS.get(request.service_tier, request.service_tier)
    elif request.service_tier not in ("", "auto", "default"):
        losses.add("service_tier", "service_tier", "only OpenAI's own host has service tiers")
    return fields
