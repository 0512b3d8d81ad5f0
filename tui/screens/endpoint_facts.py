"""What is known about one endpoint: its configuration in short, its health, its last hour closely, its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cccc.control.api import EndpointDetail, EndpointView, Excluded, Minute, Usage
from tui import format as fmt
from tui.state import QUIET, Frame
from tui.theme import MARKS, state
from tui.widgets.facts import Fact, fact

if TYPE_CHECKING:
    from tui.app import CcccApp

_RECENT = 3


def ordered(frame: Frame) -> list[tuple[int | None, EndpointView, Excluded | None]]:
    """The endpoints as (place, endpoint, why it has none): those in the ranking first, the others as configured."""
    ranking = frame.ranking
    places = {one.name: one.rank for one in ranking.order} if ranking else {}
    left_out = {one.name: one for one in ranking.excluded} if ranking else {}
    views = sorted(frame.endpoints, key=lambda view: places.get(view.name, len(frame.endpoints) + 1))
    return [(places.get(view.name), view, left_out.get(view.name)) for view in views]


def facts(frame: Frame, name: str, app: CcccApp, detail: EndpointDetail | None = None) -> list[Fact]:
    """Everything known about one endpoint; ``detail`` is what the proxy says when it is asked closely."""
    found = next(((place, view, why) for place, view, why in ordered(frame) if view.name == name), None)
    if found is None:
        return [fact("gone", "this endpoint left the configuration")]
    place, view, left_out = found
    dot = f"  {app.glyphs.dot}  "
    said, meaning = state(view, frame.now, app.glyphs)
    client = (view.client_type.value if view.client_type else "every client").replace("_", " ")
    done = app.pulses.get(name, QUIET)
    return [
        fact("url", fmt.safe(dot.join(view.urls))),
        fact(
            "auth",
            fmt.safe(_key(view, detail)),
            dot,
            f"for {client}",
            dot,
            "models ",
            fmt.safe(", ".join(view.models) or "all"),
        ),
        *([fact("tags", fmt.safe(", ".join(view.tags)))] if view.tags else []),
        fact("health", (said, meaning), *((dot, fmt.safe(view.reason)) if view.reason else ())),
        *_last_error(frame, view),
        fact("breaker", view.breaker.value.replace("_", "-"), *_causes(view, dot)),
        fact(
            "traffic",
            f"{fmt.counted(done.ended, 'request')} in the last hour, {done.failed} failed",
            f"{dot}{view.in_flight} in flight",
            f"{dot}ttfb {fmt.milliseconds(view.ttft_ms)}{dot}ok {fmt.share(view.success_rate)}",
        ),
        *(_closely(detail, app) if detail is not None else ()),
        *_recent(frame, name, app),
        fact("rank", *_place(frame, place, left_out)),
    ]


def _last_error(frame: Frame, view: EndpointView) -> list[Fact]:
    if view.last_error is None:
        return []
    ago = "" if view.last_error_at is None else f"{fmt.age(frame.now - view.last_error_at)} ago: "
    return [fact("last error", ago, fmt.safe(view.last_error))]


def _causes(view: EndpointView, dot: str) -> tuple[str, ...]:
    return (dot, "because of ", fmt.safe(", ".join(view.causes))) if view.causes else ()


def _recent(frame: Frame, name: str, app: CcccApp) -> list[Fact]:
    mine = [row for row in reversed(frame.rows) if row.endpoint == name and row.verdict is not None][:_RECENT]
    lines = []
    for at, row in enumerate(mine):
        glyph, meaning = MARKS[row.verdict] if row.verdict else ("live", "")
        lines.append(
            fact(
                "" if at else "recent",
                f"{fmt.clock(row.time)}  ",
                (getattr(app.glyphs, glyph), meaning),
                f" {row.status}  {fmt.fit(fmt.safe(row.model or fmt.NOTHING), 24)}  ",
                f"{fmt.fit(fmt.milliseconds(row.ttft_ms), 8, right=True)}  ",
                fmt.safe(row.error) if row.error else _tokens(row.usage, app),
            )
        )
    return lines or [fact("recent", ("nothing yet", "dim"))]


def _tokens(usage: Usage | None, app: CcccApp) -> str:
    return f"{fmt.tokens(usage.prompt)} {app.glyphs.arrow} {fmt.tokens(usage.output)} tok" if usage else ""


def _place(frame: Frame, place: int | None, left_out: Excluded | None) -> tuple[str, ...]:
    client = frame.ranked_for.value.replace("_", " ")
    if place is not None and frame.ranking is not None:
        decided = frame.ranking.order[place - 1].decided_by
        why = f": placed by {decided.replace('_', ' ')}" if decided else ""
        return (f"#{place} of {len(frame.ranking.order)} for {client}", why)
    if left_out is not None:
        return (f"not in the ranking for {client}: ", fmt.safe(left_out.reason))
    return (f"not in the ranking for {client}",)


def _key(view: EndpointView, detail: EndpointDetail | None) -> str:
    return f"{view.auth.partition(' ')[0]} {detail.key}" if detail is not None and detail.key else view.auth


def _closely(detail: EndpointDetail, app: CcccApp) -> list[Fact]:
    """The last hour in figures, and what was learned."""
    dot, strip = f"  {app.glyphs.dot}  ", app.glyphs.minutes
    minutes = [_minute(one, strip) for one in detail.activity.minutes]
    speed = "" if detail.tokens_per_s is None else f"{dot}{detail.tokens_per_s:.0f} tokens/s out"
    rules = [f"{one.pattern} {app.glyphs.arrow} {one.target}" for one in detail.model_rules]
    return [
        fact(f"{len(minutes)} min", *minutes, (f"   {strip[0]} ok  {strip[1]} errors  {strip[2]} open", "dim")),
        fact(
            "ttfb",
            f"p50 {fmt.milliseconds(detail.ttft_p50_ms)}   p95 {fmt.milliseconds(detail.ttft_p95_ms)}   ",
            f"p99 {fmt.milliseconds(detail.ttft_p99_ms)}{speed}{dot}failed over {detail.left} of {detail.asked}",
        ),
        *([fact("rewrites", fmt.safe(", ".join(rules)))] if rules else []),
        *([fact("proxy", fmt.safe(detail.proxy))] if detail.proxy else []),
        *(fact("" if at else "learned", fmt.safe(one.text)) for at, one in enumerate(detail.learned)),
    ]


def _minute(minute: Minute, strip: str) -> tuple[str, str]:
    if minute.open:
        return strip[2], "error"
    if minute.errors:
        return strip[1], "warning"
    return (strip[0], "success") if minute.attempts else (strip[3], "dim")
