"""What becomes of one feature between two formats, read off a conversion that is really carried out.

A feature is asked for in the client's words; the body that an endpoint would get is then read again with the endpoint's
own codec. What both readings agree on was kept. Answers go the other way round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import Any

import orjson

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.registry import CODECS
from cccc.ir import json
from cccc.ir.codec import Front
from cccc.ir.conversion import Conversion
from cccc.ir.fold import fold
from cccc.ir.loss import Loss, Losses
from cccc.ir.messages import Media, Part, Reply, Request, Text, Tool, ToolCall, ToolResult
from cccc.ir.sse import SseDecoder
from cccc.ir.target import Target

Json = dict[str, Any]

ASKED = "asked-model"
SERVED = "served-model"
_FRONT = Front(ASKED, "req_1", prompt_tokens=10, stream_usage=True)


class Kind(Enum):
    """What becomes of a feature."""

    KEPT = "kept"
    MAPPED = "mapped"
    PARTLY = "partly"
    LOST = "lost"
    REFUSED = "refused"
    UNSAID = "not sent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``why``: what was recorded as lost and why, or why it was refused."""

    kind: Kind
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that some formats can say. ``said`` holds the fields of a body that say it, by the format they are in.

    ``without`` are the same fields when they do not say it, where that is more than their absence.
    """

    name: str
    said: Mapping[WireFormat, Json]
    without: Mapping[WireFormat, Json] = field(default_factory=dict)


def request_outcome(client: WireFormat, upstream: WireFormat, feature: Feature, *, official: bool) -> Outcome:
    """What of a client's wish reaches an endpoint; ``official``: the endpoint is the vendor's own host."""
    base, plain, known = _sent(client, upstream, feature.without.get(client, {}), official=official)
    try:
        asked, body, losses = _sent(client, upstream, feature.said[client], official=official)
    except NotConvertible as refusal:
        return Outcome(Kind.REFUSED, (refusal.reason,))
    lost = Counter(losses) - Counter(known)
    why = tuple(dict.fromkeys(f"*{loss.what}*: {loss.why}" for loss in lost))
    arrived = CODECS[upstream].decode_request(body, Losses())
    return _judged(_meaning(base), _meaning(asked), _meaning(arrived), trace=body != plain, why=why)


def reply_outcome(client: WireFormat, upstream: WireFormat, feature: Feature, *, stream: bool) -> Outcome:
    """What of an endpoint's answer reaches a client, whole or as a stream."""
    base, plain = _answered(client, upstream, feature.without.get(upstream, {}), stream=stream)
    told, heard = _answered(client, upstream, feature.said[upstream], stream=stream)
    outcome = _judged(_said(base), _said(told), _said(heard), trace=_said(heard) != _said(plain), why=())
    return Outcome(Kind.LOST) if outcome.kind is Kind.UNSAID else outcome


def _judged(
    base: Mapping[str, Any], asked: Mapping[str, Any], arrived: Mapping[str, Any], *, trace: bool, why: tuple[str, ...]
) -> Outcome:
    wishes = list(_changes(base, asked))
    if not wishes:
        return Outcome(Kind.LOST if why else Kind.UNSAID, why)
    if all(_at(arrived, path) == _at(asked, path) for path in wishes):
        return Outcome(Kind.PARTLY if why else Kind.KEPT, why)
    if trace:
        return Outcome(Kind.PARTLY if why else Kind.MAPPED, why)
    return Outcome(Kind.LOST if why else Kind.UNSAID, why)


def _sent(client: WireFormat, upstream: WireFormat, said: Json, *, official: bool) -> tuple[Request, Json, list[Loss]]:
    """The client's request in neutral words, as the endpoint gets it, and what was lost."""
    losses = Losses()
    request = CODECS[client].decode_request(_REQUESTS[client] | said, losses)
    target = Target(upstream, "endpoint", SERVED, official=official)
    conversion = Conversion(CODECS[client], CODECS[upstream], request, target, _FRONT)
    return request, json.obj(json.peek(conversion.body)), [*losses.all, *conversion.losses]


