"""What mode 6 says: a setting with its value, where that comes from, what is wrong with it; a section as it would stand
in the file. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from cccc.control.api import ConfigField, ConfigForm, ConfigSection, FieldKind
from tui import format as fmt
from tui.theme import Glyphs
from tui.widgets.form import Item, Said
from tui.widgets.prose import Paragraph, paragraph, under

Edits = Mapping[str, str | None]

_HINTS = {
    FieldKind.DURATION: "A time such as 500ms, 10s, 5m.",
    FieldKind.SIZE: "A size such as 512KiB, 64MiB.",
    FieldKind.SECRET: "A key, ${NAME}, env:NAME or file:PATH; what is there now is not shown.",
    FieldKind.LIST: 'A list in JSON, such as ["one", "two"].',
    FieldKind.MAPPING: 'A mapping in JSON, such as {"endpoints.use": "U"}.',
}
_AS_THEY_ARE = {FieldKind.FLAG, FieldKind.NUMBER, FieldKind.LIST}
_NOTHING = "none"


def value_of(field: ConfigField, edits: Edits) -> str:
    """Its value with the edits."""
    edit = edits.get(field.key, field.value)
    return field.default if edit is None else edit


def found(form: ConfigForm, wanted: str) -> list[ConfigField]:
    """The settings of all sections in which every word stands."""
    words = wanted.lower().split()
    return [
        field
        for section in form.sections
        for field in section.fields
        if all(word in f"{field.key} {field.title} {field.help}".lower() for word in words)
    ]


def items(
    fields: Sequence[ConfigField], edits: Edits, problems: Mapping[str, str], selected: str | None, glyphs: Glyphs
) -> list[Item]:
    """The form's items."""
    return [_item(field, edits, problems.get(field.key), glyphs, chosen=field.key == selected) for field in fields]


def _item(field: ConfigField, edits: Edits, problem: str | None, glyphs: Glyphs, *, chosen: bool) -> Item:
    edited = field.key in edits
    notes: list[Said] = []
    if problem is not None:
        notes.append((f"{glyphs.failed} {fmt.safe(problem)}", "error"))
    if field.overridden_by is not None:
        name = fmt.safe(field.overridden_by)
        notes.append((f"From {name}; an edit here would not win. Unset it first.", "warning"))
    was = f" Was {fmt.safe(field.value)}." if edited and field.kind is not FieldKind.SECRET else ""
    notes.append((f"{fmt.safe(field.help)}{was}", "dim"))
    if chosen:
        notes.append((f"{fmt.safe(field.key)}. {_hint(field)}".strip(), "dim"))
    mark = (f"{glyphs.healthy} live", "success") if field.live else (f"{glyphs.cooling} restart", "warning")
    return Item(
        key=field.key,
        title=fmt.safe(field.title),
        value=(_shown(field, value_of(field, edits)), "warning" if edited else ""),
        mark=mark,
        source=("edited", "warning") if edited else (fmt.safe(field.source), "dim"),
        notes=tuple(notes),
    )


def _shown(field: ConfigField, value: str) -> str:
    if field.kind is FieldKind.FLAG:
        return "[x] on" if value == "true" else "[ ] off"
    if field.kind is FieldKind.SECRET and value not in (field.value, field.default):
        return "[ a new key ]"
    said = fmt.safe(value)
    if field.kind in (FieldKind.LIST, FieldKind.MAPPING):
        return said
    return f"< {said} >" if field.kind is FieldKind.CHOICE else f"[ {said} ]"


def _hint(field: ConfigField) -> str:
    if field.choices:
        return f"One of {fmt.safe(', '.join(field.choices))}."
    if field.kind is FieldKind.NUMBER and field.least is not None:
        return f"From {field.least:g} to {field.most:g}." if field.most is not None else f"At least {field.least:g}."
    return _HINTS.get(field.kind, "")


def after(field: ConfigField, value: str) -> str:
    """The value that ``enter`` turns a switch or a choice to."""
    if field.kind is FieldKind.FLAG:
        return "false" if value == "true" else "true"
    at = field.choices.index(value) if value in field.choices else -1
    return field.choices[(at + 1) % len(field.choices)]


def about(form: ConfigForm, *, undoable: bool, glyphs: Glyphs) -> list[Paragraph]:
    """Below the sections: which file it is, and what the marks mean."""
    return [
        *under("file", [paragraph(form.path or "none yet: a save makes one"), *_undo(undoable=undoable)]),
        paragraph((f"{glyphs.healthy} ", "success"), "taken up at once", indent=0),
        paragraph((f"{glyphs.cooling} ", "warning"), "at the next start", indent=0),
        Paragraph(),
        *under("first wins", (paragraph(one) for one in ("option", "environment CCCC_*", "file", "default"))),
        paragraph(("endpoints: key 1, clients: key 5", "dim"), indent=0),
    ]


def _undo(*, undoable: bool) -> Iterator[Paragraph]:
    if undoable:
        yield paragraph(("u takes back the last save", "warning"))


def as_text(section: ConfigSection, edits: Edits, *, toml: bool) -> list[str]:
    """The section as it would stand in the file, every setting with its value."""
    tree: dict[str, list[ConfigField]] = {}
    for field in section.fields:
        tree.setdefault(field.key.rpartition(".")[0], []).append(field)
    lines: list[str] = []
    for place, fields in tree.items():
        parts = place.split(".")
        if toml:
            lines.append(f"[{place}]")
        else:
            lines += [f"{'  ' * at}{part}:" for at, part in enumerate(parts) if at or not lines]
        indent = "" if toml else "  " * len(parts)
        lines += [f"{indent}{_assigned(field, value_of(field, edits), toml=toml)}" for field in fields]
        if toml:
            lines.append("")
    return lines


def _assigned(field: ConfigField, value: str, *, toml: bool) -> str:
    name, sign = field.key.rpartition(".")[2], " = " if toml else ": "
    if value == _NOTHING:
        return f"# {name} is not set"
    if field.kind is FieldKind.MAPPING and toml:
        return f"{name}{sign}{_inline(value)}"
    if field.kind in _AS_THEY_ARE or field.kind is FieldKind.MAPPING:
        return f"{name}{sign}{value}"
    return f"{name}{sign}{json.dumps(value, ensure_ascii=False) if toml or field.kind is FieldKind.TEXT else value}"


def _inline(value: str) -> str:
    """A JSON mapping of texts as TOML's."""
    try:
        pairs = json.loads(value)
    except ValueError:
        return value
    if not isinstance(pairs, dict):
        return value
    return f"{{{', '.join(f'{json.dumps(key)} = {json.dumps(one)}' for key, one in pairs.items())}}}"
