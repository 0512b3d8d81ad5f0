"""Mode 4: what an hour, a day or a week was like, against the one before: figures, charts, tables.

The figures are asked for when the screen comes to the front and every few seconds after that, never while paused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from cccc.control.api import CcccError, ClientType, Span, StatsKey
from tui import format as fmt
from tui.background import start
from tui.export import as_csv, stem, write_new
from tui.keys import keys_of
from tui.screens import figures
from tui.screens.base import Dashboard
from tui.screens.detail import DetailScreen
from tui.screens.figures import Asked, Measure, Sort, Told
from tui.state import Frame
from tui.widgets.chart import Chart
from tui.widgets.facts import Fact, Facts
from tui.widgets.live_table import LiveTable
from tui.widgets.titles import set_subtitle, set_title

REFRESH = 3.0
"""Seconds after which the figures are asked for again."""

_STRIP = 56
"""Cells of a strip while nobody knows how many there are."""

_QUIET = """\
No requests in the last {span}{of}.

What passes through the proxy is counted here as it ends.
d shows the last day, w the last week."""

T = TypeVar("T")


class GroupTable(LiveTable, inherit_bindings=False):
    """Leaves ``g`` to the screen."""

    BINDINGS: ClassVar = [
        (replace(key, keys="home") if key.verb == "first" else key).binding() for key in keys_of("table")
    ]


class StatsScreen(Dashboard):
    """Cards over two charts over two tables."""

    CONTEXT = "stats"

    def __init__(self) -> None:
        super().__init__()
        self._asked = Asked()
        self._measure = Measure.REQUESTS
        self._sort = Sort.SHARE
        self._paused = False
        self._told: Told | None = None
        self._asking: Asked | None = None
        """What is being asked now."""
        self._tried = 0.0
        """When it was asked last (wall time), whatever came of it."""
        self._complaint: str | None = None
        self._folder = Path.cwd()

    def body(self) -> ComposeResult:
        with Horizontal(id="cards"):
            for _ in range(4):
                with Vertical(classes="pane card"):
                    yield Facts()
        with Vertical(id="quiet", classes="pane"):
            yield Static(markup=False)
        with Horizontal(id="charts"):
            with Vertical(id="large", classes="pane"):
                yield Chart()
            with Vertical(id="ttft", classes="pane") as pane:
                pane.border_title = "Time to first byte"
                pane.border_subtitle = fmt.title(f"p50 {self.cccc.glyphs.curve}  p95 {self.cccc.glyphs.point}")
                yield Chart()
        with Horizontal(id="tables"):
            with Vertical(id="groups", classes="pane"):
                yield GroupTable(figures.columns(self._asked.by.value))
                yield Facts()
            with Vertical(id="beside", classes="pane"):
                yield GroupTable(figures.beside_columns(self._asked.beside.value))
                yield Facts()

    def on_mount(self) -> None:
        """Keys go to the groups."""
        self._groups.focus()

    @property
    def _groups(self) -> LiveTable:
        return self.query_one("#groups LiveTable", LiveTable)

    def on_frame(self, frame: Frame) -> None:
        stale = frame.now - self._tried >= REFRESH and not self._paused
        if self._asking is None and (stale or self._told is None) and frame.overview is not None:
            self._ask()
        self._show_state()

    def _ask(self) -> None:
        """Ask for the figures, instead of for others that were still being asked for."""
        self._asking, self._tried = self._asked, self.frame.now
        start(self, partial(self._fetch, self._asked), "figures")

    async def _fetch(self, asked: Asked) -> None:
        control = self.cccc.control
        try:
            series = await control.series(asked.span, asked.by, client_type=asked.client, endpoint=asked.endpoint)
            beside = await control.stats(
                asked.beside, since=series.since, client_type=asked.client, endpoint=asked.endpoint
            )
        except CcccError as error:
            self._complaint = fmt.safe(str(error))
        else:
            self._complaint = None
            self._told = Told(asked, series, beside, self.frame.now)
        if self._asking == asked:
            self._asking = None
        if self.is_current:
            with self.app.batch_update():
                self._draw()

    def _draw(self) -> None:
        """Show what was told."""
        self._show_state()
        if self._told is None:
            return
        series, glyphs, measure = self._told.series, self.cccc.glyphs, self._measure
        said = figures.cards(series.totals, series.before)
        for pane, (name, lines) in zip(self.query(".card"), said.items(), strict=True):
            set_title(pane, name)
            pane.query_one(Facts).show(lines)
        quiet = not series.totals.requests
        self.query_one("#quiet").display = quiet
        self.query_one("#charts").display = self.query_one("#tables").display = not quiet
        self.query_one("#quiet Static", Static).update(_QUIET.format(span=series.span.value, of=self._of()))
        self.query_one("#large Chart", Chart).show(figures.large_plot(series, measure))
        set_subtitle(self.query_one("#large"), figures.legend(series, measure, glyphs))
        self.query_one("#ttft Chart", Chart).show(figures.ttft_plot(series))
        self._show_tables(self._told)

    def _show_tables(self, told: Told) -> None:
        series, measure = told.series, self._measure
        sides = (
            ("#groups", series.by, series.groups, figures.columns),
            ("#beside", told.beside.by, told.beside.groups, figures.beside_columns),
        )
        for name, by, groups, columns in sides:
            table = self.query_one(f"{name} LiveTable", LiveTable)
            table.show_columns(columns(by.value))
            table.show(figures.group_rows(figures.in_order(groups, self._sort, measure), measure, self.cccc))
        glyphs, below = self.cccc.glyphs, self.query_one("#beside Facts", Facts)
        self.query_one("#groups Facts", Facts).show(figures.failures(series, glyphs))
        below.show(figures.strips(series, glyphs, below.size.width or _STRIP))

    def _show_state(self) -> None:
        told, dot = self._told, self.cccc.glyphs.dot
        asked = self._asked
        paused = f" {dot} paused" if self._paused else ""
        what = f"{self._measure.value.capitalize()} per {figures.STEP[asked.span]}"
        set_title(self.query_one("#large"), f"{what} {dot} last {asked.span.value}{self._of()}{paused}")
        groups, beside = self.query_one("#groups"), self.query_one("#beside")
        set_title(groups, f"By {asked.by.value}")
        set_title(beside, f"By {asked.beside.value}")
        set_subtitle(groups, self._complaint or f"s: sorted by {self._sort.value}")
        set_subtitle(beside, f"t: {self._measure.value}")
        set_subtitle(self.query_one("#quiet"), self._complaint)
        self.set_class(told is None, "-waiting")
        self.refresh_keys()

    def _of(self) -> str:
        """Of whom the figures are, where it is not everybody."""
        client = self._asked.client.value.replace("_", " ") if self._asked.client else ""
        endpoint = fmt.cut(fmt.safe(self._asked.endpoint), 24) if self._asked.endpoint is not None else ""
        return "".join(f" {self.cccc.glyphs.dot} {word}" for word in (client, endpoint) if word)

    def applies(self, verb: str) -> bool:
        if verb in ("export", "open"):
            return self._told is not None
        if verb == "endpoint":
            return bool(self.frame.endpoints)
        spans = {"hour": Span.HOUR, "day": Span.DAY, "week": Span.WEEK}
        return spans.get(verb) is not self._asked.span

    def _want(self, asked: Asked) -> None:
        self._asked = asked
        self._show_state()
        self._ask()

    def action_hour(self) -> None:
        """The last hour."""
        self._want(replace(self._asked, span=Span.HOUR))

    def action_day(self) -> None:
        """The last day."""
        self._want(replace(self._asked, span=Span.DAY))

    def action_week(self) -> None:
        """The last week."""
        self._want(replace(self._asked, span=Span.WEEK))

    def action_group(self) -> None:
        """Group by the next thing."""
        self._want(replace(self._asked, by=_after(self._asked.by, list(StatsKey))))

    def action_client(self) -> None:
        """Only the next kind of client; after the last one everybody."""
        self._want(replace(self._asked, client=_after(self._asked.client, [None, *ClientType])))

    def action_endpoint(self) -> None:
        """Only what the next endpoint answered; after the last one all."""
        names = [None, *(view.name for view in self.frame.endpoints)]
        self._want(replace(self._asked, endpoint=_after(self._asked.endpoint, names)))

    def action_pause(self) -> None:
        """Let the figures stand, or go on."""
        self._paused = not self._paused
        if not self._paused:
            self._ask()
        self._show_state()

    def action_measure(self) -> None:
        """Chart and shares of the next thing: requests, tokens, cost."""
        self._measure = _after(self._measure, list(Measure))
        self._draw()

    def action_sort(self) -> None:
        """Sort the tables by the next thing."""
        self._sort = _after(self._sort, list(Sort))
        self._draw()

    def action_open(self) -> None:
        """All figures on a page of their own."""
        if self._told is not None:
            title = f"Last {self._told.asked.span.value}{self._of()}"
            self.app.push_screen(DetailScreen("stats", title, self._everything, copies=title))

    def _everything(self, frame: Frame) -> Sequence[Fact]:  # noqa: ARG002  (the figures have their own time)
        return figures.everything(self._told, self.cccc) if self._told is not None else ()

    def on_line_table_opened(self) -> None:
        """A click on the selected row."""
        self.action_open()

    async def action_export(self) -> None:
        """Write the buckets into a new file in the folder in which this was started, and name it."""
        if self._told is None:
            return
        series = self._told.series
        try:
            path = await asyncio.to_thread(write_new, self._folder, stem(series), as_csv(series))
        except OSError as error:
            self.cccc.say(f"nothing was written to {self._folder}: {error.strerror or error}", severity="error")
        else:
            self.cccc.say(f"written to {path}")


def _after(now: T, choices: Sequence[T]) -> T:
    """The next one; after the last, and after one that is no more, the first."""
    return choices[(choices.index(now) + 1) % len(choices)] if now in choices else choices[0]
