"""Strict readers of answers in each wire format, written from the API references and sharing no code with ``cccc``.

Each takes the bytes of an answer and either returns what was said as a ``Said``, the same for all formats, or raises
``AssertionError`` naming the first rule that is broken (``KeyError`` for a field that is missing, ``ValueError`` for
what is not JSON). A stream must be whole: exactly one terminal event, at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cccc.domain.endpoint import WireFormat
from tests.formats_check.anthropic import anthropic_reply, anthropic_stream
from tests.formats_check.openai_chat import chat_reply, chat_stream
from tests.formats_check.openai_responses import responses_reply, responses_stream
from tests.formats_check.said import Frame, Said, Tool, frames

__all__ = [
    "REPLY",
    "STREAM",
    "Frame",
    "Said",
    "Tool",
    "anthropic_reply",
    "anthropic_stream",
    "chat_reply",
    "chat_stream",
    "frames",
    "responses_reply",
    "responses_stream",
]

STREAM: Mapping[WireFormat, Callable[[bytes], Said]] = {
    WireFormat.ANTHROPIC: anthropic_stream,
    WireFormat.OPENAI_CHAT: chat_stream,
    WireFormat.OPENAI_RESPONSES: responses_stream,
}

REPLY: Mapping[WireFormat, Callable[[bytes], Said]] = {
    WireFormat.ANTHROPIC: anthropic_reply,
    WireFormat.OPENAI_CHAT: chat_reply,
    WireFormat.OPENAI_RESPONSES: responses_reply,
}
