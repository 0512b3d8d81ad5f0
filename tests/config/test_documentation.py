"""What is derived from the model: the example and the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.config import load_text, schema
from cccc.config.example import example
from cccc.config.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


@pytest.mark.parametrize("toml", [False, True], ids=["YAML", "TOML"])
def test_the_example_loads_without_warnings(toml: bool) -> None:
    result = load_text(example(toml=toml), toml=toml, name="example", environ={})
    assert result.warnings == ()
    assert [endpoint.name for endpoint in result.endpoints] == ["anthropic-official", "universal-provider"]
    plain = load_text("", toml=toml, name="example", environ={}).settings
    assert result.settings.model_copy(update={"endpoints": ()}) == plain


def test_both_examples_say_the_same() -> None:
    yaml, toml = (load_text(example(toml=toml), toml=toml, name="example", environ={}) for toml in (False, True))
    assert yaml.settings == toml.settings


@pytest.mark.parametrize("toml", [False, True], ids=["YAML", "TOML"])
def test_every_commented_key_can_be_switched_on(toml: bool) -> None:
    text = example(toml=toml)
    sign = " = " if toml else ": "
    names = {key.name for key in schema.every_key()} - {"taggers"}
    for line in text.splitlines():
        name = line.strip().removeprefix("# ").partition(sign)[0]
        if line.strip().startswith("# ") and name in names:
            switched = text.replace(line, line.replace("# ", "", 1))
            assert load_text(switched, toml=toml, name="example", environ={}).endpoints


@pytest.mark.parametrize("toml", [False, True], ids=["YAML", "TOML"])
def test_the_example_names_every_key(toml: bool) -> None:
    text = example(toml=toml)
    nested = (
        "tagging.taggers.",
        "endpoints.model_rewrite.",
        "endpoints.proxy.",
        "endpoints.timeouts.",
        "endpoints.oauth_",
    )
    for key in schema.every_key():
        if not key.pattern.replace("[]", "").startswith(nested):
            assert key.name in text


def test_no_line_of_the_example_is_too_wide() -> None:
    assert max(len(line) for toml in (False, True) for line in example(toml=toml).splitlines()) <= 120


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m cccc.config.reference > docs/configuration.md"
    )


def test_the_page_names_every_key() -> None:
    page = reference()
    for key in schema.every_key():
        assert f"| `{key.name}` |" in page or f"\n## {key.name}" in page
    assert "| `port` | `8080` | restart |" in page
    assert "| `total` | `600s` | live |" in page


def test_every_key_is_described() -> None:
    for key in schema.every_key():
        assert key.field.title, key.pattern
        assert key.field.description, key.pattern
        assert key.applies in ("live", "restart")
