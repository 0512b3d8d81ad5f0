"""The filter language: what people type, and that the written form reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.control import filters
from cccc.control.api import ClientType, RequestFilter, Verdict
from cccc.errors import BadFilter

NOW = 1_782_909_120.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", RequestFilter()),
        ("failed", RequestFilter(failed=True)),
        ("status:429", RequestFilter(status_min=429, status_max=429)),
        ("status:>=400", RequestFilter(status_min=400)),
        ("status:>399 status:<500", RequestFilter(status_min=400, status_max=499)),
        ("status:500-599", RequestFilter(status_min=500, status_max=599)),
        ("status:<=299", RequestFilter(status_max=299)),
        ("client:codex", RequestFilter(client_type=ClientType.CODEX)),
        ("client:claude-code", RequestFilter(client_type=ClientType.CLAUDE_CODE)),
        ("client:claude", RequestFilter(client_type=ClientType.CLAUDE_CODE)),
        ("verdict:ok-after-failover", RequestFilter(verdict=Verdict.OK_AFTER_FAILOVER)),
        ("since:1h until:30m", RequestFilter(since=NOW - 3600, until=NOW - 1800)),
        ("since:2026-07-01T14:32:00+02:00", RequestFilter(since=NOW)),
        ("stream:no", RequestFilter(stream=False)),
        ("session:5f1c", RequestFilter(session="5f1c")),
        ("endpoint:'my relay' model:claude-*", RequestFilter(endpoint="my relay", model="claude-*")),
        ("rate limit", RequestFilter(text="rate limit")),
        ('"rate  limit" endpoint:a now', RequestFilter(text="rate  limit now", endpoint="a")),
        ("http://x", RequestFilter(text="http://x")),
    ],
)
def test_reads_words(text: str, expected: RequestFilter) -> None:
    assert filters.parse(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("status:bad", "expected a status such as 429, >=400 or 400-499"),
        ("client:emacs", "expected one of claude_code, codex, openai, gemini"),
        ("verdict:fine", "expected one of ok, ok_after_failover"),
        ("since:tomorrow", "is no time"),
        ("stream:maybe", "expected yes or no"),
        ("'open", "a quote that is not closed"),
    ],
)
def test_a_word_that_cannot_be_read_is_named(text: str, complaint: str) -> None:
    with pytest.raises(BadFilter) as caught:
        filters.parse(text, NOW)
    assert complaint in str(caught.value)


_words = st.text(max_size=12)
_status = st.none() | st.integers(0, 999)
_time = st.none() | st.integers(0, 4_000_000_000).map(float)


@given(
    st.builds(
        RequestFilter,
        text=_words,
        client_type=st.none() | st.sampled_from(ClientType),
        endpoint=st.none() | _words,
        model=st.none() | _words,
        verdict=st.none() | st.sampled_from(Verdict),
        failed=st.booleans(),
        status_min=_status,
        status_max=_status,
        since=_time,
        until=_time,
        session=st.none() | _words,
        stream=st.none() | st.booleans(),
    )
)
def test_the_written_form_reads_back(wanted: RequestFilter) -> None:
    assert filters.parse(filters.words(wanted), NOW) == wanted


@given(st.text())
def test_no_text_surprises(text: str) -> None:
    try:
        filters.parse(text, NOW)
    except BadFilter:
        pass  # a clear refusal is as good as a filter


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("500ms", 0.5), ("5m", 300), ("1.5h", 5400), ("7d", 604_800)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert filters.span(text) == seconds
