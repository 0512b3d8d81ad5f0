"""What flows for one request: the client's words, what was made of them for each endpoint, and both streams of events.

``at_ms`` is milliseconds since the request arrived; ``None`` where the log does not know it. What is read back from the
log comes in the order in which it happened. Header fields have passed the allow-list and bodies the redactor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Protocol

from cccc.domain.record import HeaderList, RequestRecord


@dataclass(frozen=True, slots=True)
class ClientAsked:
    """The client's request as it arrived. ``body`` is ``None`` where it was not kept."""

    method: str
    path: str
    headers: HeaderList
    body: bytes | None
    at_ms: float | None = 0.0


@dataclass(frozen=True, slots=True)
class UpstreamAsked:
    """One attempt's request as it was sent; attempts count from 1. ``changed``: its body is not the client's own."""

    attempt: int
    endpoint: str
    method: str
    url: str
    headers: HeaderList
    body: bytes | None
    changed: bool
    at_ms: float | None = None


@dataclass(frozen=True, slots=True)
class UpstreamAnswered:
    """The head of an endpoint's answer."""

    attempt: int
    status: int
    headers: HeaderList
    at_ms: float | None = None


@dataclass(frozen=True, slots=True)
class UpstreamSaid:
    """One event of an endpoint's stream as it came, or the body of an answer that is no stream (``event`` ``None``).

    ``event`` is the event's name (empty where it has none), ``data`` its joined data lines.
    """

    attempt: int
    event: str | None
    data: bytes
    at_ms: float | None = None


@dataclass(frozen=True, slots=True)
class UpstreamEnded:
    """An attempt is over. ``error`` says what went wrong, ``None`` for a good answer."""

    attempt: int
    error: str | None
    at_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ClientAnswered:
    """The head of the answer that the client got."""

    status: int
    headers: HeaderList
    at_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ClientGot:
    """One event (keep-alives too) or, with ``event`` ``None``, the body that went to the client."""

    event: str | None
    data: bytes
    at_ms: float | None = None


@dataclass(frozen=True, slots=True)
class FlowLost:
    """This reader was too slow: ``count`` pieces were not delivered to it."""

    count: int


@dataclass(frozen=True, slots=True)
class FlowEnded:
    """The last piece: the request is over. ``record`` is without headers and bodies."""

    record: RequestRecord


FlowPiece = (
    ClientAsked
    | UpstreamAsked
    | UpstreamAnswered
    | UpstreamSaid
    | UpstreamEnded
    | ClientAnswered
    | ClientGot
    | FlowLost
    | FlowEnded
)


class Flow(Protocol):
    """An async iterator over pieces that can be closed before its end (an async generator is one)."""

    def __aiter__(self) -> AsyncIterator[FlowPiece]: ...

    def __anext__(self) -> Awaitable[FlowPiece]: ...

    def aclose(self) -> Awaitable[None]: ...
