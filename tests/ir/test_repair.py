"""Arguments in Python, as JSON."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.ir.repair import MAX_LENGTH, repaired

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab'\" ,:", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab'\"", max_size=3), VALUES, max_size=3))
def test_whatever_python_prints_is_read(value: dict[str, object]) -> None:
    mended = repaired(repr(value), 1)
    assert mended is not None
    assert orjson.loads(mended) == value


@pytest.mark.parametrize(
    ("text", "attempts", "value"),
    [
        ("{'todos': [{'done': True, 'by': None}]}", 1, {"todos": [{"done": True, "by": None}]}),
        ('{"done": False, "text": "True \'story\'"}', 1, {"done": False, "text": "True 'story'"}),
        ("{'a': 'it\\'s \\x41 \\u00e9 \\U0001F600 \\d'}", 1, {"a": "it's A é \U0001f600 \\d"}),
        ("{'a': '\\ud83d\\ude00'}", 1, {"a": "\U0001f600"}),
        ('{"a": "two\nlines"}', 1, {"a": "two\nlines"}),
        ("{'a': (1, 2,), 'b': [1, ], }", 2, {"a": [1, 2], "b": [1]}),
        ("{'a': 'don't', 'b': 'say 'so' now'}", 3, {"a": "don't", "b": "say 'so' now"}),
        ('{"a": "the "best" one",}', 3, {"a": 'the "best" one'}),
    ],
)
def test_each_attempt_mends_more(text: str, attempts: int, value: object) -> None:
    assert repaired(text, attempts - 1) is None
    mended = repaired(text, attempts)
    assert mended is not None
    assert orjson.loads(mended) == value


@pytest.mark.parametrize(
    "text", ["", "[1]", "'text'", "{'a': 'cut", "{'a': [1, 2}", "{'a': b}", "{" * 5_000, "'" * 999]
)
def test_what_is_no_object_or_cut_off_is_left_alone(text: str) -> None:
    assert repaired(text) is None


def test_what_is_too_long_is_not_tried() -> None:
    assert repaired("{'a': '" + "x" * MAX_LENGTH + "'}") is None


@given(st.text("{}[]()'\"\\,: TrueNone1xu", max_size=40))
def test_no_text_makes_it_raise(text: str) -> None:
    repaired(text)
