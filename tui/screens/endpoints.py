"""Mode 1: the pool in the order in which the next request of one kind of client would try it, with live health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from cccc.control.api import ClientType, EndpointAction, EndpointView, Excluded, Usage
from tui import format as fmt
from tui.screens.base import Dashboard
from tui.screens.detail import DetailScreen
from tui.screens.welcome import Welcome
from tui.state import QUIET, Frame, ttft_by_minute
from tui.theme import LETTERS, MARKS, state
from tui.widgets.facts import Fact, Facts, fact
from tui.widgets.live_table import Column, LiveTable, TableRow

if TYPE_CHECKING:
    from tui.app import CcccApp

MINUTES = 20
USED_FOR = 3600.0
_RECENT = 3

COLUMNS = (
    Column("rank", "#", 2, right=True),
    Column("name", "name", 20),
    Column("speaks", "speaks", 7, from_width=74),
    Column("prio", "prio", 4, right=True),
    Column("state", "state", 14),
    Column("ok", "ok", 6, right=True),
    Column("ttft", "ttfb", 7, right=True),
    Column("strip", f"last {MINUTES} min", MINUTES, from_width=115),
    Column("rpm", "rpm", 4, right=True, from_width=70),
    Column("error", "last error", 22, from_width=92),
)


class EndpointsScreen(Dashboard):
    """A table over a pane about the endpoint that is selected."""

    CONTEXT = "endpoints"

    def body(self) -> ComposeResult:
        yield Welcome()
        with Vertical(id="list", classes="pane"):
            yield LiveTable(COLUMNS)
        with VerticalScroll(id="detail", classes="pane"):
            yield Facts()

    @property
    def selected(self) -> EndpointView | None:
        """The endpoint under the cursor."""
        return self.frame.endpoint(self.query_one(LiveTable).selected)

    def on_frame(self, frame: Frame) -> None:
        empty = frame.overview is not None and not frame.endpoints
        self.query_one(Welcome).display = empty
        self.query_one("#list").display = not empty
        self.set_class(empty, "-empty")
        table = self.query_one(LiveTable)
        table.show(rows(frame, self.cccc))
        pane = self.query_one("#list")
        pane.border_title = f"Endpoints {self.cccc.glyphs.dot} ranked for {frame.ranked_for.value.replace('_', ' ')}"
        if frame.overview is not None:
            known = frame.overview
            pane.border_subtitle = f"{fmt.counted(known.endpoints_total, 'endpoint')}, {known.endpoints_usable} usable"
        self._show_detail()

    def on_live_table_selected(self) -> None:
        """Another endpoint: other facts, other keys."""
        self._show_detail()

    def _show_detail(self) -> None:
        pane, chosen = self.query_one("#detail"), self.selected
        pane.border_title = fmt.safe(chosen.name) if chosen else None
        self.query_one(Facts).show(facts(self.frame, chosen.name, self.cccc) if chosen else ())
        self.refresh_keys()

    def applies(self, verb: str) -> bool:
        if verb == "next_client":
            return bool(self.frame.endpoints)
        view = self.selected
        if view is None:
            return False
        if verb == "reset":
            return view.enabled and (view.cooldown_until is not None or view.health > 0 or bool(view.causes))
        return verb != "use" or view.enabled

    def copyable(self) -> str | None:
        return self.selected.name if self.selected else None

    async def action_switch(self) -> None:
        """Switch it off, or on again."""
        if view := self.selected:
            action = EndpointAction.DISABLE if view.enabled else EndpointAction.ENABLE
            await self.attempt(
                self.cccc.control.endpoint_action(view.name, action),
                f"{fmt.safe(view.name)} is {'off' if view.enabled else 'on'}",
            )

    async def action_raise_priority(self) -> None:
        """One earlier."""
        await self._set_priority(-1)

    async def action_lower_priority(self) -> None:
        """One later."""
        await self._set_priority(1)

    async def _set_priority(self, by: int) -> None:
        if view := self.selected:
            priority = max(0, view.priority + by)
            if priority != view.priority:
                await self.attempt(
                    self.cccc.control.endpoint_action(view.name, EndpointAction.PRIORITY, priority=priority),
                    f"{fmt.safe(view.name)} has priority {priority}",
                )

    async def action_reset(self) -> None:
        """Forget its failures."""
        if view := self.selected:
            await self.attempt(
                self.cccc.control.endpoint_action(view.name, EndpointAction.RESET),
                f"{fmt.safe(view.name)} is in use again",
            )

    async def action_use(self) -> None:
        """Put it above all others for an hour; where it is there already, end that."""
        if view := self.selected:
            chosen = self.frame.overview is not None and any(
                manual.endpoint == view.name for manual in self.frame.overview.manual
            )
            if chosen:
                await self.attempt(self.cccc.control.use(None), "the layers decide again")
            else:
                await self.attempt(
                    self.cccc.control.use(view.name, seconds=USED_FOR), f"{fmt.safe(view.name)} goes first for an hour"
                )

    def action_next_client(self) -> None:
        """Rank for the next kind of client."""
        kinds = list(ClientType)
        self.cccc.feed.rank_for(kinds[(kinds.index(self.frame.ranked_for) + 1) % len(kinds)])

    def action_open(self) -> None:
        """All facts on a page of their own."""
        if view := self.selected:
            name = view.name
            self.app.push_screen(
                DetailScreen("endpoints", name, lambda frame: facts(frame, name, self.cccc), copies=name)
            )

    def on_data_table_row_selected(self) -> None:
        """Enter, or a click on the selected row."""
        self.action_open()


def ordered(frame: Frame) -> list[tuple[int | None, EndpointView, Excluded | None]]:
    """The endpoints as (place, endpoint, why it has none): those in the ranking first, the others as configured."""
    ranking = frame.ranking
    places = {one.name: one.rank for one in ranking.order} if ranking else {}
    left_out = {one.name: one for one in ranking.excluded} if ranking else {}
    views = sorted(frame.endpoints, key=lambda view: places.get(view.name, len(frame.endpoints) + 1))
    return [(places.get(view.name), view, left_out.get(view.name)) for view in views]


def rows(frame: Frame, app: CcccApp) -> list[TableRow]:
    """The table's rows."""
    strips = ttft_by_minute(frame, MINUTES)
    manual = {one.endpoint for one in frame.overview.manual} if frame.overview else set()
    return [_row(frame, app, place, view, strips[view.name], view.name in manual) for place, view, _ in ordered(frame)]


