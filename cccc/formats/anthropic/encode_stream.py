"""Sequential neutral events as a stream of Messages events. Source: the streaming chapter of the API reference.

A block is opened when it has something to say: clients take an answer of blank text for none and ask again. What a
client gets most, deltas, is put together from bytes made when their block was opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from cccc.domain.usage import Usage
from cccc.formats.anthropic.reply import message_body, stop_word, thinking_block
from cccc.formats.anthropic.usage import usage_body
from cccc.ir.codec import Front, ReplyFacts
from cccc.ir.estimate import estimated_usage
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import Thinking
from cccc.ir.seal import seal
from cccc.ir.sse import encode

_DELTA_END = b"}}\n\n"
_DELTAS = {
    PartKind.TEXT: ("text_delta", "text"),
    PartKind.REFUSAL: ("text_delta", "text"),
    PartKind.THINKING: ("thinking_delta", "thinking"),
    PartKind.TOOL_CALL: ("input_json_delta", "partial_json"),
}
_BLOCKS: dict[PartKind, dict[str, Any]] = {
    PartKind.TEXT: {"type": "text", "text": ""},
    PartKind.REFUSAL: {"type": "text", "text": ""},
    PartKind.THINKING: {"type": "thinking", "thinking": "", "signature": ""},
}


class StreamEncoder:
    """Writes one stream. It never closes a block that was not closed."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._usage: Usage | None = None
        self._characters = 0
        self._index = -1
        self._part: PartOpened | None = None
        self._open = False
        self._held = ""
        self._delta_head = b""
        self._calls = 0
        self._refused = False
        self._writers: dict[type, Callable[[Any], bytes]] = {
            PartDelta: self._delta,
            PartOpened: self._opened,
            PartClosed: self._closed,
            Started: self._started,
            UsageSeen: self._usage_seen,
            Ended: self._ended,
        }

    @property
    def seen(self) -> ReplyFacts:
        """What the client has seen so far."""
        message = message_body(self._front, Usage())
        return ReplyFacts(
            content=self._index >= 0,
            tool_calls=self._calls,
            usage=self._usage,
            model=self._front.model,
            response_id=message["id"],
        )

    def feed(self, event: Event) -> bytes:
        """The events of this format that say it."""
        return self._writers[type(event)](event)

    def _started(self, event: Started) -> bytes:  # noqa: ARG002 - the client knows its own answer by other names
        message = message_body(self._front, Usage(input=self._front.prompt_tokens))
        return _event({"type": "message_start", "message": message})

    def _opened(self, event: PartOpened) -> bytes:
        self._part, self._open, self._held = event, False, ""
        if event.kind is not PartKind.TOOL_CALL:
            self._refused |= event.kind is PartKind.REFUSAL
            return b""
        self._calls += 1
        return self._open_block({"type": "tool_use", "id": event.id, "name": event.name, "input": {}})

    def _open_block(self, block: dict[str, Any]) -> bytes:
        part = self._part
        self._open = True
        self._index += 1
        delta, field = _DELTAS[part.kind if part else PartKind.TEXT]
        self._delta_head = (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":'
            % (self._index, delta.encode(), field.encode())
        )
        return _event({"type": "content_block_start", "index": self._index, "content_block": block})

    def _delta(self, event: PartDelta) -> bytes:
        text = event.text
        self._characters += len(text)
        if self._open:
            return self._delta_head + orjson.dumps(text) + _DELTA_END
        self._held += text
        part = self._part
        if part is None or not self._held or (part.kind is not PartKind.THINKING and self._held.isspace()):
            return b""
        return self._open_block(_BLOCKS[part.kind]) + self._delta_head + orjson.dumps(self._held) + _DELTA_END

    def _closed(self, event: PartClosed) -> bytes:
        part, self._part = self._part, None
        proof = self._proof(part, event) if part is not None and part.kind is PartKind.THINKING else b""
        if not self._open:
            return b""
        self._open = False
        return proof + _event({"type": "content_block_stop", "index": self._index})

    def _proof(self, part: PartOpened, event: PartClosed) -> bytes:
        """What ends thinking; where it had no words, what begins it too."""
        thinking = Thinking("", event.sealed, event.origin, event.maker, event.redacted, part.item_id)
        if self._open:
            return self._signature(seal(thinking))
        block = thinking_block(thinking)
        if block is None:
            return b""
        if block["type"] == "redacted_thinking":
            return self._open_block(block)
        return self._open_block(_BLOCKS[PartKind.THINKING]) + self._signature(block["signature"])

    def _signature(self, signature: str) -> bytes:
        delta = {"type": "signature_delta", "signature": signature}
        return _event({"type": "content_block_delta", "index": self._index, "delta": delta})

    def _usage_seen(self, event: UsageSeen) -> bytes:
        self._usage = event.usage if self._usage is None else self._usage.merged(event.usage)
        return b""

    def _ended(self, event: Ended) -> bytes:
        usage = self._usage or estimated_usage(self._front.prompt_tokens, self._characters)
        delta = {
            "stop_reason": stop_word(event.stop, calls=self._calls > 0, refused=self._refused),
            "stop_sequence": event.stop_sequence or None,
        }
        end = {"type": "message_delta", "delta": delta, "usage": usage_body(usage)}
        return _event(end) + _event({"type": "message_stop"})


def _event(body: dict[str, Any]) -> bytes:
    return encode(body["type"], orjson.dumps(body))
