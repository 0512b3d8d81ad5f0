"""The words in a pane's border, set only where they differ: setting them repaints the pane and everything in it."""

from __future__ import annotations

from textual.widget import Widget

from tui import format as fmt


def set_title(pane: Widget, text: str | None) -> None:
    """Let the upper border say this, made safe; ``None``: nothing."""
    said = fmt.title(text)
    if pane.border_title != (None if said is None else said.markup):
        pane.border_title = said


def set_subtitle(pane: Widget, text: str | None) -> None:
    """Let the lower border say this, made safe; ``None``: nothing."""
    said = fmt.title(text)
    if pane.border_subtitle != (None if said is None else said.markup):
        pane.border_subtitle = said
