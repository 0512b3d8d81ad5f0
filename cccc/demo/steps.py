"""An answer as a list of steps: send these bytes, wait, hang up. An honest answer has one list; a fault makes another.

``BEHAVIOUR`` is the table from a fault's kind to its steps, total over ``FaultKind``. Nothing here touches a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import orjson

from cccc.demo.ask import Ask, Reply
from cccc.demo.dialect import Complaint, Dialect, Event, Ids, Json, Stage
from cccc.demo.faults import End, Fault, FaultKind, HeaderPairs, Point
from cccc.demo.http_bytes import LAST_CHUNK, chunk, head


@dataclass(frozen=True, slots=True)
class Send:
    """Write bytes. ``event``: a piece of the body, which the provider may hold back and paces."""

    data: bytes
    event: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for a while, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Wait until the provider is released."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection, with FIN or with RST."""

    reset: bool = False


Step = Send | Pause | Stall | HangUp


@dataclass(frozen=True, slots=True)
class Honest:
    """The answer that a provider would give: everything that a fault may need to spoil it.

    ``aside`` is the body where the request was not a turn; such an answer is never streamed.
    """

    dialect: Dialect
    ask: Ask
    reply: Reply
    ids: Ids
    headers: HeaderPairs
    streaming: bool
    aside: Json | None = None

    def pieces(self) -> tuple[Event, ...]:
        """The body: events of a stream, or one piece."""
        if self.streaming:
            return tuple(self.dialect.events(self.ask, self.reply, self.ids))
        body = self.aside if self.aside is not None else self.dialect.whole(self.ask, self.reply, self.ids)
        return (Event(orjson.dumps(body), Stage.CONTENT),)

    def head(self, length: int, content_type: str | None = None) -> bytes:
        """The head of a good answer whose body has ``length`` bytes."""
        kind = "text/event-stream; charset=utf-8" if self.streaming else "application/json"
        framing = ("transfer-encoding", "chunked") if self.streaming else ("content-length", str(length))
        return head(200, (("content-type", content_type or kind), framing, *self.headers))

    def framed(self, data: bytes) -> bytes:
        """A piece of the body as it stands on the wire."""
        return chunk(data) if self.streaming else data

    def complaint(self, fault: Fault) -> Complaint:
        """The error that a fault speaks of."""
        words = fault.message or _WORDS.get(fault.status, "The server had an error while processing your request.")
        return Complaint(fault.status, words, fault.error_kind)


_WORDS: Mapping[int, str] = MappingProxyType(
    {
        400: "This request is not valid.",
        401: "The key was not accepted.",
        402: "Insufficient Balance",
        403: "This key may not use the resource.",
        404: "The resource does not exist.",
        408: "The request took too long to arrive.",
        413: "Request exceeds the maximum size.",
        429: "Rate limit reached. Please try again later.",
        529: "Overloaded",
    }
)


def steps_of(answer: Honest, fault: Fault | None = None) -> Iterator[Step]:
    """What happens at the socket."""
    if fault is None:
        return iter(_plain(answer))
    return BEHAVIOUR[fault.kind](fault, answer)


def _plain(answer: Honest, content_type: str | None = None) -> list[Step]:
    body = answer.pieces()
    steps: list[Step] = [Send(answer.head(sum(len(piece.data) for piece in body), content_type))]
    steps += [Send(answer.framed(piece.data), event=True) for piece in body]
    if answer.streaming:
        steps.append(Send(LAST_CHUNK))
    return steps


