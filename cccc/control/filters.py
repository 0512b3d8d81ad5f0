"""The language of request filters: words such as ``status:>=400 client:codex endpoint:glm failed timeout``.

``parse`` reads what people type on the command line and the screens; ``words`` writes a filter so that ``parse`` gives
it back, which is how the remote control sends one. Words without a key are searched as text; quotes keep spaces
together.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from cccc.domain.endpoint import ClientType
from cccc.domain.verdict import Verdict
from cccc.errors import BadFilter


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests to list. Empty fields match everything; ``text`` is searched in ids, models, errors and sessions.

    The command line and the screens read it from words such as ``status:>=400 client:codex endpoint:glm failed``.
    """

    text: str = ""
    client_type: ClientType | None = None
    endpoint: str | None = None
    model: str | None = None
    verdict: Verdict | None = None
    failed: bool = False
    status_min: int | None = None
    status_max: int | None = None
    since: float | None = None
    until: float | None = None
    session: str | None = None
    stream: bool | None = None


HELP = """\
failed                     what went wrong (not: the client left)
status:>=400  status:429   also 400-499, <500
client:codex               claude_code, codex, openai or gemini
endpoint:NAME  model:NAME  session:ID
verdict:incomplete         one of the verdicts
since:1h  until:30m        this long ago, or a time such as 2026-07-01T12:00+02:00
stream:yes  stream:no
any other word             searched in ids, models, errors and sessions\
"""
"""The grammar in words, for help texts."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_SPAN = re.compile(r"(\d{1,9}(?:\.\d+)?)(ms|s|m|h|d|w)?")
_STATUS = re.compile(r"(>=|<=|>|<|=)?(\d{1,4})|(\d{1,4})-(\d{1,4})")
_PLAIN = re.compile(r"[\w.@%+,/=-]+")
_YES_NO: Mapping[str, bool] = MappingProxyType({"yes": True, "true": True, "no": False, "false": False})
_CLIENT_NAMES: Mapping[str, ClientType] = MappingProxyType({"claude": ClientType.CLAUDE_CODE})

E = TypeVar("E", bound=Enum)


def span(text: str) -> float:
    """A length of time in seconds: ``90``, ``500ms``, ``5m``, ``24h``, ``7d``. Raises ``ValueError``."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no length of time; write 30s, 5m, 24h or 7d")
    return float(match[1]) * _UNITS[match[2] or "s"]


def moment(text: str, now: float) -> float:
    """A wall time: a length of time ago, or ISO 8601 (without a zone: local time). Raises ``ValueError``."""
    try:
        return now - span(text)
    except ValueError:
        pass  # not a length of time: it must be a date
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time; write 30m, 24h, 7d or 2026-07-01T12:00") from None


def client_type(text: str) -> ClientType:
    """A client as people write it: ``claude``, ``claude-code``, ``codex``. Raises ``ValueError``."""
    name = text.lower().replace("-", "_")
    return _CLIENT_NAMES.get(name) or _member(ClientType, name)


def parse(text: str, now: float) -> RequestFilter:
    """Read a filter. ``now`` is the wall time that lengths of time count back from. Raises ``BadFilter``."""
    try:
        tokens = shlex.split(text)
    except ValueError:
        raise BadFilter(f"the filter {text!r} has a quote that is not closed") from None
    found: dict[str, Any] = {}
    free: list[str] = []
    for token in tokens:
        key, colon, value = token.partition(":")
        if token == "failed":
            found["failed"] = True
        elif colon and key in _KEYS:
            try:
                found |= _KEYS[key](value, now)
            except ValueError as error:
                raise BadFilter(f"filter word {token!r}: {error}") from None
        else:
            free.append(token)
    if free:
        found["text"] = " ".join([*filter(None, [found.get("text", "")]), *free])
    return RequestFilter(**found)


def words(wanted: RequestFilter) -> str:
    """Write a filter as ``parse`` reads it. Times are exact to the microsecond."""
    said: list[tuple[str, str | None]] = [
        ("status", _status_words(wanted.status_min, wanted.status_max)),
        ("client", wanted.client_type),
        ("endpoint", wanted.endpoint),
        ("model", wanted.model),
        ("verdict", wanted.verdict),
        ("since", _time_words(wanted.since)),
        ("until", _time_words(wanted.until)),
        ("session", wanted.session),
        ("stream", None if wanted.stream is None else "yes" if wanted.stream else "no"),
        ("text", wanted.text or None),
    ]
    return " ".join([*(["failed"] if wanted.failed else []), *(f"{k}:{_quoted(v)}" for k, v in said if v is not None)])


def _member(kind: type[E], name: str) -> E:
    try:
        return kind(name)
    except ValueError:
        expected = ", ".join(str(member.value) for member in kind)
        raise ValueError(f"expected one of {expected}") from None


def _status(text: str) -> dict[str, int]:
    match = _STATUS.fullmatch(text)
    if match is None:
        raise ValueError("expected a status such as 429, >=400 or 400-499")
    if match[3]:
        return {"status_min": int(match[3]), "status_max": int(match[4])}
    status = int(match[2])
    bounds: dict[str | None, tuple[int | None, int | None]] = {
        ">=": (status, None), ">": (status + 1, None), "<=": (None, status), "<": (None, max(0, status - 1)),
    }  # fmt: skip
    low, high = bounds.get(match[1], (status, status))
    return {name: bound for name, bound in (("status_min", low), ("status_max", high)) if bound is not None}


def _status_words(low: int | None, high: int | None) -> str | None:
    if low is None:
        return None if high is None else f"<={high}"
    return f">={low}" if high is None else f"{low}-{high}"


def _time_words(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _yes_no(text: str) -> bool:
    if text not in _YES_NO:
        raise ValueError("expected yes or no")
    return _YES_NO[text]


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else shlex.quote(value)


_KEYS: Mapping[str, Callable[[str, float], dict[str, Any]]] = MappingProxyType(
    {
        "status": lambda text, _: _status(text),
        "client": lambda text, _: {"client_type": client_type(text)},
        "endpoint": lambda text, _: {"endpoint": text},
        "model": lambda text, _: {"model": text},
        "verdict": lambda text, _: {"verdict": _member(Verdict, text.lower().replace("-", "_"))},
        "since": lambda text, now: {"since": moment(text, now)},
        "until": lambda text, now: {"until": moment(text, now)},
        "session": lambda text, _: {"session": text},
        "stream": lambda text, _: {"stream": _yes_no(text)},
        "text": lambda text, _: {"text": text},
    }
)
