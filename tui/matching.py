"""Whether a request fits a filter: what the log decides in its database, for rows that are loaded already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from cccc.control.api import RequestFilter
from tui.state import Row
from tui.theme import FAILED


def matches(wanted: RequestFilter, row: Row) -> bool:
    """As the log would decide from what the row holds; what is not known yet fits nothing but an empty field."""
    return all(
        fits(row, value)
        for name, fits in _CONDITIONS.items()
        if (value := getattr(wanted, name)) is not None and value != ""
    )


def _part(found: str | None, text: str) -> bool:
    """Text fields match a part, without regard to case; with wildcards they match as a whole."""
    if found is None:
        return False
    if set("*?[") & set(text):
        return fnmatchcase(found, text)
    return text.lower() in found.lower()


def _text(row: Row, text: str) -> bool:
    """Every word stands somewhere."""
    places = (row.id, row.client, row.model, row.endpoint, row.session, row.error)
    return all(any(_part(place, word) for place in places) for word in text.split())


_CONDITIONS: Mapping[str, Callable[[Row, Any], bool]] = {
    "failed": lambda row, value: not value or row.verdict in FAILED,
    "client_type": lambda row, value: row.client_type is value,
    "verdict": lambda row, value: row.verdict is value,
    "status_min": lambda row, value: row.status is not None and row.status >= value,
    "status_max": lambda row, value: row.status is not None and row.status <= value,
    "since": lambda row, value: row.time >= value,
    "until": lambda row, value: row.time <= value,
    "stream": lambda row, value: row.stream is value,
    "endpoint": lambda row, value: _part(row.endpoint, value),
    "model": lambda row, value: _part(row.model, value),
    "session": lambda row, value: _part(row.session, value),
    "text": _text,
}
"""One for every field of ``RequestFilter``."""
