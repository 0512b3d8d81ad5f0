"""``python -m tests.tui.pictures FOLDER``: an SVG picture of every screen over the tests' world, as in ``docs``.

The same code draws the same pictures, on every machine: time, zone, size and what happens are given.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.tui.pilot import WIDE, screens
from tests.tui.tours import Afternoon
from tui.screens import TABS
from tui.theme import Look

_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""Fonts that would be fetched from elsewhere by whoever looks at a picture; the width of text is given anyway."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What leads there, and a text that is in it."""

    keys: tuple[str, ...]
    says: str


PICTURES: Mapping[str, Picture] = {
    **{tab.mode: Picture((tab.digit,), f"[{tab.digit} {tab.title}]") for tab in TABS},
    "inspector": Picture(("3", "up", "up", "up", "enter"), "Raw upstream"),
}


def draw(folder: Path) -> None:
    """Write the pictures into a folder that exists."""
    for name, svg in asyncio.run(_pictures()).items():
        (folder / f"{name}.svg").write_text(_FONTS.sub("", svg), encoding="utf-8")


async def _pictures() -> Mapping[str, str]:
    drawn: dict[str, str] = {}
    async with screens(Afternoon(), size=WIDE, look=Look(theme="textual-dark")) as shown:
        for name, picture in PICTURES.items():
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
