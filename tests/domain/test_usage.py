"""Tokens and what they cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.usage import Price, Usage, cost_usd

TOKENS = st.integers(0, 10**7)
USAGES = st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS, st.booleans())


def test_prompt_is_cached_and_uncached() -> None:
    assert Usage(input=1, cache_read=20, cache_write=300).prompt == 321


def test_reports_are_cumulative() -> None:
    first = Usage(input=10, cache_read=5, output=1, estimated=True)
    assert first.merged(Usage(output=40)) == Usage(input=10, cache_read=5, output=40)


@given(USAGES, USAGES)
def test_the_order_of_reports_does_not_matter(a: Usage, b: Usage) -> None:
    assert a.merged(b) == b.merged(a)
    assert a.merged(a) == a


def test_cost_per_kind() -> None:
    usage = Usage(input=1_000_000, cache_read=1_000_000, cache_write=1_000_000, output=1_000_000, reasoning=500_000)
    assert cost_usd(usage, Price(3, 15, 0.3, 3.75)) == pytest.approx(22.05)
    assert cost_usd(usage, Price(3, 15)) == pytest.approx(24.0)
    assert cost_usd(Usage(), Price(3, 15)) == 0
