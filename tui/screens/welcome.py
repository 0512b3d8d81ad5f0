"""What stands where the endpoints would be while there are none: what to do first, and what is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Center, Middle, VerticalScroll

from cccc.control.api import CcccError, Found, ImportPlan
from tui import format as fmt
from tui.background import start
from tui.diffs import parse
from tui.screens.dialog import ImportDialog
from tui.widgets.prose import Paragraph, Prose, paragraph, under

if TYPE_CHECKING:
    from tui.app import CcccApp

_SOURCE, _WHAT = 28, 38
_STEPS = (
    ("Add an endpoint", "a", "address and key; it is asked the rest"),
    ("Point a client at cccc", "5", "one key, after a look at the change"),
    ("Watch the first request", "3", ""),
)


class Welcome(Middle):
    """Says what to do first, and offers what was found on this machine."""

    DEFAULT_CSS = """
    Welcome { height: 1fr; display: none; }
    Welcome Center { height: auto; max-height: 100%; }
    Welcome VerticalScroll { width: 76; height: auto; max-height: 100%; padding: 1 2; }
    Welcome.-tight VerticalScroll { padding: 0 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.plan: ImportPlan | None = None
        """What could be imported, as far as it is known."""

    def compose(self) -> ComposeResult:
        with Center(), VerticalScroll(classes="pane", can_focus=False) as box:
            box.border_title = "Welcome"
            yield Prose()

    def on_mount(self) -> None:
        """Say what is known."""
        self._draw()

    def look(self) -> None:
        """See what is there now."""
        start(self, self._look, "found")

    async def _look(self) -> None:
        app: CcccApp = self.app  # type: ignore[assignment]
        try:
            self.plan = await app.control.import_plan()
        except CcccError:
            self.plan = None  # files are none of this proxy's business, or it is gone
        self._draw()
        app.screen.refresh_bindings()

    def _draw(self) -> None:
        app: CcccApp = self.app  # type: ignore[assignment]
        self.query_one(Prose).show(_said(self.plan, app.glyphs.ellipsis))


def _said(plan: ImportPlan | None, ellipsis: str) -> list[Paragraph]:
    lines = [paragraph("No endpoints yet. Three steps and a client can talk through cccc:", indent=0), Paragraph()]
    for number, (what, key, how) in enumerate(_STEPS, 1):
        lines.append(paragraph(f"{number}  {what:25}", (f"{key}  ", "accent"), (how, "dim")))
    lines.append(Paragraph())
    if plan is not None and plan.found:
        lines += [paragraph("Found on this machine, nothing imported yet:", indent=0), Paragraph()]
        lines += [_found(one, ellipsis) for one in plan.found]
        hint = "import these as endpoints (shows first what it would write)" if plan.changes else "why none is imported"
        lines += [Paragraph(), paragraph(("i  ", "accent"), hint), Paragraph()]
    return [*lines, paragraph(("Without a key: cccc demo. With a file: cccc config example", "dim"), indent=0)]


def _found(one: Found, ellipsis: str) -> Paragraph:
    source = fmt.fit(fmt.safe(one.source), _SOURCE, ellipsis=ellipsis)
    said = one.what if one.endpoint is not None else f"{one.what} (not importable)"
    return paragraph(source, (fmt.cut(fmt.safe(said), _WHAT, ellipsis), "" if one.endpoint is not None else "dim"))


def preview(plan: ImportPlan) -> ImportDialog:
    """What an import would write, which keys would stand in the file themselves, and what is left out and why."""
    held = [one for one in plan.found if one.endpoint is not None and one.holds_key]
    left_out = [one for one in plan.found if one.endpoint is None]
    said = [
        *under(
            "written with the key itself, into a file that only you can read",
            (paragraph(f"{one.endpoint}, its key from {one.source}") for one in held),
        ),
        *under("left out", (paragraph(f"{one.source}: {one.what}: {one.note}") for one in left_out)),
        *under("careful", (paragraph((problem.message, "warning")) for problem in plan.problems)),
    ]
    savable = plan.changes and not any(problem.fatal for problem in plan.problems)
    title = f"Import into {fmt.safe(plan.path)}?" if plan.changes else "Nothing can be imported"
    return ImportDialog(title, said, parse(plan.diff), savable=savable)
