"""``python -m tests.tui.pictures FOLDER``: an SVG picture of every screen over the tests' world, as in ``docs``.

The same code draws the same pictures, on every machine: time, zone, size and what happens are given.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.control.fake import FakeControl
from tests.tui.counted import Counted
from tests.tui.inspector import case
from tests.tui.pilot import WIDE, screens
from tests.tui.tours import Afternoon
from tui.screens import TABS
from tui.theme import Look

_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""Fonts that would be fetched from elsewhere by whoever looks at a picture; the width of text is given anyway."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What leads there, a text that is in it, and the world that has the most to show there."""

    keys: tuple[str, ...]
    says: str
    world: Callable[[], FakeControl] = Afternoon


PICTURES: Mapping[str, Picture] = {
    **{tab.mode: Picture((tab.digit,), f"[{tab.digit} {tab.title}]") for tab in TABS},
    "stats": Picture(("4",), "61%", Counted),
    "inspector": Picture(("3", "enter"), "folded from the stream", case.fake),
}


def draw(folder: Path) -> None:
    """Write the pictures into a folder that exists."""
    for name, svg in asyncio.run(_pictures()).items():
        (folder / f"{name}.svg").write_text(_FONTS.sub("", svg), encoding="utf-8")


async def _pictures() -> Mapping[str, str]:
    drawn: dict[str, str] = {}
    for name, picture in PICTURES.items():
        async with screens(picture.world(), size=WIDE, look=Look(theme="textual-dark")) as shown:
            await shown.until(lambda: shown.app.frame.rows, "the log")
            await shown.press(*picture.keys)
            await shown.says(picture.says)
            await shown.settled()
            drawn[name] = shown.app.export_screenshot(title="cccc")
    return drawn


def main() -> None:
    """Draw into the folder that is named."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tests.tui.pictures FOLDER")
    os.environ["TZ"] = "UTC"
    os.environ.pop("NO_COLOR", None)
    time.tzset()
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    draw(folder)


if __name__ == "__main__":
    main()
