"""How an answer can go wrong, as data, and what each fault does at the socket.

An honest answer is a list of steps: send these bytes, wait, hang up. A fault is a value that turns an answer into other
steps; ``BEHAVIOUR`` is the table, total over ``FaultKind``. Nothing here touches a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import orjson

from cccc.demo.ask import Ask, Reply
from cccc.demo.dialect import Complaint, Dialect, Event, Ids, Json, Stage
from cccc.demo.http_bytes import LAST_CHUNK, chunk, head

HeaderPairs = tuple[tuple[str, str], ...]


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


class FaultKind(StrEnum):
    """What can go wrong once a connection stands."""

    STATUS = "status"
    HTML_PAGE = "html_page"
    EMPTY = "empty"
    ERROR_IN_200 = "error_in_200"
    CUT = "cut"
    STALL = "stall"
    SLOW = "slow"
    ERROR_EVENT = "error_event"
    BROKEN_EVENT = "broken_event"
    WRONG_TYPE = "wrong_type"
    WRONG_SHAPE = "wrong_shape"
    REDIRECT = "redirect"
    CLOSE_WHEN_IDLE = "close_when_idle"
    GARBAGE = "garbage"


class Point(StrEnum):
    """A place in an answer. In one that is not streamed, ``PREAMBLE`` is ``HEAD`` and ``CONTENT`` half the body."""

    BEFORE_HEAD = "before_head"
    IN_HEAD = "in_head"
    HEAD = "head"
    PREAMBLE = "preamble"
    CONTENT = "content"
    TERMINAL = "terminal"


class End(StrEnum):
    """How an answer is cut: its framing ends as if all were well, or the connection is closed, or reset."""

    CLEAN = "clean"
    FIN = "fin"
    RST = "rst"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Which fields count depends on ``kind``; the functions below make them."""

    kind: FaultKind
    status: int = 200
    headers: HeaderPairs = ()
    message: str | None = None
    error_kind: str | None = None
    point: Point = Point.CONTENT
    at: int | None = None
    end: End = End.FIN
    seconds: float = 0.0

    def __str__(self) -> str:
        """Short, for the names of test cases."""
        match self.kind:
            case FaultKind.STATUS | FaultKind.HTML_PAGE | FaultKind.REDIRECT:
                return f"{self.kind}-{self.status}"
            case FaultKind.CUT:
                return f"{self.kind}-{self.point if self.at is None else self.at}-{self.end}"
            case FaultKind.STALL | FaultKind.ERROR_EVENT | FaultKind.BROKEN_EVENT:
                return f"{self.kind}-{self.point}"
        return str(self.kind)


def status(code: int, message: str | None = None, *, error_kind: str | None = None, **headers: str) -> Fault:
    """An error status with the vendor's body; ``retry_after="7"`` becomes a ``retry-after`` header."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fault(FaultKind.STATUS, status=code, headers=pairs, message=message, error_kind=error_kind)


def html_page(code: int = 502, title: str | None = None) -> Fault:
    """The error page of something in front of the vendor."""
    return Fault(FaultKind.HTML_PAGE, status=code, message=title)


def empty(code: int = 200) -> Fault:
    """A good status without a body."""
    return Fault(FaultKind.EMPTY, status=code)


def error_in_200(code: int = 500, message: str | None = None, *, error_kind: str | None = None) -> Fault:
    """The body that belongs to an error status, sent as 200."""
    return Fault(FaultKind.ERROR_IN_200, status=code, message=message, error_kind=error_kind)


def cut(point: Point = Point.CONTENT, end: End = End.FIN, *, at: int | None = None) -> Fault:
    """The answer ends early: at a point, or after ``at`` bytes of its body."""
    return Fault(FaultKind.CUT, point=point, end=end, at=at)


def stall(point: Point = Point.CONTENT) -> Fault:
    """The answer stops at a point and goes on when the provider is released."""
    return Fault(FaultKind.STALL, point=point)


def slow(seconds: float) -> Fault:
    """The head comes late."""
    return Fault(FaultKind.SLOW, seconds=seconds)


def error_event(
    point: Point = Point.CONTENT, code: int = 529, message: str | None = None, *, error_kind: str | None = None
) -> Fault:
    """The stream ends with an error event at a point; what is not streamed becomes an error in a 200."""
    return Fault(FaultKind.ERROR_EVENT, point=point, status=code, message=message, error_kind=error_kind)


def broken_event(point: Point = Point.CONTENT) -> Fault:
    """An event whose data is not JSON stands in the stream."""
    return Fault(FaultKind.BROKEN_EVENT, point=point)


def wrong_type(content_type: str = "text/plain") -> Fault:
    """The right answer under another content type."""
    return Fault(FaultKind.WRONG_TYPE, message=content_type)


def wrong_shape() -> Fault:
    """JSON where a stream was asked for, a stream where JSON was."""
    return Fault(FaultKind.WRONG_SHAPE)


def redirect(location: str = "https://elsewhere.invalid/", code: int = 302) -> Fault:
    """A redirect."""
    return Fault(FaultKind.REDIRECT, status=code, headers=(("location", location),))


def close_when_idle() -> Fault:
    """The right answer on a connection that seems kept alive and is then closed."""
    return Fault(FaultKind.CLOSE_WHEN_IDLE)


def garbage() -> Fault:
    """Bytes that are not HTTP."""
    return Fault(FaultKind.GARBAGE)


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
        402: "This account has no credit left.",
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
