"""Changes to a text that touch nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.config import documents, patch
from cccc.errors import ConfigError
from tests.config.samples import SEED, SEED_AS_TOML
from tests.config.test_edit import COMMENTED, COMMENTED_TOML

NEW = {"name": "new", "url_openai": "https://n.example/v1", "auth_value": "${N}", "models": ["a-*", "b"]}

YAML_TEXTS = (
    SEED,
    COMMENTED,
    "",
    "# nothing yet\n",
    "endpoints:\n",
    "endpoints: []  # none\nserver: {}\n",
    "server:\n  port: 1",
)
TOML_TEXTS = (SEED_AS_TOML, COMMENTED_TOML, "", "# nothing yet\n", "[server]\nport = 1")
TEXTS = [(text, False) for text in YAML_TEXTS] + [(text, True) for text in TOML_TEXTS]


def changed(text: str, *steps: patch.Step, toml: bool) -> str:
    return patch.applied(text, documents.parse(text, toml=toml, name="config"), steps, toml=toml)


def parsed(text: str, *, toml: bool) -> dict[str, Any]:
    return documents.parse(text, toml=toml, name="config").data


@pytest.mark.parametrize(("text", "toml"), TEXTS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_item_is_added_and_every_line_before_stays(text: str, toml: bool, newline: str) -> None:
    text = text.replace("\n", newline)
    result = changed(text, patch.appending("endpoints", NEW, toml=toml), toml=toml)
    assert parsed(result, toml=toml)["endpoints"][-1] == NEW
    lines = iter(result.splitlines())
    kept = [line for line in text.splitlines() if not line.startswith("endpoints: []")]
    assert all(line in lines for line in kept), "the old lines are there in their order"
    assert ("\r\n" in result) == (newline == "\r\n" and "\r\n" in text)


@pytest.mark.parametrize(("text", "toml"), TEXTS)
def test_an_item_that_is_added_and_taken_out_leaves_the_text_as_it_was(text: str, toml: bool) -> None:
    """But for the end of its last line, and the words that an item needed around it."""
    count = len(parsed(text, toml=toml).get("endpoints") or ())
    result = changed(text, patch.appending("endpoints", NEW, toml=toml), patch.removing("endpoints", count), toml=toml)
    assert result.split()[: len(text.split())] == text.replace("endpoints: []", "endpoints:").split()
    if count and not toml:
        assert result.rstrip("\n") == text.rstrip("\n")


def test_the_item_stands_as_the_others_do() -> None:
    text = "endpoints:\n    -   name: 'a'  # the good one\n        models: [x]\n\n# the end\n"
    assert changed(text, patch.appending("endpoints", NEW, toml=False), toml=False) == (
        "endpoints:\n    -   name: 'a'  # the good one\n        models: [x]\n"
        "    -   name: new\n"
        "        url_openai: https://n.example/v1\n"
        '        auth_value: "${N}"\n'
        '        models: ["a-*", "b"]\n'
        "\n# the end\n"
    )


@pytest.mark.parametrize(("text", "toml"), [(SEED, False), (SEED_AS_TOML, True), (COMMENTED_TOML, True)])
def test_an_item_is_taken_out_with_its_own_lines_only(text: str, toml: bool) -> None:
    count = len(parsed(text, toml=toml)["endpoints"])
    for index in range(count):
        result = changed(text, patch.removing("endpoints", index), toml=toml)
        left = parsed(result, toml=toml).get("endpoints") or []
        assert [one["name"] for one in left] == [
            one["name"] for at, one in enumerate(parsed(text, toml=toml)["endpoints"]) if at != index
        ]
        assert [line for line in result.splitlines() if "#" in line and line.lstrip().startswith("#")] == [
            line for line in text.splitlines() if line.lstrip().startswith("#")
        ]


@pytest.mark.parametrize(
    ("text", "toml", "path", "value", "expected"),
    [
        ("routing:\n  max_attempts: 6  # six\n", False, "routing.max_attempts", 3,
         "routing:\n  max_attempts: 3  # six\n"),
        ("routing:\n  max_attempts: 6\n\nui: {}\n", False, "routing.gate_timeout", "15s",
         "routing:\n  max_attempts: 6\n  gate_timeout: 15s\n\nui: {}\n"),
        ("routing: {max_attempts: 6}\n", False, "routing.gate_timeout", "15s",
         "routing: {max_attempts: 6, gate_timeout: 15s}\n"),
        ("routing:\nui:\n  theme: x\n", False, "routing.max_attempts", 3,
         "routing:\n  max_attempts: 3\nui:\n  theme: x\n"),
        ("ui:\n  theme: x", False, "routing.max_attempts", 3, "ui:\n  theme: x\nrouting:\n  max_attempts: 3\n"),
        ("", False, "a.b.c", True, "a:\n  b:\n    c: true\n"),
        ("a:\n  b:\n", False, "a.b.c", "x y", 'a:\n  b:\n    c: "x y"\n'),
        ("a:\n  b:\n    - 1\n    - 2\n  c: 3\n", False, "a.b", [4], "a:\n  c: 3\n  b: [4]\n"),
        ("[routing]\nmax_attempts = 6 # six\n", True, "routing.max_attempts", 3, "[routing]\nmax_attempts = 3 # six\n"),
        ("[routing]\nmax_attempts = 6\n[ui]\n", True, "routing.gate_timeout", "15s",
         '[routing]\nmax_attempts = 6\ngate_timeout = "15s"\n[ui]\n'),
        ("[routing]\n[ui]\n", True, "routing.max_attempts", 3, "[routing]\nmax_attempts = 3\n[ui]\n"),
        ("server.port = 1 # ours\n[ui]\n", True, "server.host", "::1",
         'server.port = 1 # ours\nserver.host = "::1"\n[ui]\n'),
        ("[ui]\n", True, "routing.max_attempts", 3, "[ui]\n\n[routing]\nmax_attempts = 3\n"),
        ("x = { a = 1 }\n", True, "x.b", {"c": "ü"}, 'x = { a = 1, b = { "c" = "ü" } }\n'),
    ],
)  # fmt: skip
def test_a_value_is_set_where_its_section_stands(text: str, toml: bool, path: str, value: Any, expected: str) -> None:
    assert changed(text, patch.setting(tuple(path.split(".")), value, toml=toml), toml=toml) == expected


@pytest.mark.parametrize(
    ("text", "toml", "expected"),
    [
        ("a:\n  b: 1 # one\n  # two\n  c: 2\n", False, "a:\n  # two\n  c: 2\n"),
        ("a:\n  b:\n    - 1\n    - 2\n  c: 2\n", False, "a:\n  c: 2\n"),
        ("[a]\nb = 1\nc = 2\n", True, "[a]\nc = 2\n"),
        ("a.b = 1\na.c = 2\n", True, "a.c = 2\n"),
        ("a:\n  c: 2\n", False, "a:\n  c: 2\n"),
    ],
)
def test_a_value_is_taken_out(text: str, toml: bool, expected: str) -> None:
    if text.startswith("a.b"):
        with pytest.raises(ConfigError, match="edit it by hand"):
            changed(text, patch.unsetting(("a", "b")), toml=toml)
    else:
        assert changed(text, patch.unsetting(("a", "b")), toml=toml) == expected


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("base: &b {x: 1}\na: *b\n", patch.setting(("base", "x"), 2, toml=False)),
        ("a: {b: 1}\n", patch.unsetting(("a", "b"))),
        ("endpoints: [{name: x}]\n", patch.appending("endpoints", NEW, toml=False)),
        ("endpoints: [{name: x}]\n", patch.removing("endpoints", 0)),
        ("endpoints:\n-\n  name: x\n", patch.appending("endpoints", NEW, toml=False)),
        ("- a\n...\n", patch.appending("endpoints", NEW, toml=False)),
    ],
)
def test_what_cannot_be_changed_safely_is_refused(text: str, step: patch.Step) -> None:
    with pytest.raises(ConfigError):
        changed(text, step, toml=False)


_scalars = st.booleans() | st.integers(-1000, 1000) | st.text(st.characters(codec="utf-8"), max_size=12)
_items = st.dictionaries(st.sampled_from(["url_openai", "note", "priority", "x"]), _scalars)


@given(_items, st.booleans())
def test_whatever_the_values_are_they_read_back_or_are_refused(values: dict[str, Any], toml: bool) -> None:
    item = {"name": "new", **values}
    text = SEED_AS_TOML if toml else SEED
    try:
        result = changed(text, patch.appending("endpoints", item, toml=toml), toml=toml)
    except ConfigError:
        texts = "".join(value for value in values.values() if isinstance(value, str))
        assert any(not character.isprintable() for character in texts)
    else:
        assert parsed(result, toml=toml)["endpoints"][-1] == item
        taken_out = changed(result, patch.removing("endpoints", len(parsed(text, toml=toml)["endpoints"])), toml=toml)
        assert taken_out.rstrip() == text.rstrip()
