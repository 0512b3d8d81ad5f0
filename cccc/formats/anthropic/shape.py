"""A Messages answer in its other shape: a whole message as events, and events as a whole message.

Some relays answer a request for a stream with JSON, and the other way round. Both shapes say the same; nothing is lost:
blocks and fields that are unknown here go over as they are. Source: the streaming chapter of the API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from cccc.ir import json
from cccc.ir.sse import SseEvent, encode

_END_FIELDS = ("stop_reason", "stop_sequence")
_ANNOUNCED_LATER: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None}


def unfold_reply(body: bytes) -> bytes:
    """The events of a whole message, every block in one delta."""
    return b"".join(encode(event["type"], orjson.dumps(event)) for event in _events(json.obj(json.peek(body))))


def fold_stream(events: Iterable[SseEvent]) -> bytes:
    """The whole message of a stream."""
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    arguments: dict[int, list[str]] = {}
    for event in events:
        data = json.obj(json.peek(event.data))
        at = data.get("index")
        match data.get("type") or event.name:
            case "message_start":
                message = dict(json.obj(data.get("message")))
            case "content_block_start" if isinstance(at, int):
                blocks[at] = dict(json.obj(data.get("content_block")))
            case "content_block_delta" if at in blocks:
                _extend(blocks[at], json.obj(data.get("delta")), arguments.setdefault(at, []))
            case "message_delta":
                message |= json.obj(data.get("delta"))
                message["usage"] = json.obj(message.get("usage")) | json.obj(data.get("usage"))
    for at, fragments in arguments.items():
        if text := "".join(fragments):
            parsed = json.peek(text)
            blocks[at]["input"] = text if parsed is None else parsed
    return orjson.dumps(message | {"content": [blocks[at] for at in sorted(blocks)]})


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    usage = json.obj(message.get("usage"))
    yield {"type": "message_start", "message": message | _ANNOUNCED_LATER | {"usage": usage | {"output_tokens": 0}}}
    for index, block in enumerate(map(json.obj, json.items(message.get("content")))):
        opened, deltas = _opened(block)
        yield {"type": "content_block_start", "index": index, "content_block": opened}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {key: message.get(key) for key in _END_FIELDS}, "usage": usage}
    yield {"type": "message_stop"}


def _opened(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as ``content_block_start`` shows it, and its deltas."""
    match block.get("type"):
        case "text":
            cited = [{"type": "citations_delta", "citation": one} for one in json.items(block.get("citations"))]
            said = [{"type": "text_delta", "text": block.get("text") or ""}]
            return block | {"text": ""} | ({"citations": []} if cited else {}), said + cited
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": block.get("thinking") or ""}]
            if signature := block.get("signature"):
                deltas.append({"type": "signature_delta", "signature": signature})
            return block | {"thinking": "", "signature": ""}, deltas
        case kind if str(kind).endswith("tool_use"):
            fragment = orjson.dumps(block.get("input") or {}).decode()
            return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": fragment}]
    return block, []


def _extend(block: dict[str, Any], delta: dict[str, Any], arguments: list[str]) -> None:
    match delta.get("type"):
        case "input_json_delta":
            arguments.append(json.text(delta.get("partial_json")) or "")
        case "text_delta" | "thinking_delta" as kind:
            key = kind.removesuffix("_delta")
            block[key] = (json.text(block.get(key)) or "") + (json.text(delta.get(key)) or "")
        case "signature_delta":
            block["signature"] = delta.get("signature")
        case "citations_delta":
            block["citations"] = [*json.items(block.get("citations")), delta.get("citation")]
