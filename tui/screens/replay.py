"""Sending a request again: first where it would go and what that costs, then at the press of a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from cccc.control.api import CcccError, Ranking
from tui import format as fmt
from tui.background import start
from tui.keys import bindings, keys_of
from tui.screens.base import Dashboard
from tui.state import Row
from tui.theme import LETTERS, Glyphs


class ReplayDialog(ModalScreen[bool]):
    """Gives whether to send it."""

    BINDINGS: ClassVar = bindings("replay")

    def __init__(self, text: str) -> None:
        super().__init__(classes="dialog")
        self._text = text

    def compose(self) -> ComposeResult:
        choices = "\n".join(f"  {key.keys.partition(',')[0]:8}{key.label}" for key in keys_of("replay"))
        with Vertical() as box:
            box.border_title = "Send it again?"
            yield Static(f"{self._text}\n\n{choices}", markup=False)

    def action_send(self) -> None:
        """Send it."""
        self.dismiss(result=True)

    def action_stay(self) -> None:
        """Leave it."""
        self.dismiss(result=False)


async def offer(screen: Dashboard, row: Row, sent: Callable[[str], object]) -> None:
    """Ask whether to send this request again; ``sent`` gets the id of the new one."""
    control = screen.cccc.control
    try:
        ranking = await control.rank(row.client_type, model=row.model)
    except CcccError as error:
        screen.cccc.say(str(error), severity="error")
        return

    async def send() -> None:
        try:
            new = await control.replay(row.id)
        except CcccError as error:
            screen.cccc.say(str(error), severity="error")
            return
        screen.cccc.say(f"sent again as {new}")
        screen.cccc.feed.ask_again()
        sent(new)

    def answered(yes: bool | None) -> None:  # noqa: FBT001  (Textual's callback)
        if yes:
            start(screen, send, "replay", exclusive=False)

    screen.app.push_screen(ReplayDialog(where(row, ranking, screen.cccc.glyphs)), answered)


def where(row: Row, ranking: Ranking, glyphs: Glyphs) -> str:
    """Where a request would go now, and that it costs what a request costs."""
    if ranking.order:
        first = ranking.order[0]
        goes = f"It goes to {fmt.safe(first.name)} first"
        if first.target_format is not row.format:
            goes += f", converted {LETTERS[row.format]}{glyphs.arrow}{LETTERS[first.target_format]}"
        others = len(ranking.order) - 1
        goes += f", then to {fmt.counted(others, 'other')} where that fails." if others else "."
    else:
        goes = "No endpoint can be used for it now."
    tokens = f" It had {fmt.tokens(row.usage.prompt)} tokens in." if row.usage is not None else ""
    costs = f"It costs tokens as a request of the client does.{tokens}"
    return f"{goes}\n\n{costs}\nThe answer goes to the log and to nobody else."
