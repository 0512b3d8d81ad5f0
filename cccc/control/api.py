"""What may be asked of a proxy, and the views that come back: the only module of ``cccc`` that the screens import.

``Control`` has two implementations with one contract: ``control.local`` over a runtime in this process and
``control.remote`` over the admin HTTP API. Views are frozen values; times are wall times in seconds (the JSON of
``control.wire`` writes them as ISO 8601 with zone), durations are milliseconds unless named otherwise. The views of
figures, flows, probes and the configuration stand in modules of their own and are all to be had here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cccc.control.client_views import (
    SET_UP,
    ClientApplied,
    ClientControl,
    ClientOptions,
    ClientPlan,
    ClientRestored,
    ClientSetting,
    ClientState,
    ClientView,
    PlannedFile,
    PlannedReason,
    Proof,
    ProofState,
)
from cccc.control.configuring import (
    ConfigChanges,
    ConfigDiff,
    ConfigField,
    ConfigForm,
    ConfigProblem,
    ConfigSection,
    ConfigValue,
    ConfigView,
    FieldKind,
    Saved,
)
from cccc.control.figures import (
    Bucket,
    ConversionCount,
    EndpointActivity,
    EndpointDetail,
    ErrorCount,
    Figures,
    Learned,
    Lost,
    Minute,
    RecentAttempt,
    SeriesView,
    Span,
    StatsGroup,
    StatsKey,
    StatsView,
)
from cccc.control.filters import HELP as FILTER_HELP
from cccc.control.filters import RequestFilter
from cccc.control.filters import parse as parse_filter
from cccc.control.flow import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    Flow,
    FlowEnded,
    FlowLost,
    FlowPiece,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from cccc.control.importing import Found, ImportControl, ImportPlan
from cccc.control.probing import Check, EndpointDraft, FormatProbe, Preset, ProbeReport
from cccc.control.text import visible, visible_line
from cccc.domain.curl import as_curl
from cccc.domain.endpoint import AuthType, ClientType, ModelRule, WireFormat
from cccc.domain.failover import FailureClass, Outcome
from cccc.domain.health import Breaker, Standing
from cccc.domain.loss import Loss
from cccc.domain.ranking import Candidate, Excluded, Ranking, SortKey
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.domain.secret import Secret
from cccc.domain.usage import Usage
from cccc.domain.verdict import Verdict
from cccc.domain.whatif import NOTHING, Move, Moves, WayUp, WhatIf, WhatIfs
from cccc.errors import BadFilter, CcccError

__all__ = [
    "FILTER_HELP",
    "NOTHING",
    "SET_UP",
    "AttemptRecord",
    "AuthType",
    "BadFilter",
    "Breaker",
    "Bucket",
    "Candidate",
    "CcccError",
    "Check",
    "ClientAnswered",
    "ClientApplied",
    "ClientAsked",
    "ClientControl",
    "ClientGot",
    "ClientOptions",
    "ClientPlan",
    "ClientRestored",
    "ClientSetting",
    "ClientState",
    "ClientType",
    "ClientView",
    "ConfigChanges",
    "ConfigDiff",
    "ConfigField",
    "ConfigForm",
    "ConfigProblem",
    "ConfigSection",
    "ConfigValue",
    "ConfigView",
    "Control",
    "ConversionCount",
    "EndpointAction",
    "EndpointActivity",
    "EndpointChanged",
    "EndpointDetail",
    "EndpointDraft",
    "EndpointView",
    "ErrorCount",
    "Event",
    "Events",
    "EventsLost",
    "Excluded",
    "FailureClass",
    "FieldKind",
    "Figures",
    "Flow",
    "FlowEnded",
    "FlowLost",
    "FlowPiece",
    "FormatProbe",
    "Found",
    "ImportPlan",
    "Learned",
    "Loss",
    "Lost",
    "Manual",
    "Minute",
    "ModelRule",
    "Move",
    "Moves",
    "Outcome",
    "Overview",
    "PlannedFile",
    "PlannedReason",
    "Preset",
    "ProbeReport",
    "Proof",
    "ProofState",
    "Ranking",
    "RecentAttempt",
    "RequestFilter",
    "RequestFinished",
    "RequestProgress",
    "RequestRecord",
    "RequestRunning",
    "RequestStarted",
    "RequestSummary",
    "Saved",
    "Secret",
    "SeriesView",
    "SortKey",
    "Span",
    "Standing",
    "StatsGroup",
    "StatsKey",
    "StatsView",
    "UpstreamAnswered",
    "UpstreamAsked",
    "UpstreamEnded",
    "UpstreamSaid",
    "Usage",
    "Verdict",
    "WayUp",
    "WhatIf",
    "WhatIfs",
    "WireFormat",
    "as_curl",
    "parse_filter",
    "visible",
    "visible_line",
]

_EVERYTHING = RequestFilter()


@dataclass(frozen=True, slots=True)
class Manual:
    """A person's choice (``cccc use``): ``endpoint`` stands above the layers until ``until`` (``None``: for good)."""

    endpoint: str
    client_type: ClientType | None
    until: float | None


