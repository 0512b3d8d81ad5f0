"""What an upstream's answer means: the types of the classification, and the walk through its table.

Evidence goes in, consequences come out: whether to repeat, to go elsewhere, to cool down, to count against health, and
what the client gets at the end. The rows themselves are ``cccc.domain.rules``; nothing else in the program decides
any of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cccc.domain.answers import Failure
from cccc.domain.outcome import Bench, BenchScope, BodyKind, FailureClass, Outcome
from cccc.domain.overflow import Overflow, overflow
from cccc.domain.resets import DAY, wait_seconds
from cccc.domain.rules import INNER_STATUS, RULES, Case, Ending, Rule
from cccc.domain.wording import page_title, plain, status_line
from cccc.errors import TimedOut, UpstreamError

__all__ = [
    "EXPLAINS_EMPTY",
    "Bench",
    "BenchScope",
    "BodyKind",
    "Classification",
    "Evidence",
    "FailureClass",
    "Outcome",
    "classify",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when an attempt has ended.

    ``error`` is set where no answer (or no whole one) came; ``status`` where a head came. ``fault_*`` are the error
    as the upstream words it (in an error body, in a 200 or in a stream event); of an HTML page ``fault_message``
    is its beginning. ``committed``: content had gone to the client. ``content``/``terminal``/``broken_tool``/
    ``stop_reason`` are the facts of the answer, in whichever format it came. ``headers`` are the answer's lower-case
    rate-limit and retry headers plus ``date``. ``converted``: the request was converted for this endpoint.
    """

    status: int | None = None
    error: UpstreamError | None = None
    body_kind: BodyKind = BodyKind.EMPTY
    fault_type: str | None = None
    fault_code: str | None = None
    fault_message: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    streaming: bool = False
    committed: bool = False
    valid: bool = True
    content: bool = False
    terminal: bool = False
    broken_tool: bool = False
    converted: bool = False
    client_gone: bool = False
    shutdown: bool = False
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Classification:
    """The consequences of one attempt.

    ``repeat_here``: the same endpoint may be asked once more (budgets permitting); ``free`` where that repeat does not
    count. ``go_elsewhere``: the next endpoint may be asked. ``health_weight``: records that this failure adds to the
    breaker's window (a timeout counts 2), 0 for none. ``opens``: seconds for which the breaker opens at once.
    ``failure``: what the client is told when nothing is left. ``unmodified``: the upstream's own status and body go
    back when the formats agree. ``message``: one clause that follows an endpoint's name (``502 Bad Gateway``,
    ``rejected its API key (401)``): ASCII, no URL, no key. ``status``: the HTTP status with which ``failure`` is told
    when all endpoints failed alike. ``overflow``: the numbers of a context that is too long. ``maybe_billed``: the
    upstream may have done the work all the same.
    """

    outcome: Outcome
    message: str
    failure_class: FailureClass | None = None
    repeat_here: bool = False
    free: bool = False
    go_elsewhere: bool = False
    health_weight: int = 0
    opens: float | None = None
    bench: Bench | None = None
    failure: Failure | None = None
    unmodified: bool = False
    status: int | None = None
    overflow: Overflow | None = None
    maybe_billed: bool = False


EXPLAINS_EMPTY = frozenset(
    {"refusal", "content_filter", "max_tokens", "max_output_tokens", "length", "model_context_window_exceeded"}
)
"""An answer that ends for one of these reasons may be empty: the endpoint did what it could."""


def classify(evidence: Evidence, *, now: float, jitter: float = 0.0) -> Classification:
    """Look an ended attempt up in the table. Total: every evidence has exactly one row.

    ``now`` is the wall time at which the answer came. ``jitter`` is a random number in [0, 1): waits that the upstream
    names are lengthened by up to a tenth with it, so that clients do not all come back in the same second.
    """
    case = _case(evidence)
    rule = next(rule for rule in RULES if rule.fits(case))
    refused = case.ending is Ending.REFUSED
    then = rule.then
    detail = plain(case.text) if refused or case.body is BodyKind.HTML else ""
    inside = refused and not _is_error(evidence.status)
    return Classification(
        outcome=rule.outcome,
        message=rule.says.format(
            head=status_line(case.status),
            status="in a 200" if inside else case.status,
            detail=f": {detail}" if detail else "",
            seconds=f"{case.error.seconds:g} s" if isinstance(case.error, TimedOut) else "",
        ),
        failure_class=then.failure_class,
        repeat_here=then.repeat_here and not case.committed,
        free=then.free and not case.committed,
        go_elsewhere=then.go_elsewhere and not case.committed,
        health_weight=then.health_weight,
        opens=then.opens,
        bench=_bench(rule, evidence, now, jitter),
        failure=Failure.BROKE_MIDWAY if case.committed and then.failure is not None else then.failure,
        unmodified=_unmodified(rule, case, evidence),
        status=_told(rule, case),
        overflow=_overflow(rule, case),
        maybe_billed=then.maybe_billed,
    )


