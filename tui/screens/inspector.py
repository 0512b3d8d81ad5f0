"""One request closely, while it runs and after: both requests, every attempt, what was lost, both streams.

What flows is read by one worker and folded; at most every ``beat`` the tab in front is made anew from it. Bodies are
read, compared and laid out in a thread, and only when they have changed. The streams may be played again, as they came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Input

from tui import format as fmt
from tui.background import start
from tui.inspector import below, exchange, stream, tabs
from tui.inspector.bodies import Bodies
from tui.inspector.following import Following
from tui.inspector.lines import NOTHING, Document, Joined, Lines, as_text, line
from tui.inspector.making import Making
from tui.inspector.playback import Playback
from tui.inspector.seen import Seen
from tui.inspector.tabs import Tab
from tui.screens import replay, taking
from tui.screens.base import Dashboard
from tui.screens.request_facts import request_facts
from tui.state import Frame, Row
from tui.widgets.chrome import InnerTabs
from tui.widgets.facts import LABEL_WIDTH
from tui.widgets.field import Field
from tui.widgets.line_view import LineView
from tui.widgets.titles import set_subtitle, set_title

_TALL, _MOST_BELOW, _FEW_BELOW = 30, 11, 5
"""Lines of the screen from which on the lower pane may have many lines, and how many it then and else has at most."""

_READING = Lines([line(("reading", "dim"))])
_RAW = frozenset({Tab.RAW_CLIENT, Tab.RAW_UPSTREAM})
_WITH_BELOW = frozenset({Tab.EXCHANGE, Tab.STREAM})


class InspectorScreen(Dashboard):
    """``rows`` are the requests among which ``j`` and ``k`` go, oldest first, as the list has them now.

    ``clock`` gives monotonic seconds, by which streams are played again.
    """

    CONTEXT = "inspector"

    def __init__(
        self,
        request_id: str,
        rows: Callable[[], Sequence[Row]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.request_id = request_id
        self.tab = Tab.EXCHANGE
        self.playback: Playback | None = None
        self._rows = rows
        self._clock = clock
        self._opened: frozenset[str] = frozenset()
        self._whole = False
        self._drawn: object = None
        self._top = True
        self._place = ""
        self._making = Making(partial(start, self), self._draw)
        self._following = Following(request_id)
        self._bodies = Bodies(request_id, self._making)

    def body(self) -> ComposeResult:
        with Vertical(id="inspector", classes="pane"):
            yield InnerTabs(self._show_tab)
            yield LineView(id="lines")
            yield LineView(id="below", bar=False)
        yield Field(placeholder="find", compact=True, id="find")

    def on_mount(self) -> None:
        """Begin to watch, and draw what has come at a calm beat."""
        self.lines.focus()
        self._watch()
        self.set_interval(self.cccc.beat, self._beat)

    @property
    def lines(self) -> LineView:
        """The document of the tab."""
        return self.query_one("#lines", LineView)

    @property
    def seen(self) -> Seen:
        """What was seen of the request."""
        return self._following.seen

    @property
    def quiet(self) -> bool:
        """Whether everything is drawn that is known so far."""
        return self._making.quiet

    @property
    def row(self) -> Row | None:
        """The request as the list knows it."""
        return self._row_in(self.frame)

    def _row_in(self, frame: Frame) -> Row | None:
        found = frame.row(self.request_id)
        return found or next((row for row in self._rows() if row.id == self.request_id), None)

    # watching

    def _watch(self) -> None:
        self._following = Following(self.request_id)
        self._drawn, self._top, self.playback = None, True, None
        self._making.forget()
        self._bodies = Bodies(self.request_id, self._making)
        self._opened, self._whole = frozenset(), False
        self.lines.following = self.tab is Tab.STREAM
        start(self, partial(self._following.run, self.cccc.control), "watch")

    def _beat(self) -> None:
        if self.is_current and self.ready:
            self._draw()

    def on_frame(self, frame: Frame) -> None:
        pane = self.query_one("#inspector")
        row, dot = self._row_in(frame), f" {self.cccc.glyphs.dot} "
        title = [f"Request {fmt.safe(self.request_id)}"]
        if row is not None:
            way = f"{row.client_type.value.replace('_', '-')} {self.cccc.glyphs.arrow} {row.endpoint or fmt.NOTHING}"
            title += [fmt.clock(row.time), fmt.safe(way)]
        set_title(pane, dot.join(title))
        ids = [one.id for one in self._rows()]
        place = ids.index(self.request_id) + 1 if self.request_id in ids else None
        self._place = f"{fmt.count(place)} of {fmt.count(len(ids))}" if place else ""
        self._draw()
        self.refresh_keys()

    # drawing

    def _draw(self) -> None:
        """Make the tab say what is known, where that has changed."""
        width = self.lines.size.width and self.lines.room
        if not width:
            return
        if self.playback is not None and self.playback.over:
            self.playback = None
        state = (
            id(self.seen), self.seen.revision, self.tab, width, self._opened, self._whole, self._trouble,
            self.app.theme, self.row, None if self.seen.ended else int(self.frame.now), self._making.made, self._place,
            self.playback and self.playback.said(),
        )  # fmt: skip
        if state == self._drawn:
            return
        self._drawn = state
        names = tabs.titles(self.seen, self._bodies.compared(self.seen).changes)
        self.query_one(InnerTabs).show([(names[tab], tab is self.tab) for tab in Tab])
        self.lines.show(self._document(), top=self._top)
        self._top = False
        self._draw_below()
        played = self.playback.said() if self.playback is not None else ""
        dot = f" {self.cccc.glyphs.dot} "
        set_subtitle(self.query_one("#inspector"), dot.join(filter(None, (played, self._place))))
        self.refresh_keys()

    @property
    def _trouble(self) -> str | None:
        return self._following.trouble

    def _document(self) -> Document:
        seen, view, glyphs = self.seen, self.lines, self.cccc.glyphs
        if self._trouble is not None and seen.asked is None:
            return Lines([line((fmt.safe(self._trouble), "error"))])
        match self.tab:
            case Tab.SUMMARY:
                return self._summary()
            case Tab.EXCHANGE:
                return exchange.exchange(seen, self._bodies.compared(self.seen), view.columns, self._opened, glyphs)
            case Tab.ATTEMPTS:
                return tabs.attempts(seen, self._now_ms(), view.room, glyphs)
            case Tab.CONVERSION:
                return tabs.conversion(seen, self._bodies.compared(self.seen), glyphs)
            case Tab.RAW_CLIENT | Tab.RAW_UPSTREAM:
                control, client = self.cccc.control, self.tab is Tab.RAW_CLIENT
                return self._bodies.raw(control, seen, view.room, client=client, whole=self._whole) or _READING
            case Tab.STREAM:
                until_ms = {} if self.playback is None else {"until_ms": self.playback.position_ms}
                return Joined([stream.heading(seen), stream.Streams(seen, **until_ms)])

    def _summary(self) -> Document:
        if (row := self.row) is None:
            return Lines([line(("nothing is known about it here", "dim"))])
        facts = request_facts(row, self.seen.record, self.frame.now, self.cccc)
        return Lines(line((fmt.fit(fact.label or "", LABEL_WIDTH), "dim"), *fact.pieces) for fact in facts)

    def _draw_below(self) -> None:
        view = self.query_one("#below", LineView)
        view.display = self.tab in _WITH_BELOW
        document: Document = NOTHING
        if self.tab is Tab.EXCHANGE:
            document = below.below(self.seen, self._now_ms(), self.lines.columns, self._opened, self.cccc.glyphs)
        elif self.tab is Tab.STREAM:
            document = stream.event(self.seen, max(0, self.lines.cursor - 1), self.lines.room)
        if view.display:
            most = _MOST_BELOW if self.size.height >= _TALL else _FEW_BELOW
            view.styles.height = max(2, min(len(document), most)) + 1
            view.show(document)

    def _now_ms(self) -> float:
        """How long the request ran, or runs."""
        if self.seen.record is not None:
            return self.seen.record.duration_ms
        row = self.row
        return 0.0 if row is None else max(0.0, self.frame.now - row.time) * 1000

    def on_line_view_moved(self, message: LineView.Moved) -> None:
        """Other keys may apply; on the streams another event is shown in full."""
        if self.tab is Tab.STREAM and message.view is self.lines:
            self._draw_below()
        self.refresh_keys()

    def on_line_view_opened(self) -> None:
        """A second click on a fold."""
        self.action_unfold()

    def on_line_view_resized(self) -> None:
        """Lines are as long as the view is wide."""
        if self.ready:
            self._draw()

    # keys

    def applies(self, verb: str) -> bool:
        if verb in ("curl", "again"):
            return self.row is not None and not self.row.live
        if verb in ("next_found", "previous_found"):
            return bool(self.lines.wanted)
        if verb == "unfold":
            return bool(self._focused.opens)
        if verb == "more":
            return self.tab in _RAW and self._bodies.more
        if verb == "play":
            return self.tab is Tab.STREAM and self.seen.first_ms != self.seen.last_ms
        if verb in ("slower", "faster"):
            return self.playback is not None
        return True

    @property
    def _focused(self) -> LineView:
        """The view in focus."""
        return self.focused if isinstance(self.focused, LineView) else self.lines

    def copies(self) -> bool:
        return bool(len(self.lines.document))

    def copyable(self) -> str | None:
        return self._text()

    def _text(self) -> str:
        """The tab as text: what is above and what is below."""
        under = self.query_one("#below", LineView).document if self.tab is Tab.EXCHANGE else NOTHING
        return as_text(self.lines.document) + as_text(under)

    def _show_tab(self, at: int) -> None:
        self.tab = list(Tab)[at % len(Tab)]
        self._top, self._whole, self.playback = True, False, None
        self.lines.following = self.tab is Tab.STREAM and not self.seen.ended
        self._draw()

    def action_play(self) -> None:
        """Play the stream again from its first event, pause, or go on."""
        if self.playback is not None:
            self.playback.pause()
        elif self.seen.first_ms is not None and self.seen.last_ms is not None:
            self.playback = Playback(self.seen.first_ms, self.seen.last_ms, self._clock)
            self.lines.following = True
        self._draw()

    def action_slower(self) -> None:
        """Play it slower."""
        self._change_speed(-1)

    def action_faster(self) -> None:
        """Play it faster."""
        self._change_speed(1)

    def _change_speed(self, by: int) -> None:
        if self.playback is not None:
            self.playback.change_speed(by)
            self._draw()

    def action_next_tab(self) -> None:
        """The tab to the right."""
        self._show_tab(list(Tab).index(self.tab) + 1)

    def action_previous_tab(self) -> None:
        """The tab to the left."""
        self._show_tab(list(Tab).index(self.tab) - 1)

    def action_next_request(self) -> None:
        """The request below this one in the list."""
        self._step(1)

    def action_previous_request(self) -> None:
        """The request above this one in the list."""
        self._step(-1)

    def _step(self, by: int) -> None:
        ids = [row.id for row in self._rows()]
        at = ids.index(self.request_id) + by if self.request_id in ids else len(ids) - 1
        if 0 <= at < len(ids):
            self._inspect(ids[at])
        else:
            self.cccc.say("this is the newest one" if by > 0 else "this is the oldest one")

    def _inspect(self, request_id: str) -> None:
        self.request_id = request_id
        self._watch()
        self.on_frame(self.frame)

    def action_unfold(self) -> None:
        """Open or close what is folded in this line."""
        if names := self._focused.opens:
            self._opened = self._opened.symmetric_difference(names.split("\n"))
            self._draw()

    def action_more(self) -> None:
        """Lay out the whole body."""
        self._whole = True
        self._draw()

    def action_find(self) -> None:
        """Type what to look for."""
        field = self.query_one(Field)
        field.display = True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look for it."""
        self._stop_typing()
        if event.value and not self.lines.find(event.value, here=True):
            self.cccc.say(f"{event.value} stands nowhere in this tab")
        self.refresh_keys()

    def on_key(self, event: Key) -> None:
        """Escape leaves the field and looks for nothing any more."""
        if event.key == "escape" and self.query_one(Field).has_focus:
            self.query_one(Field).clear()
            self.lines.find("")
            self._stop_typing()
            self.refresh_keys()
            event.stop()

    def _stop_typing(self) -> None:
        self.query_one(Field).display = False
        self.lines.focus()

    def action_next_found(self) -> None:
        """The next line that has it."""
        self.lines.find(self.lines.wanted)

    def action_previous_found(self) -> None:
        """The line before that has it."""
        self.lines.find(self.lines.wanted, forward=False)

    def action_pager(self) -> None:
        """The tab in the user's pager."""
        taking.page(self.cccc, self._text())

    async def action_curl(self) -> None:
        """The last attempt as a curl command, the key as a shell variable."""
        await taking.curl(self.cccc, self.request_id)

    async def action_again(self) -> None:
        """Send it again."""
        if (row := self.row) is not None:
            await replay.offer(self, row, self._inspect)

    async def action_save(self) -> None:
        """All of it as a ZIP in the current folder; while it runs, the tab as text."""
        text = None if self.seen.ended else self._text()
        await taking.save(self.cccc, self.request_id, text=text, name=self.tab.value)

    def action_back(self) -> None:
        """Close it, or give a maximised pane back."""
        if self.maximized is not None:
            self.minimize()
        else:
            self.dismiss()
