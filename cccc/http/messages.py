"""The few values that cross the border of ``cccc.http``, for both roles.

Everything above sees these and the two protocols (``Responder`` towards a client, ``UpstreamAnswer`` from an
endpoint); h11, anyio and ssl stay inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from cccc.domain.endpoint import EgressProxy, Timeouts

RawHeader = tuple[bytes, bytes]


class Headers:
    """Header fields in wire order; names are lower-case, values latin-1. Immutable."""

    __slots__ = ("raw",)

    def __init__(self, raw: Iterable[RawHeader] = ()) -> None:
        self.raw: tuple[RawHeader, ...] = tuple(raw)

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> Headers:
        """Build from text; names are lower-cased."""
        return cls((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in items)

    def get(self, name: str) -> str | None:
        """The first value of a field, ``name`` in lower case."""
        wanted = name.encode("ascii")
        for key, value in self.raw:
            if key == wanted:
                return value.decode("latin-1")
        return None

    def all(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        wanted = name.encode("ascii")
        return [value.decode("latin-1") for key, value in self.raw if key == wanted]

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((key.decode("latin-1"), value.decode("latin-1")) for key, value in self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"Headers({[name.decode('latin-1') for name, _ in self.raw]})"


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request line and its fields, checked for framing. ``path`` and ``query`` are the parsed target."""

    method: str
    target: str
    path: str
    query: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client with its whole decoded body.

    ``peer`` is the client's address, ``("127.0.0.1", 4711)``. ``fields`` are the values of a route's template.
    """

    head: RequestHead
    body: bytes
    peer: tuple[str, int]
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Interruption(Enum):
    """Why a handler was cancelled while it answered."""

    CLIENT_GONE = "client_gone"
    SHUTDOWN = "shutdown"


class Responder(Protocol):
    """Writes one answer to a client. Exactly one of ``send`` or ``start`` is called, once.

    While a handler runs, the listener watches the socket: when the client leaves, ``interruption`` is set and the
    handler's cancel scope is cancelled. At the end of a drain it is ``SHUTDOWN``; the handler may then still write
    one closing frame inside a shielded scope.
    """

    @property
    def started(self) -> bool:
        """Whether a byte of the answer has gone out."""
        ...

    @property
    def interruption(self) -> Interruption | None: ...

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer; ``content-length`` is added here."""
        ...

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:
        """The head of an answer whose body follows in pieces (chunked framing is added here).

        ``first`` is a piece of the body that is already there: it leaves in the same write.
        """
        ...

    async def write(self, data: bytes) -> None:
        """A piece of the body; returns when the socket has taken it. Raises ``ClientGone``."""
        ...

    async def finish(self) -> None:
        """The body's clean end."""
        ...

    def close_after(self) -> None:
        """The connection is not kept alive after this answer. Takes effect before the head is sent too."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection goes: the unit that keys are bound to and connections are pooled by."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str | SplitResult) -> Origin:
        """The origin of a URL that the configuration has already checked."""
        parts = urlsplit(url) if isinstance(url, str) else url
        default = 443 if parts.scheme == "https" else 80
        return cls(parts.scheme, parts.hostname or "", parts.port or default)

    @property
    def netloc(self) -> str:
        """The ``Host`` header's value."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One request to an endpoint. ``target`` is path and query; ``host`` and ``content-length`` are added when sent."""

    method: str
    origin: Origin
    target: str
    headers: Headers
    body: bytes
    timeouts: Timeouts
    egress: EgressProxy | None = None
    fresh: bool = False
    """Do not use a kept-alive connection (the free repeat after a stale one)."""


class UpstreamAnswer(Protocol):
    """An endpoint's answer whose head has come."""

    status: int
    headers: Headers
    reused: bool
    connect_ms: float | None
    """How long connecting took; ``None`` on a kept-alive connection."""

    async def read(self) -> bytes:
        """All of the body that can be read now, at least one byte; ``b""`` at its end.

        Decoded where the endpoint compressed it. Raises ``BrokeMidBody`` and ``BadAnswer``. Bounded in time by
        the caller.
        """
        ...

    async def aclose(self) -> None:
        """Give the connection back when the body was read to its end, else close it at once."""
        ...


class Transport(Protocol):
    """How endpoints are reached. Replaced in tests."""

    async def open(self, request: UpstreamRequest) -> UpstreamAnswer:
        """Send a request and wait for the answer's head. Raises ``UpstreamError``; bounded by ``request.timeouts``."""
        ...

    async def close_expired(self) -> None:
        """Close the kept-alive connections that have been idle for too long."""
        ...

    async def aclose(self) -> None:
        """Close every kept-alive connection."""
        ...
