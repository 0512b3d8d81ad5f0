"""What is told where a ranking has nobody to ask. What is told after attempts: see the plays of ``test_trying``."""

from __future__ import annotations

import pytest

from cccc.domain.answers import Audience, Failure
from cccc.domain.failover import Outcome
from cccc.domain.ranking import Cause, Excluded, Ranking
from cccc.domain.rules import RULES
from cccc.domain.telling import _MOST_FIXABLE, Told, tell_none

NOW = 1_800_000_000.0


def told(*left_out: Excluded, model: str | None = "m", tokens: int | None = None) -> Told:
    return tell_none(Ranking((), left_out), Audience.ANTHROPIC, model=model, prompt_tokens=tokens, now=NOW)


def out(name: str, cause: Cause, reason: str = "r", until: float | None = None, window: int | None = None) -> Excluded:
    at = None if until is None else NOW + until
    return Excluded(name, reason, until=at, cause=cause, context_window=window)


@pytest.mark.parametrize(
    ("left_out", "failure", "message", "retry_after"),
    [
        (
            (),
            Failure.NO_ENDPOINT,
            (
                "no endpoint is enabled for model 'm': none is configured. "
                "cccc config path says where the configuration belongs"
            ),
            None,
        ),
        (
            (out("a", Cause.DISABLED, "disabled"),),
            Failure.NO_ENDPOINT,
            "no endpoint is enabled for model 'm'. Open cccc, Endpoints",
            None,
        ),
        (
            (out("a", Cause.CLIENT_TYPE, "serves codex only"), out("b", Cause.DISABLED)),
            Failure.NO_ENDPOINT,
            "no endpoint is enabled for model 'm' (a: serves codex only). Open cccc, Endpoints",
            None,
        ),
        (
            (out("a", Cause.MODEL, "its models do not include m"), out("b", Cause.DISABLED)),
            Failure.NO_MODEL,
            "no endpoint serves model 'm' (a: its models do not include m)",
            None,
        ),
        (
            (out("a", Cause.RESTING, "does not serve this model (404)", 600),),
            Failure.NO_MODEL,
            "no endpoint serves model 'm' (a: does not serve this model (404))",
            None,
        ),
        (
            (out("a", Cause.FORMAT, "speaks openai_chat"),),
            Failure.NOT_CONVERTIBLE,
            "no endpoint can be asked for model 'm' (a: speaks openai_chat)",
            None,
        ),
        (
            (out("glm", Cause.LIMITED, "is rate limited (429)", 12), out("ark", Cause.BREAKER, "breaker open", 40)),
            Failure.COOLING_DOWN,
            "all 2 endpoints are paused; next try in 12 s (glm: is rate limited (429); ark: breaker open)",
            12.0,
        ),
        (
            (out("glm", Cause.LIMITED, "is rate limited (429)", 0.2),),
            Failure.COOLING_DOWN,
            "the only endpoint is paused; next try in 1 s (glm: is rate limited (429))",
            1.0,
        ),
        (
            (out("glm", Cause.BREAKER, "half-open"),),
            Failure.COOLING_DOWN,
            "the only endpoint is paused; next try in 3 s (glm: half-open)",
            3.0,
        ),
        (
            (out("glm", Cause.QUOTA, "has no credit (402)", 1800),),
            Failure.OUT_OF_QUOTA,
            "no endpoint has credit; the first one may have it again in 30 min (glm: has no credit (402))",
            1800.0,
        ),
    ],
)
def test_nobody_to_ask(
    left_out: tuple[Excluded, ...], failure: Failure, message: str, retry_after: float | None
) -> None:
    assert told(*left_out) == Told(failure, message, retry_after=retry_after)


def test_a_prompt_too_long_for_everybody_is_said_so_that_clients_compact() -> None:
    small, large = out("a", Cause.CONTEXT, window=128), out("b", Cause.CONTEXT, window=200)
    assert told(small, large, tokens=300) == Told(
        Failure.CONTEXT_TOO_LONG, "prompt is too long: 300 tokens > 200 maximum"
    )


def test_without_a_model_the_request_is_named() -> None:
    assert told(model=None).message.startswith("no endpoint is enabled for this request")


def test_every_failure_of_the_table_has_its_rank() -> None:
    assert {rule.then.failure for rule in RULES if rule.then.failure} <= set(_MOST_FIXABLE)
    assert {rule.outcome for rule in RULES} == set(Outcome)


def test_a_part_of_the_request_that_no_endpoint_takes_is_named() -> None:
    """Whatever else keeps endpoints out for good; one that only rests may still take it."""
    unsaid = Excluded("chat", "is asked in openai_chat", cause=Cause.FORMAT, param="messages[0]")
    reserved = Excluded("codex-only", "serves codex only", cause=Cause.CLIENT_TYPE)
    refusal = told(unsaid, reserved)
    assert (refusal.failure, refusal.param) == (Failure.NOT_CONVERTIBLE, "messages[0]")
    assert refusal.message.startswith("no endpoint takes messages[0] of model 'm'")
    resting = Excluded("own", "is rate limited (429)", NOW + 5, cause=Cause.LIMITED)
    assert told(unsaid, resting).failure is Failure.COOLING_DOWN
