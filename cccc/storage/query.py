"""A filter of the request log as SQL: conditions of ours, values always bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from cccc.control.api import RequestFilter
from cccc.storage.policy import FAILED

Condition = tuple[str, tuple[Any, ...]]

_WILDCARDS = frozenset("*?[")
_TEXT_COLUMNS = ("id", "client", "model", "model_served", "endpoint", "session", "error")

_ALWAYS: Condition = ("1", ())


def where(wanted: RequestFilter, *, after: int | None = None) -> Condition:
    """The condition on ``requests`` and its parameters. ``after``: only rows whose ``seq`` is larger."""
    conditions = [make(value) for name, make in _CONDITIONS.items() if (value := getattr(wanted, name)) not in _EMPTY]
    if after is not None:
        conditions.append(("seq > ?", (after,)))
    return _all(conditions)


def _all(conditions: list[Condition]) -> Condition:
    if not conditions:
        return _ALWAYS
    return " AND ".join(sql for sql, _ in conditions), tuple(value for _, values in conditions for value in values)


def _like(column: str, text: str) -> Condition:
    """Text fields match a part, without regard to case; with wildcards they match as a whole."""
    if _WILDCARDS & set(text):
        return f"{column} GLOB ?", (text,)
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{column} LIKE ? ESCAPE '\\'", (f"%{escaped}%",)


def _model(text: str) -> Condition:
    asked, served = _like("model", text), _like("model_served", text)
    return f"({asked[0]} OR {served[0]})", asked[1] + served[1]


def _endpoint(text: str) -> Condition:
    """The endpoint that answered; where none did, any that was asked."""
    answered, asked = _like("endpoint", text), _like("attempts.endpoint", text)
    any_asked = f"EXISTS (SELECT 1 FROM attempts WHERE attempts.request = seq AND {asked[0]})"  # noqa: S608
    return f"({answered[0]} OR endpoint IS NULL AND {any_asked})", answered[1] + asked[1]


def _text(text: str) -> Condition:
    """Every word must stand somewhere."""
    found: list[Condition] = []
    for word in text.split():
        places = [_like(column, word) for column in _TEXT_COLUMNS]
        found.append((f"({' OR '.join(sql for sql, _ in places)})", tuple(v for _, values in places for v in values)))
    return _all(found)


_FAILED: Condition = (f"verdict IN ({', '.join('?' * len(FAILED))})", tuple(sorted(FAILED)))

_EMPTY: tuple[Any, ...] = (None, "")

_CONDITIONS: Mapping[str, Callable[[Any], Condition]] = MappingProxyType(
    {
        "text": _text,
        "client_type": lambda value: ("client_type = ?", (value,)),
        "endpoint": _endpoint,
        "model": _model,
        "verdict": lambda value: ("verdict = ?", (value,)),
        "failed": lambda value: _FAILED if value else _ALWAYS,
        "status_min": lambda value: ("status >= ?", (value,)),
        "status_max": lambda value: ("status <= ?", (value,)),
        "since": lambda value: ("time >= ?", (value,)),
        "until": lambda value: ("time <= ?", (value,)),
        "session": lambda value: _like("session", value),
        "stream": lambda value: ("stream = ?", (value,)),
    }
)
