"""What was found out about endpoints: which remedies their requests need, and what they lack.

One list of lessons per endpoint, kept in the store, each with its own end: what an endpoint refuses today it may take
next week. When its configuration changes the roster has all of it forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from cccc.clock import Clock
from cccc.domain.endpoint import AuthStyle, Endpoint, WireFormat
from cccc.ir import json
from cccc.proxy.memory import Memory
from cccc.proxy.remedies import LASTS, OF_ONE_MODEL, WEEK, Kind, Remedy

TOPIC = "lessons"
"""Topic of the learned facts; its subjects are endpoints."""

_MOST_LESSONS = 100
_OPENAI = (WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES)

# Kinds of lessons that are no remedies. "what" and "to":
LACKS_FORMAT = "lacks_format"  # the format
COUNTS_NO_TOKENS = "counts_no_tokens"
COMPACTS_NOTHING = "compacts_nothing"
CONTEXT_WINDOW = "context_window"  # -, the number of tokens

_SMALLEST_WINDOW = 1_000


@dataclass(frozen=True, slots=True)
class Lesson:
    """One thing learned. ``wire_format`` and ``model`` are empty where it holds for all; no ``until``: for good."""

    kind: str
    what: str
    to: str
    wire_format: str
    model: str
    until: float | None

    def about(self, wire_format: str, model: str) -> bool:
        """Whether it says something about such a request."""
        return self.wire_format in ("", wire_format) and self.model in ("", model)


class Learning:
    """The lessons about all endpoints."""

    def __init__(self, clock: Clock, memory: Memory) -> None:
        self._clock = clock
        self._memory = memory
        self._lessons: dict[str, tuple[Lesson, ...]] = {}
        self._spoken: set[tuple[str, WireFormat]] = set()

    def forget(self, name: str) -> None:
        """It may be another endpoint that goes by this name from now on."""
        self._lessons.pop(name, None)
        self._spoken -= {(name, wire_format) for wire_format in WireFormat}
        self._memory.forget(topic=TOPIC, subject=name)

    # remedies

    def remedies(self, endpoint: Endpoint, wire_format: WireFormat, model: str | None) -> tuple[Remedy, ...]:
        """What is changed up front in requests to this endpoint, in the order in which it was learned."""
        return tuple(
            Remedy(_KINDS[one.kind], one.what, one.to)
            for one in self._holding(endpoint)
            if one.kind in _KINDS and one.about(wire_format, model or "")
        )

    def cured(self, endpoint: Endpoint, wire_format: WireFormat, model: str | None, remedies: Iterable[Remedy]) -> None:
        """A request was answered once these had been applied: from now on they come first."""
        for one in remedies:
            seconds = LASTS[one.kind]
            if seconds == 0.0:
                continue
            until = None if seconds is None else self._clock.now() + seconds
            of_model = (model or "") if one.kind in OF_ONE_MODEL else ""
            self._add(endpoint, Lesson(one.kind, one.what, one.to, wire_format, of_model, until))

    def key_style(self, endpoint: Endpoint, wire_format: WireFormat) -> AuthStyle:
        """The header that carries the key: the learned one where it is to be learned."""
        styles = endpoint.auth.styles(wire_format)
        learned = next((one.what for one in self.remedies(endpoint, wire_format, None) if one.kind in _HEADER), None)
        return next((style for style in styles if style.value == learned), styles[0])

    # what an endpoint is

    def known(self, endpoint: Endpoint, model: str | None) -> Endpoint:
        """The endpoint with what was learned filled in where the configuration leaves it open."""
        lessons = self._holding(endpoint)
        if not lessons:
            return endpoint
        changes: dict[str, Any] = {}
        lacks: set[str] = {one.what for one in lessons if one.kind == LACKS_FORMAT}
        urls = {wire_format: url for wire_format, url in endpoint.urls.items() if wire_format not in lacks}
        if urls and len(urls) < len(endpoint.urls):
            changes["urls"] = MappingProxyType(urls)
        if endpoint.count_tokens_enabled is None and any(one.kind == COUNTS_NO_TOKENS for one in lessons):
            changes["count_tokens_enabled"] = False
        if endpoint.context_window is None and model is not None:
            windows = [int(one.to) for one in lessons if one.kind == CONTEXT_WINDOW and one.model == model]
            changes |= {"context_window": windows[-1]} if windows else {}
        return replace(endpoint, **changes) if changes else endpoint

    def speaks(self, endpoint: Endpoint, wire_format: WireFormat) -> None:
        """It answered in this format: a missing path later on is a mishap and no lesson."""
        self._spoken.add((endpoint.name, wire_format))

    def lacks(self, endpoint: Endpoint, wire_format: WireFormat) -> WireFormat | None:
        """Its path for a format is missing. Where that is a lesson: the other format, which its base may speak."""
        if wire_format not in _OPENAI or (endpoint.name, wire_format) in self._spoken:
            return None
        other = _OPENAI[wire_format is WireFormat.OPENAI_CHAT]
        speaks = self.known(endpoint, None).urls
        if speaks.get(other) != endpoint.urls[wire_format]:
            return None
        self._add(endpoint, Lesson(LACKS_FORMAT, wire_format, "", "", "", self._clock.now() + WEEK))
        return other

    def counts_no_tokens(self, endpoint: Endpoint) -> None:
        """It does not serve ``count_tokens``."""
        self._add(endpoint, Lesson(COUNTS_NO_TOKENS, "", "", "", "", self._clock.now() + WEEK))

    def compacts_nothing(self, endpoint: Endpoint) -> None:
        """It does not serve ``/responses/compact``."""
        self._add(endpoint, Lesson(COMPACTS_NOTHING, "", "", "", "", self._clock.now() + WEEK))

    def compacts(self, endpoint: Endpoint) -> bool:
        """Whether it may be asked for a compaction by its path: until it has shown that it has none."""
        return all(one.kind != COMPACTS_NOTHING for one in self._holding(endpoint))

    def takes_at_most(self, endpoint: Endpoint, model: str | None, tokens: int | None) -> None:
        """A prompt did not fit into the context of a model, which has so many tokens."""
        if model is not None and tokens is not None and tokens >= _SMALLEST_WINDOW:
            self._add(endpoint, Lesson(CONTEXT_WINDOW, "", str(tokens), "", model, self._clock.now() + WEEK))

    # the list

    def lessons(self, endpoint: Endpoint) -> tuple[Lesson, ...]:
        """Everything that is believed of this endpoint now, the oldest first."""
        return self._holding(endpoint)

    def _holding(self, endpoint: Endpoint) -> tuple[Lesson, ...]:
        lessons = self._read(endpoint)
        if not lessons:
            return ()
        now = self._clock.now()
        return tuple(one for one in lessons if one.until is None or now < one.until <= now + WEEK)

    def _add(self, endpoint: Endpoint, lesson: Lesson) -> None:
        identity = _identity(lesson)
        others = [one for one in self._holding(endpoint) if _identity(one) != identity]
        lessons = (*others, lesson)[-_MOST_LESSONS:]
        self._lessons[endpoint.name] = lessons
        ends = [one.until for one in lessons]
        seconds = None if None in ends else WEEK
        self._memory.set(TOPIC, endpoint.name, [_written(one) for one in lessons], seconds=seconds)

    def _read(self, endpoint: Endpoint) -> tuple[Lesson, ...]:
        name = endpoint.name
        if name not in self._lessons:
            read = map(_read, json.items(self._memory.get(TOPIC, name)))
            self._lessons[name] = tuple(one for one in read if one is not None)
        return self._lessons[name]


_KINDS: Mapping[str, Kind] = MappingProxyType({kind.value: kind for kind in Kind})
_HEADER = (Kind.KEY_HEADER,)


def _identity(lesson: Lesson) -> tuple[str, ...]:
    """What a newer lesson replaces: the same thing about the same requests."""
    what = "" if lesson.kind in (Kind.THINKING_AS, Kind.EFFORT_WITH_TOOLS, Kind.KEY_HEADER) else lesson.what
    return (lesson.kind, what, lesson.wire_format, lesson.model)


def _written(lesson: Lesson) -> list[Any]:
    return [lesson.kind, lesson.what, lesson.to, lesson.wire_format, lesson.model, lesson.until]


def _read(value: object) -> Lesson | None:
    """A lesson as it was written; ``None`` for what another version of this program may have left."""
    match value:
        case [str(kind), str(what), str(to), str(wire_format), str(model), (None | int() | float()) as until]:
            known = kind in _KINDS or kind in (LACKS_FORMAT, COUNTS_NO_TOKENS, COMPACTS_NOTHING, CONTEXT_WINDOW)
            sound = to.isdecimal() or kind not in (Kind.AT_MOST, CONTEXT_WINDOW)
            return Lesson(kind, what, to, wire_format, model, until) if known and sound else None
    return None
