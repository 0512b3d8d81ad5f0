"""Neutral events as a stream of chat completion chunks. Source: the API reference of ``POST /v1/chat/completions``.

A piece of text or of arguments, which is what a stream mostly consists of, is put into a frame that is made once.
"""

from __future__ import annotations

from typing import Any

import orjson

from cccc.domain.usage import Usage
from cccc.formats.openai_chat.reply import completion_id
from cccc.formats.openai_chat.tables import finish_word, write_usage
from cccc.ir.codec import Front, ReplyFacts
from cccc.ir.estimate import estimated_usage
from cccc.ir.events import Ended, Event, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import ToolKind

_DONE = b"data: [DONE]\n\n"
_KEYS = {
    PartKind.TEXT: b'{"content":',
    PartKind.THINKING: b'{"reasoning_content":',
    PartKind.REFUSAL: b'{"refusal":',
}


class ChunkEncoder:
    """Writes one stream."""

    def __init__(self, front: Front) -> None:
        self._front = front
        frame: dict[str, Any] = {
            "id": completion_id(front),
            "object": "chat.completion.chunk",
            "created": int(front.created),
            "model": front.model,
        }
        # A client that asks for usage finds the field in every chunk.
        usage = b',"usage":null' if front.stream_usage else b""
        self._head = b"data: " + orjson.dumps(frame)[:-1]
        self._before = self._head + b',"choices":[{"index":0,"delta":'
        self._after = b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
        self._opening = b""
        self._closing = b""
        self._calls = 0
        self._characters = 0
        self._refused = False
        self._content = False
        self._usage: Usage | None = None
        self._stop: str | None = None

    def feed(self, event: Event) -> bytes:
        """The chunks that say it."""
        if type(event) is PartDelta:
            self._characters += len(event.text)
            return self._opening + orjson.dumps(event.text) + self._closing
        match event:
            case Started():
                return self._chunk({"role": "assistant", "content": ""})
            case PartOpened():
                self._content = True
                return self._open(event)
            case UsageSeen():
                self._usage = event.usage if self._usage is None else self._usage.merged(event.usage)
            case Ended():
                return self._end(event)
        return b""

    @property
    def seen(self) -> ReplyFacts:
        """What the client has seen so far."""
        return ReplyFacts(
            content=self._content,
            terminal=self._stop is not None,
            tool_calls=self._calls,
            usage=self._usage,
            stop_reason=self._stop,
            model=self._front.model,
            response_id=completion_id(self._front),
        )

    def _chunk(self, delta: dict[str, Any]) -> bytes:
        return self._before + orjson.dumps(delta) + self._after

    def _open(self, opened: PartOpened) -> bytes:
        if opened.kind is not PartKind.TOOL_CALL:
            self._refused |= opened.kind is PartKind.REFUSAL
            self._opening = self._before + _KEYS[opened.kind]
            self._closing = b"}" + self._after
            return b""
        index, self._calls = self._calls, self._calls + 1
        kind, field = ("custom", "input") if opened.tool_kind is ToolKind.CUSTOM else ("function", "arguments")
        self._opening = self._before + f'{{"tool_calls":[{{"index":{index},"{kind}":{{"{field}":'.encode()
        self._closing = b"}}]}" + self._after
        call = {"index": index, "id": opened.id, "type": kind, kind: {"name": opened.name, field: ""}}
        return self._chunk({"tool_calls": [call]})

    def _end(self, ended: Ended) -> bytes:
        self._stop = finish_word(ended.stop, calls=bool(self._calls), refused=self._refused)
        choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": self._stop}
        usage = b',"usage":null' if self._front.stream_usage else b""
        chunks = self._head + b',"choices":[' + orjson.dumps(choice) + b"]" + usage + b"}\n\n"
        if self._front.stream_usage:
            figures = self._usage or estimated_usage(self._front.prompt_tokens, self._characters)
            chunks += self._head + b',"choices":[],"usage":' + orjson.dumps(write_usage(figures)) + b"}\n\n"
        return chunks + _DONE
