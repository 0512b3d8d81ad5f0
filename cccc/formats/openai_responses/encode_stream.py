"""Writes a streamed answer as the events of a Responses stream, one output item per part.

Source: the streaming events of ``POST /v1/responses``. An item is announced with its first words, so that nothing empty
is ever announced; calls whose arguments are an object come whole, since the format has no fragments of those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson

from cccc.domain.usage import Usage
from cccc.formats.openai_responses.response import (
    begun_response,
    compaction,
    ended_response,
    output_item,
    response_id,
)
from cccc.formats.openai_responses.tables import CALL_ITEMS
from cccc.ir.codec import Front, ReplyFacts
from cccc.ir.estimate import estimated_usage
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import Refusal, ReplyPart, StopReason, Text, Thinking, ToolCall, ToolKind
from cccc.ir.sse import encode

_Fields = dict[str, Any]


class _Shape(NamedTuple):
    """The events of an item that has text: its deltas and their end, and the part around them where there is one."""

    text_event: str
    key: str
    blank: Mapping[str, Any]
    """What the item has not yet when it is announced."""
    at: Mapping[str, Any]
    """Where in the item the text stands."""
    part_event: str = ""
    part: Mapping[str, Any] = {}
    extra: Mapping[str, Any] = {}


_IN_CONTENT: Final = {"content_index": 0}
_IN_SUMMARY: Final = {"summary_index": 0}
_UNFINISHED: Final = {"status": "in_progress", "content": []}

_PARTS: Final[Mapping[PartKind, _Shape]] = {
    PartKind.TEXT: _Shape(
        "response.output_text",
        "text",
        _UNFINISHED,
        _IN_CONTENT,
        "response.content_part",
        {"type": "output_text", "annotations": [], "logprobs": []},
        {"logprobs": []},
    ),
    PartKind.REFUSAL: _Shape(
        "response.refusal", "refusal", _UNFINISHED, _IN_CONTENT, "response.content_part", {"type": "refusal"}
    ),
    PartKind.THINKING: _Shape(
        "response.reasoning_summary_text",
        "text",
        {"summary": [], "encrypted_content": None},
        _IN_SUMMARY,
        "response.reasoning_summary_part",
        {"type": "summary_text"},
    ),
}
_CALLS: Final[Mapping[ToolKind, _Shape]] = {
    ToolKind.FUNCTION: _Shape(
        "response.function_call_arguments", "arguments", {"status": "in_progress", "arguments": ""}, {}
    ),
    ToolKind.CUSTOM: _Shape("response.custom_tool_call_input", "input", {"status": "in_progress", "input": ""}, {}),
}

_CALL_TYPES: Final = frozenset(kind.type for kind in CALL_ITEMS.values())


class _Frames:
    """Numbered events, the first and the last ones, and what the client has seen of it all."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._number = 0
        self._output: list[_Fields] = []
        self._usage: Usage | None = None
        self._characters = 0
        self._ended = False

    @property
    def seen(self) -> ReplyFacts:
        """What the client has seen so far, an announced item included."""
        return ReplyFacts(
            content=bool(self._output),
            terminal=self._ended,
            tool_calls=sum(item["type"] in _CALL_TYPES for item in self._output),
            usage=self._usage,
            model=self._front.model if self._number else None,
            response_id=response_id(self._front) if self._number else None,
            sequence_number=self._number - 1 if self._number else None,
        )

    def _event(self, kind: str, **fields: Any) -> bytes:
        number = self._number
        self._number = number + 1
        return encode(kind, orjson.dumps({"type": kind, "sequence_number": number, **fields}))

    def _begin(self) -> bytes:
        if self._number:
            return b""
        begun = begun_response(self._front)
        return self._event("response.created", response=begun) + self._event("response.in_progress", response=begun)

    def _count(self, usage: Usage) -> bytes:
        self._usage = usage if self._usage is None else self._usage.merged(usage)
        return b""

    def _whole(self, item: _Fields, unfinished: Mapping[str, Any]) -> bytes:
        """An item that has nothing to tell between its announcement and its end."""
        return self._added(item | dict(unfinished)) + self._done(item)

    def _added(self, item: _Fields) -> bytes:
        return self._event("response.output_item.added", output_index=len(self._output), item=item)

    def _done(self, item: _Fields) -> bytes:
        done = self._event("response.output_item.done", output_index=len(self._output), item=item)
        self._output.append(item)
        return done

    def _end(self, stop: StopReason) -> bytes:
        self._ended = True
        if self._usage is None:
            self._usage = estimated_usage(self._front.prompt_tokens, self._characters)
        response = ended_response(self._front, self._output, stop, self._usage)
        return self._event(f"response.{response['status']}", response=response)


