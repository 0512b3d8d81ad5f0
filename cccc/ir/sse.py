"""Server-sent events as bytes: a decoder that keeps every event's own bytes, and an encoder.

Source: the "Server-sent events" chapter of the HTML standard. Lines end in LF, CR or CRLF and in nothing else
(not U+2028, not U+0085); a BOM at the start is dropped; an event that the stream's end cuts off is not delivered.
"""

from __future__ import annotations


class SseEvent:
    """One event or comment block.

    ``raw`` is exactly what came, its closing blank line included. ``data`` is the joined ``data:`` lines, or
    ``None`` for a block without any (comments, ``retry:``). ``name`` is the ``event:`` line's value or ``""``.
    """

    __slots__ = ("data", "name", "raw")

    def __init__(self, raw: bytes, name: str, data: bytes | None) -> None:
        self.raw = raw
        self.name = name
        self.data = data
