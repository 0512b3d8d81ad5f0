"""Reads a Responses stream into neutral events.

Source: the streaming events of ``POST /v1/responses``. Many endpoints speak only part of it: some tell arguments only
in the event that ends them, some list items only in the last response, some leave out announcements, indices or ends.
So an item is told from whatever comes first, and every later event about it only adds what was not said yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cccc.formats.openai_responses.content import BETWEEN_SUMMARIES, decode_call, decode_reasoning
from cccc.formats.openai_responses.reply import stop_of
from cccc.formats.openai_responses.tables import CALLS, TEXT_CALLS
from cccc.formats.openai_responses.usage import decode_usage
from cccc.ir import json
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import ToolCall
from cccc.ir.sse import SseEvent

_Fields = dict[str, Any]


class _Told(NamedTuple):
    """What the events about a text belong to: items of a type, and in them a list of parts, where there is one."""

    type: str
    key: str
    parts: str = ""
    at: str = "content_index"


_TEXTS: Final = {
    "response.output_text": _Told("message", "text", "content"),
    "response.refusal": _Told("message", "refusal", "content"),
    "response.reasoning_summary_text": _Told("reasoning", "text", "summary", "summary_index"),
    "response.reasoning_text": _Told("reasoning", "text", "content"),
    "response.function_call_arguments": _Told("function_call", "arguments"),
    "response.custom_tool_call_input": _Told("custom_tool_call", "input"),
}
_DELTAS: Final = {f"{name}.delta": told for name, told in _TEXTS.items()}
_DONES: Final = {f"{name}.done": told for name, told in _TEXTS.items()}
_ENDS: Final = frozenset({"response.completed", "response.incomplete"})

_SPOKEN: Final = {"text": PartKind.TEXT, "refusal": PartKind.REFUSAL}


class _Segment:
    """One text of an item: the part of the answer that it goes into, and how much of it was said."""

    __slots__ = ("index", "said", "waiting")

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.said = 0
        self.waiting: list[str] = []
        """Arguments of a call whose tool is not known yet."""


class _Item:
    """An output item while it is told."""

    __slots__ = ("call", "closed", "id", "index", "segments", "type")

    def __init__(self, type_: str, item_id: str) -> None:
        self.type = type_
        self.id = item_id
        self.index: int | None = None
        """The part of the answer that it is, unless it is a message, which has several."""
        self.segments: dict[tuple[str, str, int], _Segment] = {}
        self.call = ""
        self.closed = False


class StreamDecoder:
    """See ``cccc.ir.codec.StreamDecoder``."""

    def __init__(self) -> None:
        self._started = False
        self._parts = 0
        self._items: list[_Item] = []
        self._by_id: dict[str, _Item] = {}
        self._by_index: dict[int, _Item] = {}
        self._by_call: dict[str, _Item] = {}
        self._known: dict[tuple[Any, ...], tuple[_Item, _Segment]] = {}
        self._called = self._refused = self._ended = False

    def feed(self, event: SseEvent) -> list[Event]:
        """The neutral events that this one completes."""
        data = json.peek(event.data)
        if type(data) is not dict or self._ended:
            return []
        kind = data.get("type") or event.name
        if type(kind) is not str:
            return []
        told = _DELTAS.get(kind)
        if told is not None:
            return self._delta(kind, told, data)
        return list(self._other(kind, data))

    def close(self) -> list[Event]:
        """Nothing: whatever is certain is told at the terminal event."""
        return []

    def _delta(self, kind: str, told: _Told, data: _Fields) -> list[Event]:
        text = data.get("delta")
        if type(text) is not str or not text:
            return []
        key = (kind, data.get("item_id"), data.get("output_index"), data.get(told.at))
        try:
            item, segment = self._known[key]
        except (KeyError, TypeError):
            return list(self._first_delta(kind, told, data, text))
        if item.closed:  # or another one is meant, where items have no ids
            return list(self._first_delta(kind, told, data, text))
        segment.said += len(text)
        if segment.index is None:
            segment.waiting.append(text)
            return []
        return [PartDelta(segment.index, text)]

    def _first_delta(self, kind: str, told: _Told, data: _Fields, text: str) -> Iterator[Event]:
        item = self._find(told.type, data, json.text(data.get("item_id")) or "")
        yield from self._overtake(item)
        at = json.count(data.get(told.at))
        yield from self._say(item, told, at, text)
        segment = item.segments.get((told.parts, told.key, at))
        identity = (data.get("item_id"), data.get("output_index"), data.get(told.at))
        if segment is not None and all(isinstance(each, str | int | None) for each in identity):
            self._known[(kind, *identity)] = item, segment

    def _other(self, kind: str, data: _Fields) -> Iterator[Event]:
        response = json.obj(data.get("response"))
        if response and not self._started:
            self._started = True
            yield Started(json.text(response.get("id")) or "", json.text(response.get("model")) or "")
        if told := _DONES.get(kind):
            item = self._find(told.type, data, json.text(data.get("item_id")) or "")
            yield from self._overtake(item)
            yield from self._rest(item, told, json.count(data.get(told.at)), data.get(told.key))
        elif kind == "response.output_item.added":
            yield from self._announced(json.obj(data.get("item")), data)
        elif kind == "response.output_item.done":
            whole = json.obj(data.get("item"))
            yield from self._finish(self._whole(whole, data), whole)
        elif kind in _ENDS and response.get("status") != "failed":
            yield from self._end(response)

    def _announced(self, whole: _Fields, data: _Fields) -> Iterator[Event]:
        item = self._whole(whole, data, new=True)
        yield from self._overtake(item)
        if item.type in CALLS and not item.closed:
            call = decode_call(whole)
            if call.kind in TEXT_CALLS and call.name and json.text(whole.get("call_id")):
                yield from self._open_call(item, call)

    def _end(self, response: _Fields) -> Iterator[Event]:
        self._ended = True
        ordinals: dict[str, int] = {}
        for whole in map(json.obj, json.items(response.get("output"))):
            kind = json.text(whole.get("type")) or ""
            number = ordinals[kind] = ordinals.get(kind, -1) + 1
            yield from self._finish(self._listed(whole, kind, number), whole)
        for item in self._items:
            yield from self._close(item)
        if usage := json.obj(response.get("usage")):
            yield UsageSeen(decode_usage(usage))
        yield Ended(stop_of(response, called=self._called, refused=self._refused))

    # Which item an event is about

    def _listed(self, whole: _Fields, kind: str, number: int) -> _Item:
        """The item that the last response lists: by id, by its call's id, else the one of its type at its place."""
        known = self._by_id.get(json.text(whole.get("id")) or "") or self._by_call.get(
            json.text(whole.get("call_id")) or ""
        )
        if known is not None and known.type == kind:
            return known
        same = [item for item in self._items if item.type == kind]
        return same[number] if number < len(same) else self._add(_Item(kind, json.text(whole.get("id")) or ""), {})

    def _whole(self, whole: _Fields, data: _Fields, *, new: bool = False) -> _Item:
        """The item that an event shows as a whole; ``new``: it announces one."""
        kind = json.text(whole.get("type")) or ""
        item_id = json.text(whole.get("id")) or ""
        again = self._by_call.get(json.text(whole.get("call_id")) or "")
        if again is not None and again.type == kind:
            if item_id:
                self._by_id[item_id] = again
            return again
        if new and item_id and item_id not in self._by_id:
            return self._add(_Item(kind, item_id), data)
        return self._find(kind, data, item_id)

    def _find(self, kind: str, data: _Fields, item_id: str) -> _Item:
        """By id, else by index, else (neither is told) the last of its type that is not closed; else it is new."""
        item = self._by_id.get(item_id)
        if item is None or item.type != kind:
            at = data.get("output_index")
            item = self._by_index.get(at) if isinstance(at, int) else None
            if item is None and not isinstance(at, int) and not item_id:
                item = next((each for each in reversed(self._items) if each.type == kind and not each.closed), None)
            if item is None or item.type != kind or (item.closed and not (item_id and item.id == item_id)):
                item = self._add(_Item(kind, item_id), data)
        return item

    def _add(self, item: _Item, data: _Fields) -> _Item:
        self._items.append(item)
        if item.id:
            self._by_id[item.id] = item
        at = data.get("output_index")
        if isinstance(at, int):
            self._by_index[at] = item
        return item

    # What an item says

    def _open(self, kind: PartKind, item_id: str = "") -> PartOpened:
        opened = PartOpened(self._parts, kind, item_id=item_id)
        self._parts += 1
        return opened

    def _open_call(self, item: _Item, call: ToolCall) -> Iterator[Event]:
        """The call's tool is known: what was told of its arguments can go on."""
        if item.index is not None:
            return
        opened = self._open(PartKind.TOOL_CALL, call.item_id)
        opened.id, opened.name, opened.tool_kind, opened.namespace = call.id, call.name, call.kind, call.namespace
        item.index, item.call = opened.index, call.id
        self._by_call[call.id] = item
        self._called = True
        yield opened
        for segment in item.segments.values():
            segment.index = item.index
            for text in segment.waiting:
                yield PartDelta(item.index, text)
            segment.waiting.clear()

    def _say(self, item: _Item, told: _Told, at: int, text: str) -> Iterator[Event]:
        """More of one of an item's texts."""
        if item.closed:
            return
        key = (told.parts, told.key, at)
        segment = item.segments.get(key)
        if segment is None:
            index = item.index
            if item.type == "message":
                opened = self._open(_SPOKEN[told.key])
                self._refused |= opened.kind is PartKind.REFUSAL
                index = opened.index
                yield opened
            elif item.type == "reasoning" and index is None:
                opened = self._open(PartKind.THINKING, item.id)
                item.index = index = opened.index
                yield opened
            elif item.type == "reasoning" and index is not None:
                yield PartDelta(index, BETWEEN_SUMMARIES)
            segment = item.segments[key] = _Segment(index)
        segment.said += len(text)
        if segment.index is None:
            segment.waiting.append(text)
        else:
            yield PartDelta(segment.index, text)

    def _rest(self, item: _Item, told: _Told, at: int, whole: object) -> Iterator[Event]:
        """What a whole text says beyond what was told of it."""
        segment = item.segments.get((told.parts, told.key, at))
        said = segment.said if segment else 0
        if isinstance(whole, str) and len(whole) > said:
            yield from self._say(item, told, at, whole[said:])

    def _overtake(self, item: _Item) -> Iterator[Event]:
        """Another item goes on: thinking whose end was not told is over, or everything after it would wait for it."""
        for other in self._items:
            if other is not item and other.type == "reasoning" and other.index is not None:
                yield from self._close(other)

    def _finish(self, item: _Item, whole: _Fields) -> Iterator[Event]:
        """A whole item: tell the rest of it and close it."""
        if item.closed:
            return
        yield from self._overtake(item)
        sealed = ""
        if item.type in CALLS:
            call = decode_call(whole)
            if call.name:
                yield from self._open_call(item, call)
                yield from self._rest(item, _Told(item.type, CALLS[item.type].field), 0, call.arguments)
        for told in _TEXTS.values():
            if told.type == item.type and told.parts:
                for at, part in enumerate(map(json.obj, json.items(whole.get(told.parts)))):
                    yield from self._rest(item, told, at, part.get(told.key))
        thought = decode_reasoning(whole) if item.type == "reasoning" else None
        if thought is not None and thought.sealed:
            sealed = thought.sealed
            if item.index is None:
                opened = self._open(PartKind.THINKING, item.id)
                item.index = opened.index
                yield opened
        yield from self._close(item, sealed=sealed)

    def _close(self, item: _Item, *, sealed: str = "") -> Iterator[Event]:
        if item.closed:
            return
        item.closed = True
        if item.type == "reasoning" and item.index is not None:
            yield PartClosed(item.index, sealed, redacted=not item.segments)
        elif item.type == "message":
            for segment in item.segments.values():
                if segment.index is not None:
                    yield PartClosed(segment.index)
        elif item.index is not None:
            yield PartClosed(item.index)
