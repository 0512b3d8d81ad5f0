"""Everything that can be in front, as a person sees it: each tour of ``tours`` in every state.

Wide, small, light, in ASCII, with the proxy gone, with nothing to show. ``UPDATE_SNAPSHOTS=1`` writes the files; look
at what you have written. A light theme says the same in other colours, so it has the same file, and legible colours.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color
from textual.screen import ModalScreen

from cccc.errors import NotRunning
from tests.control.fake import FakeControl
from tests.tui.pilot import SMALL, SNAPSHOTS, WIDE, Screens, screens
from tests.tui.tours import EMPTY, MODES, TOURS
from tui.theme import Look, contrast

pytestmark = pytest.mark.anyio

SIZES = {"wide": WIDE, "small": SMALL}
DARK, LIGHT = "textual-dark", "textual-light"
_LEGIBLE = 1.5
"""The least contrast of a text to what it stands on; what is dim has about two."""


@pytest.mark.parametrize("name", TOURS)
async def test_wide_small_and_light(name: str) -> None:
    tour = TOURS[name]
    async with screens(tour.world(), attached=tour.attached, look=Look(DARK)) as shown:
        async for stop in tour.way(shown):
            await look_at(shown, stop, "small", "wide")
            shown.app.theme = LIGHT
            await shown.matches(f"{stop}-wide")
            assert_legible(shown)
            shown.app.theme = DARK


@pytest.mark.parametrize("name", TOURS)
async def test_in_ascii(name: str) -> None:
    tour = TOURS[name]
    async with screens(tour.world(), attached=tour.attached, look=Look(DARK, "ascii")) as shown:
        async for stop in tour.way(shown):
            await look_at(shown, stop, "small", "wide", look="-ascii")


@pytest.mark.parametrize("name", MODES)
async def test_with_the_proxy_gone(name: str) -> None:
    tour, fake = TOURS[name], TOURS[name].world()
    async with screens(fake, look=Look(DARK)) as shown:
        stop = await anext(aiter(tour.way(shown)))
        go(fake, shown)
        await shown.says("retrying in 5 s")
        await look_at(shown, f"{stop}-gone", "small", "wide")


@pytest.mark.parametrize("name", EMPTY)
async def test_with_nothing_to_show(name: str) -> None:
    async with screens(EMPTY[name].world(), look=Look(DARK)) as shown:
        async for stop in EMPTY[name].way(shown):
            await look_at(shown, stop, "small", "wide")


@pytest.mark.parametrize("path", sorted(SNAPSHOTS.glob("*-ascii.txt")), ids=lambda path: path.stem)
def test_ascii_is_ascii(path: Path) -> None:
    assert path.read_text(encoding="utf-8").isascii()


async def look_at(shown: Screens, stop: str, *sizes: str, look: str = "") -> None:
    """Compare what stands there at these sizes, and leave it at the last one."""
    for size in sizes:
        await shown.resize(SIZES[size])
        await shown.matches(f"{stop}-{size}{look}")


def go(fake: FakeControl, shown: Screens) -> None:
    """Let the proxy be gone, for so long already that it is asked only now and then."""

    async def gone(*_: object, **__: object) -> object:
        raise NotRunning("the proxy is not running any more")

    for name in ("overview", "rank", "series", "clients", "config_form"):
        setattr(fake, name, gone)
    shown.app.feed._failures = 10


def assert_legible(shown: Screens) -> None:
    """No word has the colour of what it stands on; what is behind a question need not be read."""
    screen = shown.app.screen
    room = screen.children[0].region if isinstance(screen, ModalScreen) else screen.region
    for y, strip in enumerate(screen._compositor.render_strips()):
        if room.y <= y < room.bottom:
            for segment in strip.crop(room.x, room.right):
                style = segment.style
                if any(map(str.isalnum, segment.text)) and style is not None and style.color and style.bgcolor:
                    colors = (Color.from_rich_color(color) for color in (style.color, style.bgcolor))
                    assert contrast(*colors) >= _LEGIBLE, (segment.text, style)
