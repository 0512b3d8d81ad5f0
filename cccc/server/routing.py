"""What a route is: the table row between the edge's checks and a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from cccc.domain.answers import Failure
from cccc.http.messages import Headers, Request, RequestHead, Responder

Handler = Callable[[Request, Responder], Awaitable[None]]
"""Answers one request. Raises only on a bug of ours; ``ClientGone`` and cancellation pass through."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A whole answer of ours, written before any handler runs."""

    status: int
    headers: Headers
    body: bytes
    close: bool = False


class Guard(Enum):
    """Which token a route asks for."""

    NONE = "none"
    PROXY = "proxy"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    ``path`` is literal, or a template such as ``/v1/models/{id}`` whose fields are handed over in ``fields``.
    ``refuse`` puts a failure of the edge into the words of whoever calls this path (format and client decide).
    ``has_body``: POST routes read a JSON body; others refuse one.
    """

    method: str
    path: str
    handler: Handler
    refuse: Callable[[Failure, str, RequestHead], Refusal]
    guard: Guard = Guard.PROXY
    has_body: bool = False
