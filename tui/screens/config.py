"""Mode 6: the settings as a form that is made from their model; edits are kept until they are reviewed and saved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input

from cccc.control.api import CcccError, ConfigField, ConfigForm, ConfigSection, FieldKind, Saved
from tui import format as fmt
from tui.background import start
from tui.editor import edit
from tui.screens.base import Dashboard
from tui.screens.config_items import about, after, as_text, found, items, value_of
from tui.screens.dialog import DiscardDialog
from tui.screens.saving import difference, review
from tui.state import Frame
from tui.widgets.field import Field
from tui.widgets.form import Form
from tui.widgets.live_table import Column, LiveTable, TableRow
from tui.widgets.prose import Paragraph, Prose, paragraph
from tui.widgets.said import Said
from tui.widgets.titles import set_subtitle, set_title

ASKED_EVERY = 5.0
"""Seconds between two looks at the configuration in force while the screen is in front."""

_SETTLED = 0.15
"""Seconds that a value stands before the proxy is asked whether it is good."""

COLUMNS = (Column("name", "section", 15), Column("edits", "", 7, right=True))
_TYPED = frozenset(FieldKind) - {FieldKind.FLAG, FieldKind.CHOICE}


class ConfigScreen(Dashboard):
    """The sections beside the settings of the selected one."""

    CONTEXT = "config"

    def __init__(self) -> None:
        super().__init__()
        self._form: ConfigForm | None = None
        self._edits: dict[str, str | None] = {}
        self._problems: dict[str, str] = {}
        """What is wrong with an edit, by its key."""
        self._saved: Saved | None = None
        self._complaint: str | None = None
        self._as_text = False
        self._checking: Timer | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="filter-line"):
            yield Field(placeholder="/ to search all settings", compact=True, id="filter")
            yield Said(id="filter-state")
        with Horizontal(id="config"):
            with Vertical(id="list", classes="pane") as pane:
                pane.border_title = "Sections"
                yield LiveTable(COLUMNS)
                with VerticalScroll(can_focus=False):
                    yield Prose(id="about")
            with Vertical(id="settings", classes="pane"):
                yield Prose(id="said")
                yield Form()
                with VerticalScroll(id="as-text"):
                    yield Prose(id="text")

    def on_mount(self) -> None:
        """Keys go to the sections; the configuration is looked at now and then."""
        self.query_one(LiveTable).focus()
        self.set_interval(ASKED_EVERY, self._ask_calmly)

    def on_screen_resume(self) -> None:
        """The file may have been changed meanwhile."""
        super().on_screen_resume()
        self._ask()

    @property
    def form(self) -> Form:
        """The settings."""
        return self.query_one(Form)

    @property
    def section(self) -> ConfigSection | None:
        """The section under the cursor."""
        chosen = self.query_one(LiveTable).selected
        return next((one for one in self._form.sections if one.name == chosen), None) if self._form else None

    @property
    def selected(self) -> ConfigField | None:
        """The setting under the cursor."""
        return next((field for field in self._fields() if field.key == self.form.selected), None)

    def on_frame(self, frame: Frame) -> None:  # noqa: ARG002  (frames know nothing of settings)
        self._draw()

    def on_line_table_selected(self) -> None:
        """Another section."""
        self._draw()

    def on_form_selected(self) -> None:
        """Another setting: its hints, its keys."""
        self._draw()

    def _fields(self) -> list[ConfigField]:
        wanted = self.query_one("#filter", Field).value.strip()
        if self._form is not None and wanted:
            return found(self._form, wanted)
        return list(self.section.fields) if self.section else []

    def _ask_calmly(self) -> None:
        if self.is_current and self.frame.trouble is None and self.form.editing is None:
            self._ask()

    def _ask(self) -> None:
        start(self, self._fetch, "config")

    async def _fetch(self) -> None:
        try:
            self._form = await self.cccc.control.config_form()
            self._complaint = None
        except CcccError as error:
            self._complaint = str(error)
        if self.is_current:
            self._draw()

    def _draw(self) -> None:
        said = self.query_one("#settings #said", Prose)
        said.display = self._form is None
        said.show([paragraph(self._complaint or "reading the configuration", indent=0)])
        if self._form is not None:
            self._draw_sections(self._form)
            self._draw_settings(self._form)
        self.refresh_keys()

    def _draw_sections(self, form: ConfigForm) -> None:
        palette, rows = self.cccc.palette, []
        for section in form.sections:
            edits = sum(field.key in self._edits for field in section.fields)
            rows.append(
                TableRow(
                    section.name,
                    {
                        "name": (fmt.safe(section.name), palette[""]),
                        "edits": (fmt.counted(edits, "edit") if edits else "", palette["warning"]),
                    },
                )
            )
        self.query_one(LiveTable).show(rows)
        self.query_one("#about", Prose).show(about(form, undoable=self._saved is not None, glyphs=self.cccc.glyphs))

    def _draw_settings(self, form: ConfigForm) -> None:
        pane, section, wanted = self.query_one("#settings"), self.section, self.query_one("#filter", Field).value
        fields = self._fields()
        self.form.show(items(fields, self._edits, self._problems, self.form.selected, self.cccc.glyphs))
        self.form.display, self.query_one("#as-text").display = not self._as_text, self._as_text
        if section is not None:
            text = as_text(section, self._edits, toml=form.toml) if self._as_text else []
            self.query_one("#text", Prose).show([Paragraph(((fmt.safe(line), ""),)) for line in text])
            title = f"{fmt.safe(section.name)} {self.cccc.glyphs.dot} {fmt.safe(section.help)}"
            set_title(pane, f"Settings with {wanted}" if wanted else title)
        edits = f"{fmt.counted(len(self._edits), 'edit')} not saved: ^s shows the diff first"
        set_subtitle(pane, self._complaint or (edits if self._edits else ""))
        self.query_one(Said).show([(f"{len(fields)} found  ", self.cccc.palette[""])] if wanted else ())

    def applies(self, verb: str) -> bool:
        field, typing = self.selected, self.form.editing is not None
        if self._form is None or self.frame.trouble is not None:
            return False
        free = field is not None and field.overridden_by is None
        return {
            "edit": field is not None and not typing,
            "default": free and field is not None and value_of(field, self._edits) != field.default,
            "undo_edit": field is not None and field.key in self._edits,
            "review": bool(self._edits) or typing,
            "undo_save": self._saved is not None,
            "editor": self._form.path is not None,
            "discard": bool(self._edits) or typing or not self.query_one(LiveTable).has_focus,
        }.get(verb, True)  # fmt: skip

    def copyable(self) -> str | None:
        field = self.selected
        return f"{field.key} = {value_of(field, self._edits)}" if field and field.kind is not FieldKind.SECRET else None

    def action_edit(self) -> None:
        """Into the settings; there, turn a switch or a choice, or type a value."""
        field = self.selected
        if field is None or self._as_text or not self.form.has_focus:
            self.form.focus()
            self.refresh_keys()
        elif field.overridden_by is not None:
            self.cccc.say(f"{field.key} comes from {field.overridden_by}; an edit here would not win")
        elif field.kind in _TYPED:
            hidden = field.kind is FieldKind.SECRET
            self.form.edit("" if hidden else value_of(field, self._edits), hidden=hidden)
            self.refresh_keys()
        else:
            self._change(field, after(field, value_of(field, self._edits)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as it is typed; ask whether a value is good as soon as it stands still."""
        if event.input.id == "filter":
            self._draw()
        elif (key := self.form.editing) is not None:
            if self._checking is not None:
                self._checking.stop()
            check = partial(self._check, key, event.value)
            self._checking = self.set_timer(_SETTLED, lambda: start(self, check, "check"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Into what was found; or keep the value."""
        if event.input.id == "filter":
            self.form.focus()
        else:
            self._take()

    def _take(self) -> None:
        """Keep what is being typed."""
        field = next((one for one in self._fields() if one.key == self.form.editing), None)
        typed = self.form.typed
        self.form.leave()
        if field is not None and (typed or field.kind is not FieldKind.SECRET):
            self._change(field, typed)

    def _change(self, field: ConfigField, value: str | None) -> None:
        self._problems.pop(field.key, None)
        if value == field.value:
            self._edits.pop(field.key, None)
        else:
            self._edits[field.key] = value
            start(self, partial(self._check, field.key, value), f"check {field.key}")
        self._draw()

    async def _check(self, key: str, value: str | None) -> None:
        diff = await difference(self.cccc, {key: value})
        wrong = next((one.message for one in diff.problems if one.fatal), None) if diff else None
        if wrong is not None:
            self._problems[key] = wrong
        else:
            self._problems.pop(key, None)
        if self.is_current:
            self._draw()

    def action_search(self) -> None:
        """Find a setting in all sections."""
        self._as_text = False
        self.query_one("#filter", Field).focus()

    def action_default(self) -> None:
        """Back to what it is where nobody says otherwise."""
        if (field := self.selected) is not None:
            self._change(field, field.value if field.value == field.default else None)

    def action_undo_edit(self) -> None:
        """As it was before the edit."""
        if (field := self.selected) is not None:
            self._change(field, field.value)

    def action_view(self) -> None:
        """The section as it would stand in the file, or the form again."""
        self.form.leave()
        self._as_text = not self._as_text
        self._draw()

    @property
    def unsaved(self) -> str | None:
        return f"{fmt.counted(len(self._edits), 'edit')} of the configuration" if self._edits or self._typing else None

    @property
    def _typing(self) -> bool:
        """Whether a value stands in the field that is another than before."""
        field = next((one for one in self._fields() if one.key == self.form.editing), None)
        if field is None:
            return False
        return self.form.typed != ("" if field.kind is FieldKind.SECRET else value_of(field, self._edits))

    def save_unsaved(self, then: Callable[[], None]) -> None:
        self._review(then)

    def drop_unsaved(self) -> None:
        self.form.leave()
        self._discarded("discard")

    def action_review(self) -> None:
        """See what a save would write."""
        self._review(lambda: None)

    def _review(self, then: Callable[[], None]) -> None:
        if self.form.editing is not None:
            self._take()

        def written(saved: Saved) -> None:
            self._written(saved)
            then()

        if self._edits:
            review(self.cccc, self._edits, self._form.path if self._form else None, written)

    def _written(self, saved: Saved) -> None:
        self._saved = saved
        self._edits.clear()
        self._problems.clear()
        self.cccc.say(f"written to {saved.path}; u takes it back")
        self._ask()

    async def action_undo_save(self) -> None:
        """Take the last save back, byte for byte."""
        saved, self._saved = self._saved, None
        if saved is not None and await self.attempt(self.cccc.control.config_undo(saved), f"{saved.path} is as it was"):
            self._changed()

    def action_editor(self) -> None:
        """The file in the user's editor."""
        if self._form and self._form.path and (complaint := edit(self.app, self._form.path)):
            self.cccc.say(complaint, severity="error")
        self._changed()

    def _changed(self) -> None:
        self.cccc.feed.ask_again()
        self._ask()

    def action_discard(self) -> None:
        """One step back: out of the field, out of the search, out of the settings; then, asked, out of the edits."""
        search = self.query_one("#filter", Field)
        if (typing := self.form.editing) is not None:
            self.form.leave()
            if typing not in self._edits:
                self._problems.pop(typing, None)
        elif search.value or search.has_focus:
            search.clear()
            self.query_one(LiveTable).focus()
        elif not self.query_one(LiveTable).has_focus:
            self.query_one(LiveTable).focus()
        elif self._edits:
            said = [paragraph(f"{fmt.counted(len(self._edits), 'edit')} would be lost; nothing was written.", indent=0)]
            self.app.push_screen(DiscardDialog("Discard edits?", said), self._discarded)
        self._draw()

    def _discarded(self, answer: str | None) -> None:
        if answer is not None:
            self._edits.clear()
            self._problems.clear()
            if self.is_current:
                self._draw()
