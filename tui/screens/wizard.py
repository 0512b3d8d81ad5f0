"""A new endpoint in five steps, or changes of one that is there: nothing is written before the last step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import ContentSwitcher, Input, Static

from cccc.control.api import CcccError, Preset, WireFormat
from tui import format as fmt
from tui.background import start
from tui.keys import bindings
from tui.screens import wizard_facts as facts
from tui.screens.wizard_draft import TIERS, URLS, Wish, complaint, draft, from_preset, probed, question, turned
from tui.widgets.chrome import KeyLine
from tui.widgets.field import Field
from tui.widgets.live_table import LiveTable
from tui.widgets.prose import Prose, paragraph

if TYPE_CHECKING:
    from tui.app import CcccApp

_PROBE, _LAST = 3, 5
_HOW = "enter goes to the next field, and after the last one on. Nothing is written before the last step."
_FIELDS: Mapping[int, tuple[tuple[str, str, str], ...]] = {
    2: (
        *((key, title, "a base, or the full address") for key, title in URLS.items()),
        ("key", "Key", "is not shown"),
        ("reference", "or where it is", "${NAME}, env:NAME or file:PATH; the file then holds no key"),
    ),
    4: (
        *((tier, tier.capitalize(), "the client's own name") for tier in TIERS),
        ("models", "Serves only", "everything; or wildcards such as claude-*, gpt-5*"),
    ),
    5: (("name", "Name", "unique"), ("priority", "Priority", "smaller is tried first")),
}
"""By step: (name in the draft, label, what an empty field means)."""


class Wizard(ModalScreen[str | None]):
    """Gives the name of the endpoint that was written, ``None`` where nothing was."""

    BINDINGS: ClassVar = bindings("wizard")

    def __init__(self, wish: Wish | None = None) -> None:
        super().__init__(classes="dialog")
        self._wish = wish or Wish()
        self._first = 1 if wish is None else 2
        self._step = self._first
        self._presets: tuple[Preset, ...] | None = None
        """``None`` until they are told: a list that grows would keep the selection at its end."""
        self._probing = False
        self._asked: object = None
        """What the last probe was asked about."""
        self._said: str | None = None
        self._note = ""
        """What is good to know about the provider."""

    @property
    def cccc(self) -> CcccApp:
        """The app."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        editing = self._wish.editing
        with Vertical(id="wizard") as box:
            box.border_title = fmt.title("New endpoint" if editing is None else f"Edit {editing}")
            yield Prose(id="steps")
            with ContentSwitcher(initial=f"step-{self._step}"):
                with Vertical(id="step-1"):
                    yield LiveTable(facts.PRESET_COLUMNS)
                for step in (2, 3, 4, 5):
                    with VerticalScroll(id=f"step-{step}", can_focus=False):
                        yield from self._page(step)
            yield Prose(id="wizard-said")
        yield KeyLine()

    def _page(self, step: int) -> ComposeResult:
        if step == _PROBE:
            yield LiveTable(facts.FORMAT_COLUMNS)
        for name, label, empty in _FIELDS.get(step, ()):
            with Horizontal(classes="labelled"):
                yield Static(label, markup=False)
                yield Field(placeholder=empty, compact=True, password=name == "key", id=f"field-{name}")
        yield Prose(id=f"prose-{step}")

    def on_mount(self) -> None:
        """Begin."""
        if self._step == 1:
            start(self, self._fetch_presets, "presets")
        self._fill()
        self._go(self._step)

    async def _fetch_presets(self) -> None:
        try:
            self._presets = await self.cccc.control.presets()
        except CcccError as error:
            self._presets, self._said = (), str(error)
        self._show()

    def _fill(self) -> None:
        """Put what is known into the fields."""
        known = {**self._wish.urls, **self._wish.tiers}
        for fields in _FIELDS.values():
            for name, _, _ in fields:
                value = known.get(name, "") if name in (*URLS, *TIERS) else getattr(self._wish, name)
                self._field(name).value = value

    def _field(self, name: str) -> Field:
        return self.query_one(f"#field-{name}", Field)

    def _told(self) -> Wish:
        """With what stands in the fields."""
        told = {name: self._field(name).value for fields in _FIELDS.values() for name, _, _ in fields}
        urls, tiers = {key: told.pop(key) for key in URLS}, {tier: told.pop(tier) for tier in TIERS}
        return replace(
            self._wish,
            urls=urls,
            tiers=tiers,
            key=told["key"],
            reference=told["reference"],
            models=told["models"],
            name=told["name"],
            priority=told["priority"],
        )

    def _show(self) -> None:
        """Draw the step in front."""
        wish, palette, glyphs = self._told(), self.cccc.palette, self.cccc.glyphs
        self.query_one("#steps", Prose).show(facts.steps(self._step, glyphs))
        self.query_one(ContentSwitcher).current = f"step-{self._step}"
        if self._step == 1 and self._presets is not None:
            self.query_one("#step-1 LiveTable", LiveTable).show(facts.preset_rows(self._presets, palette, glyphs))
        elif self._step == _PROBE:
            self.query_one("#step-3 LiveTable", LiveTable).show(facts.format_rows(wish, palette, glyphs))
        said = {
            2: [paragraph((f"{self._note} {_HOW}".strip(), "dim"), indent=0)],
            3: [paragraph((self._doing(), "dim"), indent=0), *facts.findings(wish, glyphs)],
            4: facts.models(wish),
            5: facts.summary(wish),
        }
        if self._step in said:
            self.query_one(f"#prose-{self._step}", Prose).show(said[self._step])
        self.query_one("#wizard-said", Prose).show(
            [paragraph((f"{glyphs.failed} {self._said}", "error"), indent=0)] if self._said else []
        )
        self.refresh_bindings()

    def _doing(self) -> str:
        where = ", ".join(question(self._told()).urls.values())
        if self._probing:
            return f"Asking {where} in a few small requests ..."
        return f"Asked {where} with your key. Nothing is written yet." if self._wish.report else f"Not asked: {where}"

    def _go(self, step: int) -> None:
        self._step, self._said = step, None
        self._show()
        if step in _FIELDS:
            self._field(_FIELDS[step][0][0]).focus()
        else:
            self.query_one(f"#step-{step} LiveTable", LiveTable).focus()
        if step == _PROBE and self._asked != self._matter():
            self._probe()

    def _matter(self) -> object:
        """What a probe depends on."""
        wish = self._told()
        return dict(wish.urls), wish.key, wish.reference

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Probing and keeping belong to the probe's page."""
        if action in ("again", "keep"):
            return self._step == _PROBE and not self._probing
        return action != "back" or self._step > self._first

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """To the next field; from the last one to the next step."""
        names = [f"field-{name}" for name, _, _ in _FIELDS[self._step]]
        at = names.index(event.input.id or "") + 1
        if at < len(names):
            self.query_one(f"#{names[at]}").focus()
        else:
            self.action_next()

    def on_input_changed(self) -> None:
        """The last page says what would be written."""
        if self._step == _LAST:
            self._show()

    def on_line_table_opened(self) -> None:
        """A click on the selected row."""
        self.action_next()

    def action_next(self) -> None:
        """The next step; the last one writes."""
        if self._step == 1:
            self._choose()
            return
        self._wish = self._told()
        self._said = complaint(self._wish, self._step)
        if self._said is not None:
            self._show()
        elif self._step == _LAST:
            start(self, self._write, "write")
        else:
            self._go(self._step + 1)

    def _choose(self) -> None:
        chosen = self.query_one("#step-1 LiveTable", LiveTable).selected
        preset = next((one for one in self._presets or () if one.name == chosen), None)
        self._wish = from_preset(preset, [view.name for view in self.cccc.frame.endpoints])
        self._fill()
        self._note = preset.note if preset is not None else ""
        self._go(2)

    def action_back(self) -> None:
        """The step before."""
        self._wish = self._told()
        self._go(self._step - 1)

    def action_again(self) -> None:
        """Ask once more."""
        self._probe()

    def action_keep(self) -> None:
        """Use this format, or leave it aside."""
        chosen = self.query_one("#step-3 LiveTable", LiveTable).selected
        if chosen is not None:
            self._wish = turned(self._told(), WireFormat(chosen))
            self._show()

    def action_cancel(self) -> None:
        """Write nothing."""
        self.dismiss(None)

    def _probe(self) -> None:
        self._probing, self._asked = True, self._matter()
        self._wish = replace(self._told(), report=None, skipped=frozenset())
        self._show()
        start(self, partial(self._ask, self._wish), "probe")

    async def _ask(self, wish: Wish) -> None:
        control, before = self.cccc.control, wish.before
        as_it_is = before is not None and not wish.key and (wish.urls, wish.reference) == (
            {key: before.urls.get(key, "") for key in URLS}, before.reference
        )  # fmt: skip
        try:
            report = await (
                control.probe_endpoint(wish.editing) if as_it_is and wish.editing else control.probe(question(wish))
            )
        except CcccError as error:
            self._said = str(error)
        else:
            self._wish = probed(self._told(), report)
        self._probing = False
        self._show()

    async def _write(self) -> None:
        control, wish = self.cccc.control, self._wish
        try:
            made = draft(wish)
            saved = await (control.endpoint_edit(wish.editing, made) if wish.editing else control.endpoint_add(made))
        except CcccError as error:
            self._said = str(error)
            self._show()
            return
        self.cccc.say(f"{made.name} is written to {saved.path}")
        self.cccc.feed.ask_again()
        self.dismiss(made.name)
