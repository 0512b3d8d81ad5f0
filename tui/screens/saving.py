"""Settings on their way into the user's file: what would be written is shown first, then agreed, then written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from cccc.control.api import CcccError, ConfigDiff, Saved
from tui import format as fmt
from tui.background import start
from tui.diffs import parse
from tui.screens.dialog import ReviewDialog
from tui.widgets.prose import paragraph, under

if TYPE_CHECKING:
    from tui.app import CcccApp

Changes = Mapping[str, str | None]


async def difference(app: CcccApp, changes: Changes) -> ConfigDiff | None:
    """What writing these would do; ``None`` where the proxy cannot say, which is told."""
    try:
        return await app.control.config_diff(changes)
    except CcccError as error:
        app.say(str(error), severity="error")
        return None


def review(app: CcccApp, changes: Changes, path: str | None, written: Callable[[Saved], None]) -> None:
    """Show what would be written into ``path`` (``None``: a new file); write it when the person agrees."""
    start(app, partial(_review, app, dict(changes), path, written), "review")


async def _review(app: CcccApp, changes: Changes, path: str | None, written: Callable[[Saved], None]) -> None:
    diff = await difference(app, changes)
    if diff is None:
        return
    fatal = any(one.fatal for one in diff.problems)
    marks = {True: "error", False: "warning"}
    said = [
        *under("cannot be saved like this" if fatal else "warnings",
               (paragraph((one.message, marks[one.fatal])) for one in diff.problems)),
        *under("takes effect at the next start", (paragraph(key) for key in diff.restart)),
    ]  # fmt: skip
    title = f"Save to {fmt.safe(path or 'a new file')}?"

    def answered(answer: str | None) -> None:
        if answer is not None:
            start(app, partial(save, app, changes, written), "save")

    app.push_screen(ReviewDialog(title, said, parse(diff.diff), savable=not fatal), answered)


async def save(app: CcccApp, changes: Changes, written: Callable[[Saved], None]) -> None:
    """Write these and nothing else; say what stands in the way."""
    try:
        saved = await app.control.config_save(changes)
    except CcccError as error:
        app.say(str(error), severity="error")
        return
    app.feed.ask_again()
    written(saved)


async def keep(app: CcccApp, changes: Changes, written: Callable[[Saved], None]) -> None:
    """The same from wherever one is: the file is the one in use."""
    try:
        path = (await app.control.config()).path
    except CcccError as error:
        app.say(str(error), severity="error")
        return
    review(app, changes, path, written)
