"""A stream of chat completion chunks in neutral events, whatever its vendor makes of the format.

Parts are opened as soon as something of them is known. Text, thinking and refusals give way to each other; calls stay
open until ``finish_reason``, because some vendors go back and forth between them. The end is told behind ``[DONE]`` or
behind the stream's own end, so that usage in a last chunk is still in time. Source: the API reference of
``POST /v1/chat/completions``.
"""

from __future__ import annotations

from typing import Any

from cccc.formats.openai_chat.calls import Call, Calls
from cccc.formats.openai_chat.content import Details, pieces_of, sealed_call, thought_in
from cccc.formats.openai_chat.tables import THINKING_KEYS, stop_reason, usage_of
from cccc.formats.openai_chat.tags import TagReader
from cccc.ir import json
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.faults import stated_fault
from cccc.ir.messages import ToolKind
from cccc.ir.sse import SseEvent

_NO_FINISH = frozenset({"", "null"})
_THINKING_KEYS = (*THINKING_KEYS, "reasoning_details")


class ChunkDecoder:
    """Reads one stream."""

    def __init__(self) -> None:
        self._started = False
        self._ended = False
        self._parts = 0
        self._kind: PartKind | None = None
        self._prose = -1
        self._thought = False
        self._refused = False
        self._tags = TagReader()
        self._details = Details()
        self._calls = Calls()
        self._ids: set[str] = set()
        self._finish: str | None = None
        self._last: dict[str, Any] = {}

    def feed(self, event: SseEvent) -> list[Event]:
        """The neutral events of a chunk, or of what ends the stream."""
        data = event.data
        chunk = json.peek(data)
        if type(chunk) is dict:
            return self.read(chunk)
        return self.close() if data is not None and data.strip() == b"[DONE]" else []

    def read(self, chunk: dict[str, Any]) -> list[Event]:
        """The neutral events of a chunk that is parsed already."""
        if "error" in chunk and stated_fault(chunk):
            return []
        out: list[Event] = []
        if not self._started:
            self._begin(chunk, out)
        choice = _first_choice(chunk.get("choices"))
        if choice is not None:
            self._choice(choice, out)
        if (chunk.get("usage") or "x_groq" in chunk or (choice and "usage" in choice)) and (usage := usage_of(chunk)):
            out.append(UsageSeen(usage))
        return out

    def close(self) -> list[Event]:
        """``[DONE]``, or the stream's end where a vendor leaves that out. Neither says anything without a reason."""
        if self._finish is None or self._ended:
            return []
        self._ended = True
        out: list[Event] = []
        self._close_all(out)
        calls = any(call.part >= 0 for call in self._calls.all)
        stop, sequence = stop_reason(self._finish, self._last, calls=calls, refused=self._refused)
        out.append(Ended(stop, sequence))
        return out

    def _begin(self, chunk: dict[str, Any], out: list[Event]) -> None:
        self._started = True
        out.append(Started(json.text(chunk.get("id")) or "", json.text(chunk.get("model")) or ""))

    def _choice(self, choice: dict[str, Any], out: list[Event]) -> None:
        delta = choice.get("delta")
        if type(delta) is not dict:
            # Some relays put a whole message where its pieces belong.
            delta = json.obj(choice.get("message")) if "delta" not in choice and not self._parts else {}
        self._delta(delta, out)
        finish = choice.get("finish_reason")
        if finish and isinstance(finish, str) and finish not in _NO_FINISH:
            self._finish, self._last = finish, choice
            self._close_all(out)

    def _delta(self, delta: dict[str, Any], out: list[Event]) -> None:
        for key in _THINKING_KEYS:
            if delta.get(key):
                self._think(delta, out)
                break
        if content := delta.get("content"):
            if type(content) is str:
                self._text(content, out)
            else:
                for thought, words in pieces_of(content):
                    if thought:
                        self._say(PartKind.THINKING, words, out)
                    else:
                        self._text(words, out)
        if (refusal := delta.get("refusal")) and isinstance(refusal, str):
            self._refused = True
            self._say(PartKind.REFUSAL, refusal, out)
        if transcript := json.text(json.obj(delta.get("audio")).get("transcript")):
            self._text(transcript, out)
        for call in json.items(delta.get("tool_calls")):
            if isinstance(call, dict):
                self._call(call, out)
        if function := json.obj(delta.get("function_call")):
            self._call({"index": -1, "function": function}, out)

    def _think(self, delta: dict[str, Any], out: list[Event]) -> None:
        if details := delta.get("reasoning_details"):
            self._details.take(details)
        if thought := thought_in(delta):
            if not self._thought:
                self._thought = True
                self._new_tags(out)
            self._say(PartKind.THINKING, thought, out)

    def _text(self, text: str, out: list[Event]) -> None:
        for thought, words in self._tags.feed(text):
            self._say(PartKind.THINKING if thought else PartKind.TEXT, words, out)

    def _new_tags(self, out: list[Event]) -> None:
        """Text begins anew: what was held back of the old is said, tags count only where nothing else was thought."""
        for thought, words in self._tags.close():
            self._say(PartKind.THINKING if thought else PartKind.TEXT, words, out)
        self._tags = TagReader(tagged=not self._thought)

    def _say(self, kind: PartKind, words: str, out: list[Event]) -> None:
        if kind is not self._kind:
            self._close_prose(out)
            self._kind = kind
            self._prose = self._open(PartOpened(self._parts, kind), out)
        out.append(PartDelta(self._prose, words))

    def _open(self, opened: PartOpened, out: list[Event]) -> int:
        self._parts += 1
        out.append(opened)
        return opened.index

    def _close_prose(self, out: list[Event]) -> None:
        if self._kind is not None:
            sealed = self._details.sealed() if self._kind is PartKind.THINKING else ""
            out.append(PartClosed(self._prose, sealed))
            self._kind = None

    def _call(self, fragment: dict[str, Any], out: list[Event]) -> None:
        call, arguments = self._calls.take(fragment)
        if call.closed:
            return
        if call.part < 0:
            if not call.name:
                return
            arguments = call.arguments
            self._open_call(call, sealed_call(fragment), out)
        if arguments:
            out.append(PartDelta(call.part, arguments))

    def _open_call(self, call: Call, sealed: str, out: list[Event]) -> None:
        self._new_tags(out)
        self._close_prose(out)
        self._seal(sealed, out)
        # An id that an earlier call has is none: whoever knows the request makes one.
        call_id = "" if call.id in self._ids else call.id
        self._ids.add(call_id)
        kind = ToolKind.CUSTOM if call.custom else ToolKind.FUNCTION
        opened = PartOpened(self._parts, PartKind.TOOL_CALL, call_id, call.name, kind)
        call.part = self._open(opened, out)

    def _close_all(self, out: list[Event]) -> None:
        """Everything that is open is whole. Thinking that only its maker can read may come behind all the rest."""
        self._new_tags(out)
        self._close_prose(out)
        for call in self._calls.all:
            if call.part >= 0 and not call.closed:
                call.closed = True
                if not call.custom and not call.arguments:
                    out.append(PartDelta(call.part, "{}"))
                out.append(PartClosed(call.part))
        self._seal(self._details.sealed(), out)

    def _seal(self, sealed: str, out: list[Event]) -> None:
        """Thinking without words."""
        if sealed:
            index = self._open(PartOpened(self._parts, PartKind.THINKING), out)
            out.append(PartClosed(index, sealed, redacted=True))


def _first_choice(choices: object) -> dict[str, Any] | None:
    """The choice number 0: a stream of several, which nobody asked for, is read as one of it."""
    for choice in json.items(choices):
        if isinstance(choice, dict) and choice.get("index") in (0, None):
            return choice
    return None
