"""Server-sent events as bytes: a decoder that keeps every event's own bytes, and an encoder.

Source: the "Server-sent events" chapter of the HTML standard. Lines end in LF, CR or CRLF and in nothing else
(not U+2028, not U+0085); an event that the stream's end cuts off is not delivered. A BOM at the start is part of no
field, but it stays in the first event's ``raw``: the ``raw`` of all events and ``pending`` together are the input,
byte for byte, however the input was sliced.
"""

from __future__ import annotations

import re

from cccc.errors import BadAnswer

MAX_EVENT_BYTES = 8 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DATA_LINE = re.compile(rb"data(: ?|(?=[\r\n]))[^\r\n]*([\r\n]*)")
_EVENT_END = re.compile(rb"(?:\r\n?+|\n)(?:\r\n?+|\n)")


class SseEvent:
    """One event or comment block.

    ``raw`` is exactly what came, its closing blank line included. ``data`` is the joined ``data:`` lines, or
    ``None`` for a block without any (comments, ``retry:``). ``name`` is the ``event:`` line's value or ``""``.
    Both are read from ``raw`` when first asked for, unless they are given: most events of a stream that passes
    through are never asked.
    """

    __slots__ = ("_data", "_name", "raw")

    def __init__(self, raw: bytes, name: str | None = None, data: bytes | None = None) -> None:
        self.raw = raw
        self._name = name
        self._data = data

    @property
    def name(self) -> str:
        if self._name is None:
            self._name, self._data = _fields(self.raw)
        return self._name

    @property
    def data(self) -> bytes | None:
        if self._name is None:
            self._name, self._data = _fields(self.raw)
        return self._data

    def __repr__(self) -> str:
        return f"SseEvent({self.raw!r})"


class SseDecoder:
    """Cuts a byte stream into events. ``feed`` what comes, then ``close``; ``pending`` is what no event took."""

    def __init__(self, *, max_event: int = MAX_EVENT_BYTES) -> None:
        self._pending = bytearray()
        self._searched = 0
        self._seen_cr = False
        self._at_start = True
        self._max_event = max_event

    @property
    def pending(self) -> bytes:
        """The bytes of the event that has not ended yet."""
        return bytes(self._pending)

    def feed(self, data: bytes) -> list[SseEvent]:
        """Take the next bytes and give the events that they complete.

        Raises ``BadAnswer`` when one event is longer than the limit.
        """
        if self._seen_cr or b"\r" in data:
            self._seen_cr = True
            return self._feed_any(data)
        pending = self._pending
        head: list[bytes] = []
        if pending:
            if pending[-1] == 0x0A and data[:1] == b"\n":
                end = 1
            else:
                end = data.find(b"\n\n") + 2
                if end == 1:
                    pending += data
                    self._check(len(pending))
                    return []
            pending += data[:end]
            head.append(bytes(pending))
            pending.clear()
            data = data[end:]
        blocks = data.split(b"\n\n")
        pending += blocks.pop()
        return self._events(head + [block + b"\n\n" for block in blocks])

    def close(self) -> list[SseEvent]:
        """The stream has ended: give the event, if any, whose last CR might have been half of a CRLF."""
        return self._cut(len(self._pending))

    def _feed_any(self, data: bytes) -> list[SseEvent]:
        """Like ``feed`` for streams in which a CR was seen. A CR at the end waits: it may be half of a CRLF."""
        pending = self._pending
        pending += data
        return self._cut(len(pending) - pending.endswith(b"\r"))

    def _cut(self, end: int) -> list[SseEvent]:
        pending = self._pending
        raws: list[bytes] = []
        start = 0
        for match in _EVENT_END.finditer(pending, self._searched, end):
            raws.append(bytes(pending[start : match.end()]))
            start = match.end()
        # An unfinished CRLF CRLF is at most three bytes long, and the CR that waits is not searched.
        self._searched = max(0, end - start - 3)
        if start:
            del pending[:start]
        return self._events(raws)

    def _events(self, raws: list[bytes]) -> list[SseEvent]:
        self._check(max(map(len, raws), default=0))
        self._check(len(self._pending))
        events = [SseEvent(raw) for raw in raws]
        if self._at_start and events:
            self._at_start = False
            raw = events[0].raw
            if raw.startswith(_BOM):
                events[0] = SseEvent(raw, *_fields(raw[len(_BOM) :]))
        return events

    def _check(self, size: int) -> None:
        if size > self._max_event:
            raise BadAnswer(f"one event of the stream is larger than {self._max_event} bytes")


def _fields(raw: bytes) -> tuple[str, bytes | None]:
    name = b""
    data: list[bytes] = []
    for line in raw.splitlines():  # of bytes: CR, LF and CRLF only
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return name.decode("utf-8", "replace"), b"\n".join(data) if data else None


def encode(name: str, data: bytes) -> bytes:
    """One event as bytes: an ``event:`` line unless ``name`` is empty, one ``data:`` line per line of ``data``."""
    lines = [b"data: " + line for line in _LINE_END.split(data)]
    if name:
        lines.insert(0, b"event: " + name.encode())
    return b"\n".join(lines) + b"\n\n"


def with_data(event: SseEvent, data: bytes) -> bytes:
    """The event's bytes with other data; its name, ids, comments, line ends and spaces stay as they came.

    Data of as many lines as before takes their places; else all of it stands where the first line stood.
    """
    mark = _BOM if event.raw.startswith(_BOM) else b""
    lines = event.raw[len(mark) :].splitlines(keepends=True)
    places = [(at, line) for at, line in enumerate(map(_DATA_LINE.match, lines)) if line]
    new = _LINE_END.split(data)
    if len(new) != len(places):
        for at, _ in places[1:]:
            lines[at] = b""
        new = [data]
    for (at, line), value in zip(places, new, strict=False):
        separator, ending = line[1] or b": ", line[2]
        lines[at] = b"".join(b"data" + separator + part + ending for part in _LINE_END.split(value))
    return mark + b"".join(lines)
