"""The raw tabs: heads and bodies of request and answer as they were on one side, with keys masked.

Bodies are laid out to be read. The bytes of an answer come from the log when the request has ended; while it runs its
events stand there as they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    RequestRecord,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from tui import format as fmt
from tui.inspector.body import FIRST_BYTES, lay_out, size
from tui.inspector.exchange import NOT_KEPT, header_line
from tui.inspector.lines import Document, Joined, Line, Lines, line, text_of
from tui.inspector.seen import Seen

ANSWER_NOT_KEPT = "its answer was not kept: logging.log_response_body and body_retention_days decide"

_NOTHING = line()


@dataclass(frozen=True, slots=True)
class Raw:
    """A document of one side, a part for each request on it.

    ``more``: bodies are cut short. ``stored``: the bodies of answers are in it, as the log has kept them.
    """

    parts: tuple[Document, ...]
    more: bool = False
    stored: bool = False


class SoFar:
    """The events of an answer that still comes, three lines each, made when they are drawn."""

    def __init__(self, events: Sequence[UpstreamSaid | ClientGot]) -> None:
        self._events = events

    def __len__(self) -> int:
        return 3 * len(self._events)

    def line(self, at: int) -> Line:
        one = self._events[at // 3]
        if at % 3 == 2:
            return _NOTHING
        if at % 3 == 1:
            label = "" if one.event is None else "data: "
            return line((label, "dim"), fmt.safe(one.data[:4_000].decode("utf-8", "replace")))
        return line(("event: ", "dim"), (fmt.safe(one.event), "primary")) if one.event else _NOTHING

    def plain(self, at: int) -> str:
        return text_of(self.line(at).pieces)


def raw_client(
    asked: ClientAsked | None, answered: ClientAnswered | None, record: RequestRecord | None, width: int, *, whole: bool
) -> Raw:
    """What the client asked and got; without a ``record`` its answer's body is left out. May take a while."""
    if asked is None:
        return Raw((Lines([line(("not heard of yet", "dim"))]),))
    head = [line((f"{fmt.safe(asked.method)} {fmt.safe(asked.path)}", "bold")), *_headers(asked.headers), _NOTHING]
    parts: list[Document] = [Lines(head), _body(asked.body, width, whole=whole)]
    bodies = [asked.body]
    if answered is not None:
        parts.append(Lines([_NOTHING, *_head(answered), _NOTHING]))
    if record is not None:
        bodies.append(record.answer)
        if record.response_same and record.answer is not None:
            own = f"the same bytes as the endpoint sent ({size(len(record.answer))})"
            parts.append(Lines([line((own, "native")), _NOTHING]))
        parts.append(_body(record.answer, width, whole=whole, why=ANSWER_NOT_KEPT))
    return Raw((Joined(parts),), _more(bodies, whole=whole), stored=record is not None)


Told = tuple[UpstreamAsked | None, UpstreamAnswered | None, UpstreamEnded | None]
"""What is known of one attempt."""


def told(seen: Seen) -> tuple[Told, ...]:
    """The attempts in their order."""
    tries = (seen.tries[number] for number in sorted(seen.tries))
    return tuple((one.asked, one.answered, one.ended) for one in tries if one.asked is not None)


def raw_upstream(
    tries: Sequence[Told], asked: ClientAsked | None, record: RequestRecord | None, width: int, *, whole: bool
) -> Raw:
    """What each attempt was sent and answered, a part each; without a ``record`` without the answer's body."""
    bodies: list[bytes | None] = []
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
        part: list[Document] = [Lines(head)]
        if sent.changed or sent.body is None or asked is None:
            part.append(_body(sent.body, width, whole=whole))
            bodies.append(sent.body)
        else:
            part.append(Lines([line((f"the client's own body, unchanged ({size(len(sent.body))})", "native"))]))
        part.append(Lines([_NOTHING, *_answered(answered, ended)]))
        if record is not None and answered is not None and sent.attempt <= len(record.attempts):
            body = record.attempts[sent.attempt - 1].response_body
            bodies.append(body)
            part += [Lines([_NOTHING]), _body(body, width, whole=whole, why=ANSWER_NOT_KEPT)]
        parts.append(Joined([*part, Lines([_NOTHING])]))
    nobody = Lines([line(("sent to nobody", "dim"))])
    return Raw(tuple(parts) or (nobody,), _more(bodies, whole=whole), stored=record is not None)


def client_so_far(raw: Raw, seen: Seen) -> Document:
    """The client's side while its answer comes."""
    return Joined([*raw.parts, SoFar([both.client for both in seen.lines if both.client is not None])])


def upstream_so_far(raw: Raw, seen: Seen) -> Document:
    """The endpoints' side while an answer comes."""
    said: dict[int, list[UpstreamSaid]] = {}
    for both in seen.lines:
        if both.upstream is not None:
            said.setdefault(both.upstream.attempt, []).append(both.upstream)
    if not seen.tries:
        return Joined(raw.parts)
    parts: list[Document] = []
    for (sent, _, _), part in zip(told(seen), raw.parts, strict=False):
        parts += [part, SoFar(said.get(sent.attempt, []) if sent is not None else [])]
    return Joined(parts)


def _more(bodies: Iterable[bytes | None], *, whole: bool) -> bool:
    return not whole and any(body is not None and len(body) > FIRST_BYTES for body in bodies)


def _headers(headers: Iterable[tuple[str, str]]) -> list[Line]:
    return [header_line(name, value) for name, value in headers]


def _body(body: bytes | None, width: int, *, whole: bool, why: str = NOT_KEPT) -> Document:
    return Lines([line((why, "warning"))]) if body is None else lay_out(body, width, whole=whole)


def _head(answered: UpstreamAnswered | ClientAnswered) -> list[Line]:
    return [line(("answered ", "dim"), (str(answered.status), "bold")), *_headers(answered.headers)]


def _answered(answered: UpstreamAnswered | None, ended: UpstreamEnded | None) -> list[Line]:
    lines = _head(answered) if answered is not None else []
    if ended is not None and ended.error is not None:
        lines.append(line((fmt.safe(ended.error), "error")))
    return lines