def _answered(client: WireFormat, upstream: WireFormat, said: Json, *, stream: bool) -> tuple[Reply, Reply]:
    """The endpoint's answer in neutral words, and as the client gets it."""
    body = REPLIES[upstream] | said
    conversion = Conversion(
        CODECS[client], CODECS[upstream], Request(ASKED, ()), Target(upstream, "endpoint", SERVED), _FRONT
    )
    told = CODECS[upstream].decode_reply(body)
    raw = orjson.dumps(body)
    if not stream:
        return told, CODECS[client].decode_reply(json.obj(json.peek(conversion.whole(raw))))
    wire, decoder = SseDecoder(), CODECS[client].stream_decoder()
    heard = [event for one in wire.feed(conversion.unfolded(raw)) for event in decoder.feed(one)]
    return told, fold([*heard, *decoder.close()])


_SAID = {"role": "user", "content": "Hi"}
_REQUESTS: Mapping[WireFormat, Json] = {
    WireFormat.ANTHROPIC: {"model": ASKED, "max_tokens": 16_000, "messages": [_SAID]},
    WireFormat.OPENAI_CHAT: {"model": ASKED, "messages": [_SAID]},
    WireFormat.OPENAI_RESPONSES: {"model": ASKED, "input": "Hi", "store": False},
}
_CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}
_CONTENT = {"type": "output_text", "text": "Hello.", "annotations": []}
_ITEM = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [_CONTENT]}
REPLIES: Mapping[WireFormat, Json] = {
    WireFormat.ANTHROPIC: {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": SERVED,
        "content": [{"type": "text", "text": "Hello."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    },
    WireFormat.OPENAI_CHAT: {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": SERVED,
        "choices": [_CHOICE],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    },
    WireFormat.OPENAI_RESPONSES: {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": SERVED,
        "status": "completed",
        "output": [_ITEM],
        "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
    },
}
"""A plain answer of each format."""


def _changes(base: Any, asked: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where two readings differ, as deep as there are fields."""
    inner, before = _fields(asked), _fields(base)
    if inner is None or (before is None and base is not None):
        if base != asked:
            yield path
        return
    for name, value in inner.items():
        yield from _changes((before or {}).get(name), value, (*path, name))


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = (_fields(value) or {}).get(name)
    return value


def _fields(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    return None


def _meaning(request: Request) -> Json:
    """A request without what the formats only write differently: where its parts stood, and how texts are cut."""
    named = {one.name: getattr(request, one.name) for one in fields(request)}
    marked = (*request.system, *request.tools, *(part for message in request.messages for part in message.parts))
    return named | {
        "model": "",
        "system": [text.text for text in request.system],
        "tools": [_tool(tool) for tool in request.tools],
        "messages": [(message.role, _part(part)) for message in request.messages for part in message.parts],
        "cached": any(getattr(one, "cached", False) for one in marked),
    }


def _tool(tool: Tool) -> Tool:
    return replace(tool, strict=bool(tool.strict), cached=False, path="")


def _part(part: Part) -> Part | tuple[Any, ...]:
    match part:
        case Text():
            return (part.text.strip(),)
        case Media():
            return replace(part, cached=False)
        case ToolCall():
            arguments = json.peek(part.arguments)
            return (part.kind, part.id, part.name, part.namespace, part.arguments if arguments is None else arguments)
        case ToolResult():
            return (part.kind, part.call_id, part.is_error, *map(_part, part.parts))
    return part


def _said(reply: Reply) -> Json:
    """An answer without its ids, which every format makes for itself."""
    return {
        "text": "".join(part.text for part in reply.parts if isinstance(part, Text)),
        "parts": [_shown(part) for part in reply.parts if not isinstance(part, Text)],
        "stop": reply.stop,
        "stop_sequence": reply.stop_sequence,
        "usage": reply.usage,
    }


def _shown(part: Part) -> tuple[Any, ...]:
    named = {key: value for key, value in (_fields(part) or {}).items() if key not in ("item_id", "origin", "maker")}
    return (type(part), _part(part) if isinstance(part, ToolCall) else named)
