"""A whole Messages answer in neutral words, and a neutral one as a whole Messages answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.anthropic.decode_blocks import arguments
from cccc.formats.anthropic.encode_messages import input_of
from cccc.formats.anthropic.tables import STOP_WORDS, STOPS
from cccc.formats.anthropic.usage import usage_body, usage_of
from cccc.ir import json
from cccc.ir.codec import Front, JsonObject
from cccc.ir.estimate import estimated_usage_of
from cccc.ir.messages import Refusal, Reply, ReplyPart, StopReason, Text, Thinking, ToolCall
from cccc.ir.seal import seal


def decode_reply(body: JsonObject) -> Reply:
    """A whole answer in neutral words. What the vendor ran by itself is no call for the client, and left out."""
    parts: list[ReplyPart] = []
    calls: set[str] = set()
    for block in map(json.obj, json.items(body.get("content"))):
        for part in _parts(block):
            if isinstance(part, ToolCall) and part.id:
                if part.id in calls:  # some relays tell a call twice
                    continue
                calls.add(part.id)
            # A text with citations comes in many blocks; it is one text to everybody else.
            if isinstance(part, Text) and parts and isinstance(parts[-1], Text):
                parts[-1] = Text(parts[-1].text + part.text)
            else:
                parts.append(part)
    if explanation := refusal_of(body.get("stop_details")):
        parts.append(Refusal(explanation))
    usage = body.get("usage")
    return Reply(
        tuple(parts),
        STOPS.get(str(body.get("stop_reason")), StopReason.END),
        json.text(body.get("stop_sequence")) or "",
        usage_of(usage) if isinstance(usage, dict) else None,
        json.text(body.get("id")) or "",
        json.text(body.get("model")) or "",
    )


def encode_reply(reply: Reply, front: Front) -> dict[str, Any]:
    """A whole answer for the client."""
    usage = reply.usage or estimated_usage_of(front.prompt_tokens, reply)
    content = [block for part in reply.parts for block in _blocks(part)]
    refused = any(isinstance(part, Refusal) for part in reply.parts)
    return message_body(front, usage) | {
        "content": content,
        "stop_reason": stop_word(reply.stop, calls=any(b["type"] == "tool_use" for b in content), refused=refused),
        "stop_sequence": reply.stop_sequence or None,
    }


def message_body(front: Front, usage: Usage) -> dict[str, Any]:
    """An answer of which nothing is known yet but who asked for it."""
    return {
        "id": f"msg_{front.id.removeprefix('req_')}",
        "type": "message",
        "role": "assistant",
        "model": front.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage_body(usage),
    }


def stop_word(stop: StopReason, *, calls: bool, refused: bool) -> str:
    """``stop_reason``: clients look for a call where it says so, and take words of refusal for an answer where not."""
    if calls and stop is StopReason.END:
        return STOP_WORDS[StopReason.TOOL_USE]
    if refused and stop is StopReason.END:
        return STOP_WORDS[StopReason.REFUSAL]
    if not calls and stop is StopReason.TOOL_USE:
        return STOP_WORDS[StopReason.END]
    return STOP_WORDS[stop]


def refusal_of(details: object) -> str:
    """The words of ``stop_details`` for why a model refuses."""
    return json.text(json.obj(details).get("explanation")) or ""


def thinking_block(part: Thinking) -> dict[str, Any] | None:
    """Thinking as a client can send it back: its proof travels in the signature. ``None`` for what proves nothing."""
    if part.redacted and not part.text and part.origin is WireFormat.ANTHROPIC:
        return {"type": "redacted_thinking", "data": seal(part)}
    if not part.text and not part.sealed:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": seal(part)}


def _parts(block: dict[str, Any]) -> Iterator[ReplyPart]:
    match block.get("type"):
        case "text":
            if text := json.text(block.get("text")):
                yield Text(text)
        case "thinking":
            words, signature = json.text(block.get("thinking")) or "", json.text(block.get("signature")) or ""
            if words or signature:
                yield Thinking(words, signature, WireFormat.ANTHROPIC)
        case "redacted_thinking":
            if data := json.text(block.get("data")):
                yield Thinking("", data, WireFormat.ANTHROPIC, redacted=True)
        case "tool_use":
            call_id, name = json.text(block.get("id")) or "", json.text(block.get("name")) or ""
            yield ToolCall(call_id, name, arguments(block.get("input")))


def _blocks(part: ReplyPart) -> list[dict[str, Any]]:
    match part:
        case Text(text) | Refusal(text):
            return [{"type": "text", "text": text}] if text.strip() else []
        case Thinking():
            block = thinking_block(part)
            return [block] if block else []
        case ToolCall():
            return [{"type": "tool_use", "id": part.id, "name": part.name, "input": input_of(part.arguments)}]
