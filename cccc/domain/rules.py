"""The classification table: ordered rows, the first that fits decides.

The rows are resilience.md §5 (by answer) and §1 (by phase). A row has two halves. The conditions: how the attempt
ended, then whatever narrows that down; conditions that are absent hold, and of ``words`` and ``wording`` one is
enough. The consequences: what ``Classification`` carries. The body is read and not only the status, because relays
answer 400 for an upstream's 5xx and 200 for anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from cccc.domain.answers import Failure
from cccc.domain.outcome import Bench, BenchScope, BodyKind, FailureClass, Outcome
from cccc.domain.overflow import OVERFLOW_WORDS, overflow
from cccc.errors import (
    BadAnswer,
    ConnectCause,
    ConnectFailed,
    ConnectionLost,
    Phase,
    TimedOut,
    UpstreamError,
)


class Ending(Enum):
    """How an attempt ended, before anybody asks why."""

    WHOLE = auto()
    """A usable answer, or one that broke only after its terminal event."""
    CLIENT_GONE = auto()
    SHUTDOWN = auto()
    NO_HEAD = auto()
    """An error, and no answer's head."""
    REFUSED = auto()
    """An error of the upstream's own: by status, in a 200's body, or as an event."""
    UNFINISHED = auto()
    """A good head, and a body that ended early or stood still."""
    EMPTY = auto()
    INVALID = auto()
    """A 200 that is not an answer of its format, or holds a tool call that is not JSON."""


@dataclass(frozen=True, slots=True)
class Case:
    """One ended attempt as the rows look at it.

    ``status`` is the answer's own, or for a failure inside a 200 the one that it stands for; 0 where nothing tells.
    ``words`` are the upstream's error type and code in lower case, ``text`` its message (of a page, the title).
    """

    ending: Ending
    status: int
    words: frozenset[str]
    text: str
    body: BodyKind
    error: UpstreamError | None
    committed: bool
    converted: bool


@dataclass(frozen=True, slots=True)
class Then:
    """The consequences of a row (see ``Classification``). ``tells``: the status for the client; ``None``: its own."""

    failure_class: FailureClass | None = None
    failure: Failure | None = None
    repeat_here: bool = False
    free: bool = False
    go_elsewhere: bool = False
    health_weight: int = 0
    opens: float | None = None
    bench: Bench | None = None
    tells: int | None = None
    unmodified: bool = False
    maybe_billed: bool = False

    def but(self, **changes: Any) -> Then:
        """The same with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. ``says`` may use ``{head}`` (``502 Bad Gateway``), ``{status}``, ``{detail}`` and ``{seconds}``."""

    outcome: Outcome
    says: str
    ending: Ending
    then: Then
    statuses: frozenset[int] | range | None = None
    words: frozenset[str] = frozenset()
    wording: Callable[[str], object] | None = None
    body: BodyKind | None = None
    error: type[UpstreamError] | None = None
    causes: frozenset[ConnectCause] = frozenset()
    phases: frozenset[Phase] = frozenset()
    reused: bool | None = None
    committed: bool | None = None
    converted: bool | None = None

    def fits(self, case: Case) -> bool:
        """Whether every condition of the row holds."""
        return (
            self.ending is case.ending
            and (self.statuses is None or case.status in self.statuses)
            and (self.body is None or self.body is case.body)
            and (self.committed is None or self.committed is case.committed)
            and (self.converted is None or self.converted is case.converted)
            and self._error_fits(case.error)
            and self._words_fit(case)
        )

    def _error_fits(self, error: UpstreamError | None) -> bool:
        if self.error is None:
            return True
        if not isinstance(error, self.error):
            return False
        match error:
            case ConnectFailed():
                return not self.causes or error.cause in self.causes
            case TimedOut():
                return not self.phases or error.phase in self.phases
            case ConnectionLost():
                return self.reused is None or error.reused is self.reused
            case _:
                return True

    def _words_fit(self, case: Case) -> bool:
        if not self.words and self.wording is None:
            return True
        if not self.words.isdisjoint(case.words):
            return True
        return self.wording is not None and bool(self.wording(case.text))


