"""A stream of Messages events in neutral ones. Source: the streaming chapter of the API reference.

Vendors that speak this format do not all keep to it: blocks are used before they are opened, opened twice, never
closed; the arguments of a call stand in its first event. All that is read as it is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.anthropic.decode_blocks import arguments
from cccc.formats.anthropic.reply import refusal_of
from cccc.formats.anthropic.tables import STOPS
from cccc.formats.anthropic.usage import later_usage
from cccc.ir import json
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import StopReason
from cccc.ir.sse import SseEvent

_KINDS: Mapping[str, PartKind] = {
    "text": PartKind.TEXT,
    "thinking": PartKind.THINKING,
    "redacted_thinking": PartKind.THINKING,
    "tool_use": PartKind.TOOL_CALL,
}
_DELTAS: Mapping[str, tuple[PartKind, str]] = {
    "text_delta": (PartKind.TEXT, "text"),
    "thinking_delta": (PartKind.THINKING, "thinking"),
    "input_json_delta": (PartKind.TOOL_CALL, "partial_json"),
}


class _Block:
    """An open block: the part it became, and what is told only when it closes."""

    __slots__ = ("call_id", "input", "kind", "part", "redacted", "sealed", "told")

    def __init__(self, kind: PartKind, part: int, call_id: str = "") -> None:
        self.kind = kind
        self.part = part
        self.call_id = call_id
        self.input = "{}"
        self.told = False
        self.sealed = ""
        self.redacted = False


class StreamDecoder:
    """Reads one stream. What the vendor runs by itself is not told; texts that only such blocks part are one text."""

    def __init__(self) -> None:
        self._blocks: dict[Any, _Block | None] = {}
        self._calls: set[str] = set()
        self._text: int | None = None
        self._parts = 0
        self._started = False
        self._stop: StopReason = StopReason.END
        self._stop_sequence = ""
        self._refusal = ""
        self._usage: Usage | None = None
        self._ended = False
        self._readers: dict[object, Callable[[dict[str, Any], list[Event]], None]] = {
            "content_block_delta": self._delta,
            "content_block_start": self._block_start,
            "content_block_stop": self._block_stop,
            "message_start": self._message_start,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
        }

    def feed(self, event: SseEvent) -> list[Event]:
        """The neutral events that this one completes."""
        if event.data is None:
            return []
        body = json.obj(json.peek(event.data))
        kind = body.get("type") or event.name
        reader = self._readers.get(kind) if isinstance(kind, str) and not self._ended else None
        events: list[Event] = []
        if reader is not None:
            reader(body, events)
        return events

    def close(self) -> list[Event]:
        """Nothing: ``message_stop`` made everything certain."""
        return []

    def _message_start(self, body: dict[str, Any], events: list[Event]) -> None:
        message = json.obj(body.get("message"))
        if isinstance(usage := message.get("usage"), dict):
            self._usage = later_usage(self._usage, usage)
        self._begin(events, json.text(message.get("id")) or "", json.text(message.get("model")) or "")

    def _begin(self, events: list[Event], answer_id: str = "", model: str = "") -> None:
        if not self._started:
            self._started = True
            events.append(Started(answer_id, model))

    def _block_start(self, body: dict[str, Any], events: list[Event]) -> None:
        at, block = body.get("index"), json.obj(body.get("content_block"))
        at = at if isinstance(at, int) else None
        call_id = json.text(block.get("id")) or ""
        is_open = self._blocks.get(at)
        if call_id and is_open is not None and is_open.call_id == call_id:
            return
        self._close(at, events)
        kind = _KINDS.get(str(block.get("type")))
        if kind is None or call_id in self._calls:
            self._blocks[at] = None
        else:
            self._open(at, kind, block, events)

    def _open(self, at: int | None, kind: PartKind, block: dict[str, Any], events: list[Event]) -> None:
        self._begin(events)
        if kind is PartKind.TEXT:
            self._blocks[at] = _Block(kind, -1)
            self._say(json.text(block.get("text")), events)
            return
        self._end_text(events)
        call_id, name = json.text(block.get("id")) or "", json.text(block.get("name")) or ""
        self._blocks[at] = opened = _Block(kind, self._parts, call_id)
        self._parts += 1
        if call_id:
            self._calls.add(call_id)
        events.append(PartOpened(opened.part, kind, call_id, name))
        if kind is PartKind.TOOL_CALL:
            opened.input = arguments(block.get("input"))
        elif block.get("type") == "redacted_thinking":
            opened.sealed, opened.redacted = json.text(block.get("data")) or "", True
        else:
            opened.sealed = json.text(block.get("signature")) or ""
            if words := json.text(block.get("thinking")):
                events.append(PartDelta(opened.part, words))

    def _delta(self, body: dict[str, Any], events: list[Event]) -> None:
        at, delta = body.get("index"), body.get("delta")
        if type(delta) is not dict:
            return
        kind = delta.get("type")
        if kind == "signature_delta":
            block = self._blocks.get(at) if isinstance(at, int) else None
            if block is not None:
                block.sealed = json.text(delta.get("signature")) or block.sealed
            return
        known = _DELTAS.get(kind) if isinstance(kind, str) else None
        if known is None:
            return
        at = at if isinstance(at, int) else None
        part_kind, field = known
        text = delta.get(field)
        if type(text) is not str or not text:
            return
        block = self._blocks.get(at)
        if block is None:
            # A call cannot begin without a name; words can.
            if at in self._blocks or part_kind is PartKind.TOOL_CALL:
                return
            self._open(at, part_kind, {}, events)
            block = self._blocks[at]
        if block is None or block.kind is not part_kind:
            return
        if part_kind is PartKind.TEXT:
            self._say(text, events)
        else:
            block.told = True
            events.append(PartDelta(block.part, text))

    def _say(self, text: str | None, events: list[Event]) -> None:
        if not text:
            return
        if self._text is None:
            self._text = self._parts
            self._parts += 1
            events.append(PartOpened(self._text, PartKind.TEXT))
        events.append(PartDelta(self._text, text))

    def _block_stop(self, body: dict[str, Any], events: list[Event]) -> None:
        at = body.get("index")
        self._close(at if isinstance(at, int) else None, events)

    def _close(self, at: int | None, events: list[Event]) -> None:
        block = self._blocks.pop(at, None)
        if block is None or block.kind is PartKind.TEXT:
            return
        if block.kind is PartKind.TOOL_CALL:
            if not block.told:
                events.append(PartDelta(block.part, block.input))
            events.append(PartClosed(block.part))
        else:
            events.append(PartClosed(block.part, block.sealed, WireFormat.ANTHROPIC, redacted=block.redacted))

    def _end_text(self, events: list[Event]) -> None:
        if self._text is not None:
            events.append(PartClosed(self._text))
            self._text = None

    def _message_delta(self, body: dict[str, Any], events: list[Event]) -> None:  # noqa: ARG002 - a reader like the others
        delta = json.obj(body.get("delta"))
        if stop := json.text(delta.get("stop_reason")):
            self._stop = STOPS.get(stop, StopReason.END)
        self._stop_sequence = json.text(delta.get("stop_sequence")) or self._stop_sequence
        self._refusal = refusal_of(delta.get("stop_details")) or self._refusal
        if isinstance(usage := body.get("usage"), dict):
            self._usage = later_usage(self._usage, usage)

    def _message_stop(self, body: dict[str, Any], events: list[Event]) -> None:  # noqa: ARG002 - a reader like the others
        self._ended = True
        self._begin(events)
        for at in list(self._blocks):
            self._close(at, events)
        self._end_text(events)
        if self._refusal:
            events += (
                PartOpened(self._parts, PartKind.REFUSAL),
                PartDelta(self._parts, self._refusal),
                PartClosed(self._parts),
            )
        if self._usage is not None:
            events.append(UsageSeen(self._usage))
        events.append(Ended(self._stop, self._stop_sequence))
