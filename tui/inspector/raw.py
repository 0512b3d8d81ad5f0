"""The raw tabs: heads and bodies as they were on the wire, with keys masked and bodies laid out to be read."""

from __future__ import annotations

from collections.abc import Iterable

from cccc.control.api import ClientAsked, UpstreamAnswered, UpstreamAsked, UpstreamEnded
from tui import format as fmt
from tui.inspector.body import lay_out, size
from tui.inspector.exchange import NOT_KEPT, header_line
from tui.inspector.lines import Document, Joined, Line, Lines, line
from tui.inspector.seen import Seen

_NOTHING = line()


def raw_client(asked: ClientAsked | None, width: int, *, whole: bool) -> Document:
    """What the client asked. May take a while."""
    if asked is None:
        return Lines([line(("not heard of yet", "dim"))])
    head = [line((f"{fmt.safe(asked.method)} {fmt.safe(asked.path)}", "bold")), *_headers(asked.headers), _NOTHING]
    return Joined([Lines(head), _body(asked.body, width, whole=whole)])


Told = tuple[UpstreamAsked | None, UpstreamAnswered | None, UpstreamEnded | None]
"""What is known of one attempt."""


def told(seen: Seen) -> tuple[Told, ...]:
    """The attempts in their order."""
    tries = (seen.tries[number] for number in sorted(seen.tries))
    return tuple((one.asked, one.answered, one.ended) for one in tries)


def raw_upstream(tries: Iterable[Told], asked: ClientAsked | None, width: int, *, whole: bool) -> Document:
    """What each attempt was sent, and what it answered besides its stream. May take a while."""
    parts: list[Document] = []
    for sent, answered, ended in tries:
        if sent is None:
            continue
        head = [
            line((f"attempt {sent.attempt} ", "bold"), fmt.safe(sent.endpoint)),
            line((f"{fmt.safe(sent.method)} {fmt.safe(sent.url)}", "bold")),
            *_headers(sent.headers),
            _NOTHING,
        ]
        parts.append(Lines(head))
        if sent.changed or sent.body is None or asked is None:
            parts.append(_body(sent.body, width, whole=whole))
        else:
            parts.append(Lines([line((f"the client's own body, unchanged ({size(len(sent.body))})", "native"))]))
        parts.append(Lines([_NOTHING, *_answered(answered, ended), _NOTHING]))
    return Joined(parts) if parts else Lines([line(("sent to nobody", "dim"))])


def _headers(headers: Iterable[tuple[str, str]]) -> list[Line]:
    return [header_line(name, value) for name, value in headers]


def _body(body: bytes | None, width: int, *, whole: bool) -> Document:
    return Lines([line((NOT_KEPT, "warning"))]) if body is None else lay_out(body, width, whole=whole)


def _answered(answered: UpstreamAnswered | None, ended: UpstreamEnded | None) -> list[Line]:
    lines: list[Line] = []
    if answered is not None:
        lines += [line(("answered ", "dim"), (str(answered.status), "bold")), *_headers(answered.headers)]
    if ended is not None and ended.error is not None:
        lines.append(line((fmt.safe(ended.error), "error")))
    return lines
