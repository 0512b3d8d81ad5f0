"""What an upstream's answer means: one table from evidence to consequence.

The rows are resilience.md §5 (by answer) and §1 (by phase). Nothing else in the program decides whether to repeat,
to go elsewhere, to cool down, to count against health, or what the client gets at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cccc.domain.answers import Failure
from cccc.errors import UpstreamError


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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when an attempt has ended.

    ``error`` is set where no answer (or no whole one) came; ``status`` where a head came. ``fault_*`` are the error
    as the upstream words it (in an error body, in a 200 or in a stream event). ``committed``: content had gone to
    the client. ``content``/``terminal``/``broken_tool`` are the facts of the answer. ``headers`` are the answer's
    lower-case rate-limit and retry headers plus ``date``. ``date_skew`` is our clock minus the answer's ``date``.
    """

    status: int | None = None
    error: UpstreamError | None = None
    body_kind: BodyKind = BodyKind.EMPTY
    fault_type: str | None = None
    fault_code: str | None = None
    fault_message: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    streaming: bool = False
    committed: bool = False
    valid: bool = True
    content: bool = False
    terminal: bool = False
    broken_tool: bool = False
    converted: bool = False
    client_gone: bool = False
    shutdown: bool = False


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


@dataclass(frozen=True, slots=True)
class Classification:
    """The consequences of one attempt.

    ``repeat_here``: the same endpoint may be asked once more (budgets permitting); ``free`` where that repeat does not
    count. ``go_elsewhere``: the next endpoint may be asked. ``health_weight``: records that this failure adds to the
    breaker's window (a timeout counts 2), 0 for none. ``opens``: seconds for which the breaker opens at once.
    ``failure``: what the client is told when nothing is left. ``unmodified``: the upstream's own status and body go
    back when the formats agree. ``message``: one sentence for log and client, no URL, no key.
    """

    outcome: Outcome
    message: str
    failure_class: FailureClass | None = None
    repeat_here: bool = False
    free: bool = False
    go_elsewhere: bool = False
    health_weight: int = 0
    opens: float | None = None
    bench: Bench | None = None
    failure: Failure | None = None
    unmodified: bool = False


def classify(evidence: Evidence, *, now: float) -> Classification:
    """Look an ended attempt up in the table. Total: every evidence has exactly one row."""
    raise NotImplementedError
