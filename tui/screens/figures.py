"""The figures of a span as the screen of statistics shows them: cards, plots, table rows and facts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cccc.control.api import ClientType, Figures, SeriesView, Span, StatsGroup, StatsKey, StatsView
from tui import format as fmt
from tui.theme import Glyphs
from tui.widgets.chart import Plot, number
from tui.widgets.facts import Fact, fact
from tui.widgets.live_table import Column, TableRow

if TYPE_CHECKING:
    from tui.app import CcccApp

NAMED = 3
"""Groups that have a shade of their own; all others share one."""

_SHARE = 8


class Measure(StrEnum):
    """What the large chart and the shares count."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    COST = "cost"


class Sort(StrEnum):
    """By what the tables are sorted: the largest first, names from A."""

    SHARE = "share"
    ERRORS = "errors"
    TTFT = "ttfb p95"
    OUTPUT = "tokens out"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the figures are of: a span, its grouping, one kind of client and one endpoint (``None``: every one)."""

    span: Span = Span.HOUR
    by: StatsKey = StatsKey.ENDPOINT
    client: ClientType | None = None
    endpoint: str | None = None

    @property
    def beside(self) -> StatsKey:
        """The grouping of the second table."""
        return StatsKey.ENDPOINT if self.by is StatsKey.MODEL else StatsKey.MODEL


@dataclass(frozen=True, slots=True)
class Told:
    """What the proxy said, and when (wall time)."""

    asked: Asked
    series: SeriesView
    beside: StatsView
    at: float


MARKS: Mapping[Span, tuple[tuple[float, str], ...]] = {
    Span.HOUR: ((0.0, "-60 min"), (0.25, "-45"), (0.5, "-30"), (0.75, "-15"), (1.0, "now")),
    Span.DAY: ((0.0, "-24 h"), (0.25, "-18"), (0.5, "-12"), (0.75, "-6"), (1.0, "now")),
    Span.WEEK: ((0.0, "-7 d"), (2 / 7, "-5"), (4 / 7, "-3"), (6 / 7, "-1"), (1.0, "now")),
}
STEP: Mapping[Span, str] = {Span.HOUR: "minute", Span.DAY: "30 min", Span.WEEK: "3 h"}

OF: Mapping[Measure, Callable[[StatsGroup], float]] = {
    Measure.REQUESTS: lambda group: group.requests,
    Measure.TOKENS: lambda group: group.usage.prompt + group.usage.output,
    Measure.COST: lambda group: group.cost_usd or 0.0,
}

_SORTED: Mapping[Sort, Callable[[StatsGroup, Measure], float]] = {
    Sort.SHARE: lambda group, measure: OF[measure](group),
    Sort.ERRORS: lambda group, _: error_share(group.errors, group.requests) or 0.0,
    Sort.TTFT: lambda group, _: group.ttft_p95_ms or 0.0,
    Sort.OUTPUT: lambda group, _: group.usage.output,
    Sort.NAME: lambda *_: 0.0,
}


def error_share(errors: int, requests: int) -> float | None:
    """Errors over requests."""
    return errors / requests if requests else None


def compared(now: float, before: float) -> str:
    """A figure against that of the span before: ``+12% vs before``, ``as before``; ``none before`` where it is new."""
    if not before:
        return "none before" if now else "as before"
    change = round((now - before) / before * 100)
    return "as before" if change == 0 else f"{change:+,}% vs before"


def _slower(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return "none before" if now is not None else "no answer yet"
    change = round(now - before)
    sign = "+" if change > 0 else "-"
    return f"p50 {sign}{fmt.milliseconds(abs(change))} vs before" if change else "p50 as before"


def _points(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return ""
    change = round((now - before) * 100)
    return f" ({change:+} points)" if change else ""


def cards(now: Figures, before: Figures) -> dict[str, tuple[Fact, ...]]:
    """The figures of the span in short, each with that of the span before, by their titles."""
    share = fmt.share(error_share(now.errors, now.requests))
    worse = "error" if now.errors else ""
    cached = f"cache read {now.cache_share:.0%}" if now.cache_share is not None else "nothing to cache"
    speed = f"{now.tokens_per_s:.0f} tokens/s out" if now.tokens_per_s is not None else ""
    out = compared(now.usage.output, before.usage.output)
    return {
        "requests": (
            fact(None, (fmt.count(now.requests), "bold")),
            fact(None, compared(now.requests, before.requests)),
            fact(None, (fmt.dollars(now.cost_usd) if now.cost_usd is not None else "", "dim")),
        ),
        "errors": (
            fact(None, (f"{fmt.count(now.errors)}", worse or "bold"), (f"  {share}" if now.requests else "", worse)),
            fact(None, f"{fmt.count(now.failovers)} failed over, {fmt.count(now.recovered)} ok"),
            fact(None, (f"{fmt.count(before.errors)} before", "dim")),
        ),
        "ttfb p50 / p95": (
            fact(None, (f"{fmt.milliseconds(now.ttft_p50_ms)} / {fmt.milliseconds(now.ttft_p95_ms)}", "bold")),
            fact(None, _slower(now.ttft_p50_ms, before.ttft_p50_ms)),
            fact(None, (speed, "dim")),
        ),
        "tokens in/out": (
            fact(None, (f"{fmt.tokens(now.usage.prompt)} / {fmt.tokens(now.usage.output)}", "bold")),
            fact(None, cached + _points(now.cache_share, before.cache_share)),
            fact(None, (f"out {out}", "dim")),
        ),
    }


def named(series: SeriesView) -> tuple[str, ...]:
    """The groups that have a shade of their own in the large chart: those with the most requests in its buckets."""
    sums: dict[str, int] = {}
    for bucket in series.buckets:
        for key, requests in bucket.parts.items():
            sums[key] = sums.get(key, 0) + requests
    return tuple(sorted(sums, key=lambda key: (-sums[key], key))[:NAMED])


def large_plot(series: SeriesView, measure: Measure) -> Plot:
    """Requests stacked by group, tokens in and out, or cost, a bar for every bucket."""
    marks, buckets = MARKS[series.span], series.buckets
    if measure is Measure.COST:
        costs = tuple(bucket.cost_usd or 0.0 for bucket in buckets)
        return Plot(stacks=(costs,), marks=marks, label=fmt.dollars)
    if measure is Measure.TOKENS:
        out, prompt = ([getattr(bucket, f"{way}_tokens") for bucket in buckets] for way in ("output", "prompt"))
        return Plot(stacks=(tuple(map(float, out)), tuple(map(float, prompt))), marks=marks)
    keys = named(series)
    stacks = [tuple(float(bucket.parts.get(key, 0)) for bucket in buckets) for key in keys]
    stacks.append(tuple(float(sum(n for key, n in bucket.parts.items() if key not in keys)) for bucket in buckets))
    return Plot(stacks=tuple(stacks if any(stacks[-1]) else stacks[:-1]), marks=marks, label=number)


def legend(series: SeriesView, measure: Measure, glyphs: Glyphs) -> str:
    """Which shade is what."""
    words: tuple[str, ...] = ("out", "in") if measure is Measure.TOKENS else ()
    if measure is Measure.REQUESTS:
        plot = large_plot(series, measure)
        words = (*map(fmt.safe, named(series)), "others")[: len(plot.stacks)]
    return "  ".join(f"{fmt.cut(word, 18)} {shade}" for word, shade in zip(words, glyphs.shades, strict=False))


def ttft_plot(series: SeriesView) -> Plot:
    """The time to first byte: the median as a line, the slow ones as dots."""
    return Plot(
        line=tuple(bucket.ttft_p50_ms for bucket in series.buckets),
        dots=tuple(bucket.ttft_p95_ms for bucket in series.buckets),
        marks=MARKS[series.span],
        label=fmt.milliseconds,
    )


def in_order(groups: Sequence[StatsGroup], sort: Sort, measure: Measure) -> list[StatsGroup]:
    """The groups in the order that the tables show."""
    return sorted(groups, key=lambda group: (-_SORTED[sort](group, measure), group.key))


def columns(title: str) -> tuple[Column, ...]:
    """Those of the table whose groups are called ``title``."""
    return (
        Column("key", title, 19),
        Column("requests", "req", 6, right=True),
        Column("share", "share", _SHARE + 5),
        Column("errors", "err", 6, right=True),
        Column("p95", "p95", 7, right=True),
        Column("in", "in", 8, right=True, from_width=66),
        Column("out", "out", 8, right=True, from_width=75),
        Column("cost", "cost", 8, right=True, from_width=84),
    )


def beside_columns(title: str) -> tuple[Column, ...]:
    """Those of the second table."""
    return (
        Column("key", title, 17),
        Column("requests", "req", 6, right=True),
        Column("in", "in", 8, right=True),
        Column("out", "out", 7, right=True),
        Column("speed", "tok/s", 5, right=True, from_width=52),
        Column("cost", "cost", 7, right=True, from_width=56),
    )


def group_rows(groups: Sequence[StatsGroup], measure: Measure, app: CcccApp) -> list[TableRow]:
    """The rows of either table; shares are of what ``measure`` counts."""
    palette, total = app.palette, sum(map(OF[measure], groups))
    rows = []
    for group in groups:
        part = OF[measure](group) / total if total else 0.0
        rows.append(
            TableRow(
                group.key,
                {
                    "key": (fmt.safe(group.key), palette[""]),
                    "requests": (fmt.count(group.requests), palette[""]),
                    "share": (f"{bar(part, _SHARE, app.glyphs)} {part:4.0%}", palette["primary"]),
                    "errors": (
                        fmt.share(error_share(group.errors, group.requests)),
                        palette["error" if group.errors else ""],
                    ),
                    "p95": (fmt.milliseconds(group.ttft_p95_ms), palette[""]),
                    "in": (fmt.tokens(group.usage.prompt), palette[""]),
                    "out": (fmt.tokens(group.usage.output), palette[""]),
                    "speed": (fmt.NOTHING if group.tokens_per_s is None else f"{group.tokens_per_s:.0f}", palette[""]),
                    "cost": (fmt.dollars(group.cost_usd), palette[""]),
                },
            )
        )
    return rows


def bar(part: float, width: int, glyphs: Glyphs) -> str:
    """A share as a bar of at most ``width`` cells; whatever is more than nothing has one."""
    cells = min(width, max(round(part * width), 1 if part > 0 else 0))
    return fmt.fit(glyphs.shades[0] * cells, width)


def failures(series: SeriesView, glyphs: Glyphs) -> list[Fact]:
    """Errors by kind, fail-overs, and what was converted into what."""
    lines = [
        fact(
            "" if at else "errors",
            (f"{fmt.fit(_kind(one.outcome or one.verdict, one.status), 28)}  ", "error"),
            f"{bar(one.requests / series.errors[0].requests, _SHARE, glyphs)} {fmt.count(one.requests)}",
        )
        for at, one in enumerate(series.errors[:3])
    ]
    if not lines:
        lines = [fact("errors", ("none", "success"))]
    now = series.totals
    ended = f", {fmt.count(now.recovered)} ended well" if now.failovers else ""
    lines.append(fact("fail-overs", f"{fmt.count(now.failovers)} needed a second endpoint{ended}"))
    converted = [one for one in series.conversions if one.asked is not one.sent]
    untouched = sum(one.requests for one in series.conversions if one.asked is one.sent)
    pairs = "  ".join(f"{glyphs.path(one.asked, one.sent)} {fmt.count(one.requests)}" for one in converted)
    return [*lines, fact("converted", (pairs or "none", "convert"), f"   untouched {fmt.count(untouched)}")]


def _kind(what: StrEnum, status: int | None) -> str:
    words = what.value.replace("_", " ")
    return words if status is None else f"{words} {status}"


def strips(series: SeriesView, glyphs: Glyphs, width: int) -> list[Fact]:
    """Tokens out and the share of the prompt that came from a cache, a bar for each of the newest buckets that fit."""
    step, buckets = STEP[series.span], series.buckets[-max(1, width) :]
    out = [bucket.output_tokens or None for bucket in buckets]
    cached = [bucket.cache_share for bucket in buckets]
    return [
        fact(None, (f"out tokens per {step}", "dim")),
        fact(None, (fmt.bars(out, glyphs.bars), "native")),
        fact(None, ("cache read share of input", "dim")),
        fact(None, (_parts(cached, glyphs.bars), "native")),
    ]


def _parts(shares: Sequence[float | None], steps: str) -> str:
    """A strip of shares: a full bar is everything, not the largest of them."""
    return fmt.bars([*shares, 1.0], steps)[:-1]


def everything(told: Told, app: CcccApp) -> list[Fact]:
    """All of it as one page: where the screen is too small for panes, or there is more than they show."""
    series, glyphs = told.series, app.glyphs
    lines: list[Fact] = []
    for name, said in cards(series.totals, series.before).items():
        first, *rest = (one.pieces for one in said)
        dots = [piece for pieces in rest for piece in ((f"  {glyphs.dot}  ", ""), *pieces) if any(p[0] for p in pieces)]
        lines.append(Fact(name.partition(" ")[0], (*first, *dots)))
    lines += [*failures(series, glyphs), *strips(series, glyphs, len(series.buckets))]
    for by, groups in ((series.by, series.groups), (told.beside.by, told.beside.groups)):
        lines += [fact(None, ""), fact(None, (f"by {by.value}", "bold"))]
        lines += [
            fact(
                None,
                f"{fmt.fit(fmt.safe(group.key), 20)}{fmt.count(group.requests):>8}",
                f"  err {fmt.share(error_share(group.errors, group.requests)):>6}",
                f"  p95 {fmt.milliseconds(group.ttft_p95_ms):>7}",
                f"  {fmt.tokens(group.usage.prompt)} / {fmt.tokens(group.usage.output)}",
                f"  {fmt.dollars(group.cost_usd)}",
            )
            for group in groups
        ]
    return lines
