"""Changing a key by pressing it: first the one to change, then the one that takes its place."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key as KeyPressed
from textual.screen import ModalScreen

from tui import format as fmt
from tui.keys import BY_ID
from tui.widgets.prose import Paragraph, Prose, paragraph

_LEAVES = "escape"


class ChangeKeyDialog(ModalScreen[tuple[str, str] | None]):
    """Gives the id of a binding and its new key. ``in_force`` are the ids of the bindings in force, by key."""

    def __init__(self, in_force: Mapping[str, str]) -> None:
        super().__init__(classes="dialog")
        self._in_force = in_force
        self._chosen: str | None = None
        self._complaint = ""

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Change a key"
            yield Prose()

    def on_mount(self) -> None:
        """Ask for the first one."""
        self._draw()

    def on_key(self, event: KeyPressed) -> None:
        """Whatever is pressed here is meant, and does nothing else."""
        event.stop()
        event.prevent_default()
        if event.key == _LEAVES:
            self.dismiss(None)
        elif self._chosen is None:
            self._choose(event.key)
        else:
            self._take(self._chosen, event.key)

    def _choose(self, key: str) -> None:
        wanted = self._in_force.get(key)
        if wanted in BY_ID:
            self._chosen, self._complaint = wanted, ""
        else:
            self._complaint = f"{key} does nothing here that could have another key"
        self._draw()

    def _take(self, chosen: str, key: str) -> None:
        owner = self._in_force.get(key)
        if owner is None:
            self.dismiss((chosen, key))
            return
        said = BY_ID[owner].label if owner in BY_ID else owner.partition(".")[2]
        self._complaint = f"{key} is {'what it has now' if owner == chosen else f'{said} already'}; press another"
        self._draw()

    def _draw(self) -> None:
        if self._chosen is None:
            asks = [paragraph("Press the key that you want to change.", indent=0)]
        else:
            key = BY_ID[self._chosen]
            asks = [
                paragraph((key.label, "bold"), f"  {fmt.safe(key.tooltip)}", indent=0),
                Paragraph(),
                paragraph("Press its new key.", indent=0),
            ]
        complaint = [Paragraph(), paragraph((self._complaint, "warning"), indent=0)] if self._complaint else []
        self.query_one(Prose).show(
            [*asks, *complaint, Paragraph(), paragraph(("esc leaves it as it is", "dim"), indent=0)]
        )
