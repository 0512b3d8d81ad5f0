"""Thinking and summaries that travel with a client: they come back whole, and nothing else is taken for them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.ir.messages import Thinking
from cccc.ir.seal import is_ours, seal, seal_text, unseal, unseal_text

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.builds(Thinking, st.just(""), WORDS, st.sampled_from([None, *WireFormat]), WORDS, st.booleans(), WORDS))
def test_everything_but_the_words_comes_back(thinking: Thinking) -> None:
    sealed = seal(thinking)
    assert unseal(sealed) == thinking
    assert is_ours(sealed)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", sealed)
    assert unseal_text(sealed) is None


@given(WORDS)
def test_a_summary_comes_back(text: str) -> None:
    assert unseal_text(seal_text(text)) == text
    assert is_ours(seal_text(text))
    assert unseal(seal_text(text)) is None


@pytest.mark.parametrize("foreign", ["", "EpwGCkYIBxgCKkD", "gAAAAABo", "cccc", "CCCC-thinking-1.W10"])
def test_what_a_vendor_sealed_is_not_ours(foreign: str) -> None:
    assert not is_ours(foreign)
    assert unseal(foreign) is None
    assert unseal_text(foreign) is None


@given(st.sampled_from(["cccc-thinking-1.", "cccc-summary-1."]), st.text(max_size=12))
def test_a_damaged_seal_never_raises(prefix: str, rest: str) -> None:
    assert is_ours(prefix + rest)
    assert unseal(prefix + rest) is None or rest
    unseal_text(prefix + rest)


def test_a_format_that_is_gone_is_unknown() -> None:
    assert unseal("cccc-thinking-1.WyJwcm9vZiIsInRlbGVncmFwaCIsIm1ha2VyIiwiIixmYWxzZV0") == Thinking(
        "", "proof", None, "maker"
    )
