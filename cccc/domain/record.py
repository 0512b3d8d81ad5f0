"""What happened to one client request: the one record that the screens, the command line and the store read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
class Pace:
    """When the bytes of a body passed: up to ``ends[i]`` of them after ``at_ms[i]`` whole milliseconds.

    Two sequences and not one of pairs: a long stream has thousands.
    """

    ends: tuple[int, ...] = ()
    at_ms: tuple[int, ...] = ()

    def slices(self, body: bytes) -> Iterator[tuple[bytes, int | None]]:
        """The body as it passed, piece by piece; ``None`` where it is not known when."""
        begin = 0
        for end, at_ms in zip(self.ends, self.at_ms, strict=False):
            if begin < end and begin < len(body):
                yield body[begin:end], at_ms
                begin = end
        if begin < len(body):
            yield body[begin:], None

    @property
    def last_ms(self) -> int | None:
        """When the last bytes passed."""
        return self.at_ms[-1] if self.at_ms else None


NO_PACE = Pace()


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One upstream request made for a client request.

    ``started`` is wall time; the ``…_ms`` values are milliseconds since ``started``. ``url`` has no query and no
    userinfo. Headers and bodies are as they were on the wire; the store redacts them. Bodies are ``None`` where the
    policy keeps none; ``request_body`` is also ``None`` where the client's own bytes were sent unchanged.
    ``response_pace`` counts from ``started``.
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
    response_pace: Pace = NO_PACE

    def without_contents(self) -> AttemptRecord:
        """The same without headers and bodies."""
        return replace(
            self,
            request_headers=(),
            response_headers=(),
            request_body=None,
            response_body=None,
            response_pace=NO_PACE,
        )


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One client request with everything that was tried for it.

    ``id`` is ``req_`` and a ULID. ``time`` is wall time of arrival. ``status`` is what the client got (499: it
    left first). ``endpoint`` is the one whose answer was delivered. ``client`` is the program as it names
    itself (``claude-cli/2.1.197``). ``ttft_ms`` runs from arrival to the first content event sent to the client.
    ``losses`` are what the conversion for the last endpoint asked could not carry over. ``response_body`` is what the
    client got where that is not byte for byte the last attempt's answer; ``response_same`` says that it is.
    ``response_pace`` counts from ``time`` in either case.
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
    response_same: bool = False
    response_pace: Pace = NO_PACE
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
            response_pace=NO_PACE,
        )

    @property
    def answer(self) -> bytes | None:
        """What the client got, as far as it was kept."""
        if self.response_same and self.attempts:
            return self.attempts[-1].response_body
        return self.response_body
