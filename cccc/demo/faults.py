"""How an answer can go wrong, as data. What each fault does at the socket stands in ``steps``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HeaderPairs = tuple[tuple[str, str], ...]


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
    """An event whose data is not JSON stands in the stream; what is not streamed is half a JSON text."""
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
