"""Durations and sizes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.config.quantities import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10.0), ("500ms", 0.5), ("5m", 300.0), ("1h", 3600.0), ("1d", 86400.0), ("1m30s", 90.0),
        ("1.5h", 5400.0),
        ("7", 7.0), ("0.25", 0.25), (7, 7.0), (0.5, 0.5), (" 10s ", 10.0), ("0", 0.0), ("-5", -5.0),
    ],
)  # fmt: skip
def test_durations(text: object, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "s", "10 s", "ten", "10x", "1h-5m", "nan", "inf", "9" * 50, 10**400, True, None, [], "\u0661s"]
)
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(st.floats(min_value=0, max_value=1e7))
def test_durations_come_back(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text(alphabet="0123456789.hmsd +-e", max_size=12))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_duration(text), float)


@pytest.mark.parametrize(("seconds", "text"), [(270, "270s"), (3600, "1h"), (0.5, "500ms"), (60, "60s"), (0, "0s")])
def test_durations_are_written_as_people_do(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 64 * 1024**2), ("64 MiB", 64 * 1024**2), ("512kB", 512_000), ("10", 10), (10, 10), ("1.5 KiB", 1536)],
)
def test_sizes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "10 potatoes", "-1", 1.5, True, None])
def test_no_sizes(text: object) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@given(st.integers(min_value=0, max_value=2**50))
def test_sizes_come_back(size: int) -> None:
    assert parse_size(format_size(size)) == size
