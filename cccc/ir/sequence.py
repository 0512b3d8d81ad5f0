"""Puts the parts of a streamed answer one after another, because most clients know one open part at a time.

Whatever belongs to the open part goes on at once; what belongs to others waits until their turn comes. A call's turn is
over when its arguments are a whole JSON object, even before its end is told: some formats tell it for all calls at the
very end. Text gives way as soon as another part begins, and goes on behind it as a new part; thinking does not, since
what seals it comes with its end.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cccc.ir import json
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen

_GIVES_WAY = frozenset({PartKind.TEXT, PartKind.REFUSAL})
_STRUCTURE = re.compile(r'[{}\[\]"\\]')


class Sequence:
    """Makes events sequential: ``Started`` first and once, parts 0, 1, 2 … each opened, told and closed in one go.

    ``Ended`` closes whatever is open, and nothing comes after it. A stream that breaks off keeps its open part open.
    Deltas are passed on as the same objects with another index.
    """

    def __init__(self) -> None:
        self._started = False
        self._ended = False
        self._open: PartOpened | None = None
        self._source = -1
        self._index = -1
        self._arguments = _Arguments()
        self._waiting: dict[int, _Waiting] = {}
        self._gave_way: dict[int, PartOpened] = {}

    def feed(self, event: Event) -> list[Event]:
        """What goes on now that this has come."""
        if type(event) is PartDelta and event.index == self._source and not self._waiting:
            event.index = self._index
            self._arguments.add(event.text)
            return [event]
        if self._ended:
            return []
        out: list[Event] = []
        if not self._started:
            self._started = True
            out.append(event if isinstance(event, Started) else Started())
        match event:
            case PartOpened():
                self._begin(event, out)
            case PartDelta():
                self._more(event, out)
            case PartClosed():
                self._finish(event, out)
            case UsageSeen():
                out.append(event)
            case Ended():
                self._end(event, out)
        return out

    def _begin(self, opened: PartOpened, out: list[Event]) -> None:
        if opened.index == self._source or opened.index in self._waiting:
            return
        self._gave_way.pop(opened.index, None)
        self._waiting[opened.index] = _Waiting(opened)
        self._advance(out)

    def _more(self, delta: PartDelta, out: list[Event]) -> None:
        source = delta.index
        if source == self._source:
            delta.index = self._index
            out.append(delta)
            self._arguments.add(delta.text)
            self._advance(out)
        elif source in self._waiting:
            self._waiting[source].deltas.append(delta)
        elif source in self._gave_way:
            self._begin(self._gave_way[source], out)
            self._more(delta, out)

    def _finish(self, closed: PartClosed, out: list[Event]) -> None:
        self._gave_way.pop(closed.index, None)
        if closed.index == self._source:
            self._close(closed, out)
            self._advance(out)
        elif closed.index in self._waiting:
            self._waiting[closed.index].closed = closed

    def _end(self, ended: Ended, out: list[Event]) -> None:
        self._ended = True
        while self._open is not None:
            self._close(PartClosed(self._source), out)
            self._advance(out)
        out.append(ended)

    def _advance(self, out: list[Event]) -> None:
        """Let those that wait have their turns, as far as what is open has had its own."""
        while self._waiting and self._yields(out):
            source, waiting = next(iter(self._waiting.items()))
            del self._waiting[source]
            self._open, self._source = waiting.opened, source
            self._index += 1
            self._arguments = _Arguments(kept=waiting.opened.kind is PartKind.TOOL_CALL)
            out.append(replace(waiting.opened, index=self._index))
            for delta in waiting.deltas:
                delta.index = self._index
                self._arguments.add(delta.text)
                out.append(delta)
            if waiting.closed is not None:
                self._close(waiting.closed, out)

    def _yields(self, out: list[Event]) -> bool:
        """Whether nothing is open, or what is open has had its turn, in which case it is closed."""
        opened = self._open
        if opened is None:
            return True
        if opened.kind in _GIVES_WAY:
            self._gave_way[self._source] = opened
        elif not self._arguments.whole():
            return False
        self._close(PartClosed(self._source), out)
        return True

    def _close(self, closed: PartClosed, out: list[Event]) -> None:
        closed.index = self._index
        out.append(closed)
        self._open, self._source = None, -1


class _Waiting:
    """A part whose turn has not come: what has been told of it."""

    __slots__ = ("closed", "deltas", "opened")

    def __init__(self, opened: PartOpened) -> None:
        self.opened = opened
        self.deltas: list[PartDelta] = []
        self.closed: PartClosed | None = None


class _Arguments:
    """The arguments of the open call so far. They are looked at only when another part waits for their end."""

    __slots__ = ("_depth", "_escaped", "_fragments", "_kept", "_quoted", "_read", "_sound")

    def __init__(self, *, kept: bool = False) -> None:
        self._kept = kept
        self._fragments: list[str] = []
        self._read = 0
        self._depth = 0
        self._quoted = self._escaped = False
        self._sound = True

    def add(self, fragment: str) -> None:
        """More of them."""
        if self._kept:
            self._fragments.append(fragment)

    def whole(self) -> bool:
        """Whether they are a JSON object, to which nothing but white space can be added."""
        while self._sound and self._read < len(self._fragments):
            fragment = self._fragments[self._read]
            self._read += 1
            if self._ends_in(fragment):
                self._sound = False
                return json.peek("".join(self._fragments)) is not None
        return False

    def _ends_in(self, fragment: str) -> bool:
        """Whether the outermost bracket is closed in this fragment."""
        if self._escaped:
            fragment, self._escaped = fragment[1:], not fragment
        at = 0
        while found := _STRUCTURE.search(fragment, at):
            mark, at = found[0], found.end()
            if mark == "\\":
                self._escaped = at == len(fragment)
                at += 1
            elif mark == '"':
                self._quoted = not self._quoted
            elif not self._quoted:
                self._depth += 1 if mark in "{[" else -1
                if self._depth == 0:
                    return True
        return False
