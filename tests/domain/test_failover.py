"""Every row of the classification table: what came, and everything that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.answers import Failure
from cccc.domain.failover import BenchScope, BodyKind, Classification, Evidence, FailureClass, Outcome, classify
from cccc.domain.resets import DAY
from cccc.domain.rules import RULES
from cccc.errors import (
    BadAnswer,
    BrokeMidBody,
    ConnectCause,
    ConnectFailed,
    ConnectionLost,
    Phase,
    TimedOut,
    UpstreamError,
)

NOW = 1_800_000_000.0
ENDPOINT, MODEL = BenchScope.ENDPOINT, BenchScope.MODEL


def said(status: int, message: str = "", *, kind: str | None = None, code: str | None = None, **more: Any) -> Evidence:
    """An error answer with a JSON body."""
    return Evidence(
        status=status, body_kind=BodyKind.JSON, fault_type=kind, fault_code=code, fault_message=message or None, **more
    )


def page(status: int, title: str, **more: Any) -> Evidence:
    html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>Ray ID: 8</body></html>"
    return Evidence(status=status, body_kind=BodyKind.HTML, fault_message=html, **more)


def failed(error: UpstreamError, **more: Any) -> Evidence:
    return Evidence(error=error, **more)


def stream(**more: Any) -> Evidence:
    return Evidence(**{"status": 200, "body_kind": BodyKind.SSE, "streaming": True, **more})


def no_connection(cause: ConnectCause) -> Evidence:
    return failed(ConnectFailed(cause, "https://api.example/v1 says no"))


def late(phase: Phase, seconds: float = 60, **more: Any) -> Evidence:
    return failed(TimedOut(phase, seconds), **more)


@dataclass(frozen=True)
class Expect:
    """What is compared; ``bench`` is (scope, first seconds, longest)."""

    outcome: Outcome
    failure: Failure | None
    cls: FailureClass | None = None
    repeat: bool = False
    elsewhere: bool = False
    weight: int = 0
    opens: float | None = None
    bench: tuple[BenchScope, float, float] | None = None
    status: int | None = None
    unmodified: bool = False


def seen(found: Classification) -> Expect:
    bench = None if found.bench is None else (found.bench.scope, found.bench.seconds, found.bench.longest)
    return Expect(
        found.outcome,
        found.failure,
        found.failure_class,
        found.repeat_here,
        found.go_elsewhere,
        found.health_weight,
        found.opens,
        bench,
        found.status,
        found.unmodified,
    )


F, C, O = Failure, FailureClass, Outcome  # noqa: E741
OWN = {"failure": F.UPSTREAM_ERROR, "unmodified": True}
SERVER = {"failure": F.ALL_FAILED, "cls": C.SERVER, "elsewhere": True, "weight": 1}
SSE = {"failure": F.ALL_FAILED, "cls": C.SSE, "elsewhere": True, "weight": 1, "status": 502}
TIMEOUT = {"failure": F.UPSTREAM_TIMEOUT, "cls": C.SERVER, "elsewhere": True, "weight": 2, "status": 504}
MEND = {"failure": F.NEEDS_USER, "cls": C.CONFIG, "elsewhere": True, "weight": 1, "opens": 900.0, "status": 503}
PAIR = {"failure": F.UPSTREAM_ERROR, "cls": C.BUSINESS, "elsewhere": True, "bench": (MODEL, 600.0, 600.0)}
NO_MODEL = {
    "failure": F.NO_MODEL,
    "cls": C.CONFIG,
    "elsewhere": True,
    "bench": (MODEL, 600.0, 600.0),
    "status": 404,
    "unmodified": True,
}
QUOTA = {
    "failure": F.OUT_OF_QUOTA,
    "cls": C.BUSINESS,
    "elsewhere": True,
    "weight": 1,
    "bench": (ENDPOINT, 3600.0, 3600.0),
    "status": 402,
}
RATE = {"failure": F.COOLING_DOWN, "cls": C.BUSINESS, "elsewhere": True, "bench": (ENDPOINT, 10.0, 300.0)}
LOAD = {"failure": F.COOLING_DOWN, "cls": C.SERVER, "elsewhere": True, "bench": (MODEL, 10.0, 120.0)}
BROKE = {"failure": F.BROKE_MIDWAY, "cls": C.SSE, "weight": 1, "status": 502}


def x(outcome: Outcome, shape: dict[str, Any] | None = None, **changes: Any) -> Expect:
    return Expect(outcome=outcome, **{"failure": None, **(shape or {}), **changes})


TABLE: dict[str, tuple[Evidence, Expect]] = {
    # neither side's fault
    "ok stream": (stream(content=True, terminal=True), x(O.OK)),
    "ok json": (Evidence(status=200, body_kind=BodyKind.JSON, content=True), x(O.OK)),
    "ok json to a stream request": (stream(body_kind=BodyKind.JSON, content=True), x(O.OK)),
    "refusal is no failure": (stream(terminal=True, stop_reason="refusal"), x(O.OK)),
    "token limit without content": (stream(terminal=True, stop_reason="length"), x(O.OK)),
    "P7 reset after terminal": (
        stream(content=True, terminal=True, committed=True, error=BrokeMidBody("reset")),
        x(O.OK),
    ),
    "P7 left after terminal": (stream(content=True, terminal=True, committed=True, client_gone=True), x(O.OK)),
    "client gone": (stream(content=True, committed=True, client_gone=True), x(O.CLIENT_GONE)),
    "client gone before a head": (Evidence(client_gone=True), x(O.CLIENT_GONE)),
    "client gone beats an error": (failed(ConnectionLost("cut", reused=False), client_gone=True), x(O.CLIENT_GONE)),
    "shutdown": (Evidence(shutdown=True), x(O.SHUTDOWN, failure=F.SHUTTING_DOWN, status=502)),
    # P2: the network
    "dns": (no_connection(ConnectCause.DNS), x(O.DNS, MEND, cls=C.SERVER, opens=None)),
    "refused": (no_connection(ConnectCause.REFUSED), x(O.REFUSED, SERVER, repeat=True, status=503)),
    "unreachable": (no_connection(ConnectCause.UNREACHABLE), x(O.UNREACHABLE, SERVER, repeat=True, status=503)),
    "tls": (no_connection(ConnectCause.TLS), x(O.TLS, SERVER, repeat=True, status=502)),
    "certificate": (no_connection(ConnectCause.CERTIFICATE), x(O.CERTIFICATE, MEND, status=502)),
    "egress proxy": (no_connection(ConnectCause.EGRESS_PROXY), x(O.EGRESS_PROXY, SERVER, repeat=True, status=503)),
    "connect timeout": (late(Phase.CONNECT), x(O.CONNECT_TIMEOUT, TIMEOUT)),
    "handshake timeout": (late(Phase.TLS_HANDSHAKE), x(O.CONNECT_TIMEOUT, TIMEOUT)),
    # P2' and P3
    "stale": (
        failed(ConnectionLost("closed", reused=True)),
        x(O.STALE_CONNECTION, SERVER, repeat=True, weight=0, status=502),
    ),
    "reset before head": (failed(ConnectionLost("reset", reused=False)), x(O.CONNECTION_LOST, SERVER, status=502)),
    "head timeout": (late(Phase.RESPONSE_HEADER), x(O.HEAD_TIMEOUT, TIMEOUT)),
    "write timeout": (late(Phase.WRITE), x(O.HEAD_TIMEOUT, TIMEOUT)),
    "total timeout": (late(Phase.TOTAL), x(O.HEAD_TIMEOUT, TIMEOUT)),
    "first event without head": (late(Phase.FIRST_EVENT), x(O.FIRST_EVENT_TIMEOUT, TIMEOUT)),
    "not HTTP": (failed(BadAnswer("garbage")), x(O.INVALID, SERVER, status=502)),
    # P4: by answer, the client's own fault
    "400": (said(400, "messages: required", kind="invalid_request_error"), x(O.BAD_REQUEST, OWN, status=400)),
    "400 converted": (said(400, "temperature", converted=True), x(O.BAD_REQUEST, OWN, status=400)),
    "418": (said(418, "teapot"), x(O.BAD_REQUEST, OWN, status=418)),
    "state that another holds": (
        said(404, "Previous response with id 'resp_1' not found.", code="previous_response_not_found"),
        x(O.BAD_REQUEST, OWN, elsewhere=True, status=404),
    ),
    "context": (
        said(400, "prompt is too long: 250000 tokens > 200000 maximum", kind="invalid_request_error"),
        x(O.CONTEXT_TOO_LONG, failure=F.CONTEXT_TOO_LONG, elsewhere=True, status=400),
    ),
    "context by code": (
        said(400, "too much", code="context_length_exceeded"),
        x(O.CONTEXT_TOO_LONG, failure=F.CONTEXT_TOO_LONG, elsewhere=True, status=400),
    ),
    "context as 413": (
        said(413, "Input is too long for requested model."),
        x(O.CONTEXT_TOO_LONG, failure=F.CONTEXT_TOO_LONG, elsewhere=True, status=400),
    ),
    "context inside a 200": (
        stream(fault_type="invalid_request_error", fault_message="context window exceeds limit (2013)"),
        x(O.CONTEXT_TOO_LONG, failure=F.CONTEXT_TOO_LONG, elsewhere=True, status=400),
    ),
    "409": (said(409, "conflict"), x(O.CONFLICT, OWN, repeat=True, elsewhere=True, status=409)),
    "413": (
        said(413, "32 MB", kind="request_too_large"),
        x(O.TOO_LARGE, failure=F.TOO_LARGE, status=413, unmodified=True),
    ),
    "422": (said(422, "bad role"), x(O.NOT_ACCEPTED, OWN, status=422)),
    "406": (said(406), x(O.NOT_ACCEPTED, OWN, status=406)),
    "415 converted": (said(415, converted=True), x(O.NOT_ACCEPTED, PAIR, status=415)),
    # by answer, this endpoint or this model on it
    "extra inputs": (
        said(400, "thinking.adaptive: Extra inputs are not permitted"),
        x(O.UNSUPPORTED, PAIR, status=400, unmodified=True),
    ),
    "extra inputs as 422": (
        said(422, "Extra inputs are not permitted"),
        x(O.UNSUPPORTED, PAIR, status=422, unmodified=True),
    ),
    "unknown parameter": (
        said(400, "Unknown parameter: 'store'.", code="unknown_parameter"),
        x(O.UNSUPPORTED, PAIR, status=400, unmodified=True),
    ),
    "model not supported": (
        said(400, "The 'gpt-5' model is not supported when using Codex with a ChatGPT account."),
        x(O.UNSUPPORTED, PAIR, status=400, unmodified=True),
    ),
    "organization disabled": (
        said(400, "This organization has been disabled."),
        x(O.UNSUPPORTED, PAIR, status=400, unmodified=True),
    ),
    "official client only": (
        said(400, "This credential is only authorized for use with Claude Code and cannot be used for other requests."),
        x(O.UNSUPPORTED, PAIR, failure=F.NEEDS_USER, status=503),
    ),
    "404 model": (
        said(404, "model: claude-9", kind="not_found_error"),
        x(O.MODEL_MISSING, NO_MODEL),
    ),
    "404 model by code": (said(404, "no", code="model_not_found"), x(O.MODEL_MISSING, NO_MODEL)),
    "400 model": (said(400, "Model Not Exist"), x(O.MODEL_MISSING, NO_MODEL)),
    "503 no channel for model": (
        said(503, "No available channel for model gpt-5 under group default", code="model_not_found"),
        x(O.MODEL_MISSING, NO_MODEL),
    ),
    "404 page": (page(404, "Not Found"), x(O.PATH_MISSING, MEND)),
    "404 about no model": (said(404, "Not Found"), x(O.PATH_MISSING, MEND)),
    "405": (Evidence(status=405), x(O.PATH_MISSING, MEND)),
    "401": (said(401, "invalid x-api-key", kind="authentication_error"), x(O.KEY_REFUSED, MEND)),
    "400 about the key": (said(400, "API key not valid. Please pass a valid API key."), x(O.KEY_REFUSED, MEND)),
    "403": (said(403, "no access", kind="permission_error"), x(O.FORBIDDEN, MEND, opens=600.0)),
    "403 page": (page(403, "Just a moment..."), x(O.FORBIDDEN, MEND, opens=60.0)),
    "407": (Evidence(status=407), x(O.EGRESS_PROXY, MEND, opens=None)),
    "451": (
        Evidence(status=451),
        x(O.REGION_BLOCKED, MEND, weight=0, opens=None, bench=(ENDPOINT, 3600.0, 3600.0)),
    ),
    "403 region": (
        said(403, "Country, region, or territory not supported", code="unsupported_country_region_territory"),
        x(O.REGION_BLOCKED, MEND, weight=0, opens=None, bench=(ENDPOINT, 3600.0, 3600.0)),
    ),
    "region page": (
        page(403, "Not available in your region"),
        x(O.REGION_BLOCKED, MEND, weight=0, opens=None, bench=(ENDPOINT, 3600.0, 3600.0)),
    ),
    "302": (Evidence(status=302), x(O.REDIRECTED, MEND, status=502)),
    # money, rate, load
    "402": (said(402, "Insufficient Balance"), x(O.NO_CREDIT, QUOTA, unmodified=True)),
    "400 credit": (
        said(400, "Your credit balance is too low to access the Anthropic API.", kind="invalid_request_error"),
        x(O.NO_CREDIT, QUOTA, unmodified=True),
    ),
    "429 quota": (said(429, "You exceeded", code="insufficient_quota"), x(O.NO_CREDIT, QUOTA, unmodified=True)),
    "403 quota": (
        said(403, "user quota is not enough", code="insufficient_user_quota"),
        x(O.NO_CREDIT, QUOTA, unmodified=True),
    ),
    "429 in Chinese": (
        said(429, "余额不足或无可用资源包,请充值。", code="1113"),
        x(O.NO_CREDIT, QUOTA, unmodified=True),
    ),
    "429": (said(429, "slow", kind="rate_limit_error"), x(O.RATE_LIMITED, RATE, status=429, unmodified=True)),
    "429 about a model": (
        said(429, "Rate limit reached for gpt-4o in organization org-1 on tokens per min"),
        x(O.RATE_LIMITED, RATE, bench=(MODEL, 10.0, 300.0), status=429, unmodified=True),
    ),
    "400 that is a 429": (said(400, "Too many requests"), x(O.RATE_LIMITED, RATE, status=429, unmodified=True)),
    "529": (said(529, "Overloaded", kind="overloaded_error"), x(O.OVERLOADED, LOAD, status=529, unmodified=True)),
    "529 bare": (Evidence(status=529), x(O.OVERLOADED, LOAD, status=529, unmodified=True)),
    "503 overloaded": (
        said(503, "busy", code="server_is_overloaded"),
        x(O.OVERLOADED, LOAD, status=503, unmodified=True),
    ),
    # the endpoint's server
    "408": (
        Evidence(status=408),
        x(O.REQUEST_TIMEOUT, TIMEOUT, weight=1, unmodified=True),
    ),
    "500": (said(500, "boom", kind="api_error"), x(O.SERVER_ERROR, SERVER, status=500, unmodified=True)),
    "501": (Evidence(status=501), x(O.SERVER_ERROR, SERVER, status=501, unmodified=True)),
    "502": (Evidence(status=502), x(O.UNAVAILABLE, SERVER, repeat=True, status=502, unmodified=True)),
    "502 page": (page(502, "502 Bad Gateway"), x(O.UNAVAILABLE, SERVER, repeat=True, status=502)),
    "503": (said(503, "later"), x(O.UNAVAILABLE, SERVER, repeat=True, status=503, unmodified=True)),
    "504": (Evidence(status=504), x(O.UNAVAILABLE, SERVER, repeat=True, status=504, unmodified=True)),
    "503 cut": (
        said(503, error=BrokeMidBody("cut")),
        x(O.UNAVAILABLE, SERVER, repeat=True, status=503, unmodified=True),
    ),
    "520": (page(520, "example | 520"), x(O.CDN_ERROR, SERVER, status=502)),
    "524": (page(524, "A timeout occurred"), x(O.CDN_ERROR, TIMEOUT)),
    "530": (page(530, "DNS"), x(O.CDN_ERROR, SERVER, status=502)),
    "400 that is a 500": (said(400, "bad upstream", kind="upstream_error"), x(O.SERVER_ERROR, SERVER, status=502)),
    # P5: a 200 that is a failure, classified as its inner error
    "200 with a 401": (
        Evidence(status=200, body_kind=BodyKind.JSON, fault_type="authentication_error", fault_message="no"),
        x(O.KEY_REFUSED, MEND),
    ),
    "200 with a 400": (
        Evidence(status=200, body_kind=BodyKind.JSON, fault_type="invalid_request_error", fault_message="no tools"),
        x(O.BAD_REQUEST, failure=F.UPSTREAM_ERROR, status=400),
    ),
    "200 with a numeric code": (
        Evidence(status=200, body_kind=BodyKind.JSON, fault_code="503", fault_message="busy"),
        x(O.UNAVAILABLE, SERVER, repeat=True, status=503),
    ),
    "200 with a code that narrows the type": (
        stream(fault_type="invalid_request_error", fault_code="rate_limit_exceeded", fault_message="wait"),
        x(O.RATE_LIMITED, RATE, status=429),
    ),
    "200 with an unknown error": (
        Evidence(status=200, body_kind=BodyKind.JSON, fault_code="1234", fault_message="network error"),
        x(O.ERROR_EVENT, SSE),
    ),
    "200 rate limited in words": (
        Evidence(status=200, body_kind=BodyKind.JSON, fault_message="Too many requests, please slow down"),
        x(O.RATE_LIMITED, RATE, status=429),
    ),
    "error event first": (
        stream(fault_type="overloaded_error", fault_message="Overloaded"),
        x(O.OVERLOADED, LOAD, status=529),
    ),
    "failed response first": (
        stream(fault_code="server_error", fault_message="boom", terminal=True),
        x(O.SERVER_ERROR, SERVER, status=500),
    ),
    "200 page": (page(200, "Sign in"), x(O.INVALID, SSE)),
    "200 of another shape": (Evidence(status=200, body_kind=BodyKind.JSON, valid=False), x(O.INVALID, SSE)),
    "200 empty": (Evidence(status=200), x(O.EMPTY, SSE)),
    "204": (Evidence(status=204), x(O.EMPTY, SSE)),
    "terminal without content": (stream(terminal=True), x(O.EMPTY, SSE)),
    "preamble, then the end": (stream(), x(O.CUT_BEFORE_CONTENT, SSE)),
    "preamble, then a cut": (stream(error=BrokeMidBody("cut")), x(O.CUT_BEFORE_CONTENT, SSE)),
    "preamble, then silence": (late(Phase.FIRST_EVENT, 180, status=200), x(O.FIRST_EVENT_TIMEOUT, TIMEOUT)),
    "body that cannot be decoded": (stream(error=BadAnswer("gzip")), x(O.INVALID, SSE)),
    "whole body cut": (
        Evidence(status=200, body_kind=BodyKind.JSON, content=True, error=BrokeMidBody("cut")),
        x(O.CUT_BEFORE_CONTENT, SSE),
    ),
    "tool call that is not JSON": (
        Evidence(status=200, body_kind=BodyKind.JSON, content=True, terminal=True, broken_tool=True),
        x(O.INVALID, SSE),
    ),
    # P6: after commit
    "cut": (stream(content=True, committed=True, error=BrokeMidBody("cut")), x(O.CUT, BROKE)),
    "clean end without terminal": (stream(content=True, committed=True), x(O.CUT, BROKE)),
    "stall": (
        late(Phase.STREAM_IDLE, 270, status=200, body_kind=BodyKind.SSE, committed=True, content=True),
        x(O.STALLED, BROKE, cls=C.SERVER, weight=2),
    ),
    "error event": (
        stream(content=True, committed=True, fault_type="api_error", fault_message="boom"),
        x(O.ERROR_EVENT, BROKE, status=500),
    ),
    "overload midway": (
        stream(content=True, committed=True, fault_type="overloaded_error", fault_message="Overloaded"),
        x(O.OVERLOADED, LOAD, failure=F.BROKE_MIDWAY, elsewhere=False, status=529),
    ),
    "committed, never any content": (stream(committed=True, terminal=True), x(O.EMPTY, BROKE)),
    "broken tool after commit": (
        stream(content=True, terminal=True, committed=True, broken_tool=True),
        x(O.INVALID, BROKE),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_row(name: str) -> None:
    evidence, expected = TABLE[name]
    assert seen(classify(evidence, now=NOW)) == expected


def test_every_outcome_has_a_row_here() -> None:
    assert {expected.outcome for _, expected in TABLE.values()} == set(Outcome)


def test_every_row_of_the_table_is_reached() -> None:
    from cccc.domain.failover import _case

    reached = {id(next(rule for rule in RULES if rule.fits(_case(evidence)))) for evidence, _ in TABLE.values()}
    unreached = [f"{rule.outcome} {rule.statuses} {rule.ending}" for rule in RULES if id(rule) not in reached]
    assert unreached == []


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        (Evidence(status=502), "502 Bad Gateway"),
        (page(524, "example.com | 524: A timeout occurred"), "524 A Timeout Occurred"),
        (page(521, "down &amp; out"), "521 Web Server Is Down"),
        (page(200, "Sign in"), "sent a web page in place of an answer: Sign in"),
        (late(Phase.RESPONSE_HEADER, 60), "no answer in 60 s"),
        (late(Phase.FIRST_EVENT, 180, status=200), "no content in 180 s"),
        (said(401, "Incorrect API key provided: sk-abcdef1234567890"), "rejected its API key (401)"),
        (said(429, "slow"), "is rate limited (429)"),
        (stream(fault_type="rate_limit_error", fault_message="slow"), "is rate limited (in a 200)"),
        (no_connection(ConnectCause.REFUSED), "refused the connection"),
        (
            said(400, "see https://docs.example/x?key=1\nfor\x07 sk-proj-abcdefgh12345678"),
            "refused the request (400): see [url] for [key]",
        ),
    ],
)
def test_messages_are_one_clean_clause(evidence: Evidence, message: str) -> None:
    assert classify(evidence, now=NOW).message == message


def test_a_named_reset_becomes_the_end_of_the_cooldown() -> None:
    found = classify(said(429, "slow", headers={"retry-after": "30"}), now=NOW)
    assert found.bench is not None
    assert found.bench.until == NOW + 30
    late_by_a_tenth = classify(said(429, "slow", headers={"retry-after": "30"}), now=NOW, jitter=1.0)
    assert late_by_a_tenth.bench is not None
    assert late_by_a_tenth.bench.until == pytest.approx(NOW + 33)


def test_a_missing_model_rests_its_ten_minutes_whatever_the_headers_say() -> None:
    found = classify(said(404, "model: x", headers={"retry-after": "30"}), now=NOW)
    assert found.bench is not None
    assert found.bench.until is None


def test_a_model_that_the_key_may_not_use_is_billed_to_nobody() -> None:
    found = classify(said(403, "Project does not have access to model gpt-5", code="model_not_found"), now=NOW)
    assert (found.outcome, found.health_weight, found.opens) == (Outcome.MODEL_MISSING, 0, None)


@pytest.mark.parametrize(
    "message",
    [
        "Invalid token in JSON at position 3",
        "messages.3: the model asked for a tool whose result is missing; its block toolu_01ABC was not found",
        "max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens",
        "tools.0: the limit of rate fields is 4",
    ],
)
def test_a_bad_request_that_sounds_like_something_else(message: str) -> None:
    assert classify(said(400, message, kind="invalid_request_error"), now=NOW).outcome is Outcome.BAD_REQUEST


def test_numbers_of_an_overflow_are_kept() -> None:
    found = classify(said(400, "prompt is too long: 250000 tokens > 200000 maximum"), now=NOW)
    assert found.overflow is not None
    assert (found.overflow.tokens, found.overflow.maximum) == (250_000, 200_000)


ERRORS = st.one_of(
    st.none(),
    st.sampled_from(ConnectCause).map(lambda cause: ConnectFailed(cause, "x")),
    st.sampled_from(Phase).map(lambda phase: TimedOut(phase, 1.0)),
    st.booleans().map(lambda reused: ConnectionLost("x", reused=reused)),
    st.sampled_from([BadAnswer("x"), BrokeMidBody("x"), UpstreamError("x")]),
)
TEXTS = st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["prompt is too long", "rate limit exceeded"]))
EVIDENCE = st.builds(
    Evidence,
    status=st.one_of(st.none(), st.integers(200, 599)),
    error=ERRORS,
    body_kind=st.sampled_from(BodyKind),
    fault_type=TEXTS,
    fault_code=TEXTS,
    fault_message=TEXTS,
    headers=st.dictionaries(st.sampled_from(["retry-after", "date", "retry-after-ms"]), st.text(max_size=12)),
    committed=st.booleans(),
    valid=st.booleans(),
    content=st.booleans(),
    terminal=st.booleans(),
    broken_tool=st.booleans(),
    converted=st.booleans(),
    client_gone=st.booleans(),
    shutdown=st.booleans(),
    stop_reason=st.sampled_from([None, "refusal", "end_turn"]),
)


@given(evidence=EVIDENCE, jitter=st.floats(0, 1))
def test_the_table_is_total_and_keeps_its_promises(evidence: Evidence, jitter: float) -> None:
    found = classify(evidence, now=NOW, jitter=jitter)
    assert found.message
    assert found.message.isascii()
    assert "\n" not in found.message
    if evidence.committed:
        assert not found.go_elsewhere
        assert not found.repeat_here
        assert not found.free
    if found.outcome in (Outcome.CLIENT_GONE, Outcome.SHUTDOWN, Outcome.OK):
        assert (found.health_weight, found.opens, found.bench) == (0, None, None)
    if found.outcome is Outcome.BAD_REQUEST:
        assert not found.go_elsewhere
    if found.outcome is Outcome.RATE_LIMITED:
        assert (found.health_weight, found.opens) == (0, None)
    if found.bench is not None and found.bench.until is not None:
        assert NOW < found.bench.until <= NOW + DAY
    if found.failure is not None:
        assert found.status is not None
        assert 400 <= found.status <= 599
