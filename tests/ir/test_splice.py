"""Splicing: what is parsed afterwards is what was meant, and every other byte is where it was."""

from __future__ import annotations

import copy
import json
from itertools import takewhile
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.ir.splice import splice_event, splice_json, splice_string
from cccc.ir.sse import SseEvent

KEYS = st.sampled_from(["model", "message", "a", 'mo"del', "mod\\el", "é", ""])
TEXTS = st.text(alphabet=st.sampled_from('ab{}[]:,"\\/\n\u2028é😀model'), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS | st.sampled_from(["model", '"model":"x"', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)
PATHS = st.sampled_from([("model",), ("message", "model"), ("a", "a", "model"), ("é",), ('mo"del',), ("mod\\el",)])


@st.composite
def spelled(draw: st.DrawFn) -> bytes:
    """A JSON object in one of the spellings that serialisers use."""
    value = draw(OBJECTS)
    separators, indent, ascii_only = (
        draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :\r\n")])),
        draw(st.sampled_from([None, 1])),
        draw(st.booleans()),
    )
    dumped = json.dumps(value, separators=separators, indent=indent, ensure_ascii=ascii_only)
    return (draw(st.sampled_from(["", " ", "\n"])) + dumped + draw(st.sampled_from(["", "\n"]))).encode()


def with_string_at(value: Any, path: tuple[str, ...], new: str) -> Any:
    value = copy.deepcopy(value)
    node = value
    for key in path[:-1]:
        node = node.get(key) if isinstance(node, dict) else None
    if isinstance(node, dict) and isinstance(node.get(path[-1]), str):
        node[path[-1]] = new
    return value


def common_start(one: bytes, other: bytes) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


@given(spelled(), PATHS, TEXTS)
def test_exactly_the_string_at_the_path_changes(data: bytes, path: tuple[str, ...], new: str) -> None:
    result = splice_string(data, path, new)
    before, wanted = orjson.loads(data), with_string_at(orjson.loads(data), path, new)
    assert orjson.loads(result) == wanted
    assert (result is data) == (before == wanted)
    if result is not data:
        kept = common_start(data, result) + common_start(data[::-1], result[::-1])
        assert kept >= len(result) - len(orjson.dumps(new))


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        ('{"model":"a"}', "model", '{"model":"NEW"}'),
        (' {\n "model" :\t"a" , "x": 1.0e5}\n', "model", ' {\n "model" :\t"NEW" , "x": 1.0e5}\n'),
        ('{"model":"a","x":{"model":"b"},"model":"c"}', "model", '{"model":"NEW","x":{"model":"b"},"model":"NEW"}'),
        ('{"x":[{"model":"b"}],"model":"c"}', "model", '{"x":[{"model":"b"}],"model":"NEW"}'),
        ('{"x":"\\"model\\":\\"a\\"","model":"c"}', "model", '{"x":"\\"model\\":\\"a\\"","model":"NEW"}'),
        ('{"x":"}]","y":"\\\\","model":"c"}', "model", '{"x":"}]","y":"\\\\","model":"NEW"}'),
        ('{"x\\"model":"a","model":"c"}', "model", '{"x\\"model":"a","model":"NEW"}'),
        ('{"x":"model","model":"c"}', "model", '{"x":"model","model":"NEW"}'),
        ('{"mod\\u0065l":"a"}', "model", '{"mod\\u0065l":"NEW"}'),
        ('{"model":"a","mod\\u0065l":"b"}', "model", '{"model":"NEW","mod\\u0065l":"NEW"}'),
        ('{"model":"a\\"b"}', "model", '{"model":"NEW"}'),
        (
            '{"message":{"id":1,"model":"a"},"model":"b"}',
            "message.model",
            '{"message":{"id":1,"model":"NEW"},"model":"b"}',
        ),
        (
            '{"message":{"model":"a"},"x":{"model":"b"},"message":{"model":"c"}}',
            "message.model",
            '{"message":{"model":"NEW"},"x":{"model":"b"},"message":{"model":"NEW"}}',
        ),
    ],
)
def test_the_rest_stays_byte_for_byte(data: str, path: str, expected: str) -> None:
    assert splice_string(data.encode(), tuple(path.split(".")), "NEW") == expected.encode()


