"""``?``: what a screen shows, from its help file, beside the keys that are in force on it."""

from __future__ import annotations

from importlib.resources import files

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Markdown, Static

from tui import format as fmt
from tui.keys import BY_ID, EVERYWHERE, LISTS
from tui.screens.base import Dashboard
from tui.widgets.line import text

_KEY_WIDTH = 11


class HelpScreen(Dashboard):
    """Help for ``screen``, which stays as it is behind this one."""

    CONTEXT = "help"

    def __init__(self, screen: Dashboard) -> None:
        super().__init__()
        self._about = screen.about
        self._bindings_in_force = list(screen.active_bindings.values())

    def body(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll(classes="pane", id="help-text") as pane:
                pane.border_title = fmt.title(f"Help {self.cccc.glyphs.dot} {self._about}")
                yield Markdown(help_text(self._about), open_links=False)
            with VerticalScroll(classes="pane", id="help-keys") as pane:
                pane.border_title = "Keys"
                pane.border_subtitle = "a key you changed shows as changed"
                yield Static(self._keys())

    def _keys(self) -> Text:
        """Every key once, those of this screen first."""
        names: dict[str, list[str]] = {}
        for active in self._bindings_in_force:
            if active.binding.id is not None:
                names.setdefault(active.binding.id, []).append(self.app.get_key_display(active.binding))
        own, lists, everywhere = (
            [self._line(each, names[each]) for each in names if _place(each) == place] for place in range(3)
        )
        bold, nothing = self.cccc.palette["bold"], text([])
        return Text("\n").join([*own, *lists, nothing, text([("Everywhere", bold)]), *everywhere])

    def _line(self, key_id: str, names: list[str]) -> Text:
        key = BY_ID.get(key_id)
        said = key.label if key is not None else key_id.partition(".")[2].capitalize()
        palette = self.cccc.palette
        return text([(fmt.fit(" ".join(names), _KEY_WIDTH), palette["accent"]), (said, palette[""])])

    def action_back(self) -> None:
        """Close the help."""
        self.dismiss()


def _place(key_id: str) -> int:
    """Keys of the screen come first, then those of its lists, then those of everywhere."""
    context = key_id.partition(".")[0]
    return 2 if context == EVERYWHERE else 1 if context in LISTS else 0


def help_text(about: str) -> str:
    """The help file of a screen."""
    return (files("tui") / "help" / f"{about}.md").read_text("utf-8")
