"""The words in a pane's border, set only where they differ: setting them repaints the pane and everything in it."""

from __future__ import annotations

from textual.widget import Widget

from tui import format as fmt


def set_title(pane: Widget, text: str | None) -> None:
    """Let the upper border say this, made safe; ``None``: nothing."""
    if pane.border_title != _markup(text):
        pane.border_title = fmt.title(text)


def set_subtitle(pane: Widget, text: str | None) -> None:
    """Let the lower border say this, made safe; ``None``: nothing."""
    if pane.border_subtitle != _markup(text):
        pane.border_subtitle = fmt.title(text)


def _markup(text: str | None) -> str | None:
    """As Textual tells what stands in a border."""
    said = fmt.title(text)
    return None if said is None else said.markup
