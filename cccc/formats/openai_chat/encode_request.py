"""A neutral request as Chat Completions writes it, for OpenAI itself and for the many vendors of the format.

What only OpenAI knows is written only where the target is official; elsewhere the oldest and plainest spelling is used,
because every vendor takes that one. Source: the API reference of ``POST /v1/chat/completions``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.openai_chat.content import unsealed_call, unsealed_details
from cccc.formats.openai_chat.encode_media import encode_media
from cccc.formats.openai_chat.tables import CHOICE_WORDS
from cccc.ir.bounds import answer_limit, bounded_id
from cccc.ir.efforts import clamped, effort_of
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Choice,
    Effort,
    Media,
    Message,
    Part,
    Refusal,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolKind,
    ToolResult,
)
from cccc.ir.names import legal_name
from cccc.ir.target import Target

Json = dict[str, Any]

_BETWEEN_TEXTS = "\n\n"
_ERROR = "Error: "
_MOST_STOPS = 4
_HOTTEST = 2.0
_SHARED_TUNING = frozenset({"frequency_penalty", "presence_penalty", "seed"})
_FIXED_TUNING = frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty"})
"""What models that reason refuse."""
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
_NO_REASONING = " "
"""Vendors that want the reasoning of every call back refuse a missing one, and some an empty one."""

_NO_COUNTERPART = "OpenAI Chat has no counterpart"
_ONLY_OPENAI = "of this format only OpenAI itself takes it"
_FIXED = "this model has its own"


def encode_request(request: Request, target: Target, losses: Losses) -> Json:
    """The body for ``target``. Raises ``NotConvertible`` for content that the format cannot say."""
    writer = _Messages(target, losses)
    body: Json = {"model": target.model, "messages": writer.written(request)}
    if request.tools:
        body |= _tools(request, target, losses)
    body |= _limit(request, target, losses)
    body |= _tuning(request, target, losses)
    body |= _output(request, target, losses)
    body |= _who(request, target, losses)
    if request.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


class _Messages:
    """Writes the conversation."""

    def __init__(self, target: Target, losses: Losses) -> None:
        self._target = target
        self._losses = losses
        self._system_role = "developer" if target.official else "system"

    def written(self, request: Request) -> list[Json]:
        """All messages, the system texts before them in one."""
        first = [self._words(text, "system") for text in request.system]
        later = [message for message in request.messages if message.role is Role.SYSTEM]
        if self._target.system_first:
            first += [words for message in later if (words := self._texts(message))]
        body = [self._system(_BETWEEN_TEXTS.join(first))] if first else []
        for message in request.messages:
            match message.role:
                case Role.SYSTEM:
                    if not self._target.system_first and (words := self._texts(message)):
                        body.append(self._system(words))
                case Role.ASSISTANT:
                    body += self._assistant(message)
                case Role.USER:
                    body += self._user(message)
        return body

    def _system(self, words: str) -> Json:
        return {"role": self._system_role, "content": words}

    def _texts(self, message: Message) -> str:
        texts = [part for part in message.parts if isinstance(part, Text)]
        if len(texts) < len(message.parts):
            self._losses.add(message.path, "system content", "system messages hold text only")
        return _BETWEEN_TEXTS.join(self._words(text, message.path) for text in texts)

    def _words(self, text: Text, path: str) -> str:
        self._mark(text, path)
        return text.text

    def _mark(self, part: Text | Media | ToolResult, path: str) -> None:
        if part.cached:
            self._losses.add(path, "cache_control", "endpoints of OpenAI Chat cache by themselves")

    def _user(self, message: Message) -> list[Json]:
        """Results first: they must stand right after the calls."""
        results = [self._result(part, message.path) for part in message.parts if isinstance(part, ToolResult)]
        said = [part for part in message.parts if isinstance(part, Text | Media)]
        if not said:
            return results
        if texts := _only_texts(said):
            content: Any = _BETWEEN_TEXTS.join(self._words(text, message.path) for text in texts)
        else:
            content = [self._part(part, message.path) for part in said]
        return [*results, {"role": "user", "content": content}]

    def _result(self, result: ToolResult, path: str) -> Json:
        self._mark(result, path)
        texts = []
        for part in result.parts:
            if isinstance(part, Media):
                raise NotConvertible(path, f"a tool's result cannot hold a {part.medium} in OpenAI Chat")
            texts.append(self._words(part, path))
        words = "\n".join(texts)
        if result.is_error and not words.startswith(_ERROR):
            words = _ERROR + words
        return {"role": "tool", "tool_call_id": result.call_id, "content": words}

    def _part(self, part: Text | Media, path: str) -> Json:
        self._mark(part, path)
        return {"type": "text", "text": part.text} if isinstance(part, Text) else encode_media(part, self._target, path)

    def _assistant(self, message: Message) -> list[Json]:
        texts: list[str] = []
        thoughts: list[Thinking] = []
        calls: list[Json] = []
        signed: Json = {}
        for part in message.parts:
            match part:
                case Text():
                    texts.append(self._words(part, message.path))
                case Refusal(text):
                    texts.append(text)
                case Thinking():
                    thoughts.append(part)
                    signed |= unsealed_call(part.sealed) if self._own(part) else {}
                case ToolCall():
                    calls.append(_call(part) | signed)
                    signed = {}
        if not texts and not calls:
            return []
        written: Json = {"role": "assistant", "content": "".join(texts) if texts else None}
        written |= self._thought(thoughts, beside_calls=bool(calls))
        if calls:
            written["tool_calls"] = calls
        return [written]

    def _thought(self, thoughts: list[Thinking], *, beside_calls: bool) -> Json:
        """What goes back of earlier thinking: to its maker what it sealed, to whoever wants it the words.

        To leave it out elsewhere loses nothing: vendors of this format do not read it.
        """
        details = [detail for thought in thoughts if self._own(thought) for detail in unsealed_details(thought.sealed)]
        if details:
            return {"reasoning_details": details}
        if not self._target.reasoning_back or not beside_calls:
            return {}
        words = "\n".join(thought.text for thought in thoughts if thought.text)
        return {"reasoning_content": words or _NO_REASONING}

    def _own(self, thought: Thinking) -> bool:
        return (thought.origin, thought.maker) == (WireFormat.OPENAI_CHAT, self._target.endpoint)


def _only_texts(parts: Iterable[Part]) -> list[Text]:
    """The parts if all are text, else none: many vendors take a plain string only, and it says the same."""
    found = list(parts)
    texts = [part for part in found if isinstance(part, Text)]
    return texts if len(texts) == len(found) else []


def _call(call: ToolCall) -> Json:
    if call.kind is ToolKind.CUSTOM:
        raise NotConvertible(call.id, "calls of custom tools are not understood by most vendors of OpenAI Chat")
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _tools(request: Request, target: Target, losses: Losses) -> Json:
    body: Json = {"tools": [_tool(tool, target, losses) for tool in request.tools]}
    choice = request.tool_choice
    if choice is None:
        return body
    if choice.choice is Choice.ONE:
        body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    else:
        body["tool_choice"] = CHOICE_WORDS[choice.choice]
    if choice.parallel is not None:
        body["parallel_tool_calls"] = choice.parallel
    return body


def _tool(tool: Tool, target: Target, losses: Losses) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = dict(tool.schema) or {"type": "object", "properties": {}}
    if tool.strict is True:
        if target.official:
            function["strict"] = True
        else:
            losses.add(tool.path, "strict", _ONLY_OPENAI)
    if tool.cached:
        losses.add(tool.path, "cache_control", "endpoints of OpenAI Chat cache by themselves")
    return {"type": "function", "function": function}


def _limit(request: Request, target: Target, losses: Losses) -> Json:
    if request.max_tokens is None:
        return {}
    limit = answer_limit(request.max_tokens, target, losses)
    return {target.max_tokens_field or ("max_completion_tokens" if target.official else "max_tokens"): limit}


def _tuning(request: Request, target: Target, losses: Losses) -> Json:
    sampling = request.sampling
    wished: Json = {"temperature": sampling.temperature, "top_p": sampling.top_p}
    wished |= {key: value for key, value in sampling.extra.items() if key in _SHARED_TUNING}
    wished = {key: value for key, value in wished.items() if value is not None}
    for key in [key for key in wished if target.fixed_temperature and key in _FIXED_TUNING]:
        del wished[key]
        losses.add(key, key, _FIXED)
    if wished.get("temperature", 0) > _HOTTEST:
        wished["temperature"] = _HOTTEST
        losses.add("temperature", "temperature", f"it is {_HOTTEST} at most")
    for key in sampling.extra:
        if key not in _SHARED_TUNING:
            losses.add(key, key, _NO_COUNTERPART)
    if sampling.top_k is not None:
        losses.add("top_k", "top_k", _NO_COUNTERPART)
    if sampling.stop:
        wished["stop"] = list(sampling.stop[:_MOST_STOPS])
        if len(sampling.stop) > _MOST_STOPS:
            losses.add("stop", "stop sequences", f"OpenAI Chat takes {_MOST_STOPS} at most")
    return wished | _reasoning(request, target, losses)


def _reasoning(request: Request, target: Target, losses: Losses) -> Json:
    wish = effort_of(request.reasoning) if request.reasoning else None
    if wish is None:
        return {}
    if wish is Effort.NONE and not target.official:
        losses.add("reasoning", "reasoning effort", "not to think is said by each vendor in its own way")
        return {}
    effort = clamped(wish, target.efforts)
    if effort is None:
        losses.add("reasoning", "reasoning effort", "this model has none to choose")
        return {}
    if effort is not wish:
        losses.add("reasoning", "reasoning effort", f"the nearest that this model has is {effort}")
    return {"reasoning_effort": effort.value}


def _output(request: Request, target: Target, losses: Losses) -> Json:
    output = request.output
    body: Json = {}
    if output.schema is not None:
        name = legal_name(output.name, 64) or "answer"
        schema: Json = {"name": name, "schema": dict(output.schema)}
        if output.strict is not None:
            schema["strict"] = output.strict
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif output.json:
        body["response_format"] = {"type": "json_object"}
    if output.verbosity:
        if target.official:
            body["verbosity"] = output.verbosity
        else:
            losses.add("verbosity", "verbosity", _ONLY_OPENAI)
    return body


def _who(request: Request, target: Target, losses: Losses) -> Json:
    body: Json = {}
    if request.user:
        body["user"] = bounded_id(request.user)
    if request.session and target.official:
        body["prompt_cache_key"] = request.session
    if tier := request.service_tier:
        if target.official and tier in _TIERS:
            body["service_tier"] = tier
        else:
            losses.add("service_tier", "service_tier", "tiers are each vendor's own")
    return body