def _offset(body: tuple[Event, ...], fault: Fault) -> int:
    """The number of body bytes before the fault's point."""
    if fault.at is not None:
        return fault.at
    whole = sum(len(piece.data) for piece in body)
    match fault.point:
        case Point.PREAMBLE:
            return sum(len(piece.data) for piece in body if piece.stage is Stage.PREAMBLE)
        case Point.CONTENT if len(body) == 1:
            return whole // 2
        case Point.CONTENT:
            content = [index for index, piece in enumerate(body) if piece.stage is Stage.CONTENT]
            middle = content[len(content) // 2]
            return sum(len(piece.data) for piece in body[: middle + 1])
        case Point.TERMINAL:
            return whole
    return 0


def _split(answer: Honest, fault: Fault) -> tuple[list[Step], list[Step]]:
    """The steps before and after the fault's point; an event that the point falls into is divided."""
    body = answer.pieces()
    start = answer.head(sum(len(piece.data) for piece in body))
    if fault.at is None and fault.point is Point.BEFORE_HEAD:
        return [], _plain(answer)
    if fault.at is None and fault.point is Point.IN_HEAD:
        half = len(start) // 2
        return [Send(start[:half])], [Send(start[half:]), *_plain(answer)[1:]]
    before: list[Step] = [Send(start)]
    after: list[Step] = []
    left = _offset(body, fault)
    for piece in body:
        first, rest = piece.data[:left], piece.data[left:]
        left -= len(first)
        if first:
            before.append(Send(answer.framed(first), event=True))
        if rest:
            after.append(Send(answer.framed(rest), event=True))
    if answer.streaming:
        after.append(Send(LAST_CHUNK))
    return before, after


def _with_body(status: int, content_type: str, body: bytes, headers: HeaderPairs) -> Iterator[Step]:
    fields = (("content-type", content_type), ("content-length", str(len(body))), *headers)
    yield Send(head(status, fields) + body)


def _status(fault: Fault, answer: Honest) -> Iterator[Step]:
    body = orjson.dumps(answer.dialect.error(answer.complaint(fault), answer.ids))
    return _with_body(fault.status, "application/json", body, (*answer.headers, *fault.headers))


def _html_page(fault: Fault, answer: Honest) -> Iterator[Step]:
    title = fault.message or f"{fault.status}: the origin did not answer"
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return _with_body(fault.status, "text/html; charset=utf-8", page.encode(), answer.headers)


def _empty(fault: Fault, answer: Honest) -> Iterator[Step]:
    length = () if fault.status == 204 else (("content-length", "0"),)
    yield Send(head(fault.status, (*length, *answer.headers)))


def _error_in_200(fault: Fault, answer: Honest) -> Iterator[Step]:
    body = orjson.dumps(answer.dialect.error(answer.complaint(fault), answer.ids))
    return _with_body(200, "application/json", body, answer.headers)


def _cut(fault: Fault, answer: Honest) -> Iterator[Step]:
    before, _ = _split(answer, fault)
    if fault.end is not End.CLEAN:
        yield from before
        yield HangUp(reset=fault.end is End.RST)
    elif answer.streaming:
        yield from before
        yield Send(LAST_CHUNK)
    else:
        body = b"".join(step.data for step in before[1:] if isinstance(step, Send))
        yield Send(answer.head(len(body)))
        yield Send(body, event=True)


def _stall(fault: Fault, answer: Honest) -> Iterator[Step]:
    before, after = _split(answer, fault)
    yield from before
    yield Stall()
    yield from after


def _slow(fault: Fault, answer: Honest) -> Iterator[Step]:
    yield Pause(fault.seconds)
    yield from _plain(answer)


def _error_event(fault: Fault, answer: Honest) -> Iterator[Step]:
    if not answer.streaming:
        yield from _error_in_200(fault, answer)
        return
    before, _ = _split(answer, fault)
    yield from before
    frame = answer.dialect.error_event(answer.complaint(fault), answer.ask, answer.ids, len(before) - 1)
    yield Send(chunk(frame), event=True)
    yield Send(LAST_CHUNK)


def _broken_event(fault: Fault, answer: Honest) -> Iterator[Step]:
    if not answer.streaming:
        yield from _cut(replace(fault, point=Point.CONTENT, end=End.CLEAN), answer)
        return
    before, after = _split(answer, fault)
    yield from before
    yield Send(answer.framed(b'data: {"type": "\n\n'), event=True)
    yield from after


def _wrong_type(fault: Fault, answer: Honest) -> Iterator[Step]:
    return iter(_plain(answer, fault.message))


def _wrong_shape(_: Fault, answer: Honest) -> Iterator[Step]:
    return iter(_plain(replace(answer, streaming=not answer.streaming)))


def _redirect(fault: Fault, answer: Honest) -> Iterator[Step]:
    return _with_body(fault.status, "text/html", b"", (*answer.headers, *fault.headers))


def _close_when_idle(_: Fault, answer: Honest) -> Iterator[Step]:
    yield from _plain(answer)
    yield HangUp()


def _garbage(_fault: Fault, _answer: Honest) -> Iterator[Step]:
    yield Send(b"220 mail.example.com ESMTP ready\r\n")
    yield HangUp()


BEHAVIOUR: Mapping[FaultKind, Callable[[Fault, Honest], Iterator[Step]]] = MappingProxyType(
    {
        FaultKind.STATUS: _status,
        FaultKind.HTML_PAGE: _html_page,
        FaultKind.EMPTY: _empty,
        FaultKind.ERROR_IN_200: _error_in_200,
        FaultKind.CUT: _cut,
        FaultKind.STALL: _stall,
        FaultKind.SLOW: _slow,
        FaultKind.ERROR_EVENT: _error_event,
        FaultKind.BROKEN_EVENT: _broken_event,
        FaultKind.WRONG_TYPE: _wrong_type,
        FaultKind.WRONG_SHAPE: _wrong_shape,
        FaultKind.REDIRECT: _redirect,
        FaultKind.CLOSE_WHEN_IDLE: _close_when_idle,
        FaultKind.GARBAGE: _garbage,
    }
)
