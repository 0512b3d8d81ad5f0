"""Mutations of valid files: the answer is always a configuration or a ``ConfigError``, never anything else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cccc.config import Loaded, load_text, schema
from cccc.config.example import example
from cccc.config.validation import validate
from cccc.errors import ConfigError
from tests.config.samples import SEED, SEED_AS_TOML

_FILES = [(SEED, False), (SEED_AS_TOML, True), (example(toml=False), False), (example(toml=True), True)]
_PIECES = st.sampled_from(
    [
        "",
        " ",
        "\n",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "#",
        "null",
        "true",
        "1e400",
        "-1",
        "9" * 400,
        "\x00",
        "\t",
    ]
) | st.text(max_size=5)


def outcome(text: str, *, toml: bool, **environ: str) -> Loaded | ConfigError:
    try:
        return load_text(text, toml=toml, name="config", environ=environ)
    except ConfigError as error:
        return error


def is_well_worded(result: Loaded | ConfigError) -> bool:
    problems = result.warnings if isinstance(result, Loaded) else result.problems or ("",)
    return all(problem and "\n" not in problem for problem in problems)


@given(
    st.sampled_from(_FILES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 12), _PIECES), min_size=1, max_size=3),
)
def test_text_mutations(file: tuple[str, bool], mutations: list[tuple[float, int, str]]) -> None:
    text, toml = file
    for where, length, piece in mutations:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + length :]
    assert is_well_worded(outcome(text, toml=toml))


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["https://a.example", "auto", "${X}", "env:Y", "file:/x", "none", "starlark", "0.0.0.0"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
def test_any_value_for_any_key(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(list(schema.every_key())))
    value = data.draw(_VALUES)
    tree: Any = value
    for part in reversed(key.pattern.split(".")):
        name = part.removesuffix("[]")
        base = {"name": "n", "url_openai": "https://a.example", "auth_value": "k"} if part == "endpoints[]" else {}
        tree = {name: [{**base, **tree}]} if part.endswith("[]") else {name: tree}
    assert validate(tree) is not None


@given(
    st.sampled_from(["CCCC_SERVER__PORT", "CCCC_ENDPOINTS", "CCCC_UI__KEYMAP", "CCCC_TIMEOUTS"]), st.text(max_size=20)
)
def test_any_variable(name: str, value: str) -> None:
    assert is_well_worded(outcome("", toml=False, **{name: value}))
