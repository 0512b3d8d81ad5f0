"""The tab Stream: what the endpoint said beside what the client got, each with its offset, and one event in full."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cccc.control.api import ClientGot, UpstreamSaid
from tui import format as fmt
from tui.inspector.body import lay_out
from tui.inspector.lines import Document, Joined, Line, Lines, Pieces, line, said, text_of
from tui.inspector.seen import Both, Seen

_EMPTY = Both()


class Streams:
    """The two streams as a document, as they were by ``until_ms``; lines are made when they are drawn."""

    def __init__(self, seen: Seen, until_ms: float = math.inf) -> None:
        self._lines: Sequence[Both] = seen.lines
        self._until_ms = until_ms
        self._length = len(seen.lines)
        while until_ms < math.inf and self._length and self._at(self._length - 1) == _EMPTY:
            self._length -= 1

    def __len__(self) -> int:
        return self._length

    def line(self, at: int) -> Line:
        both = self._at(at)
        return Line(_event(both.upstream), _event(both.client))

    def plain(self, at: int) -> str:
        both = self._at(at)
        return f"{text_of(_event(both.upstream)):<60} | {text_of(_event(both.client))}".rstrip()

    def _at(self, at: int) -> Both:
        return self._lines[at].until(self._until_ms) if at < len(self._lines) else _EMPTY


def offset(at_ms: float | None) -> str:
    """When it came, in milliseconds since the request: ``+1 234``; ``-`` where the log does not know."""
    return f"{'-' if at_ms is None else f'+{fmt.count(round(at_ms))}':>8}  "


def _event(one: UpstreamSaid | ClientGot | None) -> Pieces:
    if one is None:
        return ()
    name = "(body)" if one.event is None else one.event or "data"
    text = fmt.safe(one.data[:400].decode("utf-8", "replace"))
    return said((offset(one.at_ms), "dim"), (f"{fmt.safe(name)}  ", "primary"), text)


def heading(seen: Seen) -> Document:
    """What stands over the streams."""
    left = [("upstream events", "bold")]
    if seen.dropped:
        left.append((f"  the newest {fmt.count(len(seen.lines))} lines", "dim"))
    if seen.lost:
        left.append((f"  {fmt.count(seen.lost)} pieces were missed", "warning"))
    right = [("client events", "bold")]
    if seen.record is not None and seen.record.response_same:
        right.append(("  the same bytes", "native"))
    elif seen.ended and not any(both.client for both in seen.lines):
        right.append(("  not kept: see logging.log_response_body", "dim"))
    return Lines([Line(tuple(left), tuple(right))])


def event(seen: Seen, at: int, width: int) -> Document:
    """The events of one line in full."""
    if not 0 <= at < len(seen.lines):
        return Lines([line(("no events yet", "dim"))])
    both = seen.lines[at]
    parts: list[Document] = []
    for whose, one in (("upstream", both.upstream), ("client", both.client)):
        if one is not None:
            name = fmt.safe(one.event or ("body" if one.event is None else "data"))
            parts += [Lines([line((f"{whose} ", "dim"), (name, "bold"))]), lay_out(one.data, width)]
    return Joined(parts)
