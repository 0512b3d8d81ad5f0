"""Settings to look at and to change, one below the other: each with its value and what there is to say about it.

The form knows nothing of what a setting means: it shows ``Item``s, keeps the cursor, and lends a field to type in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.padding import Padding
from rich.style import Style
from rich.text import Text
from textual.containers import VerticalScroll
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from tui import format as fmt
from tui.keys import bindings
from tui.widgets.field import Field
from tui.widgets.line import Piece, text

if TYPE_CHECKING:
    from tui.app import CcccApp

Said = tuple[str, str]
"""Safe text and the meaning of its colour."""

_TITLE, _VALUE, _MARK = 28, 28, 11
_NARROW, _GLYPH = 70, 2
"""Below this width a mark is its glyph alone."""

_INDENT = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One setting. ``notes`` stand below it, each on lines of its own."""

    key: str
    title: str
    value: Said
    mark: Said
    source: Said
    notes: tuple[Said, ...]


class _Row(Widget):
    """One item; the cursor is a mark before it."""

    DEFAULT_CSS = "_Row { height: auto; margin-bottom: 1; }"

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.item = item
        self.selected = False

    def show(self, item: Item, *, selected: bool) -> None:
        """Make it say this."""
        if (item, selected) != (self.item, self.selected):
            self.item, self.selected = item, selected
            self.refresh(layout=True)

    def render(self) -> Group:
        app: CcccApp = self.app  # type: ignore[assignment]
        item, width = self.item, self.size.width
        title, value = min(_TITLE, width * 3 // 10), min(_VALUE, width * 34 // 100)
        mark = _MARK if width >= _NARROW else _GLYPH
        cursor = f"{app.glyphs.cursor} " if self.selected else "  "
        pieces: list[Piece] = [
            (cursor, app.palette["accent"]),
            (fmt.fit(item.title, title), Style(bold=self.selected)),
            (" ", Style.null()),
            (fmt.fit(item.value[0], value), _style(app, item.value[1])),
            (" ", Style.null()),
            (fmt.fit(item.mark[0] if width >= _NARROW else item.mark[0][:1], mark), _style(app, item.mark[1])),
            (fmt.cut(item.source[0], max(0, width - title - value - mark - 4)), _style(app, item.source[1])),
        ]
        notes = [
            Padding(Text(said, style=_style(app, meaning)), (0, 0, 0, _INDENT)) for said, meaning in item.notes if said
        ]
        line = text(pieces)
        line.end = "\n"
        return Group(line, *notes)


def _style(app: CcccApp, meaning: str) -> Style:
    return app.palette[meaning] if meaning else Style.null()


class Form(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Shows items; the cursor is a key and stays with its item."""

    BINDINGS: ClassVar = bindings("form")
    DEFAULT_CSS = "Form { scrollbar-size-horizontal: 0; } Form Field { margin: 0 0 1 4; width: 1fr; }"

    class Selected(Message):
        """Another item is selected."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[_Row] = []
        self._field: Field | None = None
        self.selected: str | None = None
        self.editing: str | None = None
        """The key whose value is being typed."""

    def show(self, items: Sequence[Item]) -> None:
        """Make it say this."""
        keys = [item.key for item in items]
        if keys != [row.item.key for row in self._rows]:
            self.leave()
            self.remove_children()
            self._rows = [_Row(item) for item in items]
            self.mount_all(self._rows)
            if self.selected not in keys:
                self.selected = keys[0] if keys else None
                self.post_message(self.Selected())
        for row, item in zip(self._rows, items, strict=True):
            row.show(item, selected=item.key == self.selected)

    def edit(self, value: str, *, hidden: bool = False) -> None:
        """Type a value for the selected item; ``Input.Changed`` and ``Input.Submitted`` come from the field."""
        self.leave()
        if (row := self._row()) is not None:
            self.editing = row.item.key
            self._field = Field(value, compact=True, password=hidden, classes="editing")
            self.mount(self._field, after=row)
            self._field.focus()

    def leave(self) -> None:
        """Type no longer."""
        self.editing = None
        if self._field is not None:
            self._field.remove()
            self._field = None
            self.focus()

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self._field.value if self._field is not None else ""

    def select(self, key: str) -> None:
        """Move the cursor to this item."""
        if self.editing is not None or key == self.selected:
            return
        self.selected = key
        for row in self._rows:
            row.show(row.item, selected=row.item.key == key)
            if row.item.key == key:
                self.scroll_to_widget(row, animate=False)
        self.post_message(self.Selected())

    def on_click(self, event: Click) -> None:
        """Select what was clicked on."""
        if isinstance(event.widget, _Row):
            self.select(event.widget.item.key)

    def action_cursor_up(self) -> None:
        """The item above."""
        self._move(-1)

    def action_cursor_down(self) -> None:
        """The item below."""
        self._move(1)

    def action_first(self) -> None:
        """The first item."""
        self._move(-len(self._rows))

    def action_last(self) -> None:
        """The last item."""
        self._move(len(self._rows))

    def _row(self) -> _Row | None:
        return next((row for row in self._rows if row.item.key == self.selected), None)

    def _move(self, by: int) -> None:
        if (row := self._row()) is not None:
            at = self._rows.index(row) + by
            self.select(self._rows[max(0, min(at, len(self._rows) - 1))].item.key)
