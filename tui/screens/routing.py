"""Mode 2: the order in which a request would be tried, layer by layer, and what would change it.

Everything is the proxy's own ranking, asked again with what is supposed. Suppositions are local to the screen until
their priorities are written into the configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from cccc.control.api import (
    NOTHING,
    CcccError,
    ClientType,
    EndpointAction,
    StatsGroup,
    StatsKey,
    WhatIf,
    WhatIfs,
)
from tui import format as fmt
from tui.background import start
from tui.screens import layers
from tui.screens.base import Dashboard
from tui.screens.detail import DetailScreen
from tui.screens.endpoints import EndpointsScreen
from tui.screens.layers import Answer, Question
from tui.screens.routing_facts import as_text, asks, called, title, why
from tui.screens.routing_rows import COLUMNS, LEFT_OUT, left_out_rows, order_rows
from tui.state import MINUTE, Frame
from tui.widgets.facts import Fact, Facts, fact
from tui.widgets.field import Field
from tui.widgets.live_table import LiveTable
from tui.widgets.stacked_table import StackedTable
from tui.widgets.titles import set_subtitle, set_title

DAY = 86_400.0


class RoutingScreen(Dashboard):
    """The order and those left out, over the reasons for the place of one endpoint."""

    CONTEXT = "routing"

    def __init__(self) -> None:
        super().__init__()
        self._model: str | None = None
        self._what_if: WhatIfs = NOTHING
        self._chosen: str | None = None
        self._answer: Answer | None = None
        self._asked: tuple[object, ...] = ()
        """What the last answer was asked for and under; another frame asks again only where this differs."""
        self._complaint: str | None = None
        self._lately: tuple[ClientType, float, tuple[StatsGroup, ...]] | None = None
        """The last day of one kind of client by endpoint, and when it was asked for (wall time)."""

    def body(self) -> ComposeResult:
        with Horizontal(id="model-line"):
            yield Static(" model  ", markup=False)
            yield Field(placeholder="any; enter takes it, esc leaves it", compact=True, id="model")
        with Horizontal(id="top"):
            with Vertical(id="ask", classes="pane") as pane:
                pane.border_title = "Ask as client"
                yield Facts()
            with Vertical(id="list", classes="pane"):
                yield StackedTable(COLUMNS)
                yield StackedTable(LEFT_OUT, id="left-out")
        with VerticalScroll(id="detail", classes="pane"):
            yield Facts()

    def on_mount(self) -> None:
        """Keys go to the order."""
        self._order.focus()
        self._left_out.display = False

    @property
    def _order(self) -> StackedTable:
        return self.query(StackedTable).first()

    @property
    def _left_out(self) -> StackedTable:
        return self.query_one("#left-out", StackedTable)

    @property
    def _home(self) -> StackedTable:
        """The table in which the chosen endpoint stands."""
        left_out = self._answer.ranking.excluded if self._answer is not None else ()
        return self._left_out if self._chosen in [one.name for one in left_out] else self._order

    @property
    def question(self) -> Question:
        """For what is ranked: what is supposed of endpoints that have left the configuration is left aside."""
        there = {view.name for view in self.frame.endpoints}
        what_if = {name: one for name, one in self._what_if.items() if name in there}
        return Question(self.frame.ranked_for, self._model, what_if)

    @property
    def chosen(self) -> str | None:
        """The endpoint under the cursor."""
        return self._chosen if self.frame.endpoint(self._chosen) is not None else None

    def on_frame(self, frame: Frame) -> None:
        self._ask(frame)
        self._draw(frame)

    def _ask(self, frame: Frame) -> None:
        if frame.overview is None or frame.trouble is not None or not frame.endpoints:
            return
        asked = (self.question, self._chosen, frame.endpoints, frame.ranking)
        if asked != self._asked:
            self._asked = asked
            start(self, partial(self._fetch, self.question, self._chosen), "rank")

    async def _fetch(self, question: Question, about: str | None) -> None:
        control = self.cccc.control
        client, model, what_if = question.client, question.model, question.what_if
        try:
            ranking = await control.rank(client, model=model, what_if=what_if)
            about = about or next((one.name for one in ranking.order), None)
            ways = await control.ways_up(about, client, model=model, what_if=what_if) if about else ()
            moves = await control.moves(client, what_if) if what_if else None
            lately = await self._last_day(client)
        except CcccError as error:
            self._complaint = fmt.safe(str(error))
            self._asked = ()
        else:
            self._complaint = None
            self._answer = Answer(question, ranking, about, ways, moves, lately)
        if self.is_current:
            self._draw(self.frame)

    async def _last_day(self, client: ClientType) -> tuple[StatsGroup, ...]:
        """The last day by endpoint; a minute old is new enough."""
        now, known = self.frame.now, self._lately
        if known is None or known[0] is not client or now - known[1] >= MINUTE:
            view = await self.cccc.control.stats(StatsKey.ENDPOINT, since=now - DAY, client_type=client)
            known = self._lately = (client, now, view.groups)
        return known[2]

    def _draw(self, frame: Frame) -> None:
        app, answer, dot = self.cccc, self._answer, self.cccc.glyphs.dot
        question = self.question
        self.query_one("#ask Facts", Facts).show(asks(frame, answer, question.client, question.model, app))
        pane = self.query_one("#list")
        model = f" {dot} {fmt.safe(question.model)}" if question.model else ""
        set_title(pane, f"Order of attempts {dot} {called(question.client)}{model}")
        set_subtitle(pane, self._subtitle(question, frame))
        if answer is not None:
            self._show_tables(answer, frame)
        self._show_why(frame)

    def _subtitle(self, question: Question, frame: Frame) -> str:
        if self._complaint is not None:
            return self._complaint
        if frame.overview is not None and not frame.endpoints:
            return "no endpoints yet: key 1 says what to do first"
        if question.what_if:
            return f"what if {layers.supposed(question.what_if, [view.name for view in frame.endpoints])}"
        return "a later layer is read only where all earlier ones tie"

    def _show_tables(self, answer: Answer, frame: Frame) -> None:
        order, left_out = answer.ranking.order, answer.ranking.excluded
        if isinstance(self.focused, StackedTable) and self.focused.selected is not None:
            self._choose(self.focused.selected)  # the cursor was moved, and its message is still on its way
        if self._chosen is None and order:
            self._chosen = order[0].name
        self._left_out.display = bool(left_out)
        self._order.show(order_rows(answer, frame, self.cccc))
        self._left_out.show(left_out_rows(answer, frame, self.cccc))
        self._put_cursor()

    def _put_cursor(self) -> None:
        """The selection is an endpoint: it stays with that one when it goes to the other table."""
        home = self._home
        if self._chosen is not None and self._chosen != home.selected:
            home.select(self._chosen)
        if home is not self.focused and isinstance(self.focused, StackedTable):
            self.set_focus(home)

    def _show_why(self, frame: Frame) -> None:
        pane, answer, name = self.query_one("#detail"), self._answer, self.chosen
        set_title(pane, title(answer, name))
        said: Sequence[Fact] = ()
        if frame.overview is not None and not frame.endpoints:
            said = [fact(None, "Here stands why an endpoint has its place, as soon as there is one.")]
        elif answer is not None and name is not None:
            said = why(answer, name, frame, self.cccc)
        self.query_one("#detail Facts", Facts).show(said)
        self.refresh_keys()

    def on_line_table_selected(self, message: LiveTable.Selected) -> None:
        """Another endpoint: other reasons. What the table without the cursor says does not count."""
        if message.table is self.focused and message.row is not None and message.row.id == message.table.selected:
            self._choose(message.row.id)

    def _choose(self, name: str) -> None:
        if name != self._chosen:
            self._chosen = name
            self._ask(self.frame)
            self._show_why(self.frame)

    def on_stacked_table_left(self, message: StackedTable.Left) -> None:
        """Beyond one table is the other."""
        other = self._left_out if message.down else self._order
        if other is not message.table and other.rows:
            self.set_focus(other)
            other.go(0 if message.down else len(other.rows) - 1)
            if other.selected is not None:
                self._choose(other.selected)

    def applies(self, verb: str) -> bool:
        if verb == "write":
            return any(one.priority is not None for one in self.question.what_if.values())
        if verb == "clear":
            return bool(self.question.what_if) or self.has_class("-asking")
        if verb in ("next_client", "model"):
            return bool(self.frame.endpoints)
        if self.chosen is None or self._answer is None:
            return False
        if verb == "down":
            supposed = self._what_if.get(self.chosen)
            return self._answer.candidate(self.chosen) is not None or (supposed is not None and supposed.down)
        return True

    def copyable(self) -> str | None:
        return "\n".join(as_text(self._answer, self.frame.now, self.cccc)) if self._answer is not None else None

    def action_next_client(self) -> None:
        """Ask as the next kind of client; the endpoints' screen ranks for it too."""
        kinds = list(ClientType)
        self.cccc.feed.rank_for(kinds[(kinds.index(self.frame.ranked_for) + 1) % len(kinds)])

    def action_model(self) -> None:
        """Type the model that is asked for."""
        seen = dict.fromkeys(row.model for row in reversed(self.frame.rows) if row.model)
        field = self.query_one(Field)
        field.suggester = SuggestFromList([name for name in seen if fmt.safe(name) == name])
        field.value = self._model or ""
        self.add_class("-asking")
        field.focus()
        self.refresh_keys()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Rank for this model."""
        self._model = event.value.strip() or None
        self._leave_field()
        self.on_frame(self.frame)

    def _leave_field(self) -> None:
        self.remove_class("-asking")
        self.set_focus(self._home)
        self.refresh_keys()

    def action_down(self) -> None:
        """Suppose that it is down, or no longer."""
        if (name := self.chosen) is not None:
            supposed = self._what_if.get(name, WhatIf())
            self._suppose(name, replace(supposed, down=not supposed.down))

    def action_raise_priority(self) -> None:
        """Suppose it one earlier."""
        self._suppose_priority(-1)

    def action_lower_priority(self) -> None:
        """Suppose it one later."""
        self._suppose_priority(1)

    def _suppose_priority(self, by: int) -> None:
        view = self.frame.endpoint(self.chosen)
        if view is not None:
            supposed = self._what_if.get(view.name, WhatIf())
            now = view.priority if supposed.priority is None else supposed.priority
            wanted = max(0, now + by)
            self._suppose(view.name, replace(supposed, priority=None if wanted == view.priority else wanted))

    def _suppose(self, name: str, one: WhatIf) -> None:
        rest = {other: supposed for other, supposed in self._what_if.items() if other != name}
        self._what_if = rest if one == WhatIf() else {**rest, name: one}
        self.on_frame(self.frame)

    def action_clear(self) -> None:
        """Leave the field as it was; outside of it suppose nothing any more."""
        if self.has_class("-asking"):
            self._leave_field()
            return
        self._what_if = NOTHING
        self.on_frame(self.frame)

    async def action_write(self) -> None:
        """Write the priorities that are supposed into the configuration, and suppose them no longer."""
        for name, one in self.question.what_if.items():
            if one.priority is None:
                continue
            done = f"{fmt.safe(name)} has priority {one.priority}, written into the configuration"
            work = self.cccc.control.endpoint_action(name, EndpointAction.PRIORITY, priority=one.priority)
            if not await self.attempt(work, done):
                return
            self._suppose(name, replace(one, priority=None))

    async def action_open(self) -> None:
        """Show this endpoint on the screen of endpoints."""
        if (name := self.chosen) is not None:
            self.app.switch_mode(EndpointsScreen.CONTEXT)
            for screen in self.app.get_screen_stack(EndpointsScreen.CONTEXT):
                if isinstance(screen, EndpointsScreen):
                    screen.look_at(name)

    def action_why(self) -> None:
        """The reasons on a page of their own."""
        if (name := self.chosen) is not None:
            self.app.push_screen(
                DetailScreen(
                    "routing",
                    f"Why {name}",
                    lambda frame: why(self._answer, name, frame, self.cccc) if self._answer is not None else (),
                    copies=name,
                )
            )

    def on_line_table_opened(self) -> None:
        """A click on the selected row."""
        start(self, self.action_open, "open", exclusive=False)
