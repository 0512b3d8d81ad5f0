"""No text from outside steers the terminal or breaks a screen: the corpus in every widget and every other sink.

What is looked at is what a terminal would be sent: the bytes that the app's driver writes, the lines of the command
line, the log file. Each sink gets all texts at once, in a terminal that is tall enough to show them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

from cccc.cli.main import main
from cccc.errors import ControlError
from tests.cli.conftest import reaching
from tests.tui import hostile
from tests.tui.corpus import HOSTILE, assert_harmless
from tests.tui.hostile import FLOWING, Hostile
from tests.tui.pilot import Screens, screens
from tests.tui.terminal import Terminal, obeyed
from tui import format as fmt
from tui.inspector.tabs import Tab
from tui.screens.inspector import InspectorScreen

pytestmark = pytest.mark.anyio

TALL, NARROW = (120, 160), (60, 160)
WANTED = 720


@dataclass(frozen=True, slots=True)
class Sink:
    """Where texts end in a terminal: keys that lead to a kind of widget, what it says there, and keys from there."""

    keys: tuple[str, ...]
    says: str
    then: tuple[str, ...]
    without_endpoints: bool = False


WIDGETS: Mapping[str, Sink] = {
    "table": Sink((), "endpoints,", ("down", "y", "enter")),
    "log": Sink(("3",), "all ", ("up", "y", "pageup")),
    "facts": Sink(("2",), "Why is", ("x", "minus", "down", "y", "m", "escape", "w")),
    "charts": Sink(("4",), "842", ("e", "e", "enter")),
    "diff": Sink(("5",), "through cccc", ("v", "n", "y", "down")),
    "question": Sink((), "Found on this machine", ("i",), without_endpoints=True),
    "form": Sink(("6",), "live", ("enter", "j", "j", "y", "enter", "escape", "v")),
    "prose": Sink(("a",), "Groq", ("down", *["enter"] * 5, "down", "enter")),
}
OTHERS = ("lines", "chrome", "command line", "log file")


def test_it_is_enough() -> None:
    texts, sinks = len(set(HOSTILE)), len(WIDGETS) + len(OTHERS)
    assert (texts >= 80, len(WIDGETS) >= 7) == (True, True)
    assert texts * sinks >= WANTED, f"{texts} texts in {sinks} sinks"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All colours, and a folder for what is written."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.chdir(tmp_path)


def look(shown: Screens) -> None:
    """Nothing on the screen and nothing that was sent so far is obeyed, and every line has its cells."""
    strips = shown.app.screen._compositor.render_strips()
    assert len(strips) == shown.app.size.height
    assert_harmless(strips, shown.app.size.width)
    assert obeyed(sent(shown)) == []


def sent(shown: Screens) -> bytes:
    """Everything that the app has written to its terminal."""
    return cast("Terminal", shown.app._driver).sent


@pytest.mark.parametrize("name", WIDGETS)
async def test_widgets(name: str) -> None:
    sink = WIDGETS[name]
    fake = Hostile()
    if sink.without_endpoints:
        fake.views.clear()
    async with screens(fake, size=TALL, terminal=Terminal, keys=sink.keys) as shown:
        await shown.says(sink.says)
        look(shown)
        for key in sink.then:
            await shown.press(key)
        look(shown)
        await shown.resize(NARROW)
        look(shown)


async def test_every_text_is_drawn() -> None:
    """What the other tests look at is there to be looked at."""
    async with screens(Hostile(), size=TALL, terminal=Terminal) as shown:
        await shown.says("endpoints,")
        missing = [text for text in HOSTILE if fmt.cut(fmt.safe(text), 20).strip() not in shown.text()]
        assert missing == []


@pytest.mark.parametrize("size", [TALL, NARROW], ids=["wide", "narrow"])
async def test_lines(size: tuple[int, int]) -> None:
    """Every tab of the inspector over a stream whose every event is torn somewhere."""
    fake = Hostile()
    with fake.runs(FLOWING) as flow:
        for piece in hostile.flow():
            flow.send_nowait(piece)
        async with screens(fake, size=size, terminal=Terminal, keys=("3", "home", "enter")) as shown:
            inspector = cast("InspectorScreen", shown.app.screen)
            await shown.until(lambda: inspector.seen.ended and inspector.quiet)
            for _ in Tab:
                await shown.press("y", "p", "end", "enter")
                look(shown)
                await shown.press("right_square_bracket")
                await shown.until(lambda: inspector.quiet)


async def test_chrome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Header, warnings, rows in flight, the filter, remarks, the palette, and a proxy that is gone."""
    fake = Hostile()
    async with screens(fake, size=TALL, terminal=Terminal, keys=("3",)) as shown:
        for event in hostile.live():
            fake.emit(event)
            await shown.pilot._wait_for_screen()
        await shown.until(lambda: len(shown.app.frame.rows) > len(HOSTILE))
        for text in HOSTILE:
            shown.front.query_one("#filter").value = f"status:{text}"[:2_000]  # type: ignore[attr-defined]
            shown.app.say(text[:3_000], severity="error")
        look(shown)
        await shown.press("1", "ctrl+p")
        await shown.says("endpoints:")
        look(shown)

        async def gone(*_: object) -> object:
            raise ControlError("\x1b]52;c;ZXZpbA==\x07".join(text[:20] for text in HOSTILE))

        monkeypatch.setattr(fake, "overview", gone)
        await shown.press("escape")
        await shown.until(lambda: shown.app.frame.trouble)
        look(shown)


def test_command_line(tmp_path: Path) -> None:
    """Every command that shows what others have written."""
    fake = Hostile()
    session = reaching(fake, {"CCCC_STATE_DIR": str(tmp_path)})
    commands = [
        ["requests", "--limit", "200"],
        ["requests", "--limit", "200", "--json"],
        ["endpoints", "list"],
        ["rank"],
        ["stats"],
        ["clients"],
        *(["endpoints", "show", "--", name] for name in HOSTILE),
        *([verb, record.id] for record in fake.records[:8] for verb in ("show", "why")),
    ]
    for command in commands:
        done = CliRunner().invoke(main, command, obj=session, prog_name="cccc")
        assert done.exception is None or isinstance(done.exception, SystemExit), command
        assert obeyed(done.output_bytes) == [], command


def test_log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("cccc"), "propagate", False)  # lone surrogates are not for pytest's report
    written = hostile.log_file(tmp_path)
    assert obeyed(written) == []
    assert len(written.splitlines()) >= 2 * len(HOSTILE), "one line for each"


async def test_a_leak_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One widget that forgets to make a text safe."""
    monkeypatch.setattr("tui.screens.endpoints.fmt.safe", lambda text: text.replace("\n", "")[:40])
    async with screens(Hostile(HOSTILE[:20]), size=TALL, terminal=Terminal) as shown:
        await shown.says("endpoints,")
        with pytest.raises(AssertionError):
            assert obeyed(sent(shown)) == []
        with pytest.raises(AssertionError):
            assert_harmless(shown.app.screen._compositor.render_strips(), TALL[0])


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\x1b[31m", "\x1b[38;5;1m", "\x9b6n", "\x1b]0;owned\x07", "a\rb", "\x00", "\u202e"]
)
def test_what_a_terminal_would_obey_is_known(text: str) -> None:
    assert obeyed(f"before{text}after".encode())
