"""Foreign text in our messages: one line, ASCII, no URL, no key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.wording import page_title, plain, span, status_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\n lines\tand   gaps", "two lines and gaps"),
        ("see https://user:pw@host/path?key=1 there", "see [url] there"),
        ("Incorrect API key provided: sk-proj-abc123def456ghi789.", "Incorrect API key provided: [key]"),
        ("Bearer abcdef1234567890abcd", "[key]"),
        ("0123456789abcdef0123456789abcdef0123", "[key]"),
        ("model claude-3-5-sonnet-20241022 is not here", "model claude-3-5-sonnet-20241022 is not here"),
        ("max_completion_tokens is not supported", "max_completion_tokens is not supported"),
        ("token_type_ids_that_are_long are wrong", "token_type_ids_that_are_long are wrong"),
        ("余额不足请充值", ""),
        ("quota 不足", "quota"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("x" * 20 + " " + "y z " * 60, "x" * 20 + " " + "y z " * 33 + "y z..."),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(st.text(max_size=400))
def test_plain_is_always_one_short_ascii_line(text: str) -> None:
    line = plain(text)
    assert len(line) <= 160
    assert line.isascii()
    assert line == "" or line.isprintable()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<html><head><title>502 &amp; down</title></head>", "502 & down"),
        ('<TITLE lang="en">\n Just a\n moment… </TITLE>', "Just a moment"),
        ("<html><body>no title</body></html>", ""),
        ("<title>cut off", ""),
        ("Bad gateway", "Bad gateway"),
        ("", ""),
    ],
)
def test_page_title(page: str, expected: str) -> None:
    assert page_title(page) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [(502, "502 Bad Gateway"), (529, "529 Overloaded"), (524, "524 A Timeout Occurred"), (599, "599"), (0, "0")],
)
def test_status_line(status: int, expected: str) -> None:
    assert status_line(status) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "1 s"), (12, "12 s"), (99, "99 s"), (300, "5 min"), (3600, "60 min"), (7200, "2 h"), (86400, "24 h")],
)
def test_span(seconds: float, expected: str) -> None:
    assert span(seconds) == expected
