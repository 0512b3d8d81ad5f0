"""A whole chat completion in neutral words, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cccc.formats.openai_chat.decode_stream import ChunkDecoder
from cccc.formats.openai_chat.tables import finish_word, write_usage
from cccc.ir import json
from cccc.ir.codec import Front
from cccc.ir.estimate import estimated_usage_of
from cccc.ir.fold import fold
from cccc.ir.messages import Refusal, Reply, Text, Thinking, ToolCall, ToolKind


def decode_reply(body: Mapping[str, Any]) -> Reply:
    """The first choice of a completion. Never raises.

    It is read as a stream of one chunk, so that an answer means the same streamed or not.
    """
    choices = [json.obj(choice) for choice in json.items(body.get("choices"))]
    choice = next((one for one in choices if one.get("index", 0) == 0), choices[0] if choices else {})
    message = json.obj(choice.get("message"))
    calls = [json.obj(call) | {"index": at} for at, call in enumerate(json.items(message.get("tool_calls")))]
    whole = {
        **choice,
        "index": 0,
        "delta": message | {"tool_calls": calls},
        "finish_reason": json.text(choice.get("finish_reason")) or "stop",
    }
    decoder = ChunkDecoder()
    return fold([*decoder.read({**body, "choices": [whole]}), *decoder.close()])


def encode_reply(reply: Reply, front: Front) -> dict[str, Any]:
    """A chat completion for the client."""
    texts = [part.text for part in reply.parts if isinstance(part, Text)]
    thoughts = [part.text for part in reply.parts if isinstance(part, Thinking) and part.text]
    refusals = [part.text for part in reply.parts if isinstance(part, Refusal)]
    calls = [part for part in reply.parts if isinstance(part, ToolCall)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(texts) if texts else None,
        "refusal": "".join(refusals) if refusals else None,
    }
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if calls:
        message["tool_calls"] = [_written(call) for call in calls]
    usage = reply.usage or estimated_usage_of(front.prompt_tokens, reply)
    finish = finish_word(reply.stop, calls=bool(calls), refused=bool(refusals))
    return {
        "id": completion_id(front),
        "object": "chat.completion",
        "created": int(front.created),
        "model": front.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": write_usage(usage),
    }


def completion_id(front: Front) -> str:
    """The id of an answer of ours."""
    return f"chatcmpl-{front.id}"


def _written(call: ToolCall) -> dict[str, Any]:
    if call.kind is ToolKind.CUSTOM:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}
