"""The tab Exchange: both requests side by side, long values folded, and what was changed on the way marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from cccc.control.api import Loss, WireFormat
from tui import format as fmt
from tui.inspector.body import size, wrap
from tui.inspector.changes import Change, Changes, Kind, Path, compare
from tui.inspector.folded import Folding, Marked, columns, side_by_side
from tui.inspector.lines import Document, Line, Lines, line
from tui.inspector.losses import by_field
from tui.inspector.seen import Seen
from tui.theme import Glyphs

FORMAT_NAMES: Mapping[WireFormat, str] = {
    WireFormat.ANTHROPIC: "Anthropic Messages",
    WireFormat.OPENAI_CHAT: "OpenAI Chat",
    WireFormat.OPENAI_RESPONSES: "OpenAI Responses",
    WireFormat.GEMINI: "Gemini",
}
_ENDINGS: Mapping[str, WireFormat] = {
    "/messages": WireFormat.ANTHROPIC,
    "/messages/count_tokens": WireFormat.ANTHROPIC,
    "/chat/completions": WireFormat.OPENAI_CHAT,
    "/responses": WireFormat.OPENAI_RESPONSES,
    "/responses/compact": WireFormat.OPENAI_RESPONSES,
}
MASKED = "[redacted]"
_HEADERS_SHOWN = frozenset(
    {
        "anthropic-version",
        "anthropic-beta",
        "authorization",
        "content-type",
        "openai-beta",
        "x-api-key",
        "x-goog-api-key",
    }
)
_MEANINGS: Mapping[Kind, str] = {
    Kind.REWRITTEN: "warning",
    Kind.ADDED: "success",
    Kind.RENAMED: "convert",
    Kind.MADE_FROM: "convert",
    Kind.DROPPED: "error",
}
NOT_KEPT = "its body was not kept: logging.log_request_body and body_retention_days decide"


@dataclass(frozen=True, slots=True)
class Compared:
    """The bodies of both requests, read and compared; ``None`` where one is missing or no JSON, with the reason."""

    asked: Any = None
    sent: Any = None
    asked_why: str = ""
    sent_why: str = ""
    changes: Changes = field(default_factory=Changes)


def read(asked: bytes | None, sent: bytes | None, *, converted: bool) -> Compared:
    """Read and compare two bodies. May take a while."""
    ours, ours_why = _json(asked)
    theirs, theirs_why = (ours, ours_why) if sent is asked else _json(sent)
    same = not ours_why and not theirs_why and theirs is not ours
    changes = compare(ours, theirs, converted=converted) if same else _unchanged(ours)
    return Compared(ours, theirs, ours_why, theirs_why, changes)


def _unchanged(body: Any) -> Changes:
    return Changes(pairs={name: (name,) for name in body} if isinstance(body, dict) else {})


def _json(body: bytes | None) -> tuple[Any, str]:
    if body is None:
        return None, NOT_KEPT
    try:
        return orjson.loads(body), ""
    except ValueError:
        what = "only a part of it was kept" if b"bytes left out ...]" in body else "not JSON"
        return None, f"{what}, {size(len(body))}: the Raw tabs show it as it is"


def format_of(path: str) -> WireFormat | None:
    """The wire format that an address is for, by how it ends."""
    plain = urlsplit(path).path.rstrip("/")
    return next((found for ending, found in _ENDINGS.items() if plain.endswith(ending)), None)


def converted(seen: Seen) -> bool:
    """Whether the newest attempt asks in another format than the client."""
    asked = format_of(seen.asked.path) if seen.asked is not None else None
    tried = seen.last.asked if seen.last is not None else None
    sent = format_of(tried.url) if tried is not None else None
    return asked is not None and sent is not None and asked is not sent


def exchange(seen: Seen, bodies: Compared, width: int, opened: frozenset[str], glyphs: Glyphs) -> Document:
    """Both requests, ``width`` cells each."""
    return Lines([*_heads(seen, opened, glyphs), *_bodies(seen, bodies, width, opened, glyphs)])


def _heads(seen: Seen, opened: frozenset[str], glyphs: Glyphs) -> Iterator[Line]:
    dot = f" {glyphs.dot} "
    left: list[Line] = [line(("the client's request has not been heard of yet", "dim"))]
    if (asked := seen.asked) is not None:
        left = [
            line(("client request", "bold"), f"{dot}{_format_name(asked.path)}"),
            line(f"{fmt.safe(asked.method)} {fmt.safe(asked.path)}"),
            *_headers(asked.headers, "asked", opened, glyphs),
        ]
    right: list[Line] = [line(("sent to nobody", "dim"))]
    if seen.last is not None and (sent := seen.last.asked) is not None:
        own = "" if sent.changed else f"{dot}unchanged"
        number = f" {seen.last.number}" if len(seen.tries) > 1 else ""
        right = [
            line((f"upstream request{number}", "bold"), f"{dot}{_format_name(sent.url)}", (own, "native")),
            line(f"{fmt.safe(sent.method)} {fmt.safe(sent.url)}"),
            *_headers(sent.headers, "sent", opened, glyphs),
        ]
    yield from side_by_side(left, right)
    yield Line((), ())


def _format_name(path: str) -> str:
    found = format_of(path)
    return FORMAT_NAMES[found] if found is not None else fmt.safe(urlsplit(path).path)


def _headers(headers: Iterable[tuple[str, str]], side: str, opened: frozenset[str], glyphs: Glyphs) -> Iterator[Line]:
    some: list[Line] = []
    others: list[Line] = []
    for name, value in headers:
        (some if name.lower() in _HEADERS_SHOWN else others).append(header_line(name, value))
    yield from some
    if others:
        name = f"{side} headers"
        is_open = name in opened
        fold = glyphs.opened if is_open else glyphs.folded
        yield line((f"{fold} {fmt.counted(len(others), 'other header')}", "dim"), opens=name)
        if is_open:
            yield from others


def header_line(name: str, value: str) -> Line:
    """One header field; a key is known to have been there."""
    if value == MASKED:
        return line((f"{fmt.safe(name)}: ", "primary"), ("****  (never stored)", "dim"))
    return line((f"{fmt.safe(name)}: ", "primary"), fmt.safe(value))


def _bodies(seen: Seen, bodies: Compared, width: int, opened: frozenset[str], glyphs: Glyphs) -> Iterator[Line]:
    losses = seen.record.losses if seen.record is not None else ()
    left = _column(bodies.asked, bodies.asked_why, Folding("asked", width, _lost_marks(bodies, losses), opened, glyphs))
    right = _column(
        bodies.sent, bodies.sent_why, Folding("sent", width, _marks(bodies.changes.sent.values()), opened, glyphs)
    )
    if seen.last is None:
        right = []
    brackets = [line("{")] if left or right else []
    yield from side_by_side(brackets if not bodies.asked_why else [], brackets if right and not bodies.sent_why else [])
    yield from columns(left, right, bodies.changes)
    closing = [line("}")]
    yield from side_by_side(closing if not bodies.asked_why else [], closing if right and not bodies.sent_why else [])


def _column(body: Any, why: str, folding: Folding) -> list[tuple[str, list[Line]]]:
    if why:
        return [("", [line((part, "warning")) for part in wrap(why, folding.width)])]
    return folding.lines(body)


def _marks(changes: Iterable[Change]) -> Mapping[Path, Marked]:
    """Marks where they are, and on every fold above that hides some."""
    marks: dict[Path, Marked] = {}
    hidden: dict[Path, int] = {}
    for change in changes:
        marks[change.path] = Marked(fmt.safe(change.said), _MEANINGS[change.kind])
        for above in range(1, len(change.path)):
            hidden[change.path[:above]] = hidden.get(change.path[:above], 0) + 1
    for path, number in hidden.items():
        marks.setdefault(path, Marked(f"{number} changed inside", "warning"))
    return marks


def _lost_marks(bodies: Compared, losses: Sequence[Loss]) -> Mapping[Path, Marked]:
    lost = {path: Marked(fmt.safe(f"lost: {what}"), "error") for path, what in by_field(losses).items()}
    return {**lost, **_marks(bodies.changes.dropped.values())}
