"""A line to type or paste into: what a terminal would obey becomes visible as soon as it is in the field."""

from __future__ import annotations

from textual.widgets import Input

from cccc.control.api import visible_line


class Field(Input):
    """An ``Input`` that holds only text that may be shown."""

    def validate_value(self, value: str) -> str:
        """Textual asks this before a value is taken."""
        return visible_line(value)
