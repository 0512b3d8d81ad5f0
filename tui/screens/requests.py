"""Mode 3: every request as it comes, newest last; filtered, held, and looked at one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key
from textual.timer import Timer
from textual.widgets import Input

from cccc.control.api import BadFilter, CcccError, RequestFilter, parse_filter
from tui import format as fmt
from tui.background import start
from tui.matching import matches
from tui.screens import replay
from tui.screens.base import Dashboard
from tui.screens.inspector import InspectorScreen
from tui.screens.preview import Preview, preview_facts, preview_of
from tui.screens.request_line import header, line
from tui.state import Frame, Row, logged
from tui.theme import FAILED
from tui.widgets.facts import Facts
from tui.widgets.field import Field
from tui.widgets.log_table import LogTable
from tui.widgets.said import Said
from tui.widgets.titles import set_subtitle, set_title

_SETTLED = 0.15
"""Seconds that a selection stands before the log is asked about it."""

_ASKED = 2_000
_EVERYTHING = RequestFilter()


class RequestsScreen(Dashboard):
    """A log over a preview of the request that is selected."""

    CONTEXT = "requests"

    def __init__(self) -> None:
        super().__init__()
        self._wanted = _EVERYTHING
        self._found: tuple[Row, ...] = ()
        """What the whole log has for the filter, beyond what is loaded."""
        self._complaint: str | None = None
        """Why the filter in the field cannot be read; the last good one stays in force."""
        self._held: Frame | None = None
        self._known: Preview | None = None
        self._asking: Timer | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="filter-line"):
            yield Field(placeholder="/ to type, for example  status:>=400 client:codex", compact=True, id="filter")
            yield Said(id="filter-state")
        with Vertical(id="list", classes="pane") as pane:
            pane.border_title = fmt.title(f"Requests {self.cccc.glyphs.dot} newest last")
            yield LogTable(lambda row, width: line(row, width, self.frame.now, self.cccc), header)
        with VerticalScroll(id="detail", classes="pane"):
            yield Facts()

    def on_mount(self) -> None:
        """Keys go to the log, not to the filter."""
        self.log_table.focus()

    @property
    def log_table(self) -> LogTable:
        """The log."""
        return self.query_one(LogTable)

    def on_frame(self, frame: Frame) -> None:
        rows = self._rows(self._held or frame)
        self.log_table.show(rows, (self._held or frame).now)
        self._show_state(frame, len(rows))
        self.refresh_keys()

    def _rows(self, frame: Frame) -> Sequence[Row]:
        if self._wanted == _EVERYTHING:
            return frame.rows
        loaded = [row for row in frame.rows if matches(self._wanted, row)]
        known = {row.id for row in loaded}
        older = [row for row in self._found if row.id not in known]
        return sorted([*older, *loaded], key=lambda row: row.time) if older else loaded

    def _show_state(self, frame: Frame, shown: int) -> None:
        palette, glyphs = self.cccc.palette, self.cccc.glyphs
        if self._held is not None:
            known = {row.id for row in self._held.rows}
            new = sum(row.id not in known for row in frame.rows)
            doing = (f"{glyphs.off} held, {new} new  ", palette["warning"])
        elif self.log_table.following:
            doing = (f"{glyphs.healthy} following  ", palette["success"])
        else:
            doing = (f"{glyphs.off} not following  ", palette["dim"])
        number = f"{fmt.count(shown)} shown  " if self._wanted != _EVERYTHING else f"all {fmt.count(shown)}  "
        self.query_one(Said).show([(number, palette[""]), doing])
        self.query_one(Field).set_class(self._complaint is not None, "-wrong")
        hint = "up stops following" if self.log_table.following else "f or end follows the newest"
        if not shown:
            hint = "no request yet: 5 sets up a client" if self._wanted == _EVERYTHING else "no request matches"
        set_subtitle(self.query_one("#list"), self._complaint or hint)

    def on_line_table_selected(self, message: LogTable.Selected) -> None:
        """Show what is known at once, and ask the log for the rest when the selection has settled."""
        row = message.row
        if self._known is not None and (row is None or self._known.record.id != row.id):
            self._known = None
        self._show_preview()
        if self._asking is not None:
            self._asking.stop()
        if row is not None and not row.live and self._known is None:
            self._asking = self.set_timer(_SETTLED, lambda: self._ask(row.id))
        self.refresh_keys()

    def on_line_table_opened(self) -> None:
        """A click on the selected row."""
        self.action_open()

    def on_log_table_following_changed(self) -> None:
        """Say so."""
        self._show_state(self.frame, len(self.log_table.rows))

    def _ask(self, request_id: str) -> None:
        start(self, partial(self._fetch, request_id), "preview")

    async def _fetch(self, request_id: str) -> None:
        try:
            record = await self.cccc.control.request(request_id)
        except CcccError:
            return  # not written yet, or gone: the row's own facts stand
        self._known = await asyncio.to_thread(preview_of, record)
        self._show_preview()

    def _show_preview(self) -> None:
        row = self.log_table.selected_row
        pane, glyphs = self.query_one("#detail"), self.cccc.glyphs
        if row is None:
            set_title(pane, None)
            self.query_one(Facts).show(())
            return
        way = f"{row.client_type.value.replace('_', '-')} {glyphs.arrow} {row.endpoint or fmt.NOTHING}"
        parts = (row.id, way, glyphs.path(row.format, row.target_format))
        set_title(pane, f" {glyphs.dot} ".join(parts))
        known = self._known if self._known is not None and self._known.record.id == row.id else None
        self.query_one(Facts).show(preview_facts(row, known, self.frame.now, self.cccc))

    def applies(self, verb: str) -> bool:
        if verb == "again":
            row = self.log_table.selected_row
            return row is not None and not row.live
        if verb in ("open", "copy"):
            return self.log_table.selected_row is not None
        if verb in ("next_error", "previous_error"):
            return any(row.verdict in FAILED for row in self.log_table.rows)
        return verb != "follow" or not self.log_table.following or self._held is not None

    def copyable(self) -> str | None:
        return self.log_table.selected

    def action_open(self) -> None:
        """Look at it closely."""
        if (row := self.log_table.selected_row) is not None:
            self.app.push_screen(InspectorScreen(row.id, lambda: self.log_table.rows))

    async def action_again(self) -> None:
        """Send it again."""
        if (row := self.log_table.selected_row) is not None:
            await replay.offer(self, row, lambda _: None)

    def action_follow(self) -> None:
        """Go to the newest and stay there."""
        self._held = None
        self.on_frame(self.frame)
        self.log_table.follow()
        self.refresh_keys()

    def action_hold(self) -> None:
        """Let nothing move, or go on."""
        self._held = self.frame if self._held is None else None
        self.on_frame(self.frame)
        self.refresh_keys()

    def action_errors(self) -> None:
        """Only what failed, or everything again."""
        self._want(replace(self._wanted, failed=not self._wanted.failed))
        self._query()

    def action_next_error(self) -> None:
        """The next one that failed."""
        self._step(forward=True)

    def action_previous_error(self) -> None:
        """The one before that failed."""
        self._step(forward=False)

    def _step(self, *, forward: bool) -> None:
        if not self.log_table.step(lambda row: row.verdict in FAILED, forward=forward):
            self.cccc.say("no error further down" if forward else "no error further up")

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(Field).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter what is loaded while typing; a filter that cannot be read says so, and the last good one stays."""
        try:
            wanted = parse_filter(event.value, self.frame.now)
        except BadFilter as error:
            self._complaint = fmt.safe(str(error))
            self._show_state(self.frame, len(self.log_table.rows))
            return
        self._complaint = None
        self._want(wanted)

    def on_input_submitted(self) -> None:
        """Ask the whole log."""
        if self._complaint is None:
            self.log_table.focus()
            self._query()

    def on_key(self, event: Key) -> None:
        """Escape leaves the field, and empties it."""
        if event.key == "escape" and self.query_one(Field).has_focus:
            self.query_one(Field).clear()
            self.log_table.focus()
            event.stop()

    def _want(self, wanted: RequestFilter) -> None:
        self._wanted = wanted
        self._found = ()
        self.on_frame(self.frame)
        self.refresh_keys()

    def _query(self) -> None:
        if self._wanted != _EVERYTHING:
            start(self, partial(self._search, self._wanted), "search")

    async def _search(self, wanted: RequestFilter) -> None:
        try:
            found = await self.cccc.control.requests(wanted, limit=_ASKED)
        except CcccError as error:
            self.cccc.say(str(error), severity="error")
            return
        if wanted == self._wanted:
            self._found = tuple(logged(summary) for summary in found)
            self.on_frame(self.frame)