INNER_STATUS = {
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "previous_response_not_found": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "internal_server_error": 500,
    "service_unavailable": 503,
    "timeout_error": 504,
    "overloaded_error": 529,
    "server_is_overloaded": 529,
    "slow_down": 529,
}
"""The status that an error type or code stands for when it comes inside a 200 or as a stream event."""


def _wording(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL).search


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MINUTE = 60.0
_QUARTER = 15 * _MINUTE
_HOUR = 60 * _MINUTE

# The status of an error inside a 200 that no table entry explains.
_INSIDE = 0

_NOTHING = Then()

# The client's own request: told to the client, held against nobody.
_CLIENTS_OWN = Then(failure=Failure.UPSTREAM_ERROR, unmodified=True)

# The endpoint's fault, likely to pass.
_PASSING = Then(FailureClass.SERVER, Failure.ALL_FAILED, go_elsewhere=True, health_weight=1, tells=502)
_ASK_AGAIN = _PASSING.but(repeat_here=True, tells=503)
# Timeouts weigh double because they cost the client their whole length; for the same reason none is repeated on the
# endpoint that just had it.
_TIMEOUT = _PASSING.but(failure=Failure.UPSTREAM_TIMEOUT, health_weight=2, tells=504)
_BAD_STREAM = _PASSING.but(failure_class=FailureClass.SSE)

# The endpoint's fault, and it stays until a person has mended it.
_MEND = Then(
    FailureClass.CONFIG, Failure.NEEDS_USER, go_elsewhere=True, health_weight=1, opens=_QUARTER, tells=503
)  # fmt: skip
_REGION = _MEND.but(health_weight=0, opens=None, bench=Bench(BenchScope.ENDPOINT, _HOUR, _HOUR))

# One model on the endpoint, or one kind of request.
_PAIR = Then(
    FailureClass.BUSINESS,
    Failure.UPSTREAM_ERROR,
    go_elsewhere=True,
    bench=Bench(BenchScope.MODEL, 10 * _MINUTE, 10 * _MINUTE),
    unmodified=True,
)
_MODEL = _PAIR.but(failure_class=FailureClass.CONFIG, failure=Failure.NO_MODEL, tells=404)

# Money, rate and load are not ill health: the endpoint rests, its breaker stays closed.
_QUOTA = Then(
    FailureClass.BUSINESS,
    Failure.OUT_OF_QUOTA,
    go_elsewhere=True,
    health_weight=1,
    bench=Bench(BenchScope.ENDPOINT, _HOUR, _HOUR, until_config_change=True),
    tells=402,
    unmodified=True,
)
_RATE = Then(
    FailureClass.BUSINESS,
    Failure.COOLING_DOWN,
    go_elsewhere=True,
    bench=Bench(BenchScope.ENDPOINT, 10.0, 5 * _MINUTE),
    unmodified=True,
)
_OVERLOAD = _RATE.but(failure_class=FailureClass.SERVER, bench=Bench(BenchScope.MODEL, 10.0, 2 * _MINUTE))

# After commit nothing is tried any more.
_BROKE = Then(FailureClass.SSE, Failure.BROKE_MIDWAY, health_weight=1)

NEITHER_SIDE = (
    Rule(Outcome.OK, "answered", Ending.WHOLE, _NOTHING),
    Rule(Outcome.CLIENT_GONE, "the client left", Ending.CLIENT_GONE, _NOTHING),
    Rule(Outcome.SHUTDOWN, "the proxy was stopped", Ending.SHUTDOWN, Then(failure=Failure.SHUTTING_DOWN)),
)


def _connect(outcome: Outcome, says: str, then: Then, *causes: ConnectCause) -> Rule:
    return Rule(outcome, says, Ending.NO_HEAD, then, error=ConnectFailed, causes=frozenset(causes))


def _timeout(outcome: Outcome, says: str, then: Then, *phases: Phase) -> Rule:
    return Rule(outcome, says, Ending.NO_HEAD, then, error=TimedOut, phases=frozenset(phases))


