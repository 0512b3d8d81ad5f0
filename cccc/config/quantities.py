"""Durations and sizes as people write them: ``10s``, ``500ms``, ``1m30s``; ``64 MiB``, ``512kB``.

Plain numbers are seconds and bytes. Parsing raises ``ValueError`` with a sentence that says what was expected.
"""

from __future__ import annotations

import math
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3,
}  # fmt: skip
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]*)", re.ASCII)
_MANY_DIGITS = 40


def parse_duration(value: object) -> float:
    """Seconds from ``10s``, ``500ms``, ``1m30s``, ``1h`` or a number of seconds."""
    expected = "is not a duration; expected one such as 10s, 500ms, 5m or 1h, or a number of seconds"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(expected)
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _MANY_DIGITS or not text.isascii():
            raise ValueError(expected)
        if _DURATION.fullmatch(text):
            return math.fsum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text))
        try:
            value = float(text)
        except ValueError:
            raise ValueError(expected) from None
    try:
        seconds = float(value)
    except OverflowError:
        raise ValueError(expected) from None
    if not math.isfinite(seconds):
        raise ValueError(expected)
    return seconds


def format_duration(seconds: float) -> str:
    """A text in whole hours, seconds or milliseconds that ``parse_duration`` reads back as the same number."""
    for unit in ("h", "s", "ms"):
        number = seconds / _SECONDS[unit]
        text = f"{number:.0f}{unit}"
        if number >= 1 and parse_duration(text) == seconds:
            return text
    return f"{seconds!r}" if seconds else "0s"


def parse_size(value: object) -> int:
    """Bytes from ``64 MiB``, ``512kB`` or a number of bytes."""
    expected = "is not a size; expected one such as 64MiB, or a number of bytes"
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(expected)
    if isinstance(value, int):
        return value
    match = _SIZE.fullmatch(value.strip()[:_MANY_DIGITS])
    if match is None or match[2].lower() not in _BYTES:
        raise ValueError(expected)
    return round(float(match[1]) * _BYTES[match[2].lower()])


def format_size(size: int) -> str:
    """The shortest text that ``parse_size`` reads back as the same number."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
