"""Text, refusals, images, files and sound, as they stand in messages and results; items of reasoning and of calls."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import orjson

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.openai_responses.tables import CALLS
from cccc.formats.openai_responses.tools import decode_namespace
from cccc.ir import json
from cccc.ir.messages import Media, Medium, Refusal, Text, Thinking, ToolCall
from cccc.ir.seal import is_ours, unseal

BETWEEN_SUMMARIES: Final = "\n\n"
"""What separates the parts of one item's reasoning where they become one text."""

_TEXTS: Final = frozenset({"input_text", "output_text", "reasoning_text", "summary_text", "text"})
_CIPHERTEXT: Final = "gAAAA"
"""How every token of Fernet begins, which is what OpenAI encrypts with."""
_DATA_URL: Final = re.compile(r"data:([^;,]*)(?:;[^;,]*)*;base64,", re.IGNORECASE)


def decode_content(given: object, path: str) -> list[Text | Refusal | Media]:
    """The parts of a message or of a result: a string, or a list. Empty texts say nothing and are left out.

    Raises ``NotConvertible`` for a part of a kind that no other format knows.
    """
    if isinstance(given, str):
        return [Text(given)] if given else []
    parts = [_decode_part(json.obj(part), f"{path}[{index}]") for index, part in enumerate(json.items(given))]
    return [part for part in parts if part is not None]


def _decode_part(part: dict[str, Any], path: str) -> Text | Refusal | Media | None:
    kind = json.text(part.get("type")) or ""
    if kind in _TEXTS:
        words = json.text(part.get("text"))
        return Text(words) if words else None
    match kind:
        case "encrypted_content":
            # Codex says so of every message to a sub-agent; only OpenAI's models really write ciphertext there.
            words = json.text(part.get("encrypted_content")) or ""
            if words.startswith(_CIPHERTEXT):
                raise NotConvertible(path, "is encrypted, so that only OpenAI can read it")
            return Text(words) if words else None
        case "refusal":
            words = json.text(part.get("refusal"))
            return Refusal(words) if words else None
        case "input_image" | "computer_screenshot":
            url = part.get("image_url")
            media = _decode_media(Medium.IMAGE, json.obj(url).get("url") or url, part)
            if (detail := json.text(part.get("detail")) or "auto") != "auto":
                media = replace(media, detail=detail)
        case "input_file":
            media = _decode_media(Medium.DOCUMENT, part.get("file_data") or part.get("file_url"), part)
        case "input_audio":
            sound = json.obj(part.get("input_audio")) or part
            media = Media(Medium.AUDIO, f"audio/{json.text(sound.get('format')) or 'wav'}", sound.get("data") or "")
        case _:
            raise NotConvertible(path, f"content of the type {kind!r} has no counterpart in other formats")
    if not (media.data or media.url or media.file_id):
        raise NotConvertible(path, f"{kind!r} holds neither data nor an address")
    return media


def _decode_media(medium: Medium, source: object, part: dict[str, Any]) -> Media:
    name = json.text(part.get("filename")) or ""
    where = json.text(source) or ""
    if found := _DATA_URL.match(where):
        return Media(medium, found[1].lower(), where[found.end() :], name=name)
    if "://" in where:
        return Media(medium, url=where, name=name)
    if where:  # bare base64, as files may be given
        return Media(medium, "application/pdf" if medium is Medium.DOCUMENT else "", where, name=name)
    return Media(medium, file_id=json.text(part.get("file_id")) or "", name=name)


def encode_media(media: Media) -> dict[str, Any]:
    """An image, a file or sound as a content part of a user's message or a result."""
    if media.medium is Medium.AUDIO:
        sound = {"data": media.data, "format": media.media_type.rpartition("/")[2].removeprefix("x-") or "wav"}
        return {"type": "input_audio", "input_audio": sound}
    source = f"data:{media.media_type};base64,{media.data}" if media.data else media.url
    if media.medium is Medium.IMAGE:
        where = {"image_url": source} if source else {"file_id": media.file_id}
        return {"type": "input_image", "detail": media.detail or "auto", **where}
    if media.data:
        name = media.name or f"document.{media.media_type.rpartition('/')[2] or 'pdf'}"
        return {"type": "input_file", "filename": name, "file_data": source}
    return {"type": "input_file", **({"file_url": source} if source else {"file_id": media.file_id})}


def decode_reasoning(item: dict[str, Any]) -> Thinking | None:
    """A reasoning item; ``None`` for one that says nothing.

    What we sealed ourselves comes back as what it was made of; all else was made by who speaks this format.
    """
    words = BETWEEN_SUMMARIES.join(_texts(item.get("summary")) + _texts(item.get("content")))
    sealed = json.text(item.get("encrypted_content")) or ""
    if is_ours(sealed):
        opened = unseal(sealed)
        return replace(opened, text=words) if opened else _plain(words)
    if not sealed:
        return _plain(words)
    item_id = json.text(item.get("id")) or ""
    return Thinking(words, sealed, WireFormat.OPENAI_RESPONSES, redacted=not words, item_id=item_id)


def _plain(words: str) -> Thinking | None:
    return Thinking(words, origin=WireFormat.OPENAI_RESPONSES) if words else None


def _texts(parts: object) -> list[str]:
    found: Iterable[str | None] = (json.text(json.obj(part).get("text")) for part in json.items(parts))
    return [words for words in found if words]


def decode_call(item: dict[str, Any]) -> ToolCall:
    """An item that calls a tool, of a type in ``CALLS``."""
    called = CALLS[item["type"]]
    given = item.get(called.field)
    own_id = json.text(item.get("id")) or ""
    return ToolCall(
        id=json.text(item.get("call_id")) or own_id,
        name=called.name or json.text(item.get("name")) or "",
        arguments=given if isinstance(given, str) else orjson.dumps(json.obj(given)).decode(),
        kind=called.kind,
        namespace=decode_namespace(item.get("namespace")),
        item_id=own_id,
    )
