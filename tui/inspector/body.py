"""A body as lines: JSON laid out, text wrapped, anything else as bytes. Nothing that was sent is changed or left out.

JSON is laid out token by token and never re-written, so numbers, escapes and the order of fields stay as they were,
and a body that is cut off or broken is laid out as far as it goes. Colours are found when a line is drawn.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

from cccc.control.api import visible_line
from tui.inspector.lines import Document, Joined, Line, Lines, line

FIRST_BYTES = 256 * 1024
"""So much of a body is laid out until more is asked for."""

_DONE = "[DONE]"
"""How streams of OpenAI Chat end: no JSON, for all its brackets."""

_DEEPEST = 40
_HEX_ROW = 16

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\],:]|[^\s{}\[\],:"][^{}\[\],:"]*', re.DOTALL)
_COLOURS = re.compile(
    r"""(?P<primary>"[^"\\]*(?:\\.[^"\\]*)*"(?=\s*:))
    | (?P<string>"[^"\\]*(?:\\.[^"\\]*)*"?)
    | (?P<accent>\b(?:true|false|null)\b|-?\b\d[\d.eE+\-]*)
    | (?P<dim>[{}\[\],:]+)""",
    re.VERBOSE,
)


class Wrapped:
    """Text in lines of at most a width; those that go on another one are ``continued``."""

    def __init__(self, lines: list[str], continued: bytearray, *, coloured: bool) -> None:
        self._lines = lines
        self._continued = continued
        self._coloured = coloured

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, at: int) -> Line:
        text = self._lines[at]
        return Line(colours(text) if self._coloured and not self._continued[at] else ((text, ""),))

    def plain(self, at: int) -> str:
        return self._lines[at]


class Bytes:
    """What is no text, sixteen bytes a line."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __len__(self) -> int:
        return (len(self._body) + _HEX_ROW - 1) // _HEX_ROW

    def line(self, at: int) -> Line:
        place, row = at * _HEX_ROW, self._body[at * _HEX_ROW : (at + 1) * _HEX_ROW]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        return line((f"{place:08x}  ", "dim"), f"{row.hex(' '):<47}  ", (shown, "accent"))

    def plain(self, at: int) -> str:
        return "".join(text for text, _ in self.line(at).pieces)


def colours(text: str) -> tuple[tuple[str, str], ...]:
    """A line of JSON in pieces: names, numbers and words, brackets."""
    pieces, at = [], 0
    for found in _COLOURS.finditer(text):
        if found.start() > at:
            pieces.append((text[at : found.start()], ""))
        meaning = found.lastgroup or ""
        pieces.append((found.group(), "" if meaning == "string" else meaning))
        at = found.end()
    return (*pieces, (text[at:], "")) if at < len(text) else tuple(pieces)


def lay_out(body: bytes, width: int, *, whole: bool = False) -> Document:
    """The body, or its first ``FIRST_BYTES`` and a line that says how much more there is. May take a while."""
    if not body:
        return Lines([line(("empty", "dim"))])
    part = body if whole else body[:FIRST_BYTES]
    text = _text(part, cut=len(part) < len(body))
    if text is None:
        shown: Document = Bytes(part)
    elif text.lstrip()[:1] in ("{", "[") and not text.startswith(_DONE):
        shown = _wrapped(indented(text), width, coloured=True)
    else:
        shown = _wrapped(iter(text.splitlines()), width, coloured=False)
    left = len(body) - len(part)
    return Joined([shown, Lines([line((f"{size(left)} more", "warning"), "  m shows all of it")])]) if left else shown


def size(number: int) -> str:
    """A number of bytes: ``812 B``, ``6.1 KiB``, ``38 KiB``, ``9.7 MiB``."""
    if number < 1024:
        return f"{number} B"
    kib = number / 1024
    amount, unit = (kib, "KiB") if kib < 1000 else (kib / 1024, "MiB")
    return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:,.0f} {unit}".replace(",", " ")


def _text(part: bytes, *, cut: bool) -> str | None:
    """The bytes as text, where they are some; a character that the cut went through is left out."""
    if b"\0" in part:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(part, final=not cut)
    except UnicodeDecodeError:
        return None


def indented(text: str) -> Iterator[str]:
    """JSON, whole or not, one field or element a line."""
    depth, now, before = 0, "", ""
    for found in _TOKEN.finditer(text):
        token = found.group().rstrip()
        if token in ("}", "]"):
            depth = max(0, depth - 1)
            if before not in ("{", "["):
                yield now
                now = _indent(depth)
        elif before in ("{", "[", ","):
            yield now
            now = _indent(depth)
        if token in ("{", "["):
            depth += 1
        now += ": " if token == ":" else token
        before = token
    yield now


def _indent(depth: int) -> str:
    return "  " * min(depth, _DEEPEST)


def _wrapped(texts: Iterator[str], width: int, *, coloured: bool) -> Wrapped:
    lines: list[str] = []
    continued = bytearray()
    for text in texts:
        shown = visible_line(text)
        parts = wrap(shown, width)
        lines += parts
        continued += b"\0" + b"\1" * (len(parts) - 1)
    return Wrapped(lines, continued, coloured=coloured)


def wrap(text: str, width: int) -> list[str]:
    """A safe line in parts of at most so many cells."""
    width = max(8, width)
    if len(text) * 2 <= width or cell_len(text) <= width:
        return [text]
    if text.isascii():
        return [text[at : at + width] for at in range(0, len(text), width)]
    return chop_cells(text, width)
