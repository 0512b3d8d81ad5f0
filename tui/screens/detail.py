"""Facts on a page of their own: where the screen is too narrow for a pane, or there is more than a pane shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from tui import format as fmt
from tui.screens.base import Dashboard
from tui.state import Frame
from tui.widgets.facts import Fact, Facts


class DetailScreen(Dashboard):
    """``tell`` makes the facts from a frame; ``copies`` is what ``y`` copies; ``about`` names the help file."""

    CONTEXT = "detail"

    def __init__(self, about: str, title: str, tell: Callable[[Frame], Sequence[Fact]], *, copies: str) -> None:
        super().__init__()
        self.about = about
        self._title = title
        self._tell = tell
        self._copies = copies

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="pane") as pane:
            pane.border_title = fmt.title(self._title)
            yield Facts()

    def on_frame(self, frame: Frame) -> None:
        self.query_one(Facts).show(self._tell(frame))

    def copyable(self) -> str | None:
        return self._copies

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()
