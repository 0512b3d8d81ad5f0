"""A response in its other shape: a whole response as events, and events as a whole response.

Some relays answer a request for a stream with JSON, and the other way round. Both shapes say the same; nothing is lost:
items of a kind that is unknown here go over as they are. Source: the streaming events of ``POST /v1/responses``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from cccc.ir import json
from cccc.ir.sse import SseEvent, encode

_Event = tuple[str, dict[str, Any]]

_UNFINISHED: dict[str, dict[str, Any]] = {
    "message": {"status": "in_progress", "content": []},
    "reasoning": {"summary": []},
    "function_call": {"status": "in_progress", "arguments": ""},
    "custom_tool_call": {"status": "in_progress", "input": ""},
}
"""What an item of each kind has not yet when it is announced."""

_CALL_TEXTS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}
_PART_TEXTS = {"output_text": ("output_text", "text"), "refusal": ("refusal", "refusal")}


def unfold_reply(body: bytes) -> bytes:
    """The events of a whole response, every text in one delta. The last event is named after the response's status."""
    response = json.obj(json.peek(body))
    numbered = enumerate(_events(response))
    return b"".join(
        encode(kind, orjson.dumps({"type": kind, "sequence_number": number, **fields}))
        for number, (kind, fields) in numbered
    )


def fold_stream(events: Iterable[SseEvent]) -> bytes:
    """The whole response of a stream: the last one that came, with the finished items where it lists none itself."""
    response: dict[str, Any] = {}
    finished: dict[int, dict[str, Any]] = {}
    for event in events:
        data = json.obj(json.peek(event.data))
        response = json.obj(data.get("response")) or response
        if (data.get("type") or event.name) == "response.output_item.done":
            at = data.get("output_index")
            finished[at if isinstance(at, int) else len(finished)] = json.obj(data.get("item"))
    output = json.items(response.get("output")) or [finished[at] for at in sorted(finished)]
    return orjson.dumps(response | {"output": output})


def _events(response: dict[str, Any]) -> Iterator[_Event]:
    begun = response | {"status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, item in enumerate(map(json.obj, json.items(response.get("output")))):
        announced = item | _UNFINISHED.get(str(item.get("type")), {})
        yield "response.output_item.added", {"output_index": index, "item": announced}
        for kind, fields in _within(item):
            yield kind, {"item_id": item.get("id"), "output_index": index, **fields}
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield f"response.{response.get('status') or 'completed'}", {"response": response}


def _within(item: dict[str, Any]) -> Iterator[_Event]:
    """The events between an item's announcement and its end."""
    match item.get("type"):
        case "message":
            for index, part in enumerate(map(json.obj, json.items(item.get("content")))):
                yield from _content_part(part, index)
        case "reasoning":
            for index, part in enumerate(map(json.obj, json.items(item.get("summary")))):
                yield from _summary_part(part, index)
            for index, part in enumerate(map(json.obj, json.items(item.get("content")))):
                yield from _text("response.reasoning_text", "text", part.get("text"), {"content_index": index})
        case "function_call" | "custom_tool_call" as kind:
            name, key = _CALL_TEXTS[kind]
            yield from _text(name, key, item.get(key), {})


def _content_part(part: dict[str, Any], index: int) -> Iterator[_Event]:
    at = {"content_index": index}
    name, key = _PART_TEXTS.get(str(part.get("type")), (None, ""))
    yield "response.content_part.added", at | {"part": part | {key: ""} if name else part}
    if name:
        logprobs: dict[str, Any] = {"logprobs": []} if name == "output_text" else {}
        yield from _text(f"response.{name}", key, part.get(key), at | logprobs)
    yield "response.content_part.done", at | {"part": part}


def _summary_part(part: dict[str, Any], index: int) -> Iterator[_Event]:
    at = {"summary_index": index}
    yield "response.reasoning_summary_part.added", at | {"part": part | {"text": ""}}
    yield from _text("response.reasoning_summary_text", "text", part.get("text"), at)
    yield "response.reasoning_summary_part.done", at | {"part": part}


def _text(name: str, key: str, text: object, at: dict[str, Any]) -> Iterator[_Event]:
    whole = text if isinstance(text, str) else ""
    if whole:
        yield f"{name}.delta", at | {"delta": whole}
    yield f"{name}.done", at | {key: whole}
