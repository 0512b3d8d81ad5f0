"""Walks through everything that can be in front, stopping where there is something to look at.

A tour begins where the app begins, and yields the name of what stands there now. ``TOURS`` gives each its world;
``EMPTY`` are screens with nothing to show, or nobody to ask.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from cccc.config import form
from cccc.config.loading import load_text
from cccc.control.api import ClientView, ConfigForm, RequestStarted
from cccc.errors import ControlError
from tests.clock import ManualClock
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.counted import Counted
from tests.tui.inspector import case
from tests.tui.pilot import Screens
from tui.inspector.tabs import Tab
from tui.screens.inspector import InspectorScreen

Way = Callable[[Screens], AsyncIterator[str]]


@dataclass(frozen=True, slots=True)
class Tour:
    """Where it leads, in which world; ``attached``: to a proxy that runs elsewhere."""

    way: Way
    world: Callable[[], FakeControl]
    attached: bool = True


class Afternoon(FakeControl):
    """The world's requests again and again, and every setting, one of them from the environment."""

    def __init__(self) -> None:
        super().__init__()
        self.records = [
            replace(record, id=f"req_{number:02}", time=world.NOW - 15 * (24 - number))
            for number, record in enumerate(world.RECORDS * 6)
        ]
        environ = {"CCCC_ROUTING__GATE_TIMEOUT": "5s"}
        loaded = load_text("endpoints: []\n", toml=False, name="config.yaml", environ=environ)
        self.form = replace(form.form(loaded), path="~/.config/cccc/config.yaml")

    async def config_form(self) -> ConfigForm:
        return self.form


