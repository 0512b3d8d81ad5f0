"""What the endpoint wizard says on its pages."""

from __future__ import annotations

from cccc.control.api import Check, FormatProbe, Preset, ProbeReport, WireFormat
from tui import format as fmt
from tui.screens.wizard_draft import Wish, complaint, draft
from tui.theme import LETTERS, Glyphs, Palette
from tui.widgets.live_table import Column, TableRow
from tui.widgets.prose import Paragraph, paragraph, under

STEPS = ("Provider", "Address & key", "What it speaks", "Models", "Name & priority")
PRESET_COLUMNS = (Column("title", "provider", 34), Column("urls", "addresses", 52, from_width=60))
FORMAT_COLUMNS = (
    Column("format", "format", 21),
    Column("path", "path tried", 26, from_width=88),
    Column("plain", "plain", 12),
    Column("stream", "stream", 13, from_width=60),
    Column("tools", "tools", 7),
    Column("keep", "keep", 5),
)
OTHER = "another"
"""The row of a provider that is not in the list."""

_TITLES = {"A": "A Anthropic", "C": "C OpenAI Chat", "R": "R OpenAI Responses", "G": "G Gemini"}
_MODELS_SHOWN = 12
_CLIENTS = (("Claude Code", WireFormat.ANTHROPIC), ("Codex", WireFormat.OPENAI_RESPONSES))


def steps(step: int, glyphs: Glyphs) -> list[Paragraph]:
    """Where in the wizard one is."""
    pieces: list[tuple[str, str]] = []
    for number, title in enumerate(STEPS, 1):
        done, here = number < step, number == step
        glyph = glyphs.ok if done else glyphs.cursor if here else glyphs.dot
        pieces.append((f"{glyph} {number} {title}   ", "success" if done else "bold" if here else "dim"))
    return [paragraph(*pieces, indent=0)]


def preset_rows(presets: tuple[Preset, ...], palette: Palette, glyphs: Glyphs) -> list[TableRow]:
    """The providers whose addresses are known, and the one for all others."""
    rows = [
        TableRow(
            preset.name,
            {
                "title": (fmt.safe(preset.title), palette[""]),
                "urls": (fmt.safe(f"  {glyphs.dot}  ".join(preset.urls.values())), palette["dim"]),
            },
        )
        for preset in presets
    ]
    other = {"title": ("Another one", palette["bold"]), "urls": ("a relay, a gateway, your own", palette["dim"])}
    return [*rows, TableRow(OTHER, other)]


def format_rows(wish: Wish, palette: Palette, glyphs: Glyphs) -> list[TableRow]:
    """What was found in each format."""
    return [_format(one, wish, palette, glyphs) for one in (wish.report.formats if wish.report else ())]


def _format(one: FormatProbe, wish: Wish, palette: Palette, glyphs: Glyphs) -> TableRow:
    kept = one.wire_format not in wish.skipped
    cells = {
        "format": (_TITLES[LETTERS[one.wire_format]], palette[""]),
        "path": (fmt.safe(one.path), palette["dim"]),
        "keep": ("[x]" if kept else "[ ]", palette["bold"]),
    }
    for name, check in (("plain", one.plain), ("stream", one.stream), ("tools", one.tools)):
        said, meaning = _checked(check, glyphs)
        cells[name] = (said, palette[meaning])
    return TableRow(one.wire_format.value, cells)


def _checked(check: Check, glyphs: Glyphs) -> tuple[str, str]:
    if check.ok is None:
        return fmt.NOTHING, "dim"
    status = "" if check.status is None else f" {check.status}"
    if not check.ok:
        return f"{glyphs.failed}{status}", "error"
    seen = check.note or ("" if check.name == "tools" else f"{check.status or ''} {fmt.milliseconds(check.ms)}".strip())
    return fmt.safe(f"{glyphs.ok} {seen}"), "success"


def findings(wish: Wish, glyphs: Glyphs) -> list[Paragraph]:
    """Below the table of formats: errors, models, quirks, and what the probe cost."""
    report = wish.report
    if report is None:
        return []
    errors = [
        paragraph((f"{LETTERS[one.wire_format]} {check.name}: {check.error}", "error"))
        for one in report.formats
        for check in (one.plain, one.stream, one.tools)
        if check.error
    ]
    quirks = [paragraph(f"{LETTERS[one.wire_format]} {quirk}") for one in report.formats for quirk in one.quirks]
    told = [
        (name, check) for name, check in (("count_tokens", report.count_tokens), ("models", report.models)) if check
    ]
    return [
        *(_told(name, check, glyphs) for name, check in told),
        paragraph(("cost of this probe  ", "dim"), cost(report), indent=0),
        Paragraph(),
        *under("who would use it", _served(wish, glyphs)),
        *under("what went wrong", errors),
        *under("quirks seen", quirks),
    ]


def _served(wish: Wish, glyphs: Glyphs) -> list[Paragraph]:
    """How each kind of client would be served in the formats that are kept."""
    kept = [
        one.wire_format for one in (wish.report.formats if wish.report else ()) if one.wire_format not in wish.skipped
    ]
    if not kept:
        return []
    return [
        paragraph(f"{client:11}  natively ({LETTERS[speaks]})")
        if speaks in kept
        else paragraph(f"{client:11}  converted {LETTERS[speaks]}{glyphs.arrow}{LETTERS[kept[0]]}")
        for client, speaks in _CLIENTS
    ]


def _told(name: str, check: Check, glyphs: Glyphs) -> Paragraph:
    said, meaning = _checked(check, glyphs)
    more = "   cccc estimates instead" if name == "count_tokens" and check.ok is False else ""
    return paragraph((f"{name:20}", "dim"), (said, meaning), more, indent=0)


def cost(report: ProbeReport) -> str:
    """What a probe cost."""
    return f"{fmt.counted(report.requests, 'request')}, {fmt.counted(report.tokens, 'token')}"


def models(wish: Wish) -> list[Paragraph]:
    """Which models there are."""
    names = wish.report.model_names if wish.report else ()
    if not names:
        return [
            paragraph(
                ("It told no list of models. Leave a field empty to ask for the client's own name.", "dim"), indent=0
            )
        ]
    more = f" and {len(names) - _MODELS_SHOWN} more" if len(names) > _MODELS_SHOWN else ""
    return [
        paragraph("Ask for these models in place of Claude's three sizes; empty: the client's own name.", indent=0),
        paragraph((f"It has {', '.join(names[:_MODELS_SHOWN])}{more}", "dim"), indent=0),
    ]  # fmt: skip


def summary(wish: Wish) -> list[Paragraph]:
    """What the last step writes."""
    if complaint(wish, len(STEPS)) is not None:
        return []
    made = draft(wish)
    key = "the key you typed" if wish.key else wish.reference.strip() or "the key as it is"
    settings = [paragraph(f"{name} = {value}") for name, value in made.settings.items()]
    return under(
        "is written",
        [*(paragraph(f"{name} = {url}") for name, url in made.urls.items()), paragraph(f"key = {key}"), *settings],
    )


def tested(report: ProbeReport, glyphs: Glyphs) -> str:
    """What a test of an endpoint found, in a few lines."""
    lines = []
    for one in report.formats:
        wrong = next((check.error for check in (one.plain, one.stream, one.tools) if check.error), None)
        said = f"{glyphs.ok} {fmt.milliseconds(one.plain.ms)}" if one.ok else f"{glyphs.failed} {wrong or 'no answer'}"
        lines.append(f"{LETTERS[one.wire_format]} {said}")
    return "\n".join([f"{report.endpoint}:", *lines, f"cost {cost(report)}"])
