"""Mode 5: the programs that a proxy serves, and setting one up with one key after a look at what it would write."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll

from cccc.control.api import CcccError, ClientPlan, ClientRestored, ClientState, ClientType, ClientView
from tui import format as fmt
from tui.background import start
from tui.editor import edit
from tui.screens.base import Dashboard
from tui.screens.client_facts import about, checked, client_state, diff_of, reasons
from tui.screens.dialog import KeepTableDialog
from tui.state import Frame
from tui.widgets.diff import DiffView
from tui.widgets.live_table import Column, LiveTable, TableRow
from tui.widgets.prose import Prose, paragraph
from tui.widgets.titles import set_subtitle, set_title

T = TypeVar("T")

ASKED_EVERY = 5.0
"""Seconds between two looks at the clients' files while the screen is in front."""

COLUMNS = (Column("name", "client", 23), Column("state", "state", 14))
_SETS_UP = frozenset({ClientState.NOT_SET_UP, ClientState.DIFFERS})
_ABOVE = 2
"""Lines left in sight above a change that was walked to."""


class ClientsScreen(Dashboard):
    """The clients beside a preview of what a set-up of the selected one would write."""

    CONTEXT = "clients"

    def __init__(self) -> None:
        super().__init__()
        self._views: dict[str, ClientView] = {}
        self._plans: dict[str, ClientPlan | str] = {}
        """What would be written, or why nobody can say."""
        self._complaint: str | None = None
        self._starting: set[str] = set()
        """Clients that are being started now."""

    def body(self) -> ComposeResult:
        with Horizontal(id="clients"):
            with Vertical(id="list", classes="pane") as pane:
                pane.border_title = "Clients"
                yield LiveTable(COLUMNS)
                with VerticalScroll():
                    yield Prose(id="about")
            with VerticalScroll(id="preview", classes="pane"):
                yield DiffView()
                yield Prose(id="reasons")

    def on_mount(self) -> None:
        """Keys go to the clients; their files are looked at now and then."""
        self.query_one(LiveTable).focus()
        self.set_interval(ASKED_EVERY, self._ask_calmly)

    def on_screen_resume(self) -> None:
        """Something else may have changed the files meanwhile."""
        super().on_screen_resume()
        self._ask()

    @property
    def selected(self) -> ClientView | None:
        """The client under the cursor."""
        return self._views.get(self.query_one(LiveTable).selected or "")

    @property
    def plan(self) -> ClientPlan | None:
        """What setting it up would do, where that is known."""
        view = self.selected
        plan = self._plans.get(view.client.value) if view else None
        return plan if isinstance(plan, ClientPlan) else None

    def on_frame(self, frame: Frame) -> None:  # noqa: ARG002  (frames know nothing of clients)
        self._draw()

    def on_line_table_selected(self) -> None:
        """Another client, another plan."""
        self._draw()
        self._plan_anew()

    def _ask_calmly(self) -> None:
        if self.is_current and self.frame.trouble is None:
            self._ask()

    def _ask(self) -> None:
        start(self, self._fetch, "clients")

    async def _fetch(self) -> None:
        control = self.cccc.control
        try:
            views = await control.clients()
        except CcccError as error:
            self._complaint = str(error)
            if self.is_current:
                self._draw()
            return
        self._complaint = None
        self._views = {view.client.value: view for view in views}
        if self.is_current:
            self._draw()
            self._plan_anew()

    def _plan_anew(self) -> None:
        if (view := self.selected) is not None:
            start(self, partial(self._fetch_plan, view.client), "plan")

    async def _fetch_plan(self, client: ClientType) -> None:
        self._plans[client.value] = await self._planned(client)
        if self.is_current:
            self._draw()

    async def _planned(self, client: ClientType) -> ClientPlan | str:
        try:
            return await self.cccc.control.client_plan(client)
        except CcccError as error:
            return str(error)

    def _draw_table(self) -> None:
        palette, glyphs = self.cccc.palette, self.cccc.glyphs
        rows = []
        for name, view in self._views.items():
            said, meaning = client_state(view, glyphs)
            if name in self._starting:
                said, meaning = f"{glyphs.waiting} starting", "accent"
            rows.append(
                TableRow(name, {"name": (fmt.safe(view.title), palette[""]), "state": (said, palette[meaning])})
            )
        self.query_one(LiveTable).show(rows)

    def _draw(self) -> None:
        self._draw_table()
        view, plan = self.selected, self.plan
        title, checks = "Preview", ""
        diff, prose = self.query_one(DiffView), self.query_one("#reasons", Prose)
        self.query_one("#about", Prose).show(about(view, plan, self.cccc.glyphs) if view else ())
        if self._complaint is not None:
            diff.show(())
            prose.show([paragraph(self._complaint, indent=0)])
        elif view is None:
            diff.show(())
            prose.show([paragraph(("looking at the clients' files", "dim"), indent=0)])
        elif plan is None:
            why = self._plans.get(view.client.value)
            diff.show(())
            prose.show([paragraph(why if isinstance(why, str) else "looking at its files", indent=0)])
        else:
            names = ", ".join(file.path for file in plan.files if file.diff) or ", ".join(view.files)
            title, checks = f"Preview {self.cccc.glyphs.dot} {names}", checked(plan) or "nothing to change"
            diff.show(diff_of(plan))
            prose.show(reasons(plan, view))
        pane = self.query_one("#preview")
        set_title(pane, title)
        set_subtitle(pane, checks)
        self.refresh_keys()

    def applies(self, verb: str) -> bool:
        view = self.selected
        if view is None or self.frame.trouble is not None:
            return False
        changes = self.plan is not None and self.plan.changes
        return {
            "apply": changes,
            "apply_all": any(one.state in _SETS_UP for one in self._views.values()),
            "undo": view.restorable,
            "test": view.client.value not in self._starting,
            "editor": bool(view.files),
        }.get(verb, changes)

    def copyable(self) -> str | None:
        return self.selected.files[0] if self.selected and self.selected.files else None

    async def action_apply(self) -> None:
        """Write exactly what the preview shows."""
        if (plan := self.plan) is not None and await self._apply(plan):
            self._ask()

    async def action_apply_all(self) -> None:
        """Set up every client that is there and not set up."""
        for view in list(self._views.values()):
            if view.state in _SETS_UP:
                plan = await self._planned(view.client)
                if isinstance(plan, str):
                    self.cccc.say(f"{view.title}: {plan}", severity="error")
                elif plan.changes:
                    await self._apply(plan)
        self._ask()

    async def _apply(self, plan: ClientPlan) -> bool:
        done = await self._try(self.cccc.control.client_apply(plan.client, seen=plan.seen))
        if done is None:
            self._ask()  # the files are not what the preview was made from
            return False
        said = f"{done.title}: wrote {', '.join(done.written)}" if done.written else f"{done.title}: nothing to write"
        self.cccc.say("\n".join([said, "u undoes it, t starts it once", *done.warnings]))
        return True

    def action_undo(self) -> None:
        """Undo what set-ups have written; with Codex there is something to choose."""
        if (view := self.selected) is None:
            return
        if view.client is ClientType.CODEX:
            said = [
                paragraph("Threads that were made through cccc need its provider table to be resumed.", indent=0),
            ]
            self.app.push_screen(
                KeepTableDialog("Undo the set-up of Codex?", said), lambda answer: self._undo_codex(view.client, answer)
            )
        else:
            start(self, partial(self._undo, view.client, keep_table=False), "undo")

    def _undo_codex(self, client: ClientType, answer: str | None) -> None:
        if answer is not None:
            start(self, partial(self._undo, client, keep_table=answer == "keep"), "undo")

    async def _undo(self, client: ClientType, *, keep_table: bool) -> None:
        done = await self._try(self.cccc.control.client_restore(client, keep_table=keep_table))
        if done is not None:
            self.cccc.say(_undone(done), severity="warning" if done.conflicts else "information")
        self._ask()

    def action_test(self) -> None:
        """Start it once, with a prompt that the proxy answers itself."""
        if (view := self.selected) is not None:
            self._starting.add(view.client.value)
            self._draw()
            start(self, partial(self._test, view.client), f"test {view.client.value}")

    async def _test(self, client: ClientType) -> None:
        proof = await self._try(self.cccc.control.client_prove(client))
        self._starting.discard(client.value)
        if proof is not None:
            self.cccc.say(proof.message)
        self._ask()

    def action_editor(self) -> None:
        """The client's file in the user's editor."""
        if self.selected and (complaint := edit(self.app, self.selected.files[0])):
            self.cccc.say(complaint, severity="error")
        self._ask()

    def action_view(self) -> None:
        """Old and new beside each other, or one below the other."""
        self.query_one(DiffView).turn()

    def action_next_change(self) -> None:
        """Walk to the next change."""
        self._step(forward=True)

    def action_previous_change(self) -> None:
        """Walk to the change before."""
        self._step(forward=False)

    def _step(self, *, forward: bool) -> None:
        line = self.query_one(DiffView).step(forward=forward)
        if line is None:
            self.cccc.say("no change further down" if forward else "no change further up")
        else:
            self.query_one("#preview").scroll_to(y=max(0, line - _ABOVE), animate=False)

    async def _try(self, work: Awaitable[T]) -> T | None:
        try:
            return await work
        except CcccError as error:
            self.cccc.say(str(error), severity="error")
            return None


def _undone(done: ClientRestored) -> str:
    said = f"{done.title}: put back {', '.join(done.restored)}" if done.restored else f"{done.title}: nothing to undo"
    return "\n".join([said, *done.conflicts, *done.notes])
