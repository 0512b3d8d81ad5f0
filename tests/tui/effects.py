"""What every key is for: a table of walks through the screens, each step one key and what it must bring about.

A step says what is so after its key and was not so before. What only leads there stands in ``keys`` and ``first``: ids
as in ``tui.keys`` (pressed under whatever name they have, as soon as they apply), or plain keys and characters.
``test_effects`` walks them, under the usual keys and under a keymap that renames them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from textual.command import CommandPalette
from textual.screen import Screen

from cccc.config import form
from cccc.config.loading import load_text
from cccc.control.api import (
    ClientType,
    ConfigChanges,
    ConfigForm,
    ConfigValue,
    ConfigView,
    EndpointDraft,
    ProbeReport,
    Saved,
    Span,
    StatsKey,
    WireFormat,
)
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.counted import Counted
from tests.tui.inspector import case
from tests.tui.pilot import Screens
from tui.app import Leave
from tui.inspector.tabs import Tab
from tui.screens.change_key import ChangeKeyDialog
from tui.screens.config import ConfigScreen
from tui.screens.detail import DetailScreen
from tui.screens.dialog import DiscardDialog, ImportDialog, KeepTableDialog, ReviewDialog
from tui.screens.endpoints import EndpointsScreen
from tui.screens.help import HelpScreen
from tui.screens.inspector import InspectorScreen
from tui.screens.leave import LeaveDialog, UnsavedDialog
from tui.screens.replay import ReplayDialog
from tui.screens.requests import RequestsScreen
from tui.screens.wizard import Wizard
from tui.widgets.diff import DiffView
from tui.widgets.field import Field
from tui.widgets.live_table import LiveTable
from tui.widgets.log_table import LogTable

So = Callable[[Screens], object]


@dataclass(frozen=True, slots=True)
class Step:
    """One key, under one of its names, and what is so after it. ``when``: what ``first`` must have led to."""

    id: str
    key: str
    so: So
    first: tuple[str, ...] = ()
    when: So = lambda _: True


@dataclass(frozen=True, slots=True)
class Walk:
    """Steps one after the other in one app: from ``keys`` and as soon as it is ``ready``."""

    name: str
    steps: tuple[Step, ...]
    ready: So
    keys: tuple[str, ...] = ()
    world: Callable[[], FakeControl] = FakeControl
    attached: bool = True


# what is seen


def control(shown: Screens) -> FakeControl:
    return cast("FakeControl", shown.app.control)


def front(kind: type[Screen[object]]) -> So:
    return lambda shown: isinstance(shown.app.screen, kind)


def text(said: str) -> So:
    return lambda shown: said in shown.text()


def without(said: str) -> So:
    return lambda shown: said not in shown.text()


def notice(said: str) -> So:
    return lambda shown: any(said in remark for remark in shown.said)


def copied(said: str) -> So:
    return lambda shown: shown.app.clipboard.startswith(said)


def row(name: str) -> So:
    return lambda shown: shown.app.screen.query_one(LiveTable).selected == name


def typing(shown: Screens) -> bool:
    return isinstance(shown.app.focused, Field)


def leaves(how: Leave) -> So:
    return lambda shown: shown.app.return_value is how


def mode(name: str) -> So:
    return lambda shown: shown.app.current_mode == name


# endpoints, what is everywhere, tables, help, pages of details

CONFIG = ConfigView("config.yaml", (ConfigValue("endpoints[0].name", "beta", "file:1"),), ())


class Configured(FakeControl):
    """The fixed world where beta stands in the configuration, with every setting, noting what is saved and probed."""

    def __init__(self) -> None:
        super().__init__()
        self.saves: list[ConfigChanges] = []
        self.probes = 0
        loaded = load_text("endpoints: []\nrouting:\n  max_attempts: 4\n", toml=False, name="config.yaml", environ={})
        self.form = replace(form.form(loaded), path="~/.config/cccc/config.yaml")

    async def config(self) -> ConfigView:
        return CONFIG

    async def config_form(self) -> ConfigForm:
        return self.form

    async def config_save(self, changes: ConfigChanges) -> Saved:
        self.saves.append(dict(changes))
        return world.SAVED

    async def probe(self, draft: EndpointDraft, *, model: str | None = None) -> ProbeReport:
        self.probes += 1
        return await super().probe(draft, model=model)


def configured(shown: Screens) -> Configured:
    return cast("Configured", shown.app.control)


def priority(name: str, number: int) -> So:
    return lambda shown: (view := shown.app.frame.endpoint(name)) is not None and view.priority == number


def manual(*names: str) -> So:
    """These go before all others, for an hour."""
    wanted = [(name, world.NOW + 3600) for name in names]
    return lambda shown: [(one.endpoint, one.until) for one in control(shown).manual] == wanted


ENDPOINTS = Walk(
    "endpoints",
    ready=row("alpha"),
    world=Configured,
    steps=(
        Step("table.cursor_down", "down", row("beta")),
        Step("table.cursor_down", "j", row("gamma")),
        Step("table.cursor_up", "up", row("beta")),
        Step("table.cursor_up", "k", row("alpha")),
        Step("table.last", "end", row("gamma")),
        Step("table.first", "home", row("alpha")),
        Step("table.last", "G", row("gamma")),
        Step("table.first", "g", row("alpha")),
        Step("table.page_down", "pagedown", row("gamma")),
        Step("table.page_up", "pageup", row("alpha")),
        Step("endpoints.next_client", "c", text("ranked for codex")),
        Step("endpoints.use", "u", manual("alpha")),
        Step("endpoints.use", "u", manual(), when=text("→ alpha")),
        Step("endpoints.switch", "space", lambda shown: not control(shown).views["alpha"].enabled),
        Step("endpoints.switch", "space", lambda shown: control(shown).views["alpha"].enabled, when=text("○ off")),
        Step("endpoints.lower_priority", "minus", priority("alpha", 2)),
        Step("endpoints.raise_priority", "plus", priority("alpha", 1)),
        Step(
            "endpoints.reset",
            "b",
            lambda shown: control(shown).views["beta"].cooldown_until is None,
            first=("table.cursor_down",),
        ),
        Step("endpoints.test", "t", notice("beta:\nC ✓ 640 ms\nR ✗ 404 Not Found\ncost 5 requests, 61 tokens")),
        Step("endpoints.edit", "e", text("Edit beta")),
        Step("endpoints.add", "a", text("New endpoint"), first=("wizard.cancel",)),
        Step("wizard.cancel", "escape", front(EndpointsScreen)),
        Step("endpoints.why", "w", mode("routing")),
        Step("endpoints.open", "enter", front(DetailScreen), first=("1",)),
        Step("detail.back", "escape", front(EndpointsScreen)),
        Step("endpoints.delete", "d", lambda shown: "beta" not in control(shown).views),
        Step("endpoints.undelete", "z", lambda shown: "beta" in control(shown).views),
    ),
)


class Bare(FakeControl):
    """A proxy without endpoints, on a machine where some were found."""

    def __init__(self) -> None:
        super().__init__()
        self.views.clear()


def imported(shown: Screens) -> bool:
    return bool(control(shown).views)


IMPORT_AGAIN = ("endpoints.undelete", "endpoints.import_found")

WELCOME = Walk(
    "welcome",
    world=Bare,
    ready=text("Found on this machine"),
    steps=(
        Step("endpoints.import_found", "i", front(ImportDialog)),
        Step("importing.stay", "escape", front(EndpointsScreen)),
        Step("importing.save", "s", imported, first=("endpoints.import_found",)),
        Step("importing.save", "enter", imported, first=IMPORT_AGAIN, when=front(ImportDialog)),
        Step("importing.save", "ctrl+s", imported, first=IMPORT_AGAIN, when=front(ImportDialog)),
    ),
)

EVERYWHERE = Walk(
    "everywhere",
    ready=row("alpha"),
    steps=(
        Step("app.copy", "y", copied("alpha")),
        Step("app.maximise", "F", lambda shown: shown.app.screen.maximized is not None),
        Step("app.maximise", "F", lambda shown: shown.app.screen.maximized is None),
        Step("app.help", "question_mark", front(HelpScreen)),
        Step("help.back", "escape", front(EndpointsScreen)),
        Step("app.help", "f1", front(HelpScreen)),
        Step("help.back", "question_mark", front(EndpointsScreen)),
        Step("help.back", "f1", front(EndpointsScreen), first=("app.help",)),
        Step("app.next_theme", "T", lambda shown: shown.app.theme == "textual-light"),
        Step("app.commands", "ctrl+p", front(CommandPalette)),
    ),
)

HELP = Walk(
    "help",
    ready=row("alpha"),
    steps=(
        Step("help.manual", "o", notice("this terminal cannot be lent to a pager"), first=("app.help",)),
        Step("help.search", "slash", typing),
        Step("help.change", "k", front(ChangeKeyDialog), first=("help.back", "app.help")),
    ),
)

LEAVING = (
    Walk("leave", ready=row("alpha"), steps=(Step("app.leave", "q", leaves(Leave.FINISH)),)),
    *(
        Walk(f"leave at once, {key}", ready=row("alpha"), steps=(Step("app.leave_now", key, leaves(Leave.FINISH)),))
        for key in ("Q", "ctrl+q")
    ),
    Walk(
        "leave a proxy of one's own",
        attached=False,
        ready=row("alpha"),
        steps=(
            Step("app.suspend", "ctrl+z", notice("ctrl+z would stop the proxy too")),
            Step("app.leave", "q", front(LeaveDialog)),
            Step("leave.stay", "escape", front(EndpointsScreen)),
            Step("leave.stay", "n", front(EndpointsScreen), first=("app.leave",)),
            Step("leave.finish", "s", leaves(Leave.FINISH), first=("app.leave",)),
        ),
    ),
    *(
        Walk(
            f"leave a proxy of one's own, {verb} {key}",
            attached=False,
            keys=("app.leave",),
            ready=front(LeaveDialog),
            steps=(Step(f"leave.{verb}", key, leaves(how)),),
        )
        for verb, key, how in (("finish", "enter", Leave.FINISH), ("now", "S", Leave.NOW))
    ),
)

ROUTING = Walk(
    "routing",
    keys=("2",),
    ready=text("Why is alpha #1?"),
    steps=(
        Step("routing.down", "x", text("what if alpha down")),
        Step("routing.clear", "escape", without("what if alpha")),
        Step("routing.lower_priority", "minus", text("what if alpha priority 2")),
        Step("routing.raise_priority", "plus", without("what if alpha")),
        Step(
            "routing.write",
            "ctrl+s",
            lambda shown: control(shown).views["alpha"].priority == 2,
            first=("routing.lower_priority",),
        ),
        Step("routing.next_client", "c", text("Order of attempts · codex")),
        Step("routing.model", "m", typing),
        Step("routing.clear", "escape", lambda shown: not typing(shown)),
        Step("routing.why", "w", front(DetailScreen)),
        Step("routing.open", "enter", front(EndpointsScreen), first=("detail.back",)),
    ),
)

# requests, their log, sending again


def logged(number: int) -> So:
    return lambda shown: shown.front.query_one(LogTable).selected == world.RECORDS[number].id


def following(shown: Screens) -> bool:
    return shown.front.query_one(LogTable).following


def rows(*numbers: int) -> So:
    wanted = [world.RECORDS[number].id for number in numbers]
    return lambda shown: [row.id for row in shown.front.query_one(LogTable).rows] == wanted


def records(number: int) -> So:
    return lambda shown: len(control(shown).records) == number


REQUESTS = Walk(
    "requests",
    keys=("3",),
    ready=logged(3),
    steps=(
        Step("log.cursor_up", "up", logged(2)),
        Step("log.cursor_up", "k", logged(1)),
        Step("log.cursor_down", "down", logged(2)),
        Step("log.cursor_down", "j", logged(3)),
        Step("log.page_up", "pageup", logged(0)),
        Step("log.page_down", "pagedown", logged(3)),
        Step("log.first", "home", logged(0)),
        Step("requests.follow", "f", following),
        Step("log.first", "g", logged(0)),
        Step("requests.follow", "end", following),
        Step("requests.follow", "G", following, first=("log.first",)),
        Step("requests.previous_error", "N", logged(2)),
        Step("requests.next_error", "n", logged(2), first=("log.first",)),
        Step("requests.errors", "exclamation_mark", rows(2)),
        Step("requests.errors", "exclamation_mark", rows(0, 1, 2, 3)),
        Step("requests.hold", "space", text("held, 0 new")),
        Step("requests.hold", "space", without("held, 0 new")),
        Step("requests.filter", "slash", typing),
        Step("requests.again", "r", front(ReplayDialog), first=("escape",)),
        Step("replay.stay", "escape", front(RequestsScreen)),
        Step("replay.stay", "n", front(RequestsScreen), first=("requests.again",)),
        Step("replay.send", "s", records(5), first=("requests.again",)),
        Step("replay.send", "enter", records(6), first=("requests.again",), when=front(ReplayDialog)),
        Step("requests.open", "enter", front(InspectorScreen)),
    ),
)

# the inspector and its lines


def inspector(shown: Screens) -> InspectorScreen:
    return cast("InspectorScreen", shown.app.screen)


def tab(wanted: Tab) -> So:
    return lambda shown: inspector(shown).tab is wanted


def line(at: int) -> So:
    return lambda shown: inspector(shown).lines.cursor == at % len(inspector(shown).lines.document)


def line_says(said: str) -> So:
    return lambda shown: (lines := inspector(shown).lines) and said in lines.document.plain(lines.cursor)


INSPECTOR = Walk(
    "inspector",
    keys=("3", "requests.open"),
    world=case.fake,
    ready=text("▸ 2 other headers"),
    steps=(
        Step("inspector.unfold", "enter", text("user-agent: claude-cli/2.1.197"), first=("lines.line_down",) * 5),
        Step("lines.first", "home", line(0)),
        Step("lines.line_down", "down", line(1)),
        Step("lines.line_up", "up", line(0)),
        Step("lines.last", "end", line(-1)),
        Step("lines.first", "g", line(0)),
        Step("lines.last", "G", line(-1)),
        Step("lines.page_up", "pageup", lambda shown: not line(-1)(shown)),
        Step("lines.page_down", "pagedown", line(-1)),
        Step("inspector.previous_tab", "left_square_bracket", tab(Tab.SUMMARY)),
        Step("inspector.next_tab", "right_square_bracket", tab(Tab.EXCHANGE)),
        Step("inspector.find", "slash", typing),
        Step(
            "inspector.next_found",
            "n",
            line_says('"Tool10"'),
            first=(*"tool1", "enter", *("inspector.next_tab",) * 3, "inspector.find", *"tool1", "enter"),
            when=line_says('"Tool1"'),
        ),
        Step("inspector.previous_found", "N", line_says('"Tool1"')),
        Step("inspector.pager", "o", notice("this terminal cannot be lent to a pager")),
        Step("inspector.curl", "u", lambda shown: copied("curl ")(shown) and "$CCCC_KEY" in shown.app.clipboard),
        Step("inspector.save", "s", notice("saved as ")),
        Step("inspector.again", "r", front(ReplayDialog)),
        Step("inspector.previous_request", "k", text("4 of 5"), first=("replay.stay",)),
        Step("inspector.next_request", "j", text("5 of 5")),
        Step("inspector.back", "escape", front(RequestsScreen)),
    ),
)

PLAYED = Walk(
    "a stream that is played again",
    keys=("3", "requests.open", *("inspector.previous_tab",) * 2),
    world=lambda: FakeControl(records=(case.slow(),)),
    ready=text("message_start"),
    steps=(
        Step("inspector.play", "p", text("playing x1")),
        Step("inspector.faster", "greater_than_sign", text("playing x4")),
        Step("inspector.slower", "less_than_sign", text("playing x1")),
    ),
)

LONG = replace(case.RECORD, request_body=case.body({"data": ["x" * 90] * 3_000}))

LONG_BODY = Walk(
    "a long body",
    keys=("3", "requests.open", *("inspector.next_tab",) * 3),
    world=lambda: FakeControl(records=(LONG,)),
    ready=lambda shown: len(inspector(shown).lines.document) > 1_000,
    steps=(Step("inspector.more", "m", lambda shown: len(inspector(shown).lines.document) > 3_000),),
)

# statistics


def asked(shown: Screens) -> tuple[Span, StatsKey, ClientType | None, str | None]:
    return cast("Counted", shown.app.control).asked[-1]


STATS = Walk(
    "stats",
    keys=("4",),
    world=Counted,
    ready=text("842"),
    steps=(
        Step("stats.day", "d", lambda shown: asked(shown)[0] is Span.DAY),
        Step("stats.week", "w", lambda shown: asked(shown)[0] is Span.WEEK),
        Step("stats.hour", "h", lambda shown: asked(shown)[0] is Span.HOUR),
        Step("stats.group", "g", lambda shown: asked(shown)[1] is StatsKey.MODEL),
        Step("stats.client", "c", lambda shown: asked(shown)[2] is not None),
        Step("stats.endpoint", "e", lambda shown: asked(shown)[3] == "alpha"),
        Step("stats.measure", "t", text("Tokens per minute")),
        Step("stats.sort", "s", text("sorted by errors")),
        Step("stats.pause", "p", text("paused")),
        Step("stats.export", "x", notice("written to ")),
        Step("stats.open", "enter", front(DetailScreen)),
    ),
)

# clients


def calls(verb: str, client: ClientType, times: int = 1) -> So:
    return lambda shown: sum(call[:2] == (verb, client) for call in control(shown).client_calls) == times


def restored(*keeps: bool) -> So:
    return lambda shown: (
        [detail for verb, client, detail in control(shown).client_calls if (verb, client) == ("restore", CODEX)]
        == list(keeps)
    )


def change(shown: Screens) -> bool:
    return shown.front.query_one(DiffView).current is not None


CLAUDE, CODEX = ClientType.CLAUDE_CODE, ClientType.CODEX
UNDO_CODEX = ("clients.apply", "clients.undo")
"""Codex is set up, and its set-up about to be undone again."""

CLIENTS = Walk(
    "clients",
    keys=("5",),
    ready=text("Claude Code sends its requests here"),
    steps=(
        Step("clients.next_change", "n", change),
        Step("clients.view", "v", lambda shown: shown.front.query_one(DiffView).side_by_side),
        Step("clients.previous_change", "N", change),
        Step("clients.editor", "o", notice("~/.claude/settings.json is not on this machine")),
        Step("clients.test", "t", calls("prove", CLAUDE)),
        Step("clients.apply", "a", calls("apply", CLAUDE)),
        Step("clients.undo", "u", calls("restore", CLAUDE)),
        Step("clients.apply_all", "A", calls("apply", CLAUDE, 2)),
        Step("clients.undo", "u", front(KeepTableDialog), first=("table.cursor_down",), when=row("codex")),
        Step("keep_table.stay", "escape", lambda shown: shown.app.screen is shown.app.in_front),
        Step("keep_table.keep", "k", restored(True), first=("clients.undo",)),
        Step("keep_table.keep", "enter", restored(True, True), first=UNDO_CODEX),
        Step("keep_table.remove", "r", restored(True, True, False), first=UNDO_CODEX),
    ),
)

# the configuration, its form and its questions


def configuration(shown: Screens) -> ConfigScreen:
    return cast("ConfigScreen", shown.app.screen)


def at(place: int) -> So:
    """The cursor is on this setting of the section."""

    def so(shown: Screens) -> bool:
        screen = configuration(shown)
        keys = [field.key for field in screen.section.fields] if screen.section else []
        return bool(keys) and screen.form.selected == keys[place]

    return so


def edited(*keys: str) -> So:
    return lambda shown: front(ConfigScreen)(shown) and list(configuration(shown)._edits.values) == list(keys)


def saved(times: int) -> So:
    return lambda shown: len(configured(shown).saves) == times


SEEN = ("config.edit", "config.review")
"""An edit, and the question whether to save it."""

CONFIGURATION = Walk(
    "config",
    keys=("6",),
    world=Configured,
    ready=text("timeouts"),
    steps=(
        Step(
            "config.edit",
            "enter",
            lambda shown: configuration(shown).form.has_focus,
            first=("table.cursor_down",) * 4,
            when=text("Warm sessions"),
        ),
        Step("form.cursor_down", "down", at(1)),
        Step("form.cursor_down", "j", at(2)),
        Step("form.cursor_up", "up", at(1)),
        Step("form.cursor_up", "k", at(0)),
        Step("form.last", "end", at(-1)),
        Step("form.first", "home", at(0)),
        Step("form.last", "G", at(-1)),
        Step("form.first", "g", at(0)),
        Step("config.edit", "enter", text("[ ] off")),
        Step("config.view", "v", text("sticky_sessions: false")),
        Step("config.view", "v", text("[ ] off")),
        Step("config.default", "x", text("[ 6 ]"), first=("form.cursor_down",)),
        Step("config.undo_edit", "z", edited("routing.sticky_sessions")),
        Step("config.review", "ctrl+s", front(ReviewDialog)),
        Step("review.stay", "escape", front(ConfigScreen)),
        Step("review.save", "s", saved(1), first=("config.review",)),
        Step("config.undo_save", "u", lambda shown: control(shown).undone == [world.SAVED]),
        Step("review.save", "enter", saved(2), first=("form.cursor_up", *SEEN)),
        Step("review.save", "ctrl+s", saved(3), first=SEEN),
        Step("config.editor", "o", notice("config.yaml is not on this machine")),
        Step("config.search", "slash", typing),
        Step("config.discard", "escape", lambda shown: shown.front.query_one(LiveTable).has_focus),
        Step(
            "discard.stay",
            "escape",
            front(ConfigScreen),
            first=("config.edit", "config.edit", "config.discard", "config.discard"),
            when=front(DiscardDialog),
        ),
        Step("discard.discard", "d", edited(), first=("config.discard",), when=front(DiscardDialog)),
        Step("app.leave", "q", front(UnsavedDialog), first=("config.edit", "config.edit")),
        Step("unsaved.stay", "escape", front(ConfigScreen)),
        Step("unsaved.stay", "n", front(ConfigScreen), first=("app.leave",)),
        Step("unsaved.save", "s", front(ReviewDialog), first=("app.leave",)),
        Step("unsaved.save", "enter", front(ReviewDialog), first=("review.stay", "app.leave")),
        Step("unsaved.drop", "d", leaves(Leave.FINISH), first=("review.stay", "app.leave")),
    ),
)

# the wizard


def wizard(shown: Screens) -> Wizard:
    return cast("Wizard", shown.app.screen)


def probed(times: int) -> So:
    return lambda shown: configured(shown).probes == times and "cost of this probe" in shown.text()


WIZARD = Walk(
    "wizard",
    keys=("endpoints.add",),
    world=Configured,
    ready=text("Groq"),
    steps=(
        Step("wizard.next", "enter", text("▶ 2"), first=("table.cursor_down",)),
        Step("wizard.back", "shift+tab", text("▶ 1")),
        Step("wizard.again", "r", probed(2), first=("wizard.next", *["enter"] * 4), when=probed(1)),
        Step("wizard.keep", "space", lambda shown: WireFormat.OPENAI_CHAT in wizard(shown)._wish.skipped),
    ),
)

WALKS: Sequence[Walk] = (
    ENDPOINTS, WELCOME, EVERYWHERE, HELP, *LEAVING, ROUTING, REQUESTS, INSPECTOR, PLAYED, LONG_BODY, STATS, CLIENTS,
    CONFIGURATION, WIZARD,
)  # fmt: skip
