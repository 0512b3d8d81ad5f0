"""Paragraphs that wrap: what is too long for a line of facts and must be read whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tui import format as fmt

if TYPE_CHECKING:
    from tui.app import CcccApp


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Pieces of (safe text, meaning of its colour), ``indent`` cells from the left."""

    pieces: tuple[tuple[str, str], ...] = ()
    indent: int = 0


def paragraph(*pieces: str | tuple[str, str], indent: int = 2) -> Paragraph:
    """Text of ours or from outside, made safe; a piece without a meaning is plain."""
    told = ((piece, "") if isinstance(piece, str) else piece for piece in pieces)
    return Paragraph(tuple((fmt.safe(said), meaning) for said, meaning in told), indent)


def under(title: str, paragraphs: Iterable[Paragraph]) -> list[Paragraph]:
    """A heading with what stands under it and a line between it and what follows; nothing where nothing does."""
    said = list(paragraphs)
    return [paragraph((title, "bold"), indent=0), *said, Paragraph()] if said else []


class Prose(Widget):
    """Shows paragraphs and draws only when they differ from those shown."""

    DEFAULT_CSS = "Prose { height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's name)
        super().__init__(id=id)
        self._paragraphs: tuple[Paragraph, ...] = ()

    def show(self, paragraphs: Sequence[Paragraph]) -> None:
        """Make it say this."""
        if (new := tuple(paragraphs)) != self._paragraphs:
            self._paragraphs = new
            self.refresh(layout=True)

    def render(self) -> Group:
        app: CcccApp = self.app  # type: ignore[assignment]
        return Group(
            *(
                Padding(
                    Text.assemble(
                        *((said, app.palette[meaning] if meaning else Style.null()) for said, meaning in one.pieces)
                    ),
                    (0, 0, 0, one.indent),
                )
                for one in self._paragraphs
            )
        )
