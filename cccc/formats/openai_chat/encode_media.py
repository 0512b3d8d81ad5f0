"""Images, documents and sound as parts of a Chat Completions message.

Source: the API reference of ``POST /v1/chat/completions`` (``image_url``, ``file`` and ``input_audio`` content parts).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cccc.errors import NotConvertible
from cccc.formats.openai_chat.tables import AUDIO_TYPES
from cccc.ir.messages import Media, Medium
from cccc.ir.target import Target

_DETAILS = {"original": "high"}
"""Words of Responses that Chat does not know."""

_AUDIO_FORMATS = {media_type: form for form, media_type in AUDIO_TYPES.items()}


def encode_media(media: Media, target: Target, path: str) -> dict[str, Any]:
    """The part that shows it to the model. Raises ``NotConvertible`` for what no part can."""
    match media.medium:
        case Medium.IMAGE:
            url = media.url or (_data_url(media, "image/png") if media.data else "")
            if url:
                detail = {"detail": _DETAILS.get(media.detail, media.detail)} if media.detail else {}
                return {"type": "image_url", "image_url": {"url": url, **detail}}
        case Medium.DOCUMENT:
            return _document(media, target, path)
        case Medium.AUDIO:
            if (form := _AUDIO_FORMATS.get(media.media_type)) and media.data:
                return {"type": "input_audio", "input_audio": {"data": media.data, "format": form}}
    raise NotConvertible(path, f"OpenAI Chat cannot show the model this {media.medium}")


def _document(media: Media, target: Target, path: str) -> dict[str, Any]:
    """A document as a file; one that is text anyway as text, which every vendor takes."""
    if media.media_type.startswith("text/") and (words := _decoded(media.data)):
        return {"type": "text", "text": f"{media.name}\n\n{words}" if media.name else words}
    if media.data:
        file = {"filename": media.name or "document.pdf", "file_data": _data_url(media, "application/pdf")}
        return {"type": "file", "file": file}
    if media.file_id and target.official:
        return {"type": "file", "file": {"file_id": media.file_id}}
    raise NotConvertible(path, "OpenAI Chat takes documents only with their data")


def _data_url(media: Media, otherwise: str) -> str:
    return f"data:{media.media_type or otherwise};base64,{media.data}"


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
