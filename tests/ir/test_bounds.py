"""What every format bounds in the same way."""

from __future__ import annotations

import pytest

from cccc.domain.endpoint import WireFormat
from cccc.ir.bounds import LONGEST_ID, answer_limit, bounded_id
from cccc.ir.loss import Losses
from cccc.ir.target import Target


@pytest.mark.parametrize(
    ("limit", "most", "expected"), [(500, None, 500), (500, 500, 500), (499, 500, 499), (501, 500, 500)]
)
def test_an_answer_is_never_longer_than_the_model_gives(limit: int, most: int | None, expected: int) -> None:
    losses = Losses()
    target = Target(WireFormat.ANTHROPIC, "one", "m", max_output=most)
    assert answer_limit(limit, target, losses) == expected
    assert [loss.what for loss in losses.all] == (["max_tokens"] if expected < limit else [])


def test_a_long_id_becomes_its_digest() -> None:
    longest = "a" * LONGEST_ID
    assert bounded_id(longest) == longest
    assert bounded_id(longest + "b") == bounded_id(longest + "b") != bounded_id(longest + "c")
    assert len(bounded_id(longest + "b")) == LONGEST_ID
    assert "a" * 9 not in bounded_id(longest + "b")
