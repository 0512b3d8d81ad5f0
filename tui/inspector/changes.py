"""What was changed between the client's request and the endpoint's, from the two JSON bodies alone.

Where the formats agree, equal places are compared down to the leaf that differs. Where they do not, the fields of the
two are matched: by name, by an equal value under another name, and by the table of counterparts; what an array of
messages became inside is the converter's business and its losses say what it cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Path = tuple[str | int, ...]


class Kind(StrEnum):
    """What became of a field."""

    REWRITTEN = "rewritten"
    ADDED = "added"
    RENAMED = "renamed"
    MADE_FROM = "from"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Change:
    """``path`` is its place in the endpoint's request, in the client's for what was dropped; ``other`` in the other."""

    kind: Kind
    path: Path
    other: Path | None = None

    @property
    def said(self) -> str:
        """As the mark says it: ``rewritten``, ``renamed``, ``from thinking``."""
        if self.kind is Kind.MADE_FROM and self.other:
            return f"from {self.other[0]}"
        return self.kind.value


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes: ``sent`` by their place in the endpoint's request, ``dropped`` by theirs in the client's.

    ``pairs`` are the fields of the endpoint's request by the client's field that each came from.
    """

    sent: Mapping[Path, Change] = field(default_factory=dict)
    dropped: Mapping[Path, Change] = field(default_factory=dict)
    pairs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Change, ...]:
        """Those of the endpoint's request, then what was dropped."""
        return (*self.sent.values(), *self.dropped.values())


_COUNTERPARTS: Mapping[str, tuple[str, ...]] = {
    "messages": ("messages", "input"),
    "input": ("input", "messages"),
    "system": ("system", "instructions", "messages", "input"),
    "instructions": ("instructions", "system", "messages"),
    "max_tokens": ("max_completion_tokens", "max_output_tokens", "max_tokens"),
    "max_completion_tokens": ("max_tokens", "max_output_tokens"),
    "max_output_tokens": ("max_tokens", "max_completion_tokens"),
    "thinking": ("reasoning_effort", "reasoning", "thinking"),
    "output_config": ("reasoning_effort", "reasoning", "response_format", "text"),
    "reasoning": ("thinking", "output_config", "reasoning_effort"),
    "reasoning_effort": ("thinking", "output_config", "reasoning"),
    "stop_sequences": ("stop",),
    "stop": ("stop_sequences",),
    "response_format": ("text", "output_format", "output_config"),
    "text": ("response_format", "verbosity", "output_config"),
    "metadata": ("metadata", "user", "safety_identifier", "prompt_cache_key"),
    "user": ("metadata", "safety_identifier"),
    "tools": ("tools",),
    "tool_choice": ("tool_choice", "parallel_tool_calls"),
    "parallel_tool_calls": ("tool_choice",),
}
"""Where a field's meaning may stand in the other formats: the first that is there and came from nowhere else."""


def compare(asked: Any, sent: Any, *, converted: bool) -> Changes:
    """How the client's body became the endpoint's; ``converted``: they are of different formats."""
    if not isinstance(asked, dict) or not isinstance(sent, dict):
        return Changes() if asked == sent else Changes({(): Change(Kind.REWRITTEN, ())})
    if converted:
        return _matched(asked, sent)
    found = list(_differences(asked, sent, ()))
    return Changes(
        sent={one.path: one for one in found if one.kind is not Kind.DROPPED},
        dropped={one.path: one for one in found if one.kind is Kind.DROPPED},
        pairs={name: (name,) for name in asked if name in sent},
    )


def _differences(asked: Any, sent: Any, path: Path) -> Iterator[Change]:
    if asked == sent:
        return
    if isinstance(asked, dict) and isinstance(sent, dict):
        names = dict.fromkeys((*asked, *sent))
        pairs = [(name, asked.get(name, _ABSENT), sent.get(name, _ABSENT)) for name in names]
    elif isinstance(asked, list) and isinstance(sent, list) and len(asked) == len(sent):
        pairs = list(zip(range(len(asked)), asked, sent, strict=True))
    else:
        yield Change(Kind.REWRITTEN, path, path)
        return
    for name, before, after in pairs:
        place = (*path, name)
        if before is _ABSENT:
            yield Change(Kind.ADDED, place)
        elif after is _ABSENT:
            yield Change(Kind.DROPPED, place)
        else:
            yield from _differences(before, after, place)


_ABSENT = object()


def _matched(asked: Mapping[str, Any], sent: Mapping[str, Any]) -> Changes:
    changes: dict[Path, Change] = {}
    pairs: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()

    def take(source: str, target: str, kind: Kind | None) -> None:
        pairs[source] = (*pairs.get(source, ()), target)
        taken.add(target)
        if kind is not None:
            changes[(target,)] = Change(kind, (target,), (source,))

    for name in asked:
        if name in sent:
            plain = not isinstance(asked[name], (dict, list))
            take(name, name, Kind.REWRITTEN if plain and asked[name] != sent[name] else None)
    for name, value in asked.items():
        same = next((other for other in sent if other not in taken and _same_under(name, value, other, sent)), None)
        if name not in pairs and same is not None:
            take(name, same, Kind.RENAMED)
    for name in asked:
        for other in _COUNTERPARTS.get(name, ()):
            if other in sent and other not in taken:
                take(name, other, Kind.MADE_FROM)
    for name in asked:
        kept = next((other for other in _COUNTERPARTS.get(name, ()) if other in sent), None)
        if name not in pairs and kept is not None:
            pairs[name] = ()  # it went into a field that stands elsewhere: a system prompt into the messages
    added: dict[Path, Change] = {(name,): Change(Kind.ADDED, (name,)) for name in sent if name not in taken}
    dropped: dict[Path, Change] = {(name,): Change(Kind.DROPPED, (name,)) for name in asked if name not in pairs}
    return Changes({**changes, **added}, dropped, pairs)


def _same_under(name: str, value: Any, other: str, sent: Mapping[str, Any]) -> bool:
    """Whether a field stands there under another name: a counterpart, with just this value."""
    return other in _COUNTERPARTS.get(name, ()) and other != name and bool(sent[other] == value)
