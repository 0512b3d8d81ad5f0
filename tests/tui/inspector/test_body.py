"""Bodies as lines: laid out and never re-written, in the width, whatever they are."""

from __future__ import annotations

import json
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.corpus import HOSTILE
from tui.inspector.body import FIRST_BYTES, colours, indented, lay_out, size, wrap
from tui.inspector.lines import Document, as_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def lines(document: Document) -> list[str]:
    return [document.plain(at) for at in range(len(document))]


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_laid_out_is_the_same_json(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps({"a": value, "b": [value]}, indent=indent, ensure_ascii=ascii_only)
    assert json.loads("\n".join(indented(text))) == json.loads(text)


@given(st.text(alphabet='{}[]:,"\\ab1 \n'))
def test_what_is_broken_loses_nothing_but_space(text: str) -> None:
    laid = "".join(indented("{" + text))
    assert "".join(laid.split()) == "".join(("{" + text).split())


def test_one_field_a_line() -> None:
    assert list(indented('{"a":1,"b":[],"c":{"d":[1,"x, y"]},"e":{}}')) == [
        "{",
        '  "a": 1,',
        '  "b": [],',
        '  "c": {',
        '    "d": [',
        "      1,",
        '      "x, y"',
        "    ]",
        "  },",
        '  "e": {}',
        "}",
    ]


def test_numbers_stay_as_they_were_written() -> None:
    assert '  "n": 1.0e+2,' in list(indented('{"n":1.0e+2,"m":10000000000000000000001}'))


@pytest.mark.parametrize("text", [*HOSTILE[:-4], "汉字" * 400, "e\u0301" * 300, "x" * 5_000])
def test_every_line_is_safe_and_fits(text: str) -> None:
    body = json.dumps({"text": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for line in lines(lay_out(body, 76)):
        assert cell_len(line) <= 76
        assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in line)


def test_wrapping_keeps_every_character() -> None:
    text = "汉字 and ascii " * 40
    assert "".join(wrap(text, 33)) == text


def test_only_the_beginning_of_a_long_body_until_more_is_asked_for() -> None:
    body = orjson.dumps({"data": "x" * (3 * FIRST_BYTES)})
    short, whole = lay_out(body, 100), lay_out(body, 100, whole=True)
    assert lines(short)[-1] == "512 KiB more  m shows all of it"
    assert sum(line.count("x") for line in lines(whole)) == 3 * FIRST_BYTES
    assert len(as_text(short)) < FIRST_BYTES * 1.1


def test_a_cut_through_a_character_is_still_text() -> None:
    body = b'{"a":"' + "é".encode() * FIRST_BYTES + b'"}'
    assert "é" in lines(lay_out(body, 80))[1]


@pytest.mark.parametrize("body", [b"\x00\x01binary", b"\xff\xfe\xfd" * 10, b"\x1f\x8b\x08" + b"\x9c" * 40])
def test_what_is_no_text_is_shown_as_bytes(body: bytes) -> None:
    shown = lay_out(body, 80)
    assert lines(shown)[0].startswith(f"00000000  {body[:4].hex(' ')}")
    assert shown.line(0).pieces[-1][1] == "accent"


def test_the_end_of_a_chat_stream_is_no_json() -> None:
    assert as_text(lay_out(b"[DONE]", 40)) == "[DONE]\n"


def test_other_text_and_nothing() -> None:
    assert lines(lay_out(b"event: ping\ndata: {}\n\n", 80)) == ["event: ping", "data: {}", ""]
    assert lines(lay_out(b"", 80)) == ["empty"]


def test_ten_megabytes_are_laid_out_in_part_at_once() -> None:
    body = orjson.dumps({"messages": [{"role": "user", "content": "hello " * 20}] * 70_000})
    assert len(body) > 9_000_000
    began = time.perf_counter()
    lay_out(body, 116)
    assert time.perf_counter() - began < 1.0


def test_colours_cover_the_line_and_name_its_parts() -> None:
    text = '  "name": "a \\" b", 12, true, [null]'
    pieces = colours(text)
    assert "".join(part for part, _ in pieces) == text
    assert ('"name"', "primary") in pieces
    assert [part for part, meaning in pieces if meaning == "accent"] == ["12", "true", "null"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (6_246, "6.1 KiB"),
        (38_912, "38 KiB"),
        (1_100_000, "1.0 MiB"),
        (2**31, "2 048 MiB"),
    ],
)
def test_sizes(number: int, said: str) -> None:
    assert size(number) == said
