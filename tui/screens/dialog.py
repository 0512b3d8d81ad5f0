"""Questions in front of a screen: some text, and the keys that answer it.

Asked only where something cannot be undone, or where there is a choice that nobody can make for the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from tui import format as fmt
from tui.diffs import DiffLine
from tui.keys import bindings, keys_of
from tui.widgets.diff import DiffView
from tui.widgets.prose import Paragraph, Prose, paragraph

_KEY_WIDTH = 9


class Dialog(ModalScreen[str | None]):
    """Gives the verb of the key that was pressed, ``None`` for ``escape``. Subclasses give their ``CONTEXT``."""

    CONTEXT: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        cls.BINDINGS = bindings(cls.CONTEXT)
        super().__init_subclass__()

    def __init__(self, title: str, said: Sequence[Paragraph], diff: Sequence[DiffLine] = ()) -> None:
        super().__init__(classes="dialog")
        self._title = title
        self._said = said
        self._diff = diff

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = fmt.title(self._title)
            with VerticalScroll(id="dialog-body"):
                yield DiffView()
                yield Prose(id="dialog-said")
            yield Prose(id="choices")

    def on_mount(self) -> None:
        """Say it."""
        self.query_one(DiffView).show(self._diff)
        self.query_one("#dialog-said", Prose).show(self._said)
        choices = [key for key in keys_of(self.CONTEXT) if self.offers(key.verb)]
        self.query_one("#choices", Prose).show(
            [
                Paragraph(),
                *(
                    paragraph((f"{_name(key.keys):{_KEY_WIDTH}}", "accent"), key.tooltip, indent=0)
                    for key in choices
                ),
            ]
        )  # fmt: skip

    def offers(self, verb: str) -> bool:  # noqa: ARG002  (most offer all of their answers)
        """Whether this answer may be given."""
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Answers that are not offered are not taken."""
        return self.offers(action)


def _name(keys: str) -> str:
    return keys.partition(",")[0].replace("escape", "esc").replace("ctrl+", "^")


class KeepTableDialog(Dialog):
    """Whether Codex's provider table stays when its set-up is undone."""

    CONTEXT = "keep_table"

    def action_keep(self) -> None:
        """Leave the table, unselected."""
        self.dismiss("keep")

    def action_remove(self) -> None:
        """Take it out too."""
        self.dismiss("remove")

    def action_stay(self) -> None:
        """Do nothing."""
        self.dismiss(None)


class DiscardDialog(Dialog):
    """Whether edits that were not saved may be forgotten."""

    CONTEXT = "discard"

    def action_discard(self) -> None:
        """Forget them."""
        self.dismiss("discard")

    def action_stay(self) -> None:
        """Keep them."""
        self.dismiss(None)


class ReviewDialog(Dialog):
    """What a save would do to the file. ``savable``: nothing stands in the way."""

    CONTEXT = "review"

    def __init__(self, title: str, said: Sequence[Paragraph], diff: Sequence[DiffLine], *, savable: bool) -> None:
        super().__init__(title, said, diff)
        self._savable = savable

    def offers(self, verb: str) -> bool:
        return verb != "save" or self._savable

    def action_save(self) -> None:
        """Write it."""
        self.dismiss("save")

    def action_stay(self) -> None:
        """Go on editing."""
        self.dismiss(None)


class ImportDialog(ReviewDialog):
    """The same for what would be imported."""

    CONTEXT = "importing"
