"""What the log says in figures: groups, series over a span, and how each endpoint has been doing.

All counts are of turns: counting tokens and listing models say nothing about how an endpoint does. Times are wall
times in seconds, durations milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cccc.domain.endpoint import ModelRule, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.usage import Usage
from cccc.domain.verdict import Verdict

NO_TOKENS = Usage()


class StatsKey(StrEnum):
    """By what statistics are grouped."""

    ENDPOINT = "endpoint"
    MODEL = "model"
    CLIENT = "client"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class ConversionCount:
    """Answered requests that came in one format and were asked in another; the same twice: passed untouched."""

    asked: WireFormat
    sent: WireFormat
    requests: int


@dataclass(frozen=True, slots=True)
class Lost:
    """What conversions could not carry over, and how often."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class StatsGroup:
    """One group. ``cache_share`` is cache reads over all prompt tokens, ``None`` without prompt tokens.

    ``tokens_per_s``: tokens out over the seconds between first content and end, streamed answers only. ``losses`` are
    what was lost in conversion, the most frequent first; they belong to the endpoint that answered.
    """

    key: str
    requests: int
    errors: int
    failovers: int
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    usage: Usage
    cost_usd: float | None
    cache_share: float | None
    tokens_per_s: float | None = None
    losses: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True)
class StatsView:
    """Statistics since a wall time. ``conversions`` are those of all groups, the most frequent first."""

    since: float
    by: StatsKey
    groups: tuple[StatsGroup, ...]
    conversions: tuple[ConversionCount, ...] = ()


class Span(StrEnum):
    """How far back a series goes: sixty buckets of a minute, 48 of half an hour, or 56 of three hours."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def seconds(self) -> float:
        """The length of the whole span."""
        return self.bucket_s * _BUCKETS[self][1]

    @property
    def bucket_s(self) -> float:
        """The length of one bucket."""
        return _BUCKETS[self][0]


_BUCKETS: Mapping[Span, tuple[float, int]] = {
    Span.HOUR: (60.0, 60),
    Span.DAY: (1_800.0, 48),
    Span.WEEK: (10_800.0, 56),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of a stretch of time.

    ``failovers`` needed a second endpoint, ``recovered`` of them ended well. ``untouched`` went through in the
    client's own format.
    """

    requests: int = 0
    errors: int = 0
    failovers: int = 0
    recovered: int = 0
    ttft_p50_ms: float | None = None
    ttft_p95_ms: float | None = None
    usage: Usage = NO_TOKENS
    cost_usd: float | None = None
    cache_share: float | None = None
    tokens_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One step of a series, beginning at ``time``. ``parts`` are its requests by the series' grouping."""

    time: float
    requests: int = 0
    errors: int = 0
    ttft_p50_ms: float | None = None
    ttft_p95_ms: float | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    cache_share: float | None = None
    parts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Failed requests of one kind: how the last attempt ended (``None``: nobody was asked) and what was answered.

    Errors of the client's own making are listed too; their ``verdict`` tells them apart.
    """

    verdict: Verdict
    outcome: Outcome | None
    status: int | None
    requests: int


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A span up to now in buckets that begin at round times, so that they stand still while time passes.

    ``totals`` count from ``since`` to ``until`` (now); ``before`` the same length of the span before. ``groups`` have
    the most requests first, and so have ``errors`` and ``conversions``.
    """

    span: Span
    by: StatsKey
    since: float
    until: float
    buckets: tuple[Bucket, ...]
    totals: Figures
    before: Figures
    groups: tuple[StatsGroup, ...]
    errors: tuple[ErrorCount, ...]
    conversions: tuple[ConversionCount, ...]


@dataclass(frozen=True, slots=True)
class Minute:
    """How an endpoint did in the minute that begins at ``time``: upstream requests, those that failed, the median time
    to the first content of those that streamed, and whether its breaker was open at any moment of it."""

    time: float
    attempts: int = 0
    errors: int = 0
    ttft_ms: float | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class EndpointActivity:
    """The last minutes of one endpoint, oldest first; the last one is still going on.

    ``per_minute`` is the mean of the last five minutes. ``ok_share`` and ``ttft_p50_ms`` are those of the last hour,
    ``None`` without a request.
    """

    name: str
    minutes: tuple[Minute, ...]
    per_minute: float
    ok_share: float | None
    ttft_p50_ms: float | None


@dataclass(frozen=True, slots=True)
class RecentAttempt:
    """One upstream request. ``next_endpoint`` is where its request went on, ``None`` where it ended here.

    ``usage`` is that of the answer, ``None`` for an attempt that was not delivered.
    """

    request_id: str
    time: float
    outcome: Outcome
    status: int | None
    model: str | None
    ttft_ms: float | None
    duration_ms: float
    usage: Usage | None
    error: str | None
    next_endpoint: str | None


@dataclass(frozen=True, slots=True)
class Learned:
    """One thing found out about an endpoint, in words, and until when it is believed (``None``: until its
    configuration changes)."""

    text: str
    until: float | None


@dataclass(frozen=True, slots=True)
class EndpointDetail:
    """What ``endpoints`` does not tell of one endpoint; figures are of the last hour.

    ``asked`` counts the client requests that tried it, ``left`` those that went on to another one. ``key`` is what may
    be seen of the key (``sk-…4f2a``; long keys only), ``proxy`` the way out (``http://127.0.0.1:3128``).
    """

    activity: EndpointActivity
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    ttft_p99_ms: float | None
    tokens_per_s: float | None
    asked: int
    left: int
    recent: tuple[RecentAttempt, ...]
    learned: tuple[Learned, ...]
    key: str | None
    proxy: str | None
    model_rules: tuple[ModelRule, ...]
