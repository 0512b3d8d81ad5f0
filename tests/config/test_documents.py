"""Both syntaxes: the data, and where everything stands."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from cccc.config.document import Document
from cccc.config.documents import parse
from cccc.config.problems import Path
from cccc.errors import ConfigError

YAML = """\
# comment
a: 1
"b c": {d: [x, 'y z'], e: "q"}
list:
  - name: n   # c
    deep:
      key: |
        text
  - *plain
"""

TOML = r'''# comment
a = 1
"b c" = { d = ["x", 'y z'], "e" = "q" } # c
x.y."z.w" = 0x1F
multi = """
a = "quoted" \""" # no comment
"""
literal = LITERAL
when = 2020-01-01 10:00:00
[[list]]
name = "n"
[list.deep]
key = [
  1, # one
  [2, 3],
]
[[list]]
[[list.items]]
k = true
[[list.items]]
k = false
[after . dots]
z = 1'''.replace("LITERAL", "'''a'b''''")


def found(text: str, document: Document, *path: str | int) -> tuple[str, str]:
    place = document.places[path]
    for span in (place.key, place.value):
        line = text.splitlines()[span.line - 1]
        assert line[span.column - 1 :] == text[span.start :].splitlines()[0]
    return text[place.key.start : place.key.end], text[place.value.start : place.value.end]


def test_yaml_places() -> None:
    text = YAML.replace("a: 1", "a: &plain 1")
    document = parse(text, toml=False, name="f")
    assert document.data == {
        "a": 1,
        "b c": {"d": ["x", "y z"], "e": "q"},
        "list": [{"name": "n", "deep": {"key": "text\n"}}, 1],
    }
    assert found(text, document, "b c", "d", 1) == ("'y z'", "'y z'")
    assert found(text, document, "b c", "e") == ("e", '"q"')
    assert found(text, document, "list", 0, "name") == ("name", "n")
    assert document.places["list", 0, "deep", "key"].key.line == 7


def test_toml_places() -> None:
    document = parse(TOML, toml=True, name="f")
    assert document.data == tomllib.loads(TOML)
    assert found(TOML, document, "b c", "d", 1) == ("'y z'", "'y z'")
    assert found(TOML, document, "b c", "e") == ('"e"', '"q"')
    assert found(TOML, document, "x", "y", "z.w") == ('"z.w"', "0x1F")
    assert found(TOML, document, "literal")[1] == "'''a'b''''"
    assert found(TOML, document, "when")[1] == "2020-01-01 10:00:00"
    assert found(TOML, document, "list", 0, "deep", "key", 1, 0) == ("2", "2")
    assert found(TOML, document, "list", 1, "items", 1, "k") == ("k", "false")
    assert found(TOML, document, "after", "dots", "z") == ("z", "1")
    assert set(paths(document.data)) <= {*document.places, ("x",), ("list",), ("list", 1, "items"), ("after",)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: yes\nb: on\nc: 0o17\nd: 017", {"a": "yes", "b": "on", "c": 15, "d": 17}),
        ("a: 2020-01-01", {"a": "2020-01-01"}),
        ("a: ~\nb:\nc: null", {"a": None, "b": None, "c": None}),
        ("a: !!str 5", {"a": "5"}),
        ("x: &x {p: 1, q: 2}\ny: {<<: *x, q: 3}", {"x": {"p": 1, "q": 2}, "y": {"p": 1, "q": 3}}),
        ("5: a\ntrue: b", {"5": "a", "true": "b"}),
        ("---\na: 1\n...\n", {"a": 1}),
    ],
)
def test_yaml_is_read_by_the_rules_of_1_2(text: str, expected: dict[str, Any]) -> None:
    assert parse(text, toml=False, name="f").data == expected


def paths(value: Any, path: Path = ()) -> list[Path]:
    if isinstance(value, dict):
        inner = [p for key, item in value.items() for p in paths(item, (*path, key))]
    elif isinstance(value, list):
        inner = [p for i, item in enumerate(value) for p in paths(item, (*path, i))]
    else:
        inner = []
    return [*([path] if path else []), *inner]


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=6)
LEAVES = st.one_of(
    st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False, width=32), KEYS
)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
    ),
    max_size=4,
)


@given(TREES)
def test_every_leaf_of_any_toml_has_its_place(tree: dict[str, Any]) -> None:
    text = tomli_w.dumps(tree)
    document = parse(text, toml=True, name="f")
    assert document.data == tree
    for path in paths(tree):
        value: Any = tree
        for part in path:
            value = value[part]
        if not isinstance(value, dict | list) or value == []:
            place = document.places[path].value
            assert tomllib.loads(f"x = {text[place.start : place.end]}")["x"] == value


@given(TREES)
def test_every_leaf_of_any_yaml_has_its_place(tree: dict[str, Any]) -> None:
    text = json.dumps(tree, ensure_ascii=False, indent=1)
    document = parse(text, toml=False, name="f")
    assert document.data == tree
    for path in paths(tree):
        place = document.places[path].value
        value: Any = tree
        for part in path:
            value = value[part]
        assert json.loads(text[place.start : place.end]) == value


def outcome(text: str, *, toml: bool) -> Document | ConfigError:
    try:
        return parse(text, toml=toml, name="f")
    except ConfigError as error:
        return error


@given(st.text(max_size=80) | st.text(alphabet="ab:=.[]{},'\"\\#\n -&*!|>%1", max_size=60))
def test_any_text_is_a_document_or_a_config_error(text: str) -> None:
    for toml in (False, True):
        result = outcome(text, toml=toml)
        if isinstance(result, Document):
            assert isinstance(result.data, dict)
        else:
            assert result.problems
            assert all("\n" not in problem for problem in result.problems)