@dataclass(frozen=True, slots=True)
class RequestStarted:
    """A client request was read and will be answered."""

    id: str
    time: float
    client_type: ClientType
    format: WireFormat
    model: str | None
    stream: bool


@dataclass(frozen=True, slots=True)
class RequestProgress:
    """The state of a running request: at first byte, and at most four times a second after it."""

    id: str
    endpoint: str
    attempt: int
    ttft_ms: float | None
    bytes_out: int


@dataclass(frozen=True, slots=True)
class RequestRunning:
    """A request in flight: how it began and how far it is, ``None`` before any endpoint was asked."""

    start: RequestStarted
    progress: RequestProgress | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The proxy at a glance. ``address`` is ``None`` where no proxy runs there.

    ``per_minute`` are the turns that ended within the last minute, ``error_share`` is the part of those of the last
    five that went wrong at the endpoints (``None`` without any). ``attached``: it runs in another process than ours.
    ``running`` are the requests in flight, oldest first.
    """

    version: str
    address: str | None
    pid: int
    started: float | None
    endpoints_total: int
    endpoints_usable: int
    in_flight: int
    requests_dropped_from_log: int
    manual: tuple[Manual, ...] = ()
    warnings: tuple[str, ...] = ()
    per_minute: int = 0
    error_share: float | None = None
    attached: bool = False
    running: tuple[RequestRunning, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One endpoint with its configuration in short and its live state."""

    name: str
    enabled: bool
    client_type: ClientType | None
    formats: tuple[WireFormat, ...]
    urls: tuple[str, ...]
    auth: str
    priority: int
    native_format: bool
    tags: tuple[str, ...]
    models: tuple[str, ...]
    health: Standing
    breaker: Breaker
    cooldown_until: float | None
    reason: str | None
    ttft_ms: float | None
    success_rate: float | None
    in_flight: int
    last_error: str | None
    last_error_at: float | None
    causes: tuple[str, ...] = ()
    unified_status: str | None = None


class EndpointAction(StrEnum):
    """What can be done to an endpoint."""

    ENABLE = "enable"
    DISABLE = "disable"
    PRIORITY = "priority"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """One row of the request log. ``attempts`` counts upstream requests; ``seq`` grows with every row stored."""

    seq: int
    id: str
    time: float
    client: str
    client_type: ClientType
    format: WireFormat
    model: str | None
    endpoint: str | None
    target_format: WireFormat | None
    converted: bool
    stream: bool
    status: int
    verdict: Verdict
    ttft_ms: float | None
    duration_ms: float
    attempts: int
    usage: Usage | None
    cost_usd: float | None
    session: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """A request ended; its record is on its way to the store."""

    record: RequestRecord


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """Health, configuration or learned facts of an endpoint changed."""

    name: str


@dataclass(frozen=True, slots=True)
class EventsLost:
    """This reader was too slow: ``count`` events were not delivered to it."""

    count: int


Event = RequestStarted | RequestProgress | RequestFinished | EndpointChanged | EventsLost


class Events(Protocol):
    """An async iterator over events that can be closed before its end (an async generator is one)."""

    def __aiter__(self) -> AsyncIterator[Event]: ...

    def __anext__(self) -> Awaitable[Event]: ...

    def aclose(self) -> Awaitable[None]: ...


