"""The vocabulary of failures: how an attempt can end, whose fault it is, what is benched for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureClass(StrEnum):
    """The classes that the ``blacklist.*_safe`` switches name."""

    BUSINESS = "business"
    CONFIG = "config"
    SERVER = "server"
    SSE = "sse"


class Outcome(StrEnum):
    """How one attempt ended: the rows of the classification table."""

    OK = "ok"
    # the client's own request
    BAD_REQUEST = "bad_request"
    CONTEXT_TOO_LONG = "context_too_long"
    NOT_ACCEPTED = "not_accepted"
    TOO_LARGE = "too_large"
    CONFLICT = "conflict"
    # this endpoint, or this model on it
    UNSUPPORTED = "unsupported"
    MODEL_MISSING = "model_missing"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate_limited"
    NO_CREDIT = "no_credit"
    KEY_REFUSED = "key_refused"
    FORBIDDEN = "forbidden"
    REGION_BLOCKED = "region_blocked"
    PATH_MISSING = "path_missing"
    REDIRECTED = "redirected"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    CDN_ERROR = "cdn_error"
    REQUEST_TIMEOUT = "request_timeout"
    EMPTY = "empty"
    INVALID = "invalid"
    # the network
    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    CERTIFICATE = "certificate"
    EGRESS_PROXY = "egress_proxy"
    CONNECT_TIMEOUT = "connect_timeout"
    STALE_CONNECTION = "stale_connection"
    CONNECTION_LOST = "connection_lost"
    HEAD_TIMEOUT = "head_timeout"
    FIRST_EVENT_TIMEOUT = "first_event_timeout"
    # streams
    CUT_BEFORE_CONTENT = "cut_before_content"
    CUT = "cut"
    STALLED = "stalled"
    ERROR_EVENT = "error_event"
    # neither side's fault
    CLIENT_GONE = "client_gone"
    SHUTDOWN = "shutdown"


class BodyKind(StrEnum):
    """What the body of an answer looks like, by sniffing."""

    EMPTY = "empty"
    JSON = "json"
    HTML = "html"
    SSE = "sse"
    TEXT = "text"


class BenchScope(StrEnum):
    """What a cooldown benches: the endpoint, or one model on it."""

    ENDPOINT = "endpoint"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Bench:
    """A cooldown to set.

    ``seconds`` is the first length; it doubles with each in a row up to ``longest`` (equal: no doubling).
    ``until`` is a wall time the upstream named. ``until_config_change`` ends early when the configuration changes.
    """

    scope: BenchScope
    seconds: float
    longest: float
    until: float | None = None
    until_config_change: bool = False
