"""Foreign JSON: what is refused, with which words, and that reading along never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.errors import InvalidJson
from cccc.ir import json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not valid JSON (line 1 column 1)"),
        (b'{"a":\x00}', "not valid JSON (line 1 column 6)"),
        (b'{\n "a": nope}', "not valid JSON (line 2 column 7)"),
        (b"NaN", None),
        (b"[Infinity]", None),
        (b'{"a":1}x', None),
        (b"{'a':1}", None),
        (b'{"a":1,}', None),
        (b"[01]", None),
        (b'"\xff"', None),
        (b'"\\ud800"', None),
        (b'"a\nb"', None),
        (b'\xef\xbb\xbf{"a":1}', None),
        ('{"a":1}'.encode("utf-16"), None),
        ('{"a":1}'.encode("utf-32-le"), None),
        (b"7" * 5_000, None),
        (b"1e400", None),
        (b"[" * 100_000, None),
        (b"[" * 100_000 + b"]" * 100_000, None),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(data: bytes, message: str | None) -> None:
    with pytest.raises(InvalidJson) as caught:
        json.parse(data)
    assert message is None or str(caught.value) == message
    assert json.peek(data) is None


def nested(depth: int) -> bytes:
    return b'{"a":[' * (depth // 2) + b"[]" * (depth % 2) + b"]}" * (depth // 2)


@pytest.mark.parametrize(
    ("limit", "make"),
    [
        (200, nested),
        (400, lambda digits: b"[0.%b]" % (b"7" * (digits - 1))),
        (400, lambda digits: b'{"a": -0.%be-5}' % (b"7" * (digits - 2))),
    ],
)
def test_limits_hold_exactly(limit: int, make) -> None:  # type: ignore[no-untyped-def]
    json.parse(make(limit))
    with pytest.raises(InvalidJson, match=str(limit)):
        json.parse(make(limit + 1))


def test_the_number_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "MAX_KEYS", 3)
    json.parse(b'{"a":{"b":1,"c":[]}}')
    with pytest.raises(InvalidJson, match="3 keys"):
        json.parse(b'{"a":{"b":1,"c":[{"d":1}]}}')


@pytest.mark.parametrize("text", ["7" * 5_000, "." * 5_000, '\\"' + "7" * 5_000, "\\\\" * 500 + "7" * 5_000])
def test_a_string_may_be_as_long_as_it_likes(text: str) -> None:
    assert json.parse(b'["%b", 1]' % text.encode())[1] == 1


@pytest.mark.parametrize("offset", range(0, 130, 13))
def test_a_long_number_is_found_wherever_it_stands(offset: int) -> None:
    with pytest.raises(InvalidJson, match="digits"):
        json.parse(b'["%b",0.%b]' % (b"x" * offset, b"1" * 400))


@given(JSON)
def test_accessors_give_their_type_for_any_value(value: object) -> None:
    assert isinstance(json.obj(value), dict)
    assert isinstance(json.items(value), list)
    assert json.text(value) is None or isinstance(json.text(value), str)
    assert isinstance(json.count(value), int)
    assert json.count(value) >= 0
    assert isinstance(json.plain_text(value), str)
    assert isinstance(json.is_arguments(value), bool)


@pytest.mark.parametrize(
    ("text", "good"),
    [("", True), (None, True), ("{}", True), ('{"a":1}', True), ("[]", False), ('{"a":', False), ({"a": 1}, False)],
)
def test_arguments_are_one_json_object(text: object, good: bool) -> None:
    assert json.is_arguments(text) is good
