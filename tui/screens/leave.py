"""Leaving while something would be lost by it: requests in flight, edits that were not saved."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.format import counted
from tui.keys import bindings, keys_of
from tui.screens.dialog import Dialog
from tui.widgets.prose import paragraph


class LeaveDialog(ModalScreen[str | None]):
    """Gives ``finish``, ``now``, or ``None`` for staying."""

    BINDINGS: ClassVar = bindings("leave")

    def __init__(self, in_flight: int) -> None:
        super().__init__(classes="dialog")
        self._in_flight = in_flight

    def compose(self) -> ComposeResult:
        choices = "\n".join(f"  {key.keys.partition(',')[0]:8}{key.label}" for key in keys_of("leave"))
        with Vertical() as box:
            box.border_title = "Leave cccc?"
            has = f"The proxy has {counted(self._in_flight, 'request')} in flight."
            yield Static(f"{has}\n\n{choices}", markup=False)

    def action_finish(self) -> None:
        """Let them finish, then leave."""
        self.dismiss("finish")

    def action_now(self) -> None:
        """Interrupt them and leave."""
        self.dismiss("now")

    def action_stay(self) -> None:
        """Go on."""
        self.dismiss(None)


class UnsavedDialog(Dialog):
    """Gives ``save``, ``drop``, or ``None`` for staying."""

    CONTEXT = "unsaved"

    def __init__(self, what: str) -> None:
        super().__init__("Leave cccc?", [paragraph(f"Not saved: {what}. Nothing of it is written.", indent=0)])

    def action_save(self) -> None:
        """See what would be written, save it, then leave."""
        self.dismiss("save")

    def action_drop(self) -> None:
        """Forget it and leave."""
        self.dismiss("drop")

    def action_stay(self) -> None:
        """Go on."""
        self.dismiss(None)
