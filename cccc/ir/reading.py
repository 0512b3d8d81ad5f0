"""What the formats share while they read along: facts that grow, open tool calls, checks of a request's fields."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from cccc.domain.usage import Usage
from cccc.ir import json
from cccc.ir.codec import Fault, ReplyFacts, Thinking

MAX_KEPT_ARGUMENTS = 8 * 1024 * 1024
EVENT_ENDS = (b"}\n\n", b"}\r\n\r\n")
"""How an event ends whose last line can be a whole JSON object."""


@dataclass(slots=True)
class Reading:
    """``ReplyFacts`` while they grow."""

    valid: bool = True
    content: bool = False
    terminal: bool = False
    tool_calls: int = 0
    broken_tool: bool = False
    fault: Fault | None = None
    usage: Usage | None = None
    stop_reason: str | None = None
    model: str | None = None
    response_id: str | None = None
    sequence_number: int | None = None
    signatures: tuple[str, ...] = ()

    def sign(self, signature: object) -> None:
        """Thinking has this signature."""
        mark = json.text(signature)
        if mark is not None and mark not in self.signatures:
            self.signatures = (*self.signatures, mark)

    def facts(self) -> ReplyFacts:
        """What is known so far."""
        return ReplyFacts(**{field.name: getattr(self, field.name) for field in fields(ReplyFacts)})


class OpenCalls:
    """Tool calls of one stream whose arguments are still coming, by whatever tells them apart.

    Arguments are kept until their call ends, and thrown away unchecked beyond ``MAX_KEPT_ARGUMENTS`` in all.
    """

    def __init__(self) -> None:
        self._open: dict[Hashable, list[str]] = {}
        self._kept = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._open

    def start(self, key: Hashable) -> None:
        """A call begins."""
        self._open[key] = []

    def add(self, key: Hashable, fragment: object) -> None:
        """More of a call's arguments; ignored for a call that never began."""
        if key in self._open and isinstance(fragment, str):
            self._kept += len(fragment)
            self._open[key].append(fragment)
            if self._kept > MAX_KEPT_ARGUMENTS:
                self._open.clear()
                self._kept = 0

    def end(self, key: Hashable) -> bool:
        """A call ends: whether its arguments are sound."""
        fragments = self._open.pop(key, [])
        self._kept -= sum(map(len, fragments))
        return json.is_arguments("".join(fragments))

    def end_all(self) -> bool:
        """Every open call ends: whether all their arguments are sound."""
        sound = [self.end(key) for key in list(self._open)]
        return all(sound)


class Field(NamedTuple):
    """What a top-level field of a request must be; optional fields may also be ``null``."""

    name: str
    types: tuple[type, ...]
    words: str
    required: bool = False


def first_problem(body: object, checks: tuple[Field, ...]) -> tuple[str | None, str | None]:
    """The first thing that makes a body unusable, in words, and the field it is about."""
    if not isinstance(body, Mapping):
        return "body must be a JSON object", None
    for field in checks:
        value = body.get(field.name)
        if field.required and (value is None or value == ""):
            return f'missing "{field.name}"', field.name
        if value is not None and not isinstance(value, field.types):
            return f'"{field.name}" must be {field.words}', field.name
    return None, None


def first_header(headers: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The value of the first of these headers that is there and not empty."""
    return next((headers[name] for name in names if headers.get(name)), None)


def thinking_wish(thinking: object, effort: object) -> Thinking | None:
    """The wish in a ``thinking`` object and an effort word; either may be absent."""
    wish = json.obj(thinking)
    mode, word = json.text(wish.get("type")), json.text(effort)
    if mode is None:
        if word is None:
            return None
        mode = "disabled" if word == "none" else "effort"
    return Thinking(mode, json.count(wish.get("budget_tokens")) or None, word)
