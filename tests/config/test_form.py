"""The settings model as a form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cccc.config import form, load, load_text, schema
from cccc.control.api import ConfigField, FieldKind
from tests.config.samples import SEED


def fields(text: str = "", **more: dict[str, str]) -> dict[str, ConfigField]:
    made = form.form(load_text(text, toml=False, name="config.yaml", **more))  # type: ignore[arg-type]
    return {field.key: field for section in made.sections for field in section.fields}


def test_every_setting_outside_of_lists_has_a_field() -> None:
    expected = {key.pattern for key in schema.every_key() if key.section is None and "[]" not in key.pattern}
    assert set(fields()) == set(form.editable()) == expected


def test_sections_stand_in_the_order_of_the_model() -> None:
    made = form.form(load_text("", toml=False, name="config.yaml"))
    assert [section.name for section in made.sections] == [
        "server", "logging", "timeouts", "blacklist", "routing", "tagging", "validation", "ui",
    ]  # fmt: skip
    assert all(section.title and section.help for section in made.sections)
    assert all(field.title and field.help for section in made.sections for field in section.fields)


@pytest.mark.parametrize(
    ("key", "kind", "default", "bounds", "choices", "live"),
    [
        ("server.port", FieldKind.NUMBER, "8080", (0, 65535), (), False),
        ("server.auth_token", FieldKind.SECRET, "none", (None, None), (), True),
        ("server.auto_sort_endpoints", FieldKind.FLAG, "true", (None, None), (), True),
        ("server.max_request_bytes", FieldKind.SIZE, "64MiB", (1024, 1024**3), (), True),
        ("logging.log_request_types", FieldKind.CHOICE, "all", (None, None), ("all", "failed", "success"), True),
        ("logging.exclude_paths", FieldKind.LIST, '["/v1/messages/count_tokens"]', (None, None), (), True),
        ("logging.body_retention_days", FieldKind.NUMBER, "3", (0, None), (), True),
        ("routing.gate_timeout", FieldKind.DURATION, "20s", (0, 604_800), (), True),
        ("ui.theme", FieldKind.TEXT, "none", (None, None), (), True),
        ("ui.keymap", FieldKind.MAPPING, "{}", (None, None), (), True),
        ("validation.python_json_fixing.enabled", FieldKind.FLAG, "true", (None, None), (), True),
    ],
)
def test_what_a_field_says_of_itself(
    key: str, kind: FieldKind, default: str, bounds: tuple[float, float], choices: tuple[str, ...], live: bool
) -> None:
    field = fields()[key]
    assert (field.kind, field.default, (field.least, field.most)) == (kind, default, bounds)
    assert (field.choices, field.live, field.source, field.overridden_by) == (choices, live, "default", None)


def test_where_a_value_comes_from() -> None:
    found = fields("server:\n  port: 9000\n", environ={"CCCC_SERVER__PORT": "9001", "CCCC_UI__THEME": "x"})
    assert (found["server.port"].value, found["server.port"].overridden_by) == ("9001", "env CCCC_SERVER__PORT")
    assert found["ui.theme"].source == "env CCCC_UI__THEME"
    assert fields("server:\n  port: 9000\n")["server.port"].source == "file:2"
    assert fields(options={"port": "1"})["server.port"].overridden_by == "option --port"


def test_a_secret_is_masked() -> None:
    assert fields("server:\n  auth_token: a-long-token-of-mine-4f2a\n")["server.auth_token"].value == "…4f2a"


def test_the_file_that_would_be_written(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SEED)
    made = form.form(load(path, environ={}, options={}))
    assert (made.path, made.toml) == (str(path), False)


@pytest.mark.parametrize("key", [key for key in form.editable().values() if form.kind_of(key) is not FieldKind.SECRET],
                         ids=lambda key: key.pattern)  # fmt: skip
def test_every_default_reads_back(key: schema.Key) -> None:
    """A form can write what it shows."""
    text = fields()[key.pattern].default
    if text == "none":
        return
    value = form.value_of(key, text)
    section, _, _ = key.pattern.partition(".")
    tree: object = value
    for part in reversed(key.pattern.split(".")):
        tree = {part: tree}
    assert isinstance(tree, dict)
    assert section in tree
    loaded = load_text(json.dumps(tree), toml=False, name="config.yaml")
    assert {one.key: one.value for one in loaded.values}[key.pattern] == text