@pytest.mark.parametrize(
    "data",
    [
        '{"model":"NEW"}', '{"model":null}', '{"model":{"model":"a"}}', '{"x":"model"}', "[]", '["model"]', '"model"',
        "{}", "", "{", '{"model":', '{"model":"a', '{"model"}', "nonsense", '{"mod\\u0065l":"a"', '{"x":"\ud800"}',
        "[" * 2000,
    ],
)  # fmt: skip
def test_nothing_to_change_gives_the_same_object(data: str) -> None:
    raw = data.encode("utf-8", "surrogatepass")
    for path in (("model",), ("model", "model", "model")):
        assert splice_string(raw, path, "NEW") is raw


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:\\model u0\n', max_size=40).map(str.encode))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    splice_string(data, ("model",), "x")
    splice_string(data, ("message", "model"), "x")
    splice_json(data, "model", None)
    splice_event(SseEvent(data), ("model",), "x")


@given(spelled(), st.sampled_from(["model", "a", "é", 'mo"del', "new"]), VALUES)
def test_a_top_level_key_is_set(data: bytes, key: str, value: Any) -> None:
    result = splice_json(data, key, orjson.dumps(value))
    assert list(orjson.loads(result).items()) == list({**orjson.loads(data), key: value}.items())


@given(spelled(), st.lists(st.sampled_from(["model", "a", "é", "message", ""]), max_size=5))
def test_top_level_keys_are_deleted(data: bytes, keys: list[str]) -> None:
    wanted = orjson.loads(data)
    for key in keys:
        data = splice_json(data, key, None)
        wanted.pop(key, None)
    assert list(orjson.loads(data).items()) == list(wanted.items())


@pytest.mark.parametrize(
    ("data", "key", "value", "expected"),
    [
        ('{"a": 1, "b": [1, {"a": 2}]}', "a", "0.50", '{"a": 0.50, "b": [1, {"a": 2}]}'),
        ('{"a": 1, "b": 2}', "c", '"x"', '{"a": 1, "b": 2,"c":"x"}'),
        ("{ }", "c", "[]", '{"c":[] }'),
        ('{"a":1, "b":2, "c":3}', "a", None, '{"b":2, "c":3}'),
        ('{"a":1, "b":2, "c":3}', "b", None, '{"a":1, "c":3}'),
        ('{"a":1, "b":2, "c":3 }', "c", None, '{"a":1, "b":2 }'),
        ('{"a":1,"a":2,"b":3,"a":4}', "a", None, '{"b":3}'),
        ('{"b":3,"a":1,"a":2}', "a", None, '{"b":3}'),
        ('{"a":1}', "a", None, "{}"),
        ('{"a":1,"a":2}', "a", "9", '{"a":9,"a":9}'),
        ('{"a":1}', "b", None, '{"a":1}'),
        ("[1]", "a", "1", "[1]"),
    ],
)
def test_setting_and_deleting_moves_nothing_else(data: str, key: str, value: str | None, expected: str) -> None:
    assert splice_json(data.encode(), key, value if value is None else value.encode()) == expected.encode()


def test_an_event_keeps_its_name_id_and_line_ends() -> None:
    event = SseEvent(b'event: x\r\nid: 1\r\ndata: {"model":"a"}\r\n\r\n')
    assert splice_event(event, ("model",), "b") == b'event: x\r\nid: 1\r\ndata: {"model":"b"}\r\n\r\n'
    assert splice_event(event, ("model",), "a") is event.raw
    comment = SseEvent(b": model\n\n")
    assert splice_event(comment, ("model",), "a") is comment.raw
