"""An hour, a day and a week in figures: an invented but steady crowd, the same in every run."""

from __future__ import annotations

from dataclasses import replace

from cccc.control.api import (
    Bucket,
    ClientType,
    ConversionCount,
    ErrorCount,
    Figures,
    Outcome,
    SeriesView,
    Span,
    StatsGroup,
    StatsKey,
    StatsView,
    Usage,
    Verdict,
    WireFormat,
)
from tests.control.fake import FakeControl

KEYS = {
    StatsKey.ENDPOINT: ("anthropic-official", "relay-eu", "openrouter", "openai-official"),
    StatsKey.MODEL: ("claude-opus-4-5", "claude-haiku-4-5", "gpt-5.2-codex", "gpt-5.2"),
    StatsKey.CLIENT: ("claude-cli/2.1.197", "codex_cli_rs/0.87.0", "openai-python/2.7", "(none)"),
    StatsKey.DAY: ("2026-06-29", "2026-06-30", "2026-07-01", "2026-06-28"),
}


CROWD: list[tuple[int, int, float, int, int, float | None]] = [
    (512, 1, 1_600.0, 7_100_000, 138_000, 61.0),
    (184, 3, 2_500.0, 400_000, 12_000, 140.0),
    (101, 0, 1_900.0, 2_000_000, 52_000, 74.0),
    (45, 4, 6_200.0, 300_000, 12_000, None),
]
"""Requests, errors, p95 in milliseconds, tokens in and out, and tokens out a second of each group."""


def groups(by: StatsKey) -> tuple[StatsGroup, ...]:
    return tuple(
        StatsGroup(key, requests, errors, errors, p95 / 3, p95, Usage(prompt, output=out), out / 10_000, 0.7, speed)
        for key, (requests, errors, p95, prompt, out, speed) in zip(KEYS[by], CROWD, strict=True)
    )  # fmt: skip


def series(span: Span, by: StatsKey, now: float) -> SeriesView:
    step, number = span.bucket_s, round(span.seconds / span.bucket_s)
    since = (now // step + 1 - number) * step
    first, second, third, fourth, *_ = KEYS[by]
    buckets = []
    for at in range(number):
        busy = 12 - abs(at % 24 - 12)
        parts = {first: busy, second: busy // 3, third: at % 4, fourth: int(at % 9 == 0)}
        quiet = 26 <= at < 30
        buckets.append(
            Bucket(since + at * step) if quiet else
            Bucket(since + at * step, sum(parts.values()), int(at % 11 == 0), 600.0 + 40 * busy,
                   1_800.0 + 150 * (at % 7), 100_000 + 9_000 * busy, 2_000 + 300 * busy, 0.2 + busy / 20,
                   0.5 + at % 6 / 12, parts)
        )  # fmt: skip
    return SeriesView(
        span=span,
        by=by,
        since=since,
        until=now,
        buckets=tuple(buckets),
        totals=Figures(842, 7, 5, 4, 640.0, 2_400.0, Usage(2_800_000, 7_000_000, 0, 214_000), 31.4, 0.714, 68.0),
        before=Figures(750, 4, 3, 3, 680.0, 2_300.0, Usage(2_500_000, 5_000_000, 0, 190_000), 28.0, 0.68, 70.0),
        groups=groups(by),
        errors=(
            ErrorCount(Verdict.UPSTREAM_ERROR, Outcome.OVERLOADED, 529, 3),
            ErrorCount(Verdict.UPSTREAM_ERROR, Outcome.HEAD_TIMEOUT, None, 2),
            ErrorCount(Verdict.CLIENT_ERROR, None, 404, 1),
            ErrorCount(Verdict.INCOMPLETE, None, 200, 1),
        ),
        conversions=(
            ConversionCount(WireFormat.ANTHROPIC, WireFormat.ANTHROPIC, 799),
            ConversionCount(WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, 31),
            ConversionCount(WireFormat.OPENAI_RESPONSES, WireFormat.OPENAI_CHAT, 12),
        ),
    )


class Counted(FakeControl):
    """The fixed world with these figures. ``asked`` is what it was asked for; ``quiet``: there was no request."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Span, StatsKey, ClientType | None, str | None]] = []
        self.quiet = False

    async def series(
        self,
        span: Span,
        by: StatsKey = StatsKey.ENDPOINT,
        *,
        client_type: ClientType | None = None,
        endpoint: str | None = None,
    ) -> SeriesView:
        self.asked.append((span, by, client_type, endpoint))
        view = series(span, by, self.now)
        if self.quiet:
            empty = tuple(Bucket(bucket.time) for bucket in view.buckets)
            nothing = Figures()
            return replace(view, buckets=empty, totals=nothing, before=nothing, groups=(), errors=(), conversions=())
        return view

    async def stats(
        self, by: StatsKey, *, since: float, client_type: ClientType | None = None, endpoint: str | None = None
    ) -> StatsView:
        return StatsView(since, by, () if self.quiet else groups(by))