class Nothing(Counted):
    """A proxy that has nothing yet and says nothing of files."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet = True
        self.views.clear()
        self.records = []

    async def clients(self) -> tuple[ClientView, ...]:
        raise ControlError("this proxy leaves the files of clients alone")

    async def config_form(self) -> ConfigForm:
        raise ControlError("this proxy was started without a file")


async def endpoints(shown: Screens) -> AsyncIterator[str]:
    await shown.says("tokens/s out")
    yield "endpoints"


async def detail(shown: Screens) -> AsyncIterator[str]:
    await shown.press("down", "enter")
    await shown.says("429 Too Many Requests")
    await shown.says("tokens/s out")
    yield "detail"


async def routing(shown: Screens) -> AsyncIterator[str]:
    await shown.press("2")
    await shown.says("Why is alpha #1?")
    await shown.press("down")
    await shown.says("moves up")
    yield "routing"


async def what_if(shown: Screens) -> AsyncIterator[str]:
    await shown.press("2")
    await shown.says("Why is alpha #1?")
    await shown.press("minus", "down", "x")
    await shown.says("0 of the newest 18")
    yield "routing-what-if"


async def requests(shown: Screens) -> AsyncIterator[str]:
    await shown.press("3")
    await shown.says("all 24")
    started = RequestStarted(
        "req_live", world.NOW - 3, world.OK.client_type, world.OK.wire_format, "claude-opus-4-5", stream=True
    )
    cast("FakeControl", shown.app.control).emit(started)
    await shown.says("all 25")
    await shown.press("up")
    await shown.says("tries" + " " * 6 + "1 alpha")
    yield "requests"


async def again(shown: Screens) -> AsyncIterator[str]:
    await shown.press("3")
    await shown.says("all 24")
    await shown.press("r")
    await shown.says("Send it again?")
    yield "replay"


async def inspector(shown: Screens) -> AsyncIterator[str]:
    await shown.press("3")
    await shown.until(lambda: shown.app.frame.rows)
    await shown.press("enter")
    screen = cast("InspectorScreen", shown.app.screen)
    await shown.until(lambda: screen.seen.ended)
    for tab in (*list(Tab)[1:], Tab.SUMMARY):
        await shown.until(lambda tab=tab: screen.tab is tab and screen.quiet, tab)
        yield f"inspector-{tab}"
        await shown.press("right_square_bracket")


async def played(shown: Screens) -> AsyncIterator[str]:
    await shown.press("3")
    await shown.until(lambda: shown.app.frame.rows)
    clock = ManualClock()
    screen = InspectorScreen(case.RECORD.id, lambda: shown.app.frame.rows, clock=clock.monotonic)
    await shown.app.push_screen(screen)
    await shown.until(lambda: screen.seen.ended)
    await shown.press("left_square_bracket", "left_square_bracket", "p", "greater_than_sign")
    clock.advance(1.75)
    await shown.says("playing x4  +7 310 of 9 362 ms")
    yield "inspector-played"


async def stats(shown: Screens) -> AsyncIterator[str]:
    await shown.press("4")
    await shown.says("842")
    await shown.says("61%")
    yield "stats"


async def stats_page(shown: Screens) -> AsyncIterator[str]:
    await shown.press("4")
    await shown.says("842")
    await shown.press("enter")
    await shown.says("by endpoint")
    yield "stats-page"


async def clients(shown: Screens) -> AsyncIterator[str]:
    await shown.press("5")
    await shown.says("Claude Code sends its requests here")
    yield "clients"


async def clients_beside(shown: Screens) -> AsyncIterator[str]:
    await shown.press("5")
    await shown.says("Claude Code sends its requests here")
    await shown.press("v", "n")
    yield "clients-beside"


async def keep_table(shown: Screens) -> AsyncIterator[str]:
    await shown.press("5")
    await shown.says("Claude Code sends its requests here")
    await shown.press("down")
    await shown.says("u Undo")
    await shown.press("u")
    await shown.says("Undo the set-up of Codex?")
    yield "keep-table"


async def config(shown: Screens) -> AsyncIterator[str]:
    await shown.press("6")
    await shown.says("timeouts")
    await shown.press("down", "down", "down", "down", "enter", "enter", "j", "enter", "backspace", "0")
    await shown.says("too small")
    yield "config"


async def config_questions(shown: Screens) -> AsyncIterator[str]:
    await shown.press("6")
    await shown.says("timeouts")
    await shown.press("down", "down", "down", "down", "enter", "enter", "ctrl+s")
    await shown.says("Save to")
    yield "config-review"
    await shown.press("escape", "escape", "escape")
    await shown.says("Discard edits?")
    yield "config-discard"


async def wizard(shown: Screens) -> AsyncIterator[str]:
    await shown.until(lambda: shown.app.frame.endpoints)
    await shown.press("a")
    await shown.says("Groq")
    await shown.press("down")
    yield "wizard-1"
    await shown.press("enter")
    yield "wizard-2"
    await shown.press("enter", "enter", "enter", "enter")
    await shown.says("cost of this probe")
    yield "wizard-3"
    await shown.press("enter")
    yield "wizard-4"
    await shown.press("enter", "enter", "enter", "enter")
    yield "wizard-5"


async def help_(shown: Screens) -> AsyncIterator[str]:
    await shown.press("3", "question_mark")
    await shown.says("Every request")
    yield "help"
    await shown.press("k", "r")
    await shown.says("Press its new key")
    yield "change-key"


async def palette(shown: Screens) -> AsyncIterator[str]:
    await shown.says("tokens/s out")
    await shown.press("ctrl+p", *"beta")
    await shown.says("beta: switch off")
    yield "palette"


async def leave(shown: Screens) -> AsyncIterator[str]:
    await shown.press("q")
    await shown.says("Leave cccc?")
    yield "leave"


async def leave_edits(shown: Screens) -> AsyncIterator[str]:
    await shown.press("6")
    await shown.says("timeouts")
    await shown.press("down", "down", "down", "down", "enter", "enter", "q")
    await shown.says("Leave cccc?")
    yield "leave-edits"


async def importing(shown: Screens) -> AsyncIterator[str]:
    await shown.says("Found on this machine")
    await shown.press("i")
    await shown.says("Import into")
    yield "import"


async def nothing_found(shown: Screens) -> AsyncIterator[str]:
    await shown.says("Welcome")
    yield "endpoints-empty-bare"


def bare() -> FakeControl:
    """Nothing, and nothing found either."""
    fake = Nothing()
    fake.importable = replace(fake.importable, found=(), diff="")
    return fake


def empty(digit: str, mode: str, says: str) -> Way:
    """A mode that says why there is nothing."""

    async def way(shown: Screens) -> AsyncIterator[str]:
        await shown.press(digit)
        await shown.says(says)
        yield f"{mode}-empty"

    return way


MODES: Mapping[str, Tour] = {
    "endpoints": Tour(endpoints, Afternoon),
    "routing": Tour(routing, Afternoon),
    "requests": Tour(requests, Afternoon),
    "inspector": Tour(inspector, case.fake),
    "played": Tour(played, case.fake),
    "stats": Tour(stats, Counted),
    "clients": Tour(clients, Afternoon),
    "config": Tour(config, Afternoon),
}
TOURS: Mapping[str, Tour] = {
    **MODES,
    "detail": Tour(detail, Afternoon),
    "what if": Tour(what_if, Afternoon),
    "again": Tour(again, Afternoon),
    "stats page": Tour(stats_page, Counted),
    "clients beside": Tour(clients_beside, Afternoon),
    "keep table": Tour(keep_table, Afternoon),
    "config questions": Tour(config_questions, Afternoon),
    "wizard": Tour(wizard, Afternoon),
    "help": Tour(help_, Afternoon),
    "palette": Tour(palette, Afternoon),
    "leave": Tour(leave, Afternoon, attached=False),
    "leave edits": Tour(leave_edits, Afternoon),
    "import": Tour(importing, Nothing),
    "nothing found": Tour(nothing_found, bare),
}
EMPTY: Mapping[str, Tour] = {
    mode: Tour(empty(digit, mode, says), Nothing)
    for digit, mode, says in (
        ("1", "endpoints", "Found on this machine"),
        ("2", "routing", "no endpoints yet"),
        ("3", "requests", "all 0"),
        ("4", "stats", "No requests in the last hour."),
        ("5", "clients", "leaves the files of clients alone"),
        ("6", "config", "started without a file"),
    )
}