class Control(ClientControl, ImportControl, Protocol):
    """Everything that can be seen and done. Raises ``CcccError`` subclasses only."""

    async def overview(self) -> Overview: ...

    async def endpoints(self) -> tuple[EndpointView, ...]: ...

    async def endpoint_action(self, name: str, action: EndpointAction, *, priority: int | None = None) -> EndpointView:
        """Enable, disable, set a priority (both written into the configuration file in place) or reset health."""
        ...

    async def requests(
        self, wanted: RequestFilter = _EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> tuple[RequestSummary, ...]:
        """The newest ``limit`` rows that match, oldest first; with ``after`` only rows whose ``seq`` is larger."""
        ...

    async def request(self, request_id: str) -> RequestRecord:
        """One request with its attempts and its ranking. A unique prefix of the id is enough."""
        ...

    async def replay(self, request_id: str, *, endpoint: str | None = None) -> str:
        """Send a request of the log again, to one endpoint or to whoever comes first; returns the new request's id.

        It goes through the real pipeline, and its answer to nobody but the log. Refused where the body was not kept.
        """
        ...

    async def save(self, request_id: str) -> bytes:
        """A request with everything that flowed for it as a ZIP, credentials masked: for a report of a bug."""
        ...

    def watch(self, request_id: str) -> Flow:
        """What flows for one request: what has happened, then what happens, up to its end. Closed by its reader.

        A request in flight is known by its whole id; one that has ended is read back from the log, with as much of
        its bodies as was kept. Raises ``UnknownRequest`` at its first step.
        """
        ...

    async def rank(
        self,
        client_type: ClientType,
        *,
        model: str | None = None,
        path: str | None = None,
        what_if: WhatIfs = NOTHING,
    ) -> Ranking:
        """The order for such a request now; ``path`` replaces the client's usual path. ``what_if`` changes nothing."""
        ...

    async def moves(self, client_type: ClientType, what_if: WhatIfs, *, last: int = 200) -> Moves:
        """Which of the client's newest ``last`` requests would have gone elsewhere first, under that supposition."""
        ...

    async def ways_up(
        self, name: str, client_type: ClientType, *, model: str | None = None, what_if: WhatIfs = NOTHING
    ) -> tuple[WayUp, ...]:
        """The single changes that would move an endpoint up in ``rank``'s order, the best place first."""
        ...

    async def stats(
        self, by: StatsKey, *, since: float, client_type: ClientType | None = None, endpoint: str | None = None
    ) -> StatsView:
        """Figures in groups, the largest first; of one kind of client, of the requests that one endpoint answered."""
        ...

    async def series(
        self,
        span: Span,
        by: StatsKey = StatsKey.ENDPOINT,
        *,
        client_type: ClientType | None = None,
        endpoint: str | None = None,
    ) -> SeriesView:
        """The last hour, day or week in buckets, with sums, the span before, groups, errors and conversions."""
        ...

    async def activity(self, minutes: int = 30) -> tuple[EndpointActivity, ...]:
        """How every endpoint has been doing minute by minute, in the order of ``endpoints``."""
        ...

    async def endpoint_detail(self, name: str) -> EndpointDetail:
        """One endpoint closely: the last hour in figures, its newest attempts, what was learned about it."""
        ...

    async def config(self) -> ConfigView: ...

    async def config_check(self, text: str, *, toml: bool) -> tuple[ConfigProblem, ...]:
        """Check a configuration without using it."""
        ...

    async def config_form(self) -> ConfigForm:
        """The settings in force as sections of fields."""
        ...

    async def config_diff(self, changes: ConfigChanges) -> ConfigDiff:
        """What ``config_save`` would do to the user's file, and what is wrong with the result."""
        ...

    async def config_save(self, changes: ConfigChanges) -> Saved:
        """Write settings into the user's file, in place, and take them up."""
        ...

    async def config_undo(self, saved: Saved) -> None:
        """Take a change of the file back, byte for byte. Refused where the file has been changed since."""
        ...

    async def endpoint_add(self, draft: EndpointDraft) -> Saved:
        """Write a new endpoint into the user's file, behind the others; makes the file where there is none."""
        ...

    async def endpoint_edit(self, name: str, draft: EndpointDraft) -> Saved:
        """Make an endpoint in the user's file what the draft says; a draft without a key keeps the one there is."""
        ...

    async def endpoint_remove(self, name: str) -> Saved:
        """Take an endpoint out of the user's file. ``config_undo`` puts it back."""
        ...

    async def presets(self) -> tuple[Preset, ...]:
        """The providers whose addresses are known."""
        ...

    async def probe(self, draft: EndpointDraft, *, model: str | None = None) -> ProbeReport:
        """Ask a draft's addresses what they speak, in a few small requests that cost what the report says.

        A base address is asked in every format. ``model``: the one to ask for, else the cheapest that is listed.
        Nothing is saved. Raises ``ConfigError`` for a draft that could not be saved either.
        """
        ...

    async def probe_endpoint(self, name: str, *, model: str | None = None) -> ProbeReport:
        """The same for an endpoint of the configuration. Touches neither its health nor the statistics."""
        ...

    async def use(
        self, endpoint: str | None, *, client_type: ClientType | None = None, seconds: float | None = None
    ) -> tuple[Manual, ...]:
        """Put an endpoint above the four layers, or with ``None`` end such choices. Returns those in force."""
        ...

    async def stop(self, *, drain: bool = True) -> None:
        """Stop the proxy: when what is in flight has ended, or at once. May be asked again to hurry."""
        ...

    def events(self) -> Events:
        """What happens from now on. A reader that is too slow loses events and is told so. Closed by its reader."""
        ...