def _case(evidence: Evidence) -> Case:
    words = frozenset(word.lower() for word in (evidence.fault_type, evidence.fault_code) if word)
    page = evidence.body_kind is BodyKind.HTML
    text = evidence.fault_message or ""
    status = evidence.status or 0
    return Case(
        ending=_ending(evidence),
        status=status if _is_error(status) else _inner_status(words, status, evidence),
        words=words,
        text=page_title(text) if page else text,
        body=evidence.body_kind,
        error=evidence.error,
        committed=evidence.committed,
        converted=evidence.converted,
    )


def _is_error(status: int | None) -> bool:
    return status is not None and status >= 300


def _faulty(evidence: Evidence) -> bool:
    """Whether the answer names an error of its own; a web page names none."""
    if evidence.body_kind is BodyKind.HTML:
        return False
    return any((evidence.fault_type, evidence.fault_code, evidence.fault_message))


def _inner_status(words: frozenset[str], status: int, evidence: Evidence) -> int:
    """The status for which an error inside a 200 stands, 0 where its words do not tell."""
    if not _faulty(evidence):
        return status
    for word in sorted(words):
        if word.isdecimal() and 400 <= int(word) <= 599:
            return int(word)
    # The code is the narrower of the two ("rate_limit_exceeded" of type "invalid_request_error").
    for narrow in (evidence.fault_code, evidence.fault_type):
        if narrow and narrow.lower() in INNER_STATUS:
            return INNER_STATUS[narrow.lower()]
    return 0


def _ending(evidence: Evidence) -> Ending:
    if _whole(evidence):
        return Ending.WHOLE
    if evidence.shutdown:
        return Ending.SHUTDOWN
    if evidence.client_gone:
        return Ending.CLIENT_GONE
    if evidence.status is None:
        return Ending.NO_HEAD
    if _is_error(evidence.status) or _faulty(evidence):
        return Ending.REFUSED
    if evidence.error is not None:
        return Ending.UNFINISHED
    return _ending_of_body(evidence)


def _ending_of_body(evidence: Evidence) -> Ending:
    """A good status, no error, and yet not a whole answer."""
    if evidence.body_kind is BodyKind.EMPTY:
        return Ending.EMPTY
    if evidence.body_kind is BodyKind.HTML or not evidence.valid or evidence.broken_tool:
        return Ending.INVALID
    if evidence.body_kind is BodyKind.SSE and not evidence.terminal:
        return Ending.UNFINISHED
    return Ending.EMPTY


def _whole(evidence: Evidence) -> bool:
    """A turn that can be used. A stream is whole with its terminal event, whatever happens after it (phase P7)."""
    if evidence.status is None or _is_error(evidence.status) or _faulty(evidence):
        return False
    if evidence.body_kind is BodyKind.HTML or not evidence.valid or evidence.broken_tool:
        return False
    ended = evidence.terminal or (evidence.body_kind is BodyKind.JSON and evidence.error is None)
    return ended and (evidence.content or evidence.stop_reason in EXPLAINS_EMPTY)


def _bench(rule: Rule, evidence: Evidence, now: float, jitter: float) -> Bench | None:
    if rule.then.bench is None or rule.outcome not in _NAMES_A_TIME:
        return rule.then.bench
    wait = wait_seconds(evidence.headers, evidence.fault_message, now=now)
    if wait is None:
        return rule.then.bench
    return replace(rule.then.bench, until=now + min(wait * (1 + 0.1 * jitter), DAY))


_NAMES_A_TIME = frozenset({Outcome.RATE_LIMITED, Outcome.OVERLOADED, Outcome.NO_CREDIT})


def _unmodified(rule: Rule, case: Case, evidence: Evidence) -> bool:
    """A web page and an error inside a 200 are never passed on: no client can read them as what they are."""
    return rule.then.unmodified and _is_error(evidence.status) and case.body is not BodyKind.HTML


def _told(rule: Rule, case: Case) -> int | None:
    if rule.then.failure is None:
        return None
    return rule.then.tells or (case.status if case.status >= 400 else 502)


def _overflow(rule: Rule, case: Case) -> Overflow | None:
    if rule.outcome is not Outcome.CONTEXT_TOO_LONG:
        return None
    return overflow(case.text) or Overflow()
