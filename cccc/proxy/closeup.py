"""One endpoint closely, for the screens: what the log, the roster and the lessons say of it, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cccc.control.api import EndpointActivity, EndpointDetail, Learned, Minute
from cccc.domain.endpoint import EgressProxy
from cccc.domain.secret import Secret
from cccc.proxy.learning import COMPACTS_NOTHING, CONTEXT_WINDOW, COUNTS_NO_TOKENS, LACKS_FORMAT, Lesson
from cccc.proxy.remedies import Kind
from cccc.proxy.roster import Roster
from cccc.storage.activity import MINUTE, Closely, Lately

DETAIL_MINUTES = 60
_RATE_MINUTES = 5

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        Kind.KEY_HEADER: "takes its key in the header {what}",
        Kind.WITHOUT: "refuses {what}; requests go without it",
        Kind.RENAMED: "wants {to} in place of {what}",
        Kind.AT_MOST: "takes at most {to} for {what}",
        Kind.WITHOUT_BETA: "refuses anthropic-beta {what}",
        Kind.THINKING_AS: "takes thinking only as {what}",
        Kind.EFFORT_WITH_TOOLS: "takes functions only with reasoning_effort {what}",
        Kind.SYSTEM_INLINE: "takes no system messages inside a conversation",
        Kind.SYSTEM_FIRST: "takes system messages at the beginning only",
        Kind.REASONING_BACK: "wants the reasoning of earlier turns back",
        LACKS_FORMAT: "does not speak {what}",
        COUNTS_NO_TOKENS: "does not count tokens",
        COMPACTS_NOTHING: "has no /responses/compact; a turn is asked for the summary",
        CONTEXT_WINDOW: "has a context of {to} tokens",
    }
)
"""What each kind of lesson says of an endpoint; kinds that hold for one request only are never kept."""


def first_minute(now: float, minutes: int) -> float:
    """Where a strip of so many minutes begins whose last one is the minute of ``now``."""
    return (now // MINUTE + 1 - minutes) * MINUTE


def activity(roster: Roster, name: str, lately: Lately, *, minutes: int, now: float) -> EndpointActivity:
    """The last ``minutes`` of an endpoint, those without an attempt too."""
    since = first_minute(now, minutes)
    strip = tuple(_minutes(roster, name, lately, since, minutes))
    newest = strip[-_RATE_MINUTES:]
    seconds = now - newest[0].time
    return EndpointActivity(
        name=name,
        minutes=strip,
        per_minute=sum(minute.attempts for minute in newest) / seconds * MINUTE if seconds else 0.0,
        ok_share=lately.ok_share,
        ttft_p50_ms=lately.ttft_p50_ms,
    )


def _minutes(roster: Roster, name: str, lately: Lately, since: float, count: int) -> Iterator[Minute]:
    for at in range(count):
        time = since + at * MINUTE
        seen = lately.minutes.get(at) or Minute(time)
        was_open = roster.was_open(name, time, time + MINUTE)
        yield Minute(time, seen.attempts, seen.errors, seen.ttft_ms, open=was_open)


def detail(roster: Roster, recent: EndpointActivity, closely: Closely) -> EndpointDetail:
    """What ``endpoints`` does not tell of an endpoint. Raises ``UnknownEndpoint``."""
    endpoint = roster.member(recent.name).endpoint
    return EndpointDetail(
        activity=recent,
        ttft_p50_ms=closely.percentile(0.50),
        ttft_p95_ms=closely.percentile(0.95),
        ttft_p99_ms=closely.percentile(0.99),
        tokens_per_s=closely.tokens_per_s,
        asked=closely.asked,
        left=closely.left,
        recent=closely.recent,
        learned=tuple(_learned(lesson) for lesson in roster.learning.lessons(endpoint)),
        key=_key(endpoint.auth.secret),
        proxy=_way_out(endpoint.egress),
        model_rules=endpoint.model_rules,
    )


def _learned(lesson: Lesson) -> Learned:
    text = _WORDS[lesson.kind].format(what=lesson.what, to=lesson.to).rstrip()
    about = ", ".join(filter(None, (lesson.model, lesson.wire_format)))
    return Learned(f"{text} ({about})" if about else text, lesson.until)


def _key(secret: Secret | None) -> str | None:
    """The end of a long key, behind the beginning that tells whose it is: ``sk-…4f2a``."""
    if secret is None:
        return None
    prefix = secret.reveal().partition("-")[0]
    return f"{prefix}-{secret.masked}" if prefix in _PREFIXES and len(secret.masked) > 1 else secret.masked


_PREFIXES = frozenset({"sk", "gsk", "xai"})


def _way_out(egress: EgressProxy | None) -> str | None:
    if egress is None:
        return None
    host = f"[{egress.host}]" if ":" in egress.host else egress.host
    return f"{egress.type}://{host}:{egress.port}"
