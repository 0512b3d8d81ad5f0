"""Mode 1: the pool in the order in which the next request of one kind of client would try it, with live health."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.timer import Timer

from cccc.control.api import CcccError, ClientType, EndpointAction, EndpointDetail, EndpointView, ImportPlan, Saved
from tui import format as fmt
from tui.background import start
from tui.screens.base import Dashboard
from tui.screens.detail import DetailScreen
from tui.screens.endpoint_facts import facts, ordered
from tui.screens.welcome import Welcome, preview
from tui.screens.wizard import Wizard
from tui.screens.wizard_draft import from_config
from tui.screens.wizard_facts import tested
from tui.state import QUIET, Frame, ttft_by_minute
from tui.theme import LETTERS, state
from tui.widgets.facts import Fact, Facts
from tui.widgets.live_table import Column, LiveTable, TableRow
from tui.widgets.titles import set_subtitle, set_title

if TYPE_CHECKING:
    from tui.app import CcccApp

_LAYERS = "routing"
"""The mode that explains the ranking."""

MINUTES = 20
USED_FOR = 3600.0
UNDO_FOR = 10.0
"""Seconds in which a deleted endpoint can be put back."""

ASKED_EVERY = 5.0
"""Seconds between two close looks at the selected endpoint."""

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

    def __init__(self) -> None:
        super().__init__()
        self._detail: tuple[str, EndpointDetail] | None = None
        """What was said closely about the endpoint of this name."""
        self._asked: str | None = None
        self._undoable: tuple[Saved, str, str | None] | None = None
        """What was just written; what is said when it is taken back, and the endpoint that is selected then."""
        self._forgetting: Timer | None = None
        self._testing: set[str] = set()
        self._wanted: str | None = None
        """An endpoint that was just written and is selected as soon as it is there."""

    def body(self) -> ComposeResult:
        yield Welcome()
        with Vertical(id="list", classes="pane"):
            yield LiveTable(COLUMNS)
        with VerticalScroll(id="detail", classes="pane"):
            yield Facts()

    def on_mount(self) -> None:
        """Look closely at the selected endpoint now and then."""
        self.set_interval(ASKED_EVERY, self._ask_calmly)

    @property
    def selected(self) -> EndpointView | None:
        """The endpoint under the cursor."""
        return self.frame.endpoint(self.query_one(LiveTable).selected)

    def look_at(self, name: str) -> None:
        """Select this endpoint: somebody comes from another screen because of it."""
        self.query_one(LiveTable).select(name)

    def on_frame(self, frame: Frame) -> None:
        empty = frame.overview is not None and not frame.endpoints
        welcome = self.query_one(Welcome)
        if empty and not welcome.display:
            welcome.look()
        welcome.display = empty
        self.query_one("#list").display = not empty
        self.set_class(empty, "-empty")
        table = self.query_one(LiveTable)
        table.show(rows(frame, self.cccc))
        pane = self.query_one("#list")
        ranked_for = frame.ranked_for.value.replace("_", " ")
        set_title(pane, f"Endpoints {self.cccc.glyphs.dot} ranked for {ranked_for}")
        if frame.overview is not None:
            known = frame.overview
            counts = f"{fmt.counted(known.endpoints_total, 'endpoint')}, {known.endpoints_usable} usable"
            hint = ", c ranks for another client" if len(frame.endpoints) else ""
            set_subtitle(pane, counts + hint)
        if self._wanted is not None and frame.endpoint(self._wanted) is not None:
            table.select(self._wanted)
            self._wanted = None
        self._show_detail()

    def on_line_table_selected(self) -> None:
        """Another endpoint: other facts, other keys."""
        self._show_detail()

    def _show_detail(self) -> None:
        pane, chosen = self.query_one("#detail"), self.selected
        set_title(pane, chosen.name if chosen else None)
        self.query_one(Facts).show(self._facts(self.frame, chosen.name) if chosen else ())
        if chosen is not None and chosen.name != self._asked:
            self._asked = chosen.name
            start(self, partial(self._look, chosen.name), "detail")
        self.refresh_keys()

    def _facts(self, frame: Frame, name: str) -> list[Fact]:
        closely = self._detail[1] if self._detail is not None and self._detail[0] == name else None
        return facts(frame, name, self.cccc, closely)

    def _ask_calmly(self) -> None:
        if self.is_current and self.frame.trouble is None and (view := self.selected):
            start(self, partial(self._look, view.name), "detail")

    async def _look(self, name: str) -> None:
        try:
            self._detail = name, await self.cccc.control.endpoint_detail(name)
        except CcccError:
            self._detail = None  # it left, or the proxy is gone: what the frames say stands
        if self.is_current:
            self._show_detail()

    def applies(self, verb: str) -> bool:
        if verb in ("next_client", "add"):
            return self.frame.trouble is None and (verb == "add" or bool(self.frame.endpoints))
        if verb == "undelete":
            return self._undoable is not None
        if verb == "import_found":
            plan = self.query_one(Welcome).plan
            return self.has_class("-empty") and self.frame.trouble is None and plan is not None and bool(plan.found)
        view = self.selected
        if view is None:
            return False
        if verb == "reset":
            return view.enabled and (view.cooldown_until is not None or view.health > 0 or bool(view.causes))
        if verb == "why":
            return any(tab.mode == _LAYERS for tab in self.cccc.tabs)
        if verb == "test":
            return view.name not in self._testing
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

    def action_add(self) -> None:
        """A new endpoint, step by step."""
        self.app.push_screen(Wizard(), self._written)

    async def action_edit(self) -> None:
        """The same steps, over what the configuration says."""
        if view := self.selected:
            try:
                config = await self.cccc.control.config()
            except CcccError as error:
                self.cccc.say(str(error), severity="error")
                return
            if (wish := from_config(view, config.values)) is None:
                self.cccc.say(f"{view.name} does not stand in the configuration file", severity="error")
            else:
                self.app.push_screen(Wizard(wish), self._written)

    def _written(self, name: str | None) -> None:
        self._wanted = name
        self._asked = None

    def action_test(self) -> None:
        """Ask it what it speaks."""
        if view := self.selected:
            self._testing.add(view.name)
            self.cccc.say(f"asking {view.name} in a few small requests")
            self.refresh_keys()
            start(self, partial(self._test, view.name), f"test {view.name}")

    async def _test(self, name: str) -> None:
        try:
            report = await self.cccc.control.probe_endpoint(name)
        except CcccError as error:
            self.cccc.say(str(error), severity="error")
        else:
            self.cccc.say(tested(report, self.cccc.glyphs), severity="information" if report.ok else "warning")
        self._testing.discard(name)
        self.refresh_keys()

    async def action_delete(self) -> None:
        """Take it out of the configuration; for a moment it can be put back."""
        if view := self.selected:
            try:
                saved = await self.cccc.control.endpoint_remove(view.name)
            except CcccError as error:
                self.cccc.say(str(error), severity="error")
                return
            self._can_undo(saved, f"{view.name} is back", view.name)
            self.cccc.say(f"{view.name} is deleted; z puts it back within {UNDO_FOR:.0f} s", severity="warning")

    def _can_undo(self, saved: Saved, undone: str, wanted: str | None = None) -> None:
        self._undoable = saved, undone, wanted
        if self._forgetting is not None:
            self._forgetting.stop()
        self._forgetting = self.set_timer(UNDO_FOR, self._forget)
        self.cccc.feed.ask_again()
        self.refresh_keys()

    async def action_undelete(self) -> None:
        """As it was before, byte for byte."""
        undoable = self._undoable
        self._forget()
        if undoable is not None:
            saved, undone, wanted = undoable
            if await self.attempt(self.cccc.control.config_undo(saved), undone):
                self._wanted = wanted

    def _forget(self) -> None:
        self._undoable = None
        self.refresh_keys()

    def action_import_found(self) -> None:
        """What was found on this machine, as the change of the configuration that it would be."""
        plan = self.query_one(Welcome).plan
        if plan is not None:
            self.app.push_screen(preview(plan), partial(self._agreed, plan))

    def _agreed(self, plan: ImportPlan, answer: str | None) -> None:
        if answer is not None:
            start(self, partial(self._import, plan), "import")

    async def _import(self, plan: ImportPlan) -> None:
        try:
            saved = await self.cccc.control.import_apply(seen=plan.seen)
        except CcccError as error:
            self.cccc.say(str(error), severity="error")
            self.query_one(Welcome).look()
            return
        names = [one.endpoint for one in plan.found if one.endpoint is not None]
        self._wanted = next(iter(names), None)
        self._can_undo(saved, "the configuration is as it was before the import")
        self.cccc.say(f"{fmt.counted(len(names), 'endpoint')} imported; z takes it back within {UNDO_FOR:.0f} s")

    def action_why(self) -> None:
        """The layers that gave it its place."""
        self.cccc.switch_mode(_LAYERS)

    def action_open(self) -> None:
        """All facts on a page of their own."""
        if view := self.selected:
            name = view.name
            self.app.push_screen(DetailScreen("endpoints", name, lambda frame: self._facts(frame, name), copies=name))

    def on_line_table_opened(self) -> None:
        """A click on the selected row."""
        self.action_open()


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