# Phases P2, P2' and P3 of resilience.md §1.
NETWORK = (
    _connect(
        Outcome.DNS,
        "has a host name that cannot be resolved",
        _MEND.but(failure_class=FailureClass.SERVER, opens=None),
        ConnectCause.DNS,
    ),
    _connect(
        Outcome.CERTIFICATE, "has a TLS certificate that is not trusted", _MEND.but(tells=502), ConnectCause.CERTIFICATE
    ),
    _connect(Outcome.TLS, "broke off the TLS handshake", _ASK_AGAIN.but(tells=502), ConnectCause.TLS),
    _connect(Outcome.REFUSED, "refused the connection", _ASK_AGAIN, ConnectCause.REFUSED),
    _connect(Outcome.EGRESS_PROXY, "is not reached through its egress proxy", _ASK_AGAIN, ConnectCause.EGRESS_PROXY),
    _connect(Outcome.UNREACHABLE, "is unreachable", _ASK_AGAIN),
    Rule(
        Outcome.STALE_CONNECTION,
        "closed a kept-alive connection",
        Ending.NO_HEAD,
        _PASSING.but(repeat_here=True, free=True, health_weight=0),
        error=ConnectionLost,
        reused=True,
    ),
    Rule(
        Outcome.CONNECTION_LOST,
        "closed the connection without an answer",
        Ending.NO_HEAD,
        _PASSING.but(maybe_billed=True),
        error=ConnectionLost,
    ),
    _timeout(Outcome.CONNECT_TIMEOUT, "no connection in {seconds}", _TIMEOUT, Phase.CONNECT, Phase.TLS_HANDSHAKE),
    _timeout(
        Outcome.FIRST_EVENT_TIMEOUT, "no content in {seconds}", _TIMEOUT.but(maybe_billed=True), Phase.FIRST_EVENT
    ),
    _timeout(Outcome.HEAD_TIMEOUT, "no answer in {seconds}", _TIMEOUT.but(maybe_billed=True)),
    Rule(Outcome.INVALID, "sent what is not HTTP", Ending.NO_HEAD, _PASSING.but(maybe_billed=True)),
)


def _refused(
    outcome: Outcome,
    says: str,
    then: Then,
    *statuses: int,
    words: str = "",
    wording: str | None = None,
    body: BodyKind | None = None,
    converted: bool | None = None,
) -> Rule:
    return Rule(
        outcome,
        says,
        Ending.REFUSED,
        then,
        statuses=frozenset(statuses) or None,
        words=_words(words),
        wording=None if wording is None else _wording(wording),
        body=body,
        converted=converted,
    )


# What endpoints refuse for reasons of money, load and rate.
LIMITS = (
    _refused(Outcome.NO_CREDIT, "has no credit ({status})", _QUOTA, 402),
    _refused(
        Outcome.NO_CREDIT, "has no credit ({status})", _QUOTA, _INSIDE, 400, 403, 429, 500, 503,
        words="insufficient_quota billing_error billing_hard_limit_reached credit_balance_too_low insufficient_balance"
        " insufficient_user_quota quota_exceeded usage_limit_reached usage_not_included",
        wording=r"credit balance is too low|insufficient.{0,10}(?:quota|balance|credits?|funds)|out of credits"
        r"|exceeded your current quota|quota (?:is |has been )?(?:exceeded|exhausted)"
        r"|余额不足|欠费|额度(?:不足|已用尽)",
    ),
    _refused(Outcome.OVERLOADED, "is overloaded ({status})", _OVERLOAD, 529),
    _refused(
        Outcome.OVERLOADED, "is overloaded ({status})", _OVERLOAD,
        words="overloaded_error overloaded server_is_overloaded slow_down engine_overloaded_error",
    ),
    _refused(
        Outcome.RATE_LIMITED, "is rate limited for this model ({status})",
        _RATE.but(bench=Bench(BenchScope.MODEL, 10.0, 5 * _MINUTE)), 429,
        wording=r"\bmodel\b|rate limit reached for \S+ (?:in|on) ",
    ),
    _refused(Outcome.RATE_LIMITED, "is rate limited ({status})", _RATE, 429),
    _refused(
        Outcome.RATE_LIMITED, "is rate limited ({status})", _RATE.but(tells=429), _INSIDE, 400, 403, 500, 503,
        words="rate_limit_error rate_limit_exceeded too_many_requests resource_exhausted",
        wording=r"too many requests|rate.?limit(?:ed)?\b.{0,30}(?:exceeded|reached)",
    ),
)  # fmt: skip

