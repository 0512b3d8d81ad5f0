"""Neutral messages as the turns of a Messages request.

The format is strict: user and assistant alternate and the user begins, a turn's tool results stand first in it, no text
is blank, no assistant turn ends in thinking. Source: the API reference and its chapters on tool use and thinking.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from cccc.errors import NotConvertible
from cccc.formats.anthropic.tables import IMAGE_TYPES, PDF
from cccc.ir import json
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Media,
    Medium,
    Message,
    Part,
    Refusal,
    ResultPart,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)

Block = dict[str, Any]
Turn = dict[str, Any]

_NOTHING_SAID = "(The conversation begins with the assistant.)"
_THINKING = frozenset({"thinking", "redacted_thinking"})
_JPG = {"image/jpg": "image/jpeg"}
_BASE64_OF_PDF = "JVBERi"


def encoded_messages(messages: Iterable[Message], losses: Losses) -> list[Turn]:
    """``messages`` of the body. Raises ``NotConvertible`` for media that the format cannot hold."""
    turns = _alternating(_turn(message, losses) for message in messages)
    for turn in turns:
        if turn["role"] == "user":
            turn["content"].sort(key=lambda block: block["type"] != "tool_result")
        else:
            _end_in_words(turn["content"])
    turns = _alternating(turns)
    if turns and turns[-1]["role"] == "assistant":
        _strip_end(turns[-1]["content"])
        turns = _alternating(turns)
    if not turns or turns[0]["role"] != "user":
        turns.insert(0, {"role": "user", "content": [{"type": "text", "text": _NOTHING_SAID}]})
    return turns


def encoded_text(text: str) -> list[Block]:
    """A text block, or none for blank text, which the format refuses."""
    return [{"type": "text", "text": text}] if text.strip() else []


def thinks_on(turns: list[Turn]) -> bool:
    """Whether the model may think in its answer.

    The turns since the user last spoke are one turn to the model, and a turn that it thinks in begins with thinking.
    An answer that it is to go on with is none that it can think in either.
    """
    if turns[-1]["role"] == "assistant":
        return False
    began: Turn | None = None
    for turn in reversed(turns):
        if turn["role"] == "assistant":
            began = turn
        elif turn["content"][0]["type"] != "tool_result":
            break
    return began is None or began["content"][0]["type"] in _THINKING


def _alternating(turns: Iterable[Turn]) -> list[Turn]:
    joined: list[Turn] = []
    for turn in turns:
        if not turn["content"]:
            continue
        if joined and joined[-1]["role"] == turn["role"]:
            joined[-1]["content"] += turn["content"]
        else:
            joined.append(turn)
    return joined


def _end_in_words(blocks: list[Block]) -> None:
    while blocks and blocks[-1]["type"] in _THINKING:
        del blocks[-1]


def _strip_end(blocks: list[Block]) -> None:
    if blocks[-1]["type"] == "text":
        blocks[-1]["text"] = blocks[-1]["text"].rstrip()


def _turn(message: Message, losses: Losses) -> Turn:
    if message.role is Role.SYSTEM:
        words = "\n".join(part.text for part in message.parts if isinstance(part, Text))
        reminder = f"<system-reminder>\n{words}\n</system-reminder>" if words.strip() else ""
        return {"role": "user", "content": encoded_text(reminder)}
    blocks = [block for part in message.parts for block in _blocks(part, message, losses)]
    return {"role": message.role.value, "content": blocks}


def _blocks(part: Part, message: Message, losses: Losses) -> list[Block]:
    match part:
        case Text(text) | Refusal(text):
            return encoded_text(text)
        case Media():
            if message.role is Role.ASSISTANT:
                losses.add(message.path, part.medium, "an assistant's turn holds no media in Anthropic Messages")
                return []
            return [_media(part, message.path, losses)]
        case Thinking():
            return _thinking(part)
        case ToolCall():
            return [{"type": "tool_use", "id": part.id, "name": part.name, "input": input_of(part.arguments)}]
        case ToolResult():
            return list(_result(part, message.path, losses))


def input_of(arguments: str) -> dict[str, Any]:
    """A call's arguments as the object that the format wants; other text becomes its only field."""
    parsed = json.peek(arguments)
    if isinstance(parsed, dict):
        return parsed
    return {"input": arguments} if arguments.strip() else {}


def _thinking(part: Thinking) -> list[Block]:
    if part.redacted:
        return [{"type": "redacted_thinking", "data": part.sealed}] if part.sealed else []
    if not part.text and not part.sealed:
        return []
    return [{"type": "thinking", "thinking": part.text, "signature": part.sealed}]


def _result(part: ToolResult, path: str, losses: Losses) -> Iterator[Block]:
    """The result, and behind it what an error's result cannot hold: its media."""
    content = [block for each in part.parts for block in _shown(each, path, losses)]
    after: list[Block] = []
    block: Block = {"type": "tool_result", "tool_use_id": part.call_id}
    if part.is_error:
        after = [one for one in content if one["type"] != "text"]
        content = [one for one in content if one["type"] == "text"]
        block["is_error"] = True
    if len(content) == 1 and content[0]["type"] == "text":
        block["content"] = content[0]["text"]
    elif content:
        block["content"] = content
    yield block
    yield from after


def _shown(part: ResultPart, path: str, losses: Losses) -> list[Block]:
    return encoded_text(part.text) if isinstance(part, Text) else [_media(part, path, losses)]


def _media(media: Media, path: str, losses: Losses) -> Block:
    if media.file_id:
        raise NotConvertible(path, "it refers to a file that another vendor holds")
    if media.medium is Medium.AUDIO:
        raise NotConvertible(path, "Anthropic Messages takes no sound")
    source = _source(media, path)
    if media.detail:
        losses.add(path, "detail", "Anthropic's models choose by themselves how closely they look")
    title = {"title": media.name} if media.name and media.medium is Medium.DOCUMENT else {}
    return {"type": media.medium.value, "source": source} | title


def _source(media: Media, path: str) -> dict[str, Any]:
    if media.url:
        return {"type": "url", "url": media.url}
    media_type = _JPG.get(media.media_type, media.media_type)
    if media.medium is Medium.IMAGE:
        if media_type not in IMAGE_TYPES:
            raise NotConvertible(path, f"Anthropic Messages takes JPEG, PNG, GIF and WebP images, not {media_type!r}")
        return {"type": "base64", "media_type": media_type, "data": media.data}
    if media_type == PDF or media.data.startswith(_BASE64_OF_PDF):
        return {"type": "base64", "media_type": PDF, "data": media.data}
    if media_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": _decoded(media.data, path)}
    raise NotConvertible(path, f"Anthropic Messages takes PDF and text documents, not {media_type!r}")


def _decoded(data: str, path: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise NotConvertible(path, "its data is not base64") from None
