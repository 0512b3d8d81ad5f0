"""Taggers as values: what a request looks like decides which tagged endpoints may serve it (routing.md §2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any


class TaggerType(StrEnum):
    """The builtin taggers."""

    PATH = "path"
    HEADER = "header"
    QUERY = "query"
    METHOD = "method"
    BODY_JSON = "body-json"
    USER_MESSAGE = "user-message"
    MODEL = "model"
    THINKING = "thinking"


@dataclass(frozen=True, slots=True)
class Tagger:
    """One tagger: requests that fit ``params`` (its type's keys) get ``tag``."""

    name: str
    type: TaggerType
    tag: str
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Tagged:
    """What taggers may look at. Names in ``headers`` are lower-case; ``body`` is the parsed JSON."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    model: str | None
    last_user_text: str
    thinking_enabled: bool
    thinking_budget: int | None


def tags(taggers: Sequence[Tagger], request: Tagged) -> frozenset[str]:
    """The tags of a request. A tagger that cannot be applied gives none."""
    return frozenset(tagger.tag for tagger in taggers if _FITS[tagger.type](tagger.params, request))


def _like(pattern: Any, value: Any) -> bool:
    """Whether ``value`` is what ``pattern`` (with ``*`` and ``?``) describes; no pattern asks for presence only."""
    if value is None:
        return False
    if pattern is None:
        return True
    # Brackets are no wildcards here.
    return fnmatchcase(_text(value), _text(pattern).replace("[", "[[]"))


def _text(value: Any) -> str:
    """A JSON scalar as people write it in a configuration."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path(params: Mapping[str, Any], request: Tagged) -> bool:
    return "path_pattern" in params and _like(params["path_pattern"], request.path)


def _header(params: Mapping[str, Any], request: Tagged) -> bool:
    return _like(params.get("expected_value"), request.headers.get(str(params.get("header_name", "")).lower()))


def _query(params: Mapping[str, Any], request: Tagged) -> bool:
    return _like(params.get("expected_value"), request.query.get(str(params.get("param_name", ""))))


def _method(params: Mapping[str, Any], request: Tagged) -> bool:
    methods = params.get("methods", ())
    named = [methods] if isinstance(methods, str) else methods
    return isinstance(named, Sequence) and request.method.upper() in {str(name).upper() for name in named}


def _body_json(params: Mapping[str, Any], request: Tagged) -> bool:
    values = _values(request.body, str(params.get("json_path", "")))
    return any(_like(params.get("expected_value"), value) for value in values)


def _user_message(params: Mapping[str, Any], request: Tagged) -> bool:
    return "expected_value" in params and _like(params["expected_value"], request.last_user_text)


def _model(params: Mapping[str, Any], request: Tagged) -> bool:
    return "expected_value" in params and _like(params["expected_value"], request.model)


def _thinking(params: Mapping[str, Any], request: Tagged) -> bool:
    least = params.get("min_budget_tokens", 0)
    if not request.thinking_enabled or not isinstance(least, int):
        return False
    return least <= 0 or (request.thinking_budget is not None and request.thinking_budget >= least)


_FITS: Mapping[TaggerType, Callable[[Mapping[str, Any], Tagged], bool]] = MappingProxyType(
    {
        TaggerType.PATH: _path,
        TaggerType.HEADER: _header,
        TaggerType.QUERY: _query,
        TaggerType.METHOD: _method,
        TaggerType.BODY_JSON: _body_json,
        TaggerType.USER_MESSAGE: _user_message,
        TaggerType.MODEL: _model,
        TaggerType.THINKING: _thinking,
    }
)

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\*)\]|\[['\"]([^'\"]+)['\"]\]")


def _values(body: Any, path: str) -> list[Any]:
    """What stands at ``$.a.b[0].c`` in parsed JSON (``[*]``: every item). Nothing for a path that cannot be read."""
    steps = list(_STEP.finditer(path.removeprefix("$")))
    if not steps or "".join(step.group() for step in steps) != path.removeprefix("$"):
        return []
    found = [body]
    for step in steps:
        name, index, quoted = step.groups()
        found = [inner for value in found for inner in _inside(value, name or quoted, index)]
    return found


def _inside(value: Any, name: str | None, index: str | None) -> Sequence[Any]:
    if name is not None:
        return [value[name]] if isinstance(value, Mapping) and name in value else []
    if not isinstance(value, list):
        return []
    return value if index == "*" else value[int(index or 0) :][:1]
