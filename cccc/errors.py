"""The exceptions of this project, one small tree.

Foreign exceptions (h11, anyio, ssl, sqlite3, pydantic) are translated into these once, at the border
where they arise; nothing above a border names a foreign one.

    CcccError
    ├─ ConfigError               the configuration cannot be used; exit code 2
    ├─ UnknownEndpoint           a person named an endpoint that does not exist
    ├─ UnknownRequest            a person named a request that is not in the log
    ├─ StorageError              the database cannot be used
    ├─ BadFilter                 a filter of the request log cannot be read; exit code 2
    ├─ ControlError              the running proxy cannot be reached or refused
    │  └─ NotRunning             there is no proxy to reach
    ├─ ListenError               the address to listen on cannot be taken
    ├─ InvalidJson               bytes that should be JSON are not, or exceed our limits
    ├─ NotConvertible            a request holds what another wire format cannot say
    ├─ UpstreamError             one attempt at an endpoint failed; another endpoint may do
    │  ├─ ConnectFailed          no connection: name, refused, unreachable, TLS, egress proxy
    │  ├─ TimedOut               a phase of the attempt took longer than it may
    │  ├─ ConnectionLost         the connection ended before the answer's head
    │  ├─ BadAnswer              what came is not HTTP, or larger than we accept
    │  └─ BrokeMidBody           the answer's body ended early
    └─ ClientError               the peer of our own server does not speak as it must
       ├─ ClientGone             the client closed the connection
       └─ BadRequest             framing, sizes, encodings: carries the HTTP status to answer
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class CcccError(Exception):
    """Base of everything this project raises on purpose. ``str()`` is one sentence for a person."""


class ConfigError(CcccError):
    """The configuration cannot be used.

    ``problems`` holds one line each, in the order of the file:
    ``config.yaml:14:12: endpoints[1].url_anthropic: what was found; what was expected``.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownEndpoint(CcccError):
    """No endpoint has this name. ``nearest`` is the most similar name that exists, if any."""

    def __init__(self, name: str, nearest: str | None = None) -> None:
        self.name = name
        self.nearest = nearest
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"no endpoint is named {name!r}{hint}")


class UnknownRequest(CcccError):
    """The request log has no row with this id, or with ``ambiguous`` several that begin with it."""

    def __init__(self, request_id: str, *, ambiguous: bool = False) -> None:
        self.request_id = request_id
        self.ambiguous = ambiguous
        super().__init__(
            f"several requests in the log begin with {request_id!r}; write more of the id"
            if ambiguous
            else f"no request {request_id!r} is in the log (cccc requests lists the newest)"
        )


class StorageError(CcccError):
    """The database cannot be opened, read or written."""


class ControlError(CcccError):
    """The running proxy cannot be reached, or it refused what was asked of it."""


class NotRunning(ControlError):
    """No proxy of this state folder is running."""


class BadFilter(CcccError):
    """A filter of the request log cannot be read. The message says which word and what is expected there."""


class ListenError(CcccError):
    """The address to listen on cannot be taken."""


class InvalidJson(CcccError):
    """Bytes that should be JSON are not, or exceed our limits; ``line`` and ``column`` count from 1 where known.

    ``str()`` completes a sentence about the text: ``not valid JSON (line 1 column 6)``.
    """

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        self.line = line
        self.column = column
        super().__init__(problem if line is None else f"{problem} (line {line} column {column})")


class NotConvertible(CcccError):
    """A request holds something that a wire format cannot say and that may not be dropped.

    ``path`` is where it stands in the client's request (``input[3].content[0]``), ``reason`` completes a sentence.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class UpstreamError(CcccError):
    """One attempt at an endpoint failed. The message names no URL and no key."""


class ConnectCause(StrEnum):
    """Why no connection came about."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    CERTIFICATE = "certificate"
    EGRESS_PROXY = "egress_proxy"


class ConnectFailed(UpstreamError):
    """No connection to the endpoint came about."""

    def __init__(self, cause: ConnectCause, message: str) -> None:
        self.cause = cause
        super().__init__(message)


class Phase(StrEnum):
    """The part of an attempt that a timeout bounds (names as in the ``timeouts`` section)."""

    CONNECT = "connect"
    TLS_HANDSHAKE = "tls_handshake"
    WRITE = "write"
    RESPONSE_HEADER = "response_header"
    FIRST_EVENT = "first_event"
    STREAM_IDLE = "stream_idle"
    TOTAL = "total"


class TimedOut(UpstreamError):
    """A phase of the attempt took longer than ``seconds``."""

    def __init__(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self.seconds = seconds
        super().__init__(f"no progress within {seconds:g} s ({phase.value})")


class ConnectionLost(UpstreamError):
    """The connection ended before a byte of the answer's head.

    ``reused`` tells a kept-alive connection that the endpoint had closed meanwhile (safe to repeat on a
    fresh one) from a fresh connection that was cut.
    """

    def __init__(self, message: str, *, reused: bool) -> None:
        self.reused = reused
        super().__init__(message)


class BadAnswer(UpstreamError):
    """What came back is not HTTP/1.1, or larger than we accept."""


class BrokeMidBody(UpstreamError):
    """The answer's body ended before its framing said so."""


class ClientError(CcccError):
    """The peer of our own server does not speak as it must."""


class ClientGone(ClientError):
    """The client closed the connection."""


class BadRequest(ClientError):
    """Framing, sizes or encodings of a request are not acceptable.

    ``status`` is the HTTP status to answer before the connection is closed.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)
