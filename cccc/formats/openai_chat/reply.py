"""A whole chat completion in neutral words, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from cccc.formats.openai_chat.content import pieces_of, sealed_details, thought_in
from cccc.formats.openai_chat.tables import finish_word, guessed_usage, stop_reason, usage_of, write_usage
from cccc.formats.openai_chat.tags import TagReader
from cccc.ir import json
from cccc.ir.codec import Front
from cccc.ir.messages import Refusal, Reply, ReplyPart, Text, Thinking, ToolCall, ToolKind


def decode_reply(body: Mapping[str, Any]) -> Reply:
    """The first choice of a completion. Never raises."""
    choices = [json.obj(choice) for choice in json.items(body.get("choices"))]
    choice = next((one for one in choices if one.get("index", 0) == 0), choices[0] if choices else {})
    reply_id = json.text(body.get("id")) or ""
    parts = tuple(_parts(json.obj(choice.get("message"))))
    stop, sequence = stop_reason(
        json.text(choice.get("finish_reason")),
        choice,
        calls=any(isinstance(part, ToolCall) for part in parts),
        refused=any(isinstance(part, Refusal) for part in parts),
    )
    return Reply(parts, stop, sequence, usage_of(body), reply_id, json.text(body.get("model")) or "")


def _parts(message: dict[str, Any]) -> Iterator[ReplyPart]:
    """Thinking first, then what was said, then the calls: the order in which every vendor writes them."""
    thought, sealed = thought_in(message), sealed_details(message.get("reasoning_details"))
    if thought or sealed:
        yield Thinking(thought, sealed, redacted=not thought)
    pieces = pieces_of(message.get("content")) or pieces_of(json.obj(message.get("audio")).get("transcript"))
    reader = TagReader(tagged=not thought)
    said = [own for thinks, words in pieces for own in ([(True, words)] if thinks else reader.feed(words))]
    for thinks, words in _runs([*said, *reader.close()]):
        yield Thinking(words) if thinks else Text(words)
    if refusal := json.text(message.get("refusal")):
        yield Refusal(refusal)
    yield from _calls(message)


def _runs(pieces: list[tuple[bool, str]]) -> Iterator[tuple[bool, str]]:
    """Neighbours of one kind as one."""
    for at, (kind, words) in enumerate(pieces):
        if not at or pieces[at - 1][0] is not kind:
            run = [words]
            for other, more in pieces[at + 1 :]:
                if other is not kind:
                    break
                run.append(more)
            yield kind, "".join(run)


def _calls(message: dict[str, Any]) -> Iterator[ToolCall]:
    """Without an id where there is none, or where an earlier call has the same: whoever knows the request makes one."""
    taken: set[str] = set()
    raw = [json.obj(call) for call in json.items(message.get("tool_calls"))]
    if function := json.obj(message.get("function_call")):
        raw.append({"function": function})
    for call in raw:
        custom = json.obj(call.get("custom"))
        function = custom or json.obj(call.get("function"))
        name = json.text(function.get("name"))
        if name is None:
            continue
        call_id = json.text(call.get("id")) or ""
        if call_id in taken:
            call_id = ""
        taken.add(call_id)
        if custom:
            yield ToolCall(call_id, name, json.text(custom.get("input")) or "", kind=ToolKind.CUSTOM)
        else:
            yield ToolCall(call_id, name, arguments_text(function.get("arguments")))


def arguments_text(value: object) -> str:
    """Arguments as the text of a JSON object; some vendors send the object, or nothing where there are none."""
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    text = value if isinstance(value, str) else ""
    return "{}" if text.strip() in ("", "null") else text


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
        message["reasoning_content"] = "\n".join(thoughts)
    if calls:
        message["tool_calls"] = [_written(call) for call in calls]
    usage = reply.usage
    if usage is None:
        characters = sum(map(len, [*texts, *thoughts, *refusals, *(call.arguments for call in calls)]))
        usage = guessed_usage(front.prompt_tokens, characters)
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
