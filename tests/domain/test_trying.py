"""Trying as plays: who is asked, what comes, who is asked next, and what the client gets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.answers import Audience, Failure
from cccc.domain.failover import BodyKind, Classification, Evidence, Outcome, classify
from cccc.domain.trying import (
    FULL_BUDGET,
    Ask,
    Attempt,
    Deliver,
    Drop,
    End,
    Place,
    Step,
    Trying,
    budget_after,
    next_step,
    no_network,
)
from cccc.errors import BrokeMidBody, ConnectCause, ConnectFailed, ConnectionLost, Phase, TimedOut, UpstreamError

NOW = 1_800_000_000.0


class Play:
    """One client request as a dialogue. Every line checks the step that the machine wanted."""

    def __init__(self, *endpoints: str | Place, audience: Audience = Audience.ANTHROPIC, **more: Any) -> None:
        order = tuple(one if isinstance(one, Place) else Place(one) for one in endpoints)
        self.trying = Trying(order, audience, **more)
        self.asked = 0
        self.clock = 0.0
        self.headers_sent = False

    @property
    def step(self) -> Step:
        return next_step(self.trying, now=NOW, headers_sent=self.headers_sent)

    def tries(self, endpoint: str, **expected: Any) -> Play:
        step = self.step
        assert isinstance(step, Ask), step
        assert step.endpoint == endpoint
        assert {name: getattr(step, name) for name in expected} == expected
        self.endpoint = endpoint
        return self

    def comes(self, what: Evidence | Classification, *, after: float = 0.1, **more: Any) -> Play:
        found = what if isinstance(what, Classification) else classify(what, now=NOW)
        started, self.clock = self.clock, self.clock + after
        self.trying = self.trying.after(Attempt(self.endpoint, found, started, self.clock, **more))
        return self

    def answers(self, status: int, message: str = "", *, kind: str | None = None, **more: Any) -> Play:
        facts = {name: more.pop(name) for name in ("headers", "converted", "fault_code") if name in more}
        good = {"content": True, "terminal": True} if status == 200 else {}
        return self.comes(
            Evidence(
                status=status,
                body_kind=BodyKind.JSON,
                fault_type=kind,
                fault_message=message or None,
                **facts,
                **good,
            ),
            **more,
        )

    def fails(self, error: UpstreamError, **more: Any) -> Play:
        return self.comes(Evidence(error=error), **more)

    def delivers(self, endpoint: str) -> None:
        assert self.step == Deliver(endpoint)

    def ends(self, failure: Failure, message: str | None = None, **expected: Any) -> None:
        step = self.step
        assert isinstance(step, End), step
        assert step.told.failure is failure
        if message is not None:
            assert step.told.message == message
        assert {name: getattr(step.told, name) for name in expected} == expected


REFUSED = ConnectFailed(ConnectCause.REFUSED, "refused")
DNS = ConnectFailed(ConnectCause.DNS, "no such host")
STALE = ConnectionLost("closed", reused=True)
LOST = ConnectionLost("reset", reused=False)
SLOW = TimedOut(Phase.RESPONSE_HEADER, 60)


# --- failing over


def test_a_good_answer_is_delivered() -> None:
    Play("a", "b").tries("a", last_candidate=False).answers(200).delivers("a")


def test_fails_over_before_the_first_byte() -> None:
    Play("a", "b").tries("a").answers(529).tries("b", repeat=False, last_candidate=True).answers(200).delivers("b")


def test_a_bad_gateway_is_asked_once_more_and_then_left() -> None:
    play = Play("a", "b").tries("a").answers(502)
    play.tries("a", repeat=True, fresh=True, delay=0.25).answers(502)
    play.tries("b").answers(200).delivers("b")


def test_a_500_is_not_asked_again() -> None:
    Play("a", "b").tries("a").answers(500).tries("b")


def test_a_timeout_is_not_asked_again() -> None:
    Play("a", "b").tries("a").fails(SLOW).tries("b")


def test_the_next_endpoint_is_never_one_that_was_asked_before() -> None:
    play = Play("a", "b", "c")
    for name in ("a", "b", "c"):
        play.tries(name).fails(LOST)
    play.ends(Failure.ALL_FAILED)


def test_a_stale_connection_is_repeated_free_of_charge() -> None:
    play = Play("a", max_attempts=2).tries("a").fails(STALE)
    play.tries("a", repeat=True, fresh=True, delay=0.0).answers(502)
    play.tries("a", repeat=True).answers(502).delivers("a")


def test_a_connection_that_is_stale_twice_is_no_longer_free() -> None:
    Play("a", "b").tries("a").fails(STALE).tries("a").fails(STALE).tries("b")


def test_attempts_are_bounded() -> None:
    play = Play(*"abcdefgh", max_attempts=3)
    for name in "abc":
        play.tries(name).fails(LOST)
    play.ends(Failure.ALL_FAILED)


def test_repeats_stop_when_the_budget_is_half_spent() -> None:
    Play("a", "b", budgets={"a": 6.5}).tries("a").answers(503).tries("a")
    Play("a", "b", budgets={"a": 6.0}).tries("a").answers(503).tries("b")


def test_the_budget_pays_for_stale_connections_in_no_case() -> None:
    Play("a", "b", budgets={"a": 0.0}).tries("a").fails(STALE).tries("a")


def test_budgets() -> None:
    tokens = FULL_BUDGET
    for _ in range(12):
        tokens = budget_after(tokens, ok=False)
    assert tokens == 0
    assert budget_after(tokens, ok=True) == pytest.approx(0.1)
    assert budget_after(FULL_BUDGET, ok=True) == FULL_BUDGET


# --- the client's own fault


def test_a_bad_request_is_never_tried_elsewhere_and_goes_back_as_it_is() -> None:
    Play("a", "b").tries("a").answers(400, "messages: required", kind="invalid_request_error").delivers("a")


def test_a_bad_request_after_a_failure_still_goes_back_as_it_is() -> None:
    Play("a", "b").tries("a").answers(529).tries("b").answers(400, "no").delivers("b")


def test_a_bad_request_of_another_format_is_put_into_the_clients() -> None:
    play = Play("a", "b").tries("a").answers(400, "no tools", same_format=False)
    play.ends(Failure.UPSTREAM_ERROR, "endpoint 'a' refused the request (400): no tools", status=400)


def test_a_remedy_is_tried_here() -> None:
    play = Play("a", "b").tries("a").answers(400, "signature in thinking block", remedy=True)
    play.tries("a", repeat=True, remedied=True, delay=0.0).answers(400, "signature in thinking block")
    play.delivers("a")


def test_an_endpoint_that_refuses_one_thing_after_the_other_is_given_three_changed_requests() -> None:
    play = Play("a", "b")
    for _ in range(4):
        play.tries("a").answers(400, "no such parameter", remedy=True)
    play.delivers("a")


def test_a_changed_request_is_not_repeated_for_other_reasons() -> None:
    play = Play("a", "b").tries("a").answers(400, "no such parameter", remedy=True).tries("a", remedied=True)
    play.answers(503).tries("b")


def test_the_other_key_header_is_tried_before_the_next_endpoint() -> None:
    play = Play("a", "b").tries("a").answers(401, remedy=True).tries("a", remedied=True).answers(401).tries("b")
    play.answers(200).delivers("b")


def test_a_conflict_is_asked_once_more_then_elsewhere() -> None:
    Play("a", "b").tries("a").answers(409).tries("a").answers(409).tries("b").answers(200).delivers("b")


# --- a prompt that is too long


TOO_LONG = "prompt is too long: 250000 tokens > 200000 maximum"


def test_a_long_prompt_goes_only_where_the_context_is_larger() -> None:
    play = Play(Place("a", 200_000), "unknown", Place("small", 128_000), Place("large", 1_000_000))
    play.tries("a").answers(400, TOO_LONG).tries("large").answers(200).delivers("large")


def test_a_context_that_the_prompts_own_length_exceeds_is_not_asked() -> None:
    play = Play(Place("a", 200_000), Place("b", 240_000)).tries("a").answers(400, TOO_LONG)
    play.ends(Failure.CONTEXT_TOO_LONG, TOO_LONG, status=400)


def test_a_context_without_any_number_goes_nowhere() -> None:
    play = Play("a", Place("b", 1_000_000)).tries("a").answers(400, "prompt is too long")
    play.ends(Failure.CONTEXT_TOO_LONG, "prompt is too long")


def test_too_long_everywhere_is_said_in_the_clients_wording() -> None:
    play = Play(Place("a", 8), Place("b", 16), audience=Audience.OPENAI)
    play.tries("a").answers(400, "maximum context length is 8 tokens. However, you requested 12 tokens")
    play.tries("b").answers(502).tries("b").answers(502)
    play.ends(
        Failure.CONTEXT_TOO_LONG,
        "This model's maximum context length is 8 tokens. However, your messages resulted in 12 tokens."
        " Please reduce the length of the messages.",
    )


# --- after commit


def streamed(**more: Any) -> Evidence:
    return Evidence(**{"status": 200, "body_kind": BodyKind.SSE, "committed": True, "content": True, **more})


@pytest.mark.parametrize(
    "evidence",
    [
        streamed(),
        streamed(error=BrokeMidBody("cut")),
        streamed(error=TimedOut(Phase.STREAM_IDLE, 270)),
        streamed(fault_type="overloaded_error"),
        streamed(fault_type="rate_limit_error", headers={"retry-after": "1"}),
        streamed(fault_type="invalid_request_error"),
        streamed(terminal=True, broken_tool=True),
    ],
)
def test_nothing_is_tried_after_commit(evidence: Evidence) -> None:
    Play("a", "b").tries("a").comes(evidence, remedy=True).ends(Failure.BROKE_MIDWAY)


def test_a_broken_stream_says_so() -> None:
    Play("a").tries("a").comes(streamed()).ends(
        Failure.BROKE_MIDWAY, "endpoint 'a' closed the stream before its end; the answer above is incomplete"
    )


def test_a_client_that_left_is_dropped() -> None:
    assert Play("a", "b").tries("a").comes(Evidence(client_gone=True)).step == Drop()


def test_a_stop_ends_it() -> None:
    Play("a", "b").tries("a").comes(Evidence(shutdown=True)).ends(Failure.SHUTTING_DOWN)


# --- what is told at the end


def test_everybody_is_listed_with_a_reason() -> None:
    play = Play("glm", "ark").tries("glm").answers(502).tries("glm").answers(502).tries("ark").fails(SLOW)
    play.ends(Failure.ALL_FAILED, "2 endpoints failed: glm 502 Bad Gateway; ark no answer in 60 s", status=None)


def test_alike_failures_keep_their_status() -> None:
    play = Play("a", "b").tries("a").fails(SLOW).tries("b").fails(SLOW)
    play.ends(Failure.UPSTREAM_TIMEOUT, "2 endpoints failed: a no answer in 60 s; b no answer in 60 s", status=504)


@pytest.mark.parametrize(
    ("statuses", "failure"),
    [
        ((401, 402), Failure.NEEDS_USER),
        ((402, 429), Failure.OUT_OF_QUOTA),
        ((429, 500), Failure.COOLING_DOWN),
        ((500, 401), Failure.NEEDS_USER),
        ((500, 408), Failure.ALL_FAILED),
    ],
)
def test_the_most_fixable_cause_wins(statuses: tuple[int, int], failure: Failure) -> None:
    first, second = statuses
    Play("a", "b").tries("a").answers(first).tries("b").answers(second).ends(failure)
    Play("a", "b").tries("a").answers(second).tries("b").answers(first).ends(failure)


def test_a_refused_key_is_told_with_what_to_do() -> None:
    Play("glm").tries("glm").answers(401).ends(
        Failure.NEEDS_USER, "endpoint 'glm' rejected its API key (401). Update it in cccc", status=503
    )
    Play("glm", "ark").tries("glm").answers(401).tries("ark").answers(500).ends(
        Failure.NEEDS_USER,
        "2 endpoints failed: glm rejected its API key (401); ark 500 Internal Server Error. Update glm in cccc",
    )


@pytest.mark.parametrize(
    ("error", "message", "status"),
    [
        (REFUSED, "endpoint 'a' refused the connection", 503),
        (SLOW, "endpoint 'a' gave no answer in 60 s", 504),
        (
            ConnectFailed(ConnectCause.CERTIFICATE, "x"),
            "endpoint 'a' has a TLS certificate that is not trusted. Check its URL in cccc",
            502,
        ),
    ],
)
def test_a_single_endpoint_that_gave_no_answer(error: UpstreamError, message: str, status: int) -> None:
    play = Play("a", budgets={"a": 0.0}).tries("a").fails(error)
    step = play.step
    assert isinstance(step, End)
    assert (step.told.message, step.told.status) == (message, status)


def test_limits_tell_the_soonest_return() -> None:
    play = Play("a", "b").tries("a").answers(429, headers={"retry-after": "40"})
    play.tries("b").answers(429, headers={"retry-after": "12"}).ends(Failure.COOLING_DOWN, retry_after=12.0)
    play = Play("a", "b").tries("a").answers(429, headers={"retry-after": "40"})
    play.tries("b").answers(500).ends(Failure.COOLING_DOWN, retry_after=3.0)


def test_a_short_limit_is_waited_for_where_nobody_else_is_left() -> None:
    play = Play("a").tries("a").answers(429, headers={"retry-after": "2"})
    play.tries("a", repeat=True, delay=2.0, last_candidate=True).answers(429, headers={"retry-after": "2"})
    play.delivers("a")
    Play("a", "b").tries("a").answers(429, headers={"retry-after": "2"}).tries("b")
    Play("a").tries("a").answers(429, headers={"retry-after": "3"}).delivers("a")


# --- an endpoint's own answer goes back


@pytest.mark.parametrize("status", [400, 402, 404, 408, 409, 413, 418, 422, 429, 500, 501, 529])
def test_a_single_endpoints_error_goes_back_unmodified(status: int) -> None:
    play = Play("a", budgets={"a": 0.0}).tries("a").answers(status, "about the model")
    play.delivers("a")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_our_key_never_goes_back(status: int) -> None:
    Play("a").tries("a").answers(status).ends(Failure.NEEDS_USER)


@pytest.mark.parametrize(
    ("status", "failure", "told"),
    [
        (402, Failure.OUT_OF_QUOTA, 402),
        (404, Failure.NEEDS_USER, 503),
        (408, Failure.UPSTREAM_TIMEOUT, 504),
        (413, Failure.TOO_LARGE, 413),
        (422, Failure.UPSTREAM_ERROR, 422),
        (429, Failure.COOLING_DOWN, 429),
        (500, Failure.ALL_FAILED, 500),
        (529, Failure.COOLING_DOWN, 529),
    ],
)
def test_codex_gets_what_it_would_repeat_or_wait_for_in_our_words(status: int, failure: Failure, told: int) -> None:
    Play("a", audience=Audience.CODEX).tries("a").answers(status).ends(failure, status=told)


def test_codex_gets_a_400_unmodified() -> None:
    Play("a", audience=Audience.CODEX).tries("a").answers(400, "no").delivers("a")


def test_a_long_wait_is_told_in_words() -> None:
    play = Play("a", "b").tries("a").answers(429, headers={"retry-after": "600"})
    play.tries("b").answers(429, headers={"retry-after": "3600"}).ends(
        Failure.COOLING_DOWN,
        "2 endpoints failed: a is rate limited (429); b is rate limited (429); next try in 10 min",
        status=429,
    )


def test_what_an_upstream_says_ends_no_sentence_twice() -> None:
    Play("a", "b").tries("a").answers(403, "Not you.").tries("b").answers(403, "Not you.").ends(
        Failure.NEEDS_USER,
        "2 endpoints failed: a is closed to this key (403): Not you; b is closed to this key (403): Not you."
        " Update a's key in cccc",
    )


def test_once_our_head_is_out_nothing_goes_back_unmodified() -> None:
    play = Play("a").tries("a").answers(400, "no")
    play.headers_sent = True
    play.ends(Failure.UPSTREAM_ERROR, status=400)


def test_an_error_inside_a_200_is_put_into_words() -> None:
    evidence = Evidence(status=200, body_kind=BodyKind.JSON, fault_type="invalid_request_error", fault_message="no")
    Play("a").tries("a").comes(evidence).ends(
        Failure.UPSTREAM_ERROR, "endpoint 'a' refused the request (in a 200): no", status=400
    )


def test_several_endpoints_errors_are_summed_up() -> None:
    Play("a", "b").tries("a").answers(500).tries("b").answers(500).ends(Failure.ALL_FAILED, status=500)


# --- no network


def test_no_network_is_nobodys_fault() -> None:
    play = Play("a", "b").tries("a").fails(DNS, after=0.5).tries("b").fails(DNS, after=0.5)
    assert no_network(play.trying.attempts)
    play.ends(
        Failure.ALL_FAILED,
        "no network: a has a host name that cannot be resolved; b has a host name that cannot be resolved",
        retry_after=3.0,
    )


@pytest.mark.parametrize(
    ("first", "second", "seconds"), [(DNS, REFUSED, 0.1), (DNS, DNS, 1.5), (REFUSED, REFUSED, 0.1)]
)
def test_what_is_no_lack_of_network(first: UpstreamError, second: UpstreamError, seconds: float) -> None:
    play = Play("a", "b", budgets={"a": 0.0, "b": 0.0})
    play.tries("a").fails(first, after=seconds).tries("b").fails(second, after=seconds)
    assert not no_network(play.trying.attempts)


def test_nothing_tried_is_no_lack_of_network() -> None:
    assert not no_network(())


# --- whatever comes

ANY = st.one_of(
    st.integers(200, 599).map(lambda status: Evidence(status=status, body_kind=BodyKind.JSON, content=status < 300)),
    st.sampled_from([REFUSED, DNS, STALE, LOST, SLOW]).map(lambda error: Evidence(error=error)),
    st.sampled_from([Evidence(status=200), Evidence(status=400, fault_message=TOO_LONG)]),
)


@given(
    whatever=st.lists(st.tuples(ANY, st.booleans(), st.booleans()), min_size=40, max_size=40),
    count=st.integers(1, 5),
    limit=st.integers(1, 8),
    audience=st.sampled_from(Audience),
)
def test_it_ends_within_its_bounds(
    whatever: list[tuple[Evidence, bool, bool]], count: int, limit: int, audience: Audience
) -> None:
    order = tuple(Place(f"e{number}", context_window=1000 * (number + 1)) for number in range(count))
    trying = Trying(order, audience, max_attempts=limit)
    for evidence, same_format, remedy in whatever:
        step = next_step(trying, now=NOW, jitter=0.5)
        if not isinstance(step, Ask):
            break
        classification = classify(evidence, now=NOW)
        trying = trying.after(Attempt(step.endpoint, classification, 0.0, 1.0, same_format, remedy))
    else:
        pytest.fail("it never ended")
    asked = [one.endpoint for one in trying.attempts]
    paid = [one for one in trying.attempts if one.classification.outcome is not Outcome.STALE_CONNECTION]
    assert len(paid) <= limit
    assert len(asked) <= limit + count
    changed = {name: sum(one.remedy for one in trying.attempts if one.endpoint == name) for name in asked}
    assert all(asked.count(name) <= 3 + min(changed[name], 3) for name in asked)
    assert all(sum(one.endpoint == name for one in paid) <= 2 + min(changed[name], 3) for name in asked)
    if isinstance(step, End):
        assert step.told.message
        assert step.told.message.isascii()
