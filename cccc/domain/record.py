"""What happened to one client request: the one record that the screens, the command line and the store read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.failover import FailureClass, Outcome
from cccc.domain.loss import Loss
from cccc.domain.ranking import Ranking
from cccc.domain.usage import Usage
from cccc.domain.verdict import Verdict

HeaderList = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One upstream request made for a client request.

    ``started`` is wall time; the ``…_ms`` values are milliseconds since ``started``. ``url`` has no query and no
    userinfo. Headers and bodies are as they were on the wire; the store redacts them. Bodies are ``None`` where the
    policy keeps none; ``request_body`` is also ``None`` where the client's own bytes were sent unchanged.
    ``outcome`` is the row of the classification table that the answer fell into.
    """

    endpoint: str
    wire_format: WireFormat
    url: str
    model_sent: str | None
    started: float
    outcome: Outcome
    failure_class: FailureClass | None = None
    status: int | None = None
    error: str | None = None
    reused_connection: bool = False
    connect_ms: float | None = None
    head_ms: float | None = None
    ttft_ms: float | None = None
    duration_ms: float = 0.0
    cooldown_until: float | None = None
    request_headers: HeaderList = ()
    response_headers: HeaderList = ()
    request_body: bytes | None = None
    response_body: bytes | None = None

    def without_contents(self) -> AttemptRecord:
        """The same without headers and bodies."""
        return replace(self, request_headers=(), response_headers=(), request_body=None, response_body=None)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One client request with everything that was tried for it.

    ``id`` is ``req_`` and a ULID. ``time`` is wall time of arrival. ``status`` is what the client got (499: it
    left first). ``endpoint`` is the one whose answer was delivered. ``client`` is the program as it names
    itself (``claude-cli/2.1.197``). ``ttft_ms`` runs from arrival to the first content event sent to the client.
    ``losses`` are what the conversion for the last endpoint asked could not carry over.
    """

    id: str
    time: float
    client: str
    client_type: ClientType
    client_reason: str
    wire_format: WireFormat
    action: Action
    method: str
    path: str
    stream: bool
    verdict: Verdict
    status: int
    duration_ms: float
    model: str | None = None
    model_served: str | None = None
    endpoint: str | None = None
    target_format: WireFormat | None = None
    converted: bool = False
    ttft_ms: float | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    session: str | None = None
    tags: tuple[str, ...] = ()
    error: str | None = None
    stop_reason: str | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    losses: tuple[Loss, ...] = ()
    ranking: Ranking | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    request_headers: HeaderList = ()
    response_headers: HeaderList = ()
    request_body: bytes | None = None
    response_body: bytes | None = None
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def without_contents(self) -> RequestRecord:
        """The same without headers and bodies: what may be shown before the store has redacted it."""
        return replace(
            self,
            attempts=tuple(attempt.without_contents() for attempt in self.attempts),
            request_headers=(),
            response_headers=(),
            request_body=None,
            response_body=None,
        )
