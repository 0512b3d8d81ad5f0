"""With ``ui.glyphs: ascii`` no character of ours outside U+0020 to U+007E reaches the screen, wherever one looks."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import SMALL, WIDE, Screens, screens
from tui.ascii import _TABLE, AsciiFilter
from tui.theme import Look

LOOK = Look(glyphs="ascii")
SIZES = pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])


@pytest.fixture
def plain() -> FakeControl:
    return FakeControl([world.OK, world.FAILED_OVER, world.FAILED, world.GONE])


async def is_ascii(shown: Screens) -> None:
    """What is drawn now, and once it has settled."""
    text = await shown.settled()
    others = {character for character in text if not " " <= character <= "~" and character != "\n"}
    assert not others, f"{others} in\n{text}"


@SIZES
@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["1", "2", "3", "4", "5", "6"])
async def test_every_screen_and_its_help(plain: FakeControl, mode: str, size: tuple[int, int]) -> None:
    async with screens(plain, size=size, look=LOOK, keys=(mode,)) as shown:
        await is_ascii(shown)
        await shown.press("question_mark")
        await is_ascii(shown)


@SIZES
@pytest.mark.anyio
@pytest.mark.parametrize(
    "keys",
    [
        ("ctrl+p",),
        ("ctrl+p", *"beta"),
        ("q",),
        ("T",),
        ("y",),
        ("enter",),
        ("2", "x"),
        ("2", "m"),
        ("3", "slash"),
        ("3", "slash", *"status:x"),
        ("3", "down", "r"),
        ("4", "enter"),
        ("5", "v"),
        ("6", "slash", *"port"),
        ("6", "enter", "enter", "ctrl+s"),
        ("6", "enter", "enter", "q"),
        ("6", "enter", "enter", "v"),
    ],
    ids="-".join,
)
async def test_every_dialog_field_and_remark(plain: FakeControl, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    async with screens(plain, size=size, look=LOOK, attached=False, keys=keys) as shown:
        await is_ascii(shown)


@SIZES
@pytest.mark.anyio
async def test_every_tab_of_the_inspector(plain: FakeControl, size: tuple[int, int]) -> None:
    async with screens(plain, size=size, look=LOOK, keys=("3", "enter")) as shown:
        for _ in range(7):
            await is_ascii(shown)
            await shown.press("right_square_bracket")


@SIZES
@pytest.mark.anyio
async def test_every_step_of_the_wizard(plain: FakeControl, size: tuple[int, int]) -> None:
    async with screens(plain, size=size, look=LOOK, keys=("a", "down")) as shown:
        for keys in (("enter",), ("enter",) * 4, ("enter",), ("enter",) * 4):
            await is_ascii(shown)
            await shown.press(*keys)
        await is_ascii(shown)


@SIZES
@pytest.mark.anyio
async def test_the_first_screen_and_an_import(plain: FakeControl, size: tuple[int, int]) -> None:
    plain.views.clear()
    async with screens(plain, size=size, look=LOOK) as shown:
        await shown.says("Found on this machine")
        await is_ascii(shown)
        await shown.press("i")
        await is_ascii(shown)


def test_as_many_cells_as_before_and_nothing_of_others() -> None:
    style = Style(bold=True)
    given = [Segment("╭─ naïve 日本 ─╮ …4f2a ●", style), Segment("plain")]
    told = AsciiFilter().apply(given, Color.parse("black"))
    assert told == [Segment("+- naïve 日本 -+ ~4f2a *", style), Segment("plain")]
    for code, replacement in _TABLE.items():
        assert cell_len(chr(code)) == len(replacement)
        assert replacement.isascii()
