"""The page on what conversion costs: current, and as true of streams as of whole answers."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from cccc.domain.endpoint import WireFormat
from cccc.formats.reference.outcome import Feature, Kind, Outcome, reply_outcome, request_outcome
from cccc.formats.reference.page import page
from cccc.formats.reference.replies import REPLIES
from cccc.formats.reference.requests import REQUESTS
from cccc.formats.registry import CODECS
from tests.formats.pairs import A, C, R

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
ASKED = [feature for group in REQUESTS.values() for feature in group]
TOLD = [feature for group in REPLIES.values() for feature in group]


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m cccc.formats.reference > docs/formats.md"


@pytest.mark.parametrize("feature", TOLD, ids=lambda feature: feature.name)
def test_a_stream_tells_what_a_whole_answer_tells(feature: Feature) -> None:
    for client, upstream in permutations(CODECS, 2):
        if upstream in feature.said:
            whole, stream = (reply_outcome(client, upstream, feature, stream=one) for one in (False, True))
            assert whole == stream, (client, upstream)


@pytest.mark.parametrize("feature", ASKED, ids=lambda feature: feature.name)
def test_what_is_lost_or_refused_has_a_reason(feature: Feature) -> None:
    for client, upstream in permutations(CODECS, 2):
        if client in feature.said:
            outcome = request_outcome(client, upstream, feature, official=False)
            assert bool(outcome.why) is (outcome.kind in (Kind.PARTLY, Kind.LOST, Kind.REFUSED)), (client, upstream)


def _outcome(client: WireFormat, upstream: WireFormat, without: dict[str, object], **said: object) -> Outcome:
    return request_outcome(client, upstream, Feature("x", {client: said}, {client: without}), official=False)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (_outcome(A, C, {}, temperature=0.5), Outcome(Kind.KEPT)),
        (_outcome(A, C, {}, metadata={"user_id": "a" * 65}), Outcome(Kind.MAPPED)),
        (_outcome(C, A, {}, temperature=1.5), Outcome(Kind.PARTLY, ("*temperature*: Anthropic's goes from 0 to 1",))),
        (_outcome(C, R, {}, seed=7), Outcome(Kind.LOST, ("*seed*: OpenAI Responses has no counterpart",))),
        (_outcome(C, A, {}, n=2), Outcome(Kind.REFUSED, ("several answers to one request exist in OpenAI Chat only",))),
        (_outcome(R, C, {}, client_metadata={"a": "b"}), Outcome(Kind.UNSAID)),
        (_outcome(R, C, {"temperature": 0.5}, temperature=0.5), Outcome(Kind.UNSAID)),
    ],
)
def test_outcomes_are_told_apart(outcome: Outcome, expected: Outcome) -> None:
    assert outcome == expected