# Half an answer is out: apart from the limits above, the reason no longer matters.
MIDWAY = (
    Rule(Outcome.ERROR_EVENT, "broke off with an error{detail}", Ending.REFUSED, _BROKE, committed=True),
)  # fmt: skip

# What is recognised by its words rather than by its status.
WORDED = (
    Rule(
        Outcome.CONTEXT_TOO_LONG,
        "has too small a context for this prompt",
        Ending.REFUSED,
        Then(failure=Failure.CONTEXT_TOO_LONG, go_elsewhere=True, tells=400),
        statuses=frozenset({_INSIDE, 400, 413, 422, 500, 502, 503}),
        words=OVERFLOW_WORDS,
        wording=overflow,
    ),
    # Another endpoint may hold it; where it is known who does, nobody else is a candidate.
    _refused(
        Outcome.BAD_REQUEST, "refused the request ({status}){detail}", _CLIENTS_OWN.but(go_elsewhere=True), 400, 404,
        words="previous_response_not_found conversation_not_found",
    ),
    _refused(
        Outcome.UNSUPPORTED, "serves only its official client ({status})",
        _PAIR.but(failure=Failure.NEEDS_USER, tells=503, unmodified=False), _INSIDE, 400, 401, 403,
        wording=r"only authorized for use with|official client|claude code.{0,10}only"
        r"|only (?:be )?(?:used|allowed|available).{0,30}(?:claude code|codex)"
        r"|claude code (?:cli )?之外|未授权的客户端",
    ),
    _refused(
        Outcome.MODEL_MISSING, "does not serve this model ({status})", _MODEL,
        words="model_not_found model_not_available model_not_exist invalid_model unknown_model",
        wording=r"\bmodel\b.{0,60}?(?:does not exist|not exist\b|not found|is not available|no longer available)"
        r"|(?:unknown|invalid|no such) model\b|no available channels? for model|模型不存在",
    ),
    _refused(
        Outcome.MODEL_MISSING, "does not serve this model ({status})", _MODEL, 404,
        wording=r"\bmodel", body=BodyKind.JSON,
    ),
    _refused(Outcome.REGION_BLOCKED, "is not available in this region ({status})", _REGION, 451),
    _refused(
        Outcome.REGION_BLOCKED, "is not available in this region ({status})", _REGION, _INSIDE, 400, 403,
        words="unsupported_country_region_territory",
        wording=r"not (?:available|supported) in your (?:country|region|location)|country, region, or territory",
    ),
    _refused(
        Outcome.KEY_REFUSED, "rejected its API key ({status})", _MEND, _INSIDE, 400, 403,
        words="authentication_error invalid_api_key invalid_authentication_error",
        wording=r"(?:invalid|incorrect|expired) (?:api[ _-]?key|x-api-key)\b"
        r"|api[ _-]?key (?:is )?(?:not valid|invalid)",
    ),
    _refused(
        Outcome.UNSUPPORTED, "does not take a part of the request ({status}){detail}", _PAIR, 400, 422,
        words="unsupported_parameter unknown_parameter",
        wording=r"(?:unknown|unsupported|unrecognized|unexpected)(?: request)? (?:parameter|argument|field|keyword)"
        r"|extra inputs are not permitted|additional properties are not allowed"
        r"|model.{0,120}?not support|organization.{0,30}disabled",
    ),
    _refused(
        Outcome.SERVER_ERROR, "failed, though it says {status}{detail}", _PASSING, 400,
        words="api_error server_error internal_error internal_server_error upstream_error bad_response_status_code"
        " do_request_failed service_unavailable timeout_error",
    ),
)  # fmt: skip

