"""One word for every end of a turn."""

from __future__ import annotations

import pytest

from cccc.domain.answers import Failure
from cccc.domain.outcome import Outcome
from cccc.domain.verdict import Turn, Verdict, verdict


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (Turn(Outcome.OK), Verdict.OK),
        (Turn(Outcome.OK, failed_before=1), Verdict.OK_AFTER_FAILOVER),
        (Turn(Outcome.OK, client_gone=True), Verdict.OK),
        (Turn(Outcome.BAD_REQUEST, failed_before=2), Verdict.CLIENT_ERROR),
        (Turn(Outcome.CONTEXT_TOO_LONG), Verdict.CLIENT_ERROR),
        (Turn(Outcome.CUT), Verdict.INCOMPLETE),
        (Turn(Outcome.STALLED), Verdict.INCOMPLETE),
        (Turn(Outcome.CUT, client_gone=True), Verdict.CLIENT_GONE),
        (Turn(Outcome.CLIENT_GONE), Verdict.CLIENT_GONE),
        (Turn(Outcome.EMPTY), Verdict.EMPTY),
        (Turn(Outcome.INVALID), Verdict.INVALID),
        (Turn(Outcome.ERROR_EVENT), Verdict.UPSTREAM_ERROR),
        (Turn(Outcome.RATE_LIMITED), Verdict.UPSTREAM_ERROR),
        (Turn(Outcome.KEY_REFUSED), Verdict.UPSTREAM_ERROR),
        (Turn(Outcome.SHUTDOWN), Verdict.INCOMPLETE),
        (Turn(refusal=Failure.BAD_JSON), Verdict.CLIENT_ERROR),
        (Turn(refusal=Failure.NOT_CONVERTIBLE), Verdict.CLIENT_ERROR),
        (Turn(refusal=Failure.NO_ENDPOINT), Verdict.UPSTREAM_ERROR),
        (Turn(refusal=Failure.COOLING_DOWN), Verdict.UPSTREAM_ERROR),
        (Turn(client_gone=True), Verdict.CLIENT_GONE),
    ],
)
def test_verdict(turn: Turn, expected: Verdict) -> None:
    assert verdict(turn) is expected


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_good_outcome_is_ok(outcome: Outcome) -> None:
    good = verdict(Turn(outcome)) in (Verdict.OK, Verdict.OK_AFTER_FAILOVER)
    assert good is (outcome is Outcome.OK)