class CompactionEncoder(_Frames):
    """Writes a summary of the conversation as the one item that replaces it. Nothing else may be in that answer."""

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self._summary: list[str] = []
        self._in_text = False

    def feed(self, event: Event) -> bytes:
        """The events that say it."""
        match event:
            case PartOpened():
                self._in_text = event.kind is PartKind.TEXT
            case PartDelta():
                self._characters += len(event.text)
                if self._in_text:
                    self._summary.append(event.text)
            case UsageSeen():
                self._count(event.usage)
            case Ended():
                items = compaction("".join(self._summary), self._front)
                return self._begin() + b"".join(self._whole(item, {}) for item in items) + self._end(event.stop)
            case _:
                pass
        return self._begin()


class StreamEncoder(_Frames):
    """Writes an answer part by part. See ``cccc.ir.codec.StreamEncoder``."""

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self._opened: PartOpened | None = None
        self._shape: _Shape | None = None
        self._fragments: list[str] = []
        self._head = b""

    @property
    def seen(self) -> ReplyFacts:
        """What the client has seen so far, an announced item included."""
        seen = super().seen
        return replace(seen, content=True) if self._head else seen

    def feed(self, event: Event) -> bytes:
        """The events that say it."""
        if type(event) is PartDelta:
            return self._delta(event.text)
        match event:
            case Started():
                return self._begin()
            case PartOpened():
                return self._begin() + self._open(event)
            case PartClosed():
                return self._close(event)
            case UsageSeen():
                return self._count(event.usage)
            case Ended():
                return self._begin() + self._end(event.stop)
            case _:
                return b""

    def _open(self, opened: PartOpened) -> bytes:
        self._opened = opened
        self._fragments = []
        self._head = b""
        if opened.kind is not PartKind.TOOL_CALL:
            self._shape = _PARTS[opened.kind]
            return b""
        self._shape = _CALLS.get(opened.tool_kind)
        return b"" if self._shape is None else self._announce(opened, self._shape)

    def _delta(self, text: str) -> bytes:
        self._fragments.append(text)
        number = self._number
        head = self._head
        if head:
            self._number = number + 1
            return b'%b%d,"delta":%b}\n\n' % (head, number, orjson.dumps(text))
        if not text or self._opened is None or self._shape is None:
            return b""
        announced = self._announce(self._opened, self._shape)
        self._fragments.pop()
        return announced + self._delta(text)

    def _announce(self, opened: PartOpened, shape: _Shape) -> bytes:
        """The events before the first words of an item; from here on ``_head`` is a delta up to its number."""
        item = output_item(_part(opened, "", PartClosed(0)), self._front, len(self._output))
        at = self._at(item["id"], shape)
        added = self._added(item | dict(shape.blank))
        if shape.part_event:
            added += self._event(f"{shape.part_event}.added", **at, part={**shape.part, shape.key: ""})
        kind = f"{shape.text_event}.delta"
        start = orjson.dumps({"type": kind, **at, **shape.extra})[:-1]
        self._head = b'event: %b\ndata: %b,"sequence_number":' % (kind.encode(), start)
        return added

    def _at(self, item_id: str, shape: _Shape) -> _Fields:
        return {"item_id": item_id, "output_index": len(self._output), **shape.at}

    def _close(self, closed: PartClosed) -> bytes:
        opened, shape = self._opened, self._shape
        if opened is None:
            return b""
        written = b""
        if opened.kind is PartKind.TOOL_CALL and opened.tool_kind is ToolKind.FUNCTION and not any(self._fragments):
            written = self._delta("{}")
        text = "".join(self._fragments)
        self._characters += len(text)
        item = output_item(_part(opened, text, closed), self._front, len(self._output))
        if self._head and shape is not None:
            written += self._text_done(shape, item["id"], text) + self._done(item)
        elif shape is None or closed.sealed:
            written += self._whole(item, shape.blank if shape else {"status": "in_progress"})
        self._opened, self._head = None, b""
        return written

    def _text_done(self, shape: _Shape, item_id: str, text: str) -> bytes:
        at = self._at(item_id, shape)
        done = self._event(f"{shape.text_event}.done", **at, **shape.extra, **{shape.key: text})
        if shape.part_event:
            done += self._event(f"{shape.part_event}.done", **at, part={**shape.part, shape.key: text})
        return done


def _part(opened: PartOpened, text: str, closed: PartClosed) -> ReplyPart:
    """A part of which ``text`` is known."""
    match opened.kind:
        case PartKind.TEXT:
            return Text(text)
        case PartKind.REFUSAL:
            return Refusal(text)
        case PartKind.THINKING:
            return Thinking(text, closed.sealed, closed.origin, closed.maker, closed.redacted, opened.item_id)
        case PartKind.TOOL_CALL:
            return ToolCall(opened.id, opened.name, text, opened.tool_kind, opened.namespace)
