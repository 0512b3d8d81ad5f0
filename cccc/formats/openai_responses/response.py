"""What a response of ours consists of: the object around it, and one output item per part of the answer.

Source: the API reference of ``POST /v1/responses`` (the response object, output items) and of ``POST
/v1/responses/compact``. Ids are made from our own id of the request, with the beginnings that OpenAI insists on later.
"""

from __future__ import annotations

from typing import Any, Final

from cccc.domain.usage import Usage
from cccc.formats.openai_responses.tables import BEGIN_OF_ID, CALL_ITEMS, TEXT_CALLS
from cccc.formats.openai_responses.usage import encode_usage
from cccc.ir import json
from cccc.ir.codec import Front
from cccc.ir.messages import Refusal, ReplyPart, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.seal import seal, seal_text

_CUT_SHORT: Final = {
    StopReason.LENGTH: "max_output_tokens",
    StopReason.CONTEXT: "max_output_tokens",
    StopReason.REFUSAL: "content_filter",
}
"""Why an answer is incomplete. One that stopped for any other reason is complete."""


def response_id(front: Front) -> str:
    """The id of the answer."""
    return f"resp_{front.id}"


def item_id(kind: str, front: Front, index: int) -> str:
    """The id of an output item of this type."""
    return f"{BEGIN_OF_ID[kind]}{front.id}_{index}"


def output_item(part: ReplyPart, front: Front, index: int) -> dict[str, Any]:
    """A finished part of the answer as the output item at ``index``."""
    match part:
        case Text():
            content = {"type": "output_text", "text": part.text, "annotations": [], "logprobs": []}
            return _message(content, front, index)
        case Refusal():
            return _message({"type": "refusal", "refusal": part.text}, front, index)
        case Thinking():
            return {
                "id": item_id("reasoning", front, index),
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": part.text}] if part.text else [],
                "encrypted_content": seal(part),
            }
        case ToolCall():
            return _call(part, front, index)


def _message(content: dict[str, Any], front: Front, index: int) -> dict[str, Any]:
    own_id = item_id("message", front, index)
    return {"id": own_id, "type": "message", "status": "completed", "role": "assistant", "content": [content]}


def _call(call: ToolCall, front: Front, index: int) -> dict[str, Any]:
    kind = CALL_ITEMS.get(call.kind, CALL_ITEMS[ToolKind.FUNCTION])
    item: dict[str, Any] = {
        "id": item_id(kind.type, front, index),
        "type": kind.type,
        "status": "completed",
        "call_id": call.id or f"call_{front.id}_{index}",
    }
    given: Any = call.arguments
    match call.kind:
        case ToolKind.LOCAL_SHELL:
            given = {"type": "exec", "command": [], "env": {}} | json.obj(json.peek(call.arguments))
        case ToolKind.TOOL_SEARCH:
            item["execution"] = "client"
            given = json.obj(json.peek(call.arguments))
        case ToolKind.CUSTOM:
            pass
        case _:
            given = call.arguments or "{}"
    if call.kind in TEXT_CALLS:
        item["name"] = call.name
    if call.namespace:
        item["namespace"] = call.namespace
    return {**item, kind.field: given}


def compaction(summary: str, front: Front, index: int = 0) -> list[dict[str, Any]]:
    """The one item that stands for the whole conversation: its summary, sealed, because clients keep it unread.

    No item for a summary that says nothing: a client that fails for want of it still has its conversation.
    """
    if not summary.strip():
        return []
    own_id = item_id("compaction", front, index)
    return [{"id": own_id, "type": "compaction", "encrypted_content": seal_text(summary)}]


def begun_response(front: Front) -> dict[str, Any]:
    """The response before anything is known of its answer."""
    return _response(front, "in_progress", [], None, None)


def ended_response(front: Front, output: list[dict[str, Any]], stop: StopReason, usage: Usage) -> dict[str, Any]:
    """The whole response. A refusal in words is a complete answer; one without words was filtered."""
    reason = _CUT_SHORT.get(stop)
    if stop is StopReason.REFUSAL and any(_is_refusal(item) for item in output):
        reason = None
    return _response(front, "incomplete" if reason else "completed", output, usage, reason)


def _is_refusal(item: dict[str, Any]) -> bool:
    return any(part["type"] == "refusal" for part in item.get("content", ()))


def _response(
    front: Front, status: str, output: list[dict[str, Any]], usage: Usage | None, reason: str | None
) -> dict[str, Any]:
    return {
        "id": response_id(front),
        "object": "response",
        "created_at": int(front.created),
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": front.model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "truncation": "disabled",
        "usage": None if usage is None else encode_usage(usage),
        "user": None,
    }


def compacted_response(front: Front, history: tuple[Any, ...], summary: str, usage: Usage) -> dict[str, Any]:
    """The answer of ``/responses/compact``: what the user said, word for word, and the summary of all the rest.

    Without a summary nothing is replaced.
    """
    users = [item for item in map(json.obj, history) if item.get("role") == "user"]
    item = compaction(summary, front, len(users))
    return {
        "id": response_id(front),
        "object": "response.compaction",
        "created_at": int(front.created),
        "output": [*users, *item] if item else [*history],
        "usage": encode_usage(usage),
    }
