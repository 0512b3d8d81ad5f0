"""Whole answers, both ways. Source: the response object in the API reference of ``POST /v1/responses``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cccc.formats.openai_responses.content import decode_call, decode_reasoning
from cccc.formats.openai_responses.response import (
    compacted_response,
    compaction,
    ended_response,
    output_item,
)
from cccc.formats.openai_responses.tables import CALLS
from cccc.formats.openai_responses.usage import decode_usage
from cccc.ir import json
from cccc.ir.codec import Front, JsonObject
from cccc.ir.estimate import estimated_usage_of
from cccc.ir.messages import Refusal, Reply, ReplyPart, StopReason, Text, ToolCall

_REASONS: Final = {
    "content_filter": StopReason.REFUSAL,
    "max_output_tokens": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
}
"""Why a response is incomplete."""


def decode_reply(body: JsonObject) -> Reply:
    """See ``Codec.decode_reply``."""
    parts = tuple(part for item in json.items(body.get("output")) for part in decode_item(json.obj(item)))
    usage = json.obj(body.get("usage"))
    return Reply(
        parts=parts,
        stop=stop_of(
            body,
            called=any(isinstance(part, ToolCall) for part in parts),
            refused=any(isinstance(part, Refusal) for part in parts),
        ),
        usage=decode_usage(usage) if usage else None,
        id=json.text(body.get("id")) or "",
        model=json.text(body.get("model")) or "",
    )


def stop_of(response: JsonObject, *, called: bool, refused: bool) -> StopReason:
    """Why a response ended, which the format says only of incomplete ones."""
    reason = json.text(json.obj(response.get("incomplete_details")).get("reason"))
    if reason is not None or response.get("status") == "incomplete":
        return _REASONS.get(reason or "", StopReason.LENGTH)
    if called:
        return StopReason.TOOL_USE
    return StopReason.REFUSAL if refused else StopReason.END


def decode_item(item: dict[str, Any]) -> Iterator[ReplyPart]:
    """What an output item says; nothing for what the vendor's own tools did."""
    kind = json.text(item.get("type")) or ""
    if kind == "message":
        for part in map(json.obj, json.items(item.get("content"))):
            if words := json.text(part.get("text")):
                yield Text(words)
            elif words := json.text(part.get("refusal")):
                yield Refusal(words)
    elif kind == "reasoning":
        thought = decode_reasoning(item)
        if thought is not None:
            yield thought
    elif kind in CALLS:
        yield decode_call(item)


def encode_reply(reply: Reply, front: Front) -> dict[str, Any]:
    """See ``Codec.encode_reply``."""
    usage = reply.usage or estimated_usage_of(front.prompt_tokens, reply)
    if not front.compact:
        output = [output_item(part, front, index) for index, part in enumerate(reply.parts)]
        return ended_response(front, output, reply.stop, usage)
    summary = "".join(part.text for part in reply.parts if isinstance(part, Text))
    if front.history is not None:
        return compacted_response(front, front.history, summary, usage)
    return ended_response(front, compaction(summary, front), reply.stop, usage)
