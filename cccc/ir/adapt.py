"""Makes a request sayable in a target's format, and remembers what the way back needs.

A pipeline of small functions, each from a request to a request. What the client says stays; what only the target's
words forbid (names, ids, kinds of tools, the order of results) is put differently. To adapt a request that is adapted
already changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cccc.ir.back import Back, Offer
from cccc.ir.ids import legal_id, original_id
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Choice,
    Message,
    Part,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from cccc.ir.names import Names, ToolName
from cccc.ir.target import Abilities, Target
from cccc.ir.toolbox import called, chosen, kinds_of, offered
from cccc.ir.turns import media_apart, paired

COMPACT = (
    "Write a summary of this conversation that will replace it. Whoever goes on knows nothing but your summary, so put "
    "down what the user wants, in the user's own words where they matter; what has been decided, done and found out, "
    "with the names of files, functions and commands; what failed and why; and what is to be done next. Write nothing "
    "else, and call no tools."
)
"""What is asked of a model whose vendor has no compaction of its own."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """The request as the target can say it, and the way home for its answer."""

    request: Request
    back: Back


def adapt(request: Request, abilities: Abilities, target: Target, losses: Losses) -> Adapted:
    """Put a request into what ``abilities`` allow and ``target`` is known to want; ``losses`` gets what that costs."""
    compact, taken = request.compact, call_ids(request)
    request = compacted(request)
    request = with_own_thinking(request, target, losses)
    request = with_ids(request, original_id)
    request = paired(request, losses)
    request = with_ids(request, lambda call_id: legal_id(call_id, abilities.call_id))
    kinds = kinds_of(request)
    request = called(chosen(offered(request, abilities, losses), losses), abilities)
    if not abilities.media_in_results:
        request = media_apart(request)
    names = Names(_tool_names(request), abilities)
    offers = {names.target(name): Offer(name, kind) for name, kind in kinds.items()}
    return Adapted(with_names(request, names), Back(target, offers, taken=taken, compact=compact))


def compacted(request: Request) -> Request:
    """A wish for a summary in words.

    Tools stay only where the history has calls, since some vendors demand that a tool which was called is on offer.
    """
    if not request.compact:
        return request
    wish = Message(Role.USER, (Text(COMPACT),))
    has_calls = any(isinstance(part, ToolCall) for message in request.messages for part in message.parts)
    return replace(
        request,
        messages=(*request.messages, wish),
        tools=request.tools if has_calls else (),
        tool_choice=ToolChoice(Choice.NONE) if has_calls else None,
        compact=False,
    )


def with_own_thinking(request: Request, target: Target, losses: Losses) -> Request:
    """Only the thinking that the target made itself, and the words of any where it wants reasoning back."""

    def kept(part: Part, path: str) -> Iterator[Part]:
        if not isinstance(part, Thinking) or _is_own(part, target):
            yield part
            return
        what = "thinking signature" if part.sealed else "thinking"
        losses.add(path, what, "it only goes back to its maker")
        if target.reasoning_back and part.text:
            yield Thinking(part.text)

    if not any(isinstance(part, Thinking) for message in request.messages for part in message.parts):
        return request
    messages: list[Message] = []
    for message in request.messages:
        parts = tuple(own for part in message.parts for own in kept(part, message.path))
        if parts:
            messages.append(message if parts == message.parts else replace(message, parts=parts))
    return replace(request, messages=tuple(messages))


def with_ids(request: Request, change: Callable[[str], str]) -> Request:
    """The ids of all calls and of their results changed; the same request where they stay, as they mostly do."""
    new = {own: other for own in call_ids(request) | _answered_ids(request) if (other := change(own)) != own}
    if not new:
        return request

    def changed(part: Part) -> Part:
        match part:
            case ToolCall(own) if own in new:
                return replace(part, id=new[own])
            case ToolResult(own) if own in new:
                return replace(part, call_id=new[own])
        return part

    return _each_part(request, changed)


def with_names(request: Request, names: Names) -> Request:
    """Tools, calls and the choice by the target's names."""
    if names.stay:
        return request

    def changed(part: Part) -> Part:
        if not isinstance(part, ToolCall):
            return part
        own = ToolName(part.name, part.namespace)
        name = names.target(own)
        return part if name == own else replace(part, name=name.name, namespace=name.namespace)

    def named(tool: Tool) -> Tool:
        own = ToolName(tool.name, tool.namespace)
        name = names.target(own)
        return tool if name == own else replace(tool, name=name.name, namespace=name.namespace)

    choice = request.tool_choice
    if choice is not None and choice.name:
        name = names.target(ToolName(choice.name, choice.namespace))
        choice = replace(choice, name=name.name, namespace=name.namespace)
    return replace(_each_part(request, changed), tools=tuple(map(named, request.tools)), tool_choice=choice)


def call_ids(request: Request) -> frozenset[str]:
    """The ids of all calls in the history."""
    return frozenset(part.id for message in request.messages for part in message.parts if isinstance(part, ToolCall))


def _answered_ids(request: Request) -> frozenset[str]:
    return frozenset(
        part.call_id for message in request.messages for part in message.parts if isinstance(part, ToolResult)
    )


def _is_own(thinking: Thinking, target: Target) -> bool:
    return thinking.origin is target.wire_format and thinking.maker in ("", target.endpoint)


def _tool_names(request: Request) -> Iterator[ToolName]:
    """Those on offer before those that were called."""
    for tool in request.tools:
        yield ToolName(tool.name, tool.namespace)
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ToolCall):
                yield ToolName(part.name, part.namespace)


def _each_part(request: Request, change: Callable[[Part], Part]) -> Request:
    return replace(request, messages=tuple(message.changed(change) for message in request.messages))
