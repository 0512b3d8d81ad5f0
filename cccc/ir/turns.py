"""Calls and their results in the order that every format accepts: each call answered once, right after its turn.

Clients send results in the order in which they were ready, leave some out when a turn was interrupted, repeat ids, and
keep results whose call has been cut away. Nothing of what they say is dropped: a result without its call becomes text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cccc.ir.loss import Losses
from cccc.ir.messages import Media, Message, Part, Request, Role, Text, ToolCall, ToolResult

NO_RESULT = "There is no result: the call was interrupted."
_ORPHAN = "The result of a tool call that is no longer part of this conversation:"
_ORPHANED_ERROR = "The error of a tool call that is no longer part of this conversation:"
_ELSEWHERE = "The result is in the next message."
_ATTACHED = "Returned by the tool {name}:"


@dataclass(slots=True)
class _Call:
    """A call of the history: the turn in which it stands, and its result once that is found."""

    part: ToolCall
    turn: int
    result: ToolResult | None = None


@dataclass(slots=True)
class _Result:
    """A result of the history, and whether a call was found that it answers."""

    part: ToolResult
    matched: bool = False


@dataclass(slots=True)
class _Turn:
    """What the assistant says in one go, or one message of somebody else."""

    role: Role
    path: str
    parts: list[Part | _Call | _Result] = field(default_factory=list)


def paired(request: Request, losses: Losses) -> Request:
    """Assistant messages in a row become one turn; behind it stand the results of its calls, one each, in their order.

    Ids that are missing or used again become unique, in the call and its result.
    """
    turns = list(_turns(request.messages))
    calls = [part for turn in turns for part in turn.parts if isinstance(part, _Call)]
    _match(turns, calls)
    _make_unique(calls)
    messages: list[Message] = []
    for turn in turns:
        said = tuple(own for part in turn.parts for own in _said(part, turn.path, losses))
        if said:
            messages.append(Message(turn.role, said, turn.path))
        results = tuple(_result(part) for part in turn.parts if isinstance(part, _Call))
        if results:
            messages.append(Message(Role.USER, results, turn.path))
    return replace(request, messages=tuple(messages))


def media_apart(request: Request) -> Request:
    """Images and documents of results in a user's message behind them, for targets whose results hold text only."""
    names = {part.id: part.name for message in request.messages for part in message.parts if isinstance(part, ToolCall)}
    messages: list[Message] = []
    for message in request.messages:
        parts: list[Part] = []
        apart: list[Part] = []
        for part in message.parts:
            media = [each for each in part.parts if isinstance(each, Media)] if isinstance(part, ToolResult) else []
            if isinstance(part, ToolResult) and media:
                texts = tuple(each for each in part.parts if isinstance(each, Text))
                parts.append(replace(part, parts=texts or (Text(_ELSEWHERE),)))
                apart += [Text(_ATTACHED.format(name=names.get(part.call_id, part.call_id))), *media]
            else:
                parts.append(part)
        messages.append(replace(message, parts=tuple(parts)) if apart else message)
        if apart:
            messages.append(Message(Role.USER, tuple(apart), message.path))
    return replace(request, messages=tuple(messages))


def _turns(messages: tuple[Message, ...]) -> Iterator[_Turn]:
    """The assistant's messages in a row as one, cut where a result stands among them (vendors' own tools)."""
    turn: _Turn | None = None
    number = 0
    for message in messages:
        for part in message.parts:
            role = Role.USER if isinstance(part, ToolResult) else message.role
            if turn is None or role is not turn.role:
                if turn is not None:
                    yield turn
                turn, number = _Turn(role, message.path), number + 1
            turn.parts.append(_held(part, number))
        if turn is not None and turn.role is not Role.ASSISTANT:
            yield turn
            turn = None
    if turn is not None:
        yield turn


def _held(part: Part, turn: int) -> Part | _Call | _Result:
    match part:
        case ToolCall():
            return _Call(part, turn)
        case ToolResult():
            return _Result(part)
    return part


def _match(turns: list[_Turn], calls: list[_Call]) -> None:
    """Give every result to its call.

    A result answers the latest turn before it that has an unanswered call of its id; where there is none, a later one.
    """
    before: dict[str, list[_Call]] = defaultdict(list)
    early: list[_Result] = []
    for turn in turns:
        for part in turn.parts:
            if isinstance(part, _Call):
                before[part.part.id].append(part)
            elif isinstance(part, _Result):
                waiting = [call for call in before[part.part.call_id] if call.result is None]
                if waiting:
                    _answer(next(call for call in waiting if call.turn == waiting[-1].turn), part)
                else:
                    early.append(part)
    for result in early:
        late = next((call for call in calls if call.part.id == result.part.call_id and call.result is None), None)
        if late is not None:
            _answer(late, result)


def _answer(call: _Call, result: _Result) -> None:
    call.result = result.part
    result.matched = True


def _make_unique(calls: list[_Call]) -> None:
    used: set[str] = set()
    for call in calls:
        call_id, number = call.part.id, 1
        while not call_id or call_id in used:
            number += 1
            call_id = f"{call.part.id or 'call'}-{number}"
        used.add(call_id)
        if call_id != call.part.id:
            call.part = replace(call.part, id=call_id)


def _said(part: Part | _Call | _Result, path: str, losses: Losses) -> Iterator[Part]:
    """What of a turn stands in its own message."""
    match part:
        case _Call():
            yield part.part
        case _Result():
            if not part.matched:
                losses.add(path, "tool result", "the call that it answers is not in the conversation")
                yield Text(_ORPHANED_ERROR if part.part.is_error else _ORPHAN)
                yield from part.part.parts
        case _:
            yield part


def _result(call: _Call) -> ToolResult:
    if call.result is None:
        return ToolResult(call.part.id, (Text(NO_RESULT),), is_error=True, kind=call.part.kind)
    return call.result if call.result.call_id == call.part.id else replace(call.result, call_id=call.part.id)
