"""Taggers as values: what a request looks like decides which tagged endpoints may serve it (routing.md §2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
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
    raise NotImplementedError
