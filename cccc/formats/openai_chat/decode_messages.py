"""The messages of a Chat Completions request in neutral words.

Reads what OpenAI documents, what it used to (``function_call``), and what clients of the compatible vendors send beside
it (``reasoning_content`` in history, ``cache_control``). Source: the API reference of ``POST /v1/chat/completions``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import orjson

from cccc.errors import NotConvertible
from cccc.formats.openai_chat.content import joined_text, thought_in
from cccc.formats.openai_chat.tables import AUDIO_TYPES, SYSTEM_ROLES
from cccc.ir import json
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Media,
    Medium,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolKind,
    ToolResult,
)


def decode_messages(raw: list[Any], losses: Losses) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
    """The system texts before everything else, and the rest in its order."""
    system: list[Text] = []
    messages: list[Message] = []
    for place, message in enumerate(map(json.obj, raw)):
        path = f"messages[{place}]"
        role = json.text(message.get("role")) or "user"
        if role in ("system", "developer", "user") and json.text(message.get("name")):
            losses.add(f"{path}.name", "name", "names of speakers exist in OpenAI Chat only")
        if role in SYSTEM_ROLES:
            texts = list(_texts(_content(message.get("content"), path, losses), path, losses))
            if messages:
                messages.append(Message(Role.SYSTEM, tuple(texts), path))
            else:
                system += texts
        elif role == "assistant":
            messages.append(Message(Role.ASSISTANT, tuple(_assistant(message, path, losses)), path))
        elif role in ("tool", "function"):
            messages.append(Message(Role.USER, (_result(message, path, losses),), path))
        else:
            messages.append(Message(Role.USER, tuple(_content(message.get("content"), path, losses)), path))
    return tuple(system), tuple(messages)


def _texts(parts: Iterator[Part], path: str, losses: Losses) -> Iterator[Text]:
    """What a system message holds: nobody reads anything but text there."""
    for part in parts:
        if isinstance(part, Text):
            yield part
        else:
            losses.add(path, "system content", "system messages hold text only")


def _assistant(message: dict[str, Any], path: str, losses: Losses) -> Iterator[Part]:
    if thought := thought_in(message):
        yield Thinking(thought)
    yield from _content(message.get("content"), path, losses)
    if refusal := json.text(message.get("refusal")):
        yield Refusal(refusal)
    if message.get("audio"):
        raise NotConvertible(f"{path}.audio", "a spoken answer is held by OpenAI alone")
    yield from map(_call, map(json.obj, json.items(message.get("tool_calls"))))
    if function := json.obj(message.get("function_call")):
        yield _call({"function": function})


def _call(call: dict[str, Any]) -> ToolCall:
    """A call; one of ``function_call`` has no id, and its result none either."""
    call_id = json.text(call.get("id")) or ""
    if custom := json.obj(call.get("custom")):
        text = json.text(custom.get("input")) or ""
        return ToolCall(call_id, json.text(custom.get("name")) or "", text, kind=ToolKind.CUSTOM)
    function = json.obj(call.get("function"))
    return ToolCall(call_id, json.text(function.get("name")) or "", _arguments(function.get("arguments")))


def _arguments(value: object) -> str:
    """Arguments as the text of a JSON object; some clients send the object, or nothing where there are none."""
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    text = value if isinstance(value, str) else ""
    return "{}" if text.strip() in ("", "null") else text


def _result(message: dict[str, Any], path: str, losses: Losses) -> ToolResult:
    call_id = json.text(message.get("tool_call_id")) or ""
    parts = _content(message.get("content"), path, losses)
    return ToolResult(call_id, tuple(part for part in parts if isinstance(part, Text | Media)))


def _content(content: object, path: str, losses: Losses) -> Iterator[Part]:
    """A message's content: a string, or parts."""
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    for place, part in enumerate(json.items(content)):
        if isinstance(part, str):
            yield Text(part)
            continue
        fields = json.obj(part)
        kind, where = json.text(fields.get("type")) or "text", f"{path}.content[{place}]"
        if kind in ("thinking", "reasoning"):
            if thought := joined_text(fields.get(kind)) or json.text(fields.get("text")):
                yield Thinking(thought)
        elif kind not in _PARTS:
            raise NotConvertible(where, f'"{kind}" content exists in OpenAI Chat only')
        elif found := _PARTS[kind](fields, where, losses):
            yield found


def _text(part: dict[str, Any], _path: str, _losses: Losses) -> Part | None:
    text = json.text(part.get("text"))
    return Text(text, cached=bool(part.get("cache_control"))) if text else None


def _refusal(part: dict[str, Any], _path: str, _losses: Losses) -> Part | None:
    text = json.text(part.get("refusal"))
    return Refusal(text) if text else None


def _image(part: dict[str, Any], path: str, _losses: Losses) -> Part:
    image = part.get("image_url")
    fields = json.obj(image)
    url = json.text(image) or json.text(fields.get("url"))
    if url is None:
        raise NotConvertible(f"{path}.image_url", "the image has no address and no data")
    located = _located(Medium.IMAGE, url, cached=bool(part.get("cache_control")))
    detail = json.text(fields.get("detail")) or "auto"
    return located if detail == "auto" else replace(located, detail=detail)


def _file(part: dict[str, Any], path: str, _losses: Losses) -> Part:
    file = json.obj(part.get("file"))
    name, cached = json.text(file.get("filename")) or "", bool(part.get("cache_control"))
    if data := json.text(file.get("file_data")):
        if not data.startswith("data:"):
            data = "data:application/pdf;base64," + data
        return _located(Medium.DOCUMENT, data, name=name, cached=cached)
    file_id = json.text(file.get("file_id"))
    if file_id is None:
        raise NotConvertible(f"{path}.file", "the file has no data")
    return Media(Medium.DOCUMENT, file_id=file_id, name=name, cached=cached)


def _audio(part: dict[str, Any], path: str, _losses: Losses) -> Part:
    audio = json.obj(part.get("input_audio"))
    data, kind = json.text(audio.get("data")), json.text(audio.get("format")) or ""
    if data is None:
        raise NotConvertible(f"{path}.input_audio", "the sound has no data")
    return Media(Medium.AUDIO, media_type=AUDIO_TYPES.get(kind, f"audio/{kind}"), data=data)


_PARTS: Mapping[str, Callable[[dict[str, Any], str, Losses], Part | None]] = MappingProxyType(
    {"text": _text, "refusal": _refusal, "image_url": _image, "file": _file, "input_audio": _audio}
)


def _located(medium: Medium, url: str, *, name: str = "", cached: bool) -> Media:
    """Media behind a URL; a data URL (RFC 2397) in base64 is the data itself."""
    head, comma, data = url.partition(",")
    if head.startswith("data:") and comma and head.endswith(";base64"):
        media_type = head.removeprefix("data:").split(";")[0]
        return Media(medium, media_type=media_type, data=data, name=name, cached=cached)
    return Media(medium, url=url, name=name, cached=cached)
