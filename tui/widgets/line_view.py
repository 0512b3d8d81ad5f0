"""A document drawn line by line: as long as it likes, it costs the lines that are in sight.

A line may have two columns, and may be a fold. Found text is marked where it stands. While ``following`` the end stays
in sight as the document grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui import format as fmt
from tui.inspector.lines import NOTHING, Document, Pieces, text_of
from tui.keys import bindings
from tui.widgets.drawn import LineDrawn
from tui.widgets.line import Piece, strip

if TYPE_CHECKING:
    from tui.app import CcccApp

_GAP = 3


class LineView(LineDrawn, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a document; ``show`` again where it has changed."""

    BINDINGS: ClassVar = bindings("lines")
    COMPONENT_CLASSES: ClassVar = {"lines--cursor", "lines--found"}
    DEFAULT_CSS = """
    LineView {
        height: 1fr;
        background: $background;
        overflow: hidden auto;
        scrollbar-size-vertical: 1;
        & > .lines--found { background: $warning; color: $background; }
        & > .lines--cursor { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
    }
    """

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, view: LineView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LineView:
            """The view."""
            return self.view

    class Opened(Message):
        """A fold was clicked on."""

    class Resized(Message):
        """The view has another width."""

    def __init__(self, *, id: str | None = None, bar: bool = True) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self.document: Document = NOTHING
        self.cursor = 0
        self.following = False
        """Whether the end stays in sight as the document grows; for documents that grow at their end."""
        self.wanted = ""
        """The text that is looked for, in lower case."""
        self._bar = bar

    @property
    def columns(self) -> int:
        """The cells of each of two columns."""
        return max(1, (self.room - _GAP) // 2)

    @property
    def room(self) -> int:
        """The cells of a line; the last one of the view is the bar's."""
        return max(1, self.size.width - 1)

    @property
    def opens(self) -> str:
        """The fold under the cursor, empty where there is none."""
        return self.document.line(self.cursor).opens if self.cursor < len(self.document) else ""

    def show(self, document: Document, *, top: bool = False) -> None:
        """Show this document; ``top``: from its beginning, or from its end where that is followed."""
        self.document = document
        if top:
            self.cursor = 0
        self.virtual_size = Size(self.size.width, len(document))
        if self.following:
            self.cursor = max(0, len(document) - 1)
            self.scroll_end(animate=False, immediate=True, force=True)
        elif top:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self.cursor = max(0, min(self.cursor, len(document) - 1))
        self.refresh()

    def find(self, text: str, *, forward: bool = True, here: bool = False) -> bool:
        """Go to the next line with this text, without regard to case; whether there is one. ``here``: this one too."""
        self.wanted = text.lower()
        self.refresh()
        number = len(self.document)
        if not self.wanted or not number:
            return False
        step = 1 if forward else -1
        begin = self.cursor if here else self.cursor + step
        for away in range(number):
            at = (begin + step * away) % number
            if self.wanted in self.document.plain(at).lower():
                self.go(at)
                return True
        return False

    def go(self, at: int) -> None:
        """Put the cursor on a line and bring it into sight."""
        before, self.cursor = self.cursor, max(0, min(at, len(self.document) - 1))
        top, height = round(self.scroll_offset.y), max(1, self.size.height)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True, immediate=True)
        for each in {before, self.cursor}:
            self.refresh(Region(0, each - round(self.scroll_offset.y), self.size.width, 1))
        if before != self.cursor:
            self.post_message(self.Moved(self))

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        width, background = self.size.width, self.rich_style
        at = round(self.scroll_offset.y) + y
        if at >= len(self.document):
            return Strip.blank(width, background)
        pieces = self._pieces(at, self.room)
        if at == self.cursor and self.has_focus:
            background = background + self.get_component_rich_style("lines--cursor", partial=True)
            # In some themes a colour of the text is the cursor's own: only what stands on another one keeps its colour.
            pieces = [(text, style if style.bgcolor else Style(bold=style.bold)) for text, style in pieces]
        return strip(pieces, width, background)

    def on_resize(self) -> None:
        """Whoever made the document for a width makes it anew."""
        self.virtual_size = Size(self.size.width, len(self.document))
        if self.following:
            self.scroll_end(animate=False, immediate=True, force=True)
        self.post_message(self.Resized())

    def on_focus(self) -> None:
        """The cursor is shown."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is not shown."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to the line; a second click opens it."""
        at = round(self.scroll_offset.y) + event.y
        if at < len(self.document):
            again = at == self.cursor
            self.following = False
            self.go(at)
            if again and self.opens:
                self.post_message(self.Opened())

    def on_mouse_scroll_up(self) -> None:
        """Whoever looks back does not follow."""
        self.following = False

    def action_line_up(self) -> None:
        """One line up."""
        self._move(-1)

    def action_line_down(self) -> None:
        """One line down."""
        self._move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self._move(1 - self.size.height)

    def action_page_down(self) -> None:
        """A page down."""
        self._move(self.size.height - 1)

    def action_first(self) -> None:
        """The first line."""
        self._move(-len(self.document))

    def action_last(self) -> None:
        """The last line; what grows is followed from there."""
        self._move(len(self.document))

    def _move(self, by: int) -> None:
        self.go(self.cursor + by)
        self.following = by > 0 and self.cursor == len(self.document) - 1

    def _pieces(self, at: int, width: int) -> list[Piece]:
        app: CcccApp = self.app  # type: ignore[assignment]
        line = self.document.line(at)
        if line.beside is None:
            return list(self._column(line.pieces, width, app))
        left = list(self._column(line.pieces, self.columns, app, fill=True))
        bar = app.glyphs.bar if self._bar else " "
        return [*left, (f" {bar} ", app.palette["dim"]), *self._column(line.beside, self.columns, app)]

    def _column(self, pieces: Pieces, room: int, app: CcccApp, *, fill: bool = False) -> Iterator[Piece]:
        for text, style in self._marked(pieces, app):
            short = fmt.cut(text, room, app.glyphs.ellipsis)
            room -= fmt.cells(short)
            yield short, style
            if short != text:
                break
        if fill:
            yield " " * room, Style.null()

    def _marked(self, pieces: Pieces, app: CcccApp) -> Iterator[Piece]:
        """The pieces with what is looked for in another style."""
        wanted, whole = self.wanted, text_of(pieces).lower()
        if not wanted or wanted not in whole:
            yield from ((text, app.palette[meaning]) for text, meaning in pieces)
            return
        found = self.get_component_rich_style("lines--found", partial=True)
        start = 0
        for text, meaning in pieces:
            style, at = app.palette[meaning], 0
            for first, last in _places(whole, wanted, start, len(text)):
                yield text[at:first], style
                yield text[first:last], found
                at = last
            yield text[at:], style
            start += len(text)


def _places(whole: str, wanted: str, start: int, length: int) -> Iterator[tuple[int, int]]:
    """Where ``wanted`` stands in ``whole``, as places in its part that begins at ``start``."""
    at = whole.find(wanted, max(0, start - len(wanted) + 1))
    while 0 <= at < start + length:
        first, last = max(at, start) - start, min(at + len(wanted), start + length) - start
        if last > first:
            yield first, last
        at = whole.find(wanted, at + len(wanted))
