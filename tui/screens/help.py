"""``?``: what a screen shows, from its help file, beside the keys that are in force on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from importlib.resources import files

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Markdown, Static

from cccc.control.api import CcccError, Saved
from tui import format as fmt
from tui import pager
from tui.background import start
from tui.keys import BY_ID, EVERYWHERE, LISTS
from tui.screens.base import Dashboard
from tui.screens.change_key import ChangeKeyDialog
from tui.screens.saving import review
from tui.widgets.field import Field
from tui.widgets.line import text

_KEY_WIDTH = 11
_KEYMAP = "ui.keymap"


class HelpScreen(Dashboard):
    """Help for ``screen``, which stays as it is behind this one."""

    CONTEXT = "help"

    def __init__(self, screen: Dashboard) -> None:
        super().__init__()
        self._about = screen.about
        self._bindings_in_force = list(screen.active_bindings.values())

    def body(self) -> ComposeResult:
        with Horizontal(id="filter-line"):
            yield Field(placeholder="/ to search keys and words", compact=True, id="filter")
        with Horizontal():
            with VerticalScroll(classes="pane", id="help-text") as pane:
                pane.border_title = fmt.title(f"Help {self.cccc.glyphs.dot} {self._about}")
                yield Markdown(help_text(self._about), open_links=False)
            with VerticalScroll(classes="pane", id="help-keys") as pane:
                pane.border_title = "Keys"
                pane.border_subtitle = "a key you changed shows as changed"
                yield Static(self._keys(()), id="keys")

    def on_mount(self) -> None:
        """Keys go to the text."""
        self.query_one("#help-text").focus()

    def _keys(self, words: Sequence[str]) -> Text:
        """Every key once, those of this screen first; with ``words`` those that say all of them."""
        names: dict[str, list[str]] = {}
        for active in self._bindings_in_force:
            if active.binding.id is not None and _says(active.binding.id, words):
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

    def on_input_changed(self) -> None:
        """Only what says these words."""
        self._show_keys()
        self.query_one(Markdown).update(found(help_text(self._about), self._words))

    @property
    def _words(self) -> list[str]:
        """What is looked for."""
        return self.query_one(Field).value.lower().split()

    def _show_keys(self) -> None:
        self.query_one("#keys", Static).update(self._keys(self._words))

    def refresh_look(self) -> None:
        """The keys have colours of the theme."""
        self._show_keys()
        super().refresh_look()

    def on_input_submitted(self) -> None:
        """Read what was found."""
        self.query_one("#help-text").focus()

    def action_search(self) -> None:
        """Type what to look for."""
        self.query_one(Field).focus()

    def action_change(self) -> None:
        """Give another key to something that this screen's keys do."""
        in_force = {one.binding.key: one.binding.id or "" for one in self._bindings_in_force}
        self.app.push_screen(ChangeKeyDialog(in_force), self._chosen)

    def _chosen(self, change: tuple[str, str] | None) -> None:
        if change is not None:
            start(self, partial(self._change, *change), "keymap")

    async def _change(self, key_id: str, key: str) -> None:
        """Write it beside the other keys of one's own, after a look at what would be written."""
        try:
            form = await self.cccc.control.config_form()
        except CcccError as error:
            self.cccc.say(str(error), severity="error")
            return
        known = next((field.value for section in form.sections for field in section.fields if field.key == _KEYMAP), "")
        keymap = {**(json.loads(known) if known else {}), key_id: key}

        def written(_: Saved) -> None:
            self.cccc.set_keymap(keymap)
            self.cccc.say(f"{BY_ID[key_id].label} has the key {key}")
            self.dismiss()

        review(self.cccc, {_KEYMAP: json.dumps(keymap)}, form.path, written)

    def action_manual(self) -> None:
        """The help of all screens in the user's pager."""
        if complaint := pager.lent(self.app, manual()):
            self.cccc.say(complaint, severity="warning")

    def action_back(self) -> None:
        """Close the help, or end the search."""
        if self.query_one(Field).value:
            self.query_one(Field).clear()
            self.query_one("#help-text").focus()
        else:
            self.dismiss()


def _says(key_id: str, words: Sequence[str]) -> bool:
    key = BY_ID.get(key_id)
    said = f"{key_id} {key.label} {key.tooltip}".lower() if key is not None else key_id
    return all(word in said for word in words)


def found(said: str, words: Sequence[str]) -> str:
    """The paragraphs that say all words; of a table its head and the rows that do."""
    kept = []
    for paragraph in said.split("\n\n"):
        lines = paragraph.splitlines()
        if not lines[0].startswith("|"):
            kept += [paragraph] if all(word in paragraph.lower() for word in words) else []
        elif rows := [line for line in lines[2:] if all(word in line.lower() for word in words)]:
            kept.append("\n".join([*lines[:2], *rows]))
    return "\n\n".join(kept) or "Nothing here says that."


def manual() -> str:
    """The help of all screens, one after the other."""
    pages = sorted(page.name.removesuffix(".md") for page in (files("tui") / "help").iterdir())
    return "\n\n".join(f"# {page.capitalize()}\n\n{help_text(page).strip()}" for page in pages) + "\n"


def _place(key_id: str) -> int:
    """Keys of the screen come first, then those of its lists, then those of everywhere."""
    context = key_id.partition(".")[0]
    return 2 if context == EVERYWHERE else 1 if context in LISTS else 0


def help_text(about: str) -> str:
    """The help file of a screen."""
    return (files("tui") / "help" / f"{about}.md").read_text("utf-8")
