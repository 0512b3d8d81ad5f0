"""What mode 5 says: a client's state in a word, where its requests go, and what its set-up would do and would not."""

from __future__ import annotations

from collections.abc import Iterator

from cccc.control.api import ClientPlan, ClientState, ClientView, PlannedFile, Proof, ProofState
from tui import format as fmt
from tui.diffs import DiffLine, Kind, parse
from tui.theme import Glyphs
from tui.widgets.prose import Paragraph, paragraph, under

_STATES = {
    ClientState.THROUGH_CCCC: ("ok", "through cccc", "success"),
    ClientState.DIFFERS: ("after_failover", "differs", "warning"),
    ClientState.NOT_SET_UP: ("dot", "not set up", ""),
    ClientState.NOT_FOUND: ("dot", "not found", "dim"),
    ClientState.UNREADABLE: ("failed", "unreadable", "error"),
}
_PROOFS = {
    ProofState.PROVED: ("ok", "success"),
    ProofState.OPEN: ("off", "dim"),
    ProofState.FAILED: ("failed", "error"),
}


def client_state(view: ClientView, glyphs: Glyphs) -> tuple[str, str]:
    """A client's state as (glyph and word, meaning)."""
    glyph, word, meaning = _STATES[view.state]
    return f"{getattr(glyphs, glyph)} {word}", meaning


def about(view: ClientView, plan: ClientPlan | None, glyphs: Glyphs) -> list[Paragraph]:
    """Beside the preview: its files, its last test, what would be done, and the way back."""
    return [
        *under("files", [*(paragraph(path) for path in view.files), _program(view)]),
        *under("last test", _proof(view.proof, glyphs)),
        *under("settings in force", _settings(view, glyphs)),
        *(_doing(plan) if plan is not None and plan.changes else ()),
        *_undoing(view),
    ]


def _program(view: ClientView) -> Paragraph:
    return paragraph((f"runs {view.program}" if view.program else "the program was not found in PATH", "dim"))


def _proof(proof: Proof | None, glyphs: Glyphs) -> Iterator[Paragraph]:
    if proof is None:
        yield paragraph(("not yet: t starts it once", "dim"))
    else:
        glyph, meaning = _PROOFS[proof.state]
        yield paragraph((f"{getattr(glyphs, glyph)} ", meaning), f"{fmt.clock(proof.time)}  {proof.message}")


def _settings(view: ClientView, glyphs: Glyphs) -> Iterator[Paragraph]:
    marks = {True: (f"{glyphs.ok} ", "success"), False: (f"{glyphs.failed} ", "warning"), None: ("  ", "")}
    for one in view.settings:
        yield paragraph(marks[one.leads_here], one.key)
        yield paragraph(one.value if one.value is not None else ("not set", "dim"), indent=4)
        if one.source is not None:
            yield paragraph((f"from {one.source}", "dim"), indent=4)


def _doing(plan: ClientPlan) -> list[Paragraph]:
    steps = [
        *(f"back up {file.path}" for file in _changed(plan) if file.exists),
        *(f"{'write' if file.exists else 'make'} {file.path}, whole or not at all" for file in _changed(plan)),
        "t: start it once and see its request arrive",
    ]
    return [
        *under("will do", (paragraph(f"{number} {step}") for number, step in enumerate(steps, 1))),
        *under(
            "will not do",
            [
                paragraph("touch anything but the lines shown"),
                paragraph("write at all if the file changes after this preview"),
            ],
        ),
    ]


def _undoing(view: ClientView) -> list[Paragraph]:
    way = [paragraph(("u undoes what was written and nobody changed since", "dim"))] if view.restorable else []
    return under("backups", [*(paragraph(path) for path in view.backups), *way])


def _changed(plan: ClientPlan) -> list[PlannedFile]:
    return [file for file in plan.files if file.diff]


def diff_of(plan: ClientPlan) -> list[DiffLine]:
    """Every file's change; where there are several, each under its name."""
    files = _changed(plan)
    lines: list[DiffLine] = []
    for file in files:
        if len(files) > 1:
            lines.append(DiffLine(Kind.FILE, file.path))
        lines += parse(file.diff)
    return lines


def reasons(plan: ClientPlan, view: ClientView) -> list[Paragraph]:
    """Under the diff: why each setting is written, what would win over it, and what is good to know."""
    why = [
        piece
        for file in plan.files
        for reason in file.reasons
        for piece in (paragraph((reason.key, "accent")), paragraph(reason.reason, indent=4))
    ]
    warnings = dict.fromkeys([*plan.warnings, *view.warnings])
    careful = [paragraph((one, "warning")) for one in warnings] or [
        paragraph(("nothing that is known would win over this", "dim"))
    ]
    return [
        *(
            ()
            if plan.changes
            else (paragraph("Nothing to change: it is set up as it should be.", indent=0), Paragraph())
        ),
        *under("why", why),
        *under("careful", careful),
        *under("good to know", (paragraph(note) for note in plan.notes)),
    ]


def checked(plan: ClientPlan) -> str:
    """What was proved about the new files."""
    return fmt.safe(", ".join(dict.fromkeys(file.checked for file in _changed(plan) if file.checked)))
