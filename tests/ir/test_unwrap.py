"""The text of custom tools out of whatever a model wrapped it in, wherever the fragments are cut."""

from __future__ import annotations

import json as standard_json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.ir.unwrap import Unwrapped

PATCH = "*** Begin Patch\n*** Update File: a.py\n@@\n-x = \"\\d\"\n+y = 'é\u2028\U0001f600'\n*** End Patch"


def unwrapped(fragments: list[str]) -> str:
    call = Unwrapped()
    return "".join([*map(call.feed, fragments), call.close()])


def everywhere(text: str) -> list[list[str]]:
    """The text whole, by characters, and cut in two at every place."""
    return [[text], list(text), *([text[:at], text[at:]] for at in range(len(text) + 1))]


@pytest.mark.parametrize(
    "arguments",
    [
        orjson.dumps({"input": PATCH}).decode(),
        standard_json.dumps({"input": PATCH}),
        standard_json.dumps({"input": PATCH}, indent=2),
        ' \n{ "input"\t: ' + standard_json.dumps(PATCH) + " }  ",
        standard_json.dumps({"input": PATCH, "note": "ignored"}),
        standard_json.dumps({"note": 1, "input": PATCH}),
        standard_json.dumps({"patch": PATCH}),
        standard_json.dumps({"command": ["apply_patch", PATCH]}),
        standard_json.dumps({"why": "so", "cmd": PATCH}),
        standard_json.dumps({"something": PATCH}),
        standard_json.dumps({"input": {"patch": PATCH}}),
        standard_json.dumps(PATCH),
        standard_json.dumps(["apply_patch", PATCH]),
        PATCH,
    ],
)
def test_a_patch_comes_home_whole_wherever_it_is_cut(arguments: str) -> None:
    assert {unwrapped(fragments) for fragments in everywhere(arguments)} == {PATCH}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_any_text_in_any_spelling_and_any_fragments(text: str, data: st.DataObject) -> None:
    arguments = standard_json.dumps({"input": text}, ensure_ascii=data.draw(st.booleans()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arguments)), max_size=6)))
    fragments = [arguments[start:end] for start, end in zip([0, *cuts], [*cuts, len(arguments)], strict=True)]
    assert unwrapped(fragments) == text


@given(st.lists(st.text('{}"\\inputd83c:u0 ', max_size=6), max_size=6))
def test_no_arguments_make_it_raise(fragments: list[str]) -> None:
    unwrapped(fragments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", ""),
        ("{}", ""),
        ('{"input":""}', ""),
        ('{"input":"two\nlines"}', "two\nlines"),
        ('{"input":"\\d\\q\\/"}', "\\d\\q/"),
        ('{"input":"\\ud83d"}', "\N{REPLACEMENT CHARACTER}"),
        ('{"input":"\\ud83dx"}', "\N{REPLACEMENT CHARACTER}x"),
        ('{"input":"\\ud83d\\n"}', "\N{REPLACEMENT CHARACTER}\n"),
        ('{"input":"\\ude00"}', "\N{REPLACEMENT CHARACTER}"),
        ('{"input":"\\u12"}', "\\u12"),
        ('{"input":"\\uzzzz"}', "\\uzzzz"),
        ("{'input': 'in Python'}", "in Python"),
        ("{ text(); }", "{ text(); }"),
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 2}'),
        ("  *** Begin", "  *** Begin"),
        ('"use strict"; f()', '"use strict"; f()'),
    ],
)
def test_what_models_write_instead(arguments: str, text: str) -> None:
    assert {unwrapped(fragments) for fragments in everywhere(arguments)} == {text}


def test_the_text_goes_on_while_it_comes() -> None:
    call = Unwrapped()
    fragments = ['{"inp', 'ut":"*** Be', "gin\\", "nPatch \\ud8", "3d\\u", 'de00 end"', "}"]
    assert [call.feed(fragment) for fragment in fragments] == [
        "",
        "*** Be",
        "gin",
        "\nPatch ",
        "",
        "\U0001f600 end",
        "",
    ]
    assert call.close() == ""
