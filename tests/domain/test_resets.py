"""When an upstream may be asked again: every way of saying it, the order of belief, and what is not believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.resets import DAY, epoch, wait_seconds

# Sat, 01 Aug 2026 12:00:00 GMT
NOW = 1_785_585_600.0
DATE = "Sat, 01 Aug 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "text", "expected"),
    [
        ({"retry-after-ms": "1500"}, "", 1.5),
        ({"retry-after-ms": "1500", "retry-after": "30"}, "", 1.5),
        ({"retry-after": "30"}, "", 30),
        ({"retry-after": "11.5"}, "", 11.5),
        ({"retry-after": "0"}, "", 1),
        ({"retry-after": "Sat, 01 Aug 2026 12:02:00 GMT"}, "", 120),
        ({"retry-after": "Saturday, 01-Aug-26 12:02:00 GMT"}, "", 120),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-08-01T12:00:42Z",
            },
            "",
            42,
        ),
        (
            {
                "anthropic-ratelimit-requests-remaining": "7",
                "anthropic-ratelimit-requests-reset": "2026-08-01T12:10:00Z",
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-08-01T12:00:20+00:00",
            },
            "",
            20,
        ),
        ({"anthropic-ratelimit-unified-reset": str(int(NOW) + 900)}, "", 900),
        ({"x-ratelimit-reset-requests": "6m0s"}, "", 360),
        ({"x-ratelimit-reset-requests": "850ms"}, "", 1),
        ({"x-ratelimit-reset-tokens": "1h2m3.5s"}, "", 3723.5),
        (
            {
                "x-ratelimit-remaining-requests": "59",
                "x-ratelimit-reset-requests": "1h",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "8s",
            },
            "",
            8,
        ),
        ({"x-ratelimit-reset": str(int(NOW) + 15)}, "", 15),
        ({"x-ratelimit-reset": str((int(NOW) + 15) * 1000)}, "", 15),
        ({"x-ratelimit-reset": "17"}, "", 17),
        ({"x-ratelimit-reset": "2026-08-01T12:00:09Z"}, "", 9),
        ({}, "Rate limit reached. Please try again in 11.054s.", 11.054),
        ({}, "Please retry after 1 minute 30 seconds", 90),
        ({}, "please try again in 250ms", 1),
        ({}, "Please retry in 2h5m", 7500),
        # longer than a day is shortened to one
        ({"retry-after": str(3 * DAY)}, "", DAY),
        # what is not believed falls through to the next source
        ({"retry-after": "-5"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": str(365 * DAY)}, "", None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, "", None),
        ({"retry-after": "Sat, 01 Aug 2020 12:00:00 GMT"}, "", None),
        ({"retry-after": "Sun, 01 Aug 2066 12:00:00 GMT"}, "", None),
        ({"retry-after": "-5", "x-ratelimit-reset-tokens": "4s"}, "", 4),
        ({"retry-after-ms": "nan", "retry-after": "3"}, "", 3),
        ({"anthropic-ratelimit-unified-reset": "0"}, "", None),
        ({"x-ratelimit-reset-tokens": "6 apples"}, "", None),
        ({}, "try again later", None),
        ({}, None, None),
    ],
)
def test_sources(headers: dict[str, str], text: str | None, expected: float | None) -> None:
    assert wait_seconds({"date": DATE, **headers}, text, now=NOW) == (
        None if expected is None else pytest.approx(expected)
    )


@pytest.mark.parametrize("skew", [3600, -3600, 10 * 365 * DAY, -NOW])
def test_dates_are_held_against_the_answers_own_date(skew: float) -> None:
    headers = {"date": DATE, "retry-after": "Sat, 01 Aug 2026 12:05:00 GMT"}
    assert wait_seconds(headers, None, now=NOW + skew) == 300


def test_without_a_date_our_own_clock_has_to_do() -> None:
    assert wait_seconds({"retry-after": "Sat, 01 Aug 2026 12:05:00 GMT"}, None, now=NOW + 100) == 200


@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                "date",
                "retry-after",
                "retry-after-ms",
                "anthropic-ratelimit-tokens-reset",
                "anthropic-ratelimit-unified-reset",
                "x-ratelimit-reset-requests",
                "x-ratelimit-reset",
            ]
        ),
        st.one_of(st.text(max_size=30), st.floats().map(str), st.integers().map(str), st.datetimes().map(str)),
    ),
    text=st.text(max_size=60),
    now=st.floats(0, 4e9),
)
def test_any_nonsense_gives_a_bounded_wait_or_none(headers: dict[str, str], text: str, now: float) -> None:
    wait = wait_seconds(headers, text, now=now)
    assert wait is None or 1 <= wait <= DAY


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1785585600", NOW), ("1785585600000", NOW), ("0", None), ("12", None), ("x", None), (None, None), ("nan", None)],
)
def test_epoch(text: str | None, expected: float | None) -> None:
    assert epoch(text) == expected