STATUSES = (
    _refused(Outcome.REDIRECTED, "redirects elsewhere ({status})", _MEND.but(tells=502), *range(300, 400)),
    _refused(Outcome.KEY_REFUSED, "rejected its API key ({status})", _MEND, 401),
    _refused(
        Outcome.FORBIDDEN, "is closed to us ({status}){detail}", _MEND.but(opens=_MINUTE), 403, body=BodyKind.HTML
    ),
    _refused(Outcome.FORBIDDEN, "is closed to this key ({status}){detail}", _MEND.but(opens=10 * _MINUTE), 403),
    _refused(Outcome.PATH_MISSING, "has no such path ({status})", _MEND, 404, 405, 410),
    _refused(Outcome.EGRESS_PROXY, "is not reached through its egress proxy ({status})", _MEND.but(opens=None), 407),
    _refused(Outcome.REQUEST_TIMEOUT, "{head}", _TIMEOUT.but(health_weight=1, unmodified=True), 408),
    _refused(Outcome.CONFLICT, "{head}", _CLIENTS_OWN.but(repeat_here=True, go_elsewhere=True), 409),
    _refused(
        Outcome.TOO_LARGE, "refused so large a request ({status})", _CLIENTS_OWN.but(failure=Failure.TOO_LARGE), 413
    ),
    _refused(
        Outcome.NOT_ACCEPTED, "does not take the converted request ({status}){detail}", _PAIR.but(unmodified=False),
        406, 415, 422, converted=True,
    ),
    _refused(Outcome.NOT_ACCEPTED, "refused the request ({status}){detail}", _CLIENTS_OWN, 406, 415, 422),
    _refused(Outcome.BAD_REQUEST, "refused the request ({status}){detail}", _CLIENTS_OWN, *range(400, 500)),
    _refused(Outcome.CDN_ERROR, "{head}", _TIMEOUT, 522, 524),
    _refused(Outcome.CDN_ERROR, "{head}", _PASSING, 520, 521, 523, 525, 526, 527, 530),
    _refused(Outcome.UNAVAILABLE, "{head}", _ASK_AGAIN.but(tells=None, unmodified=True), 502, 503, 504),
    _refused(Outcome.SERVER_ERROR, "{head}", _PASSING.but(tells=None, unmodified=True), *range(500, 600)),
    _refused(Outcome.ERROR_EVENT, "answered 200 with an error{detail}", _BAD_STREAM),
)  # fmt: skip

# Phases P5 (nothing committed yet) and P6 (content has gone out) of resilience.md §1.
BODIES = (
    Rule(
        Outcome.STALLED,
        "stood still for {seconds}",
        Ending.UNFINISHED,
        _BROKE.but(failure_class=FailureClass.SERVER, health_weight=2),
        error=TimedOut,
        committed=True,
    ),
    Rule(Outcome.CUT, "closed the stream before its end", Ending.UNFINISHED, _BROKE, committed=True),
    Rule(
        Outcome.FIRST_EVENT_TIMEOUT,
        "no content in {seconds}",
        Ending.UNFINISHED,
        _TIMEOUT.but(maybe_billed=True),
        error=TimedOut,
    ),
    Rule(Outcome.INVALID, "sent a body that cannot be read", Ending.UNFINISHED, _BAD_STREAM, error=BadAnswer),
    Rule(
        Outcome.CUT_BEFORE_CONTENT,
        "closed the stream before any content",
        Ending.UNFINISHED,
        _BAD_STREAM.but(maybe_billed=True),
    ),
    Rule(Outcome.EMPTY, "sent an empty answer ({status})", Ending.EMPTY, _BROKE, committed=True),
    Rule(Outcome.EMPTY, "sent an empty answer ({status})", Ending.EMPTY, _BAD_STREAM),
    Rule(Outcome.INVALID, "sent an answer that cannot be used", Ending.INVALID, _BROKE, committed=True),
    Rule(
        Outcome.INVALID,
        "sent a web page in place of an answer{detail}",
        Ending.INVALID,
        _BAD_STREAM,
        body=BodyKind.HTML,
    ),
    Rule(Outcome.INVALID, "sent an answer that cannot be used", Ending.INVALID, _BAD_STREAM),
)

RULES: tuple[Rule, ...] = (*NEITHER_SIDE, *NETWORK, *LIMITS, *MIDWAY, *WORDED, *STATUSES, *BODIES)
"""All rows in the order in which they are asked. Every ``Ending`` has a last row without further conditions."""