def _row(
    frame: Frame,
    app: CcccApp,
    place: int | None,
    view: EndpointView,
    minutes: tuple[float | None, ...],
    chosen: bool,  # noqa: FBT001
) -> TableRow:
    palette, glyphs = app.palette, app.glyphs
    plain = palette[""] if view.enabled else palette["dim"]
    said, meaning = state(view, frame.now, glyphs)
    error = fmt.safe(view.last_error or fmt.NOTHING)
    if view.last_error and view.last_error_at is not None:
        ago = f" {glyphs.dot} {fmt.age(frame.now - view.last_error_at)}"
        error = fmt.cut(error, COLUMNS[-1].width - len(ago), glyphs.ellipsis) + ago
    rpm = app.pulses.get(view.name, QUIET).per_minute
    return TableRow(
        view.name,
        {
            "rank": (fmt.NOTHING if place is None else str(place), plain),
            "name": (f"{glyphs.arrow} {fmt.safe(view.name)}" if chosen else fmt.safe(view.name), plain),
            "speaks": (" ".join(LETTERS[one] for one in view.formats), plain),
            "prio": (str(view.priority), plain),
            "state": (said, palette[meaning]),
            "ok": (fmt.share(view.success_rate), plain),
            "ttft": (fmt.milliseconds(view.ttft_ms), plain),
            "strip": (fmt.bars(minutes, glyphs.bars), palette["native"]),
            "rpm": (str(rpm) if rpm else fmt.NOTHING, plain),
            "error": (error, palette["dim"]),
        },
    )


def facts(frame: Frame, name: str, app: CcccApp) -> list[Fact]:
    """Everything known about one endpoint."""
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
            "auth", fmt.safe(view.auth), dot, f"for {client}", dot, "models ", fmt.safe(", ".join(view.models) or "all")
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
