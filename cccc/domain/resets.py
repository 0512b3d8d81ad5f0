"""When an upstream says it may be asked again, read from all the ways in which upstreams say it.

Order of belief (resilience.md §6): ``retry-after-ms``; ``retry-after`` in seconds or as an HTTP-date; the reset of an
exhausted ``anthropic-ratelimit-*`` bucket; ``anthropic-ratelimit-unified-reset``; ``x-ratelimit-reset-*``; the text
of the error. Dates are held against the answer's own ``date``, because clocks disagree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DAY = 86_400.0
"""The longest wait that is believed; what goes beyond it is shortened to it."""

_NONSENSE = 32 * DAY
_SHORTEST = 1.0
_ANTHROPIC_BUCKETS = tuple(
    f"anthropic-ratelimit-{kind}" for kind in ("requests", "tokens", "input-tokens", "output-tokens")
)
_OPENAI_BUCKETS = ("-requests", "-tokens", "")

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}
_AGAIN = re.compile(
    r"(?:try again|retry|retry after|available again|reset)\s+(?:in|after)?\s*"
    r"((?:\d+(?:\.\d+)?\s*(?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|ms|s|m|h|d)(?![a-z])[\s,]*)+)",
    re.IGNORECASE,
)
_SPOKEN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)


def wait_seconds(headers: Mapping[str, str], text: str | None, *, now: float) -> float | None:
    """Seconds to wait as the upstream names them, within [1, 86400]; ``None`` where it names nothing believable.

    ``headers`` are lower-case. Negative numbers, NaN, dates in the past and anything beyond a month are not believed,
    and the next source is asked.
    """
    date = _http_date(headers.get("date", ""))
    clock = now if date is None else date
    named = (source(headers, clock) for source in _SOURCES)
    for wait in (*named, _said(text or "")):
        if wait is not None and 0 <= wait <= _NONSENSE:
            return min(max(wait, _SHORTEST), DAY)
    return None


def epoch(text: str | None) -> float | None:
    """A wall time written as seconds (or milliseconds) since the epoch, ``None`` for anything else or before 2001."""
    value = _number(text or "")
    if value is None or value < 1e9:
        return None
    return value / 1000 if value > 1e11 else value


def _retry_after_ms(headers: Mapping[str, str], _clock: float) -> float | None:
    value = _number(headers.get("retry-after-ms", ""))
    return None if value is None else value / 1000


def _retry_after(headers: Mapping[str, str], clock: float) -> float | None:
    text = headers.get("retry-after", "")
    value = _number(text)
    if value is not None:
        return value
    return _from(clock, _http_date(text))


def _anthropic_bucket(headers: Mapping[str, str], clock: float) -> float | None:
    resets = [
        _from(clock, _rfc3339(headers.get(f"{bucket}-reset", "")))
        for bucket in _ANTHROPIC_BUCKETS
        if headers.get(f"{bucket}-remaining", "0") == "0"
    ]
    return max((wait for wait in resets if wait is not None), default=None)


def _anthropic_unified(headers: Mapping[str, str], clock: float) -> float | None:
    return _from(clock, epoch(headers.get("anthropic-ratelimit-unified-reset")))


def _openai_bucket(headers: Mapping[str, str], clock: float) -> float | None:
    resets = [
        _duration(headers.get(f"x-ratelimit-reset{bucket}", ""), clock)
        for bucket in _OPENAI_BUCKETS
        if headers.get(f"x-ratelimit-remaining{bucket}", "0") == "0"
    ]
    return max((wait for wait in resets if wait is not None), default=None)


_SOURCES: tuple[Callable[[Mapping[str, str], float], float | None], ...] = (
    _retry_after_ms,
    _retry_after,
    _anthropic_bucket,
    _anthropic_unified,
    _openai_bucket,
)


def _from(clock: float, when: float | None) -> float | None:
    return None if when is None else when - clock


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _http_date(text: str) -> float | None:
    """RFC 9110 §5.6.7."""
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    return _since_epoch(when)


def _rfc3339(text: str) -> float | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _since_epoch(when)


def _since_epoch(when: datetime) -> float | None:
    """Seconds since the epoch; ``None`` before 2001, where only unset clocks are."""
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    try:
        seconds = aware.timestamp()
    except (OverflowError, ValueError):
        return None
    return seconds if seconds >= 1e9 else None


def _duration(text: str, clock: float) -> float | None:
    """``6m0s``, ``850ms``, ``12`` (seconds), a wall time in seconds or milliseconds, or a date."""
    when = epoch(text)
    if when is not None:
        return when - clock
    value = _number(text)
    if value is not None:
        return value
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text.strip():
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    date = _rfc3339(text)
    return None if date is None else date - clock


def _said(text: str) -> float | None:
    """``… Please try again in 11.054s.``, ``retry after 1 minute 30 seconds``."""
    found = _AGAIN.search(text)
    if found is None:
        return None
    total = 0.0
    for number, unit in _SPOKEN.findall(found.group(1)):
        word = unit.lower()
        short = "ms" if word == "ms" or word.startswith("milli") else word[0]
        total += float(number) * _UNITS[short]
    return total
