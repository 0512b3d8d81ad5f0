"""What a simulated provider understands of a request, and what it wants to say, in words of no wire format.

A dialect reads a body into an ``Ask``; a brain answers with a ``Reply``; the dialect writes that down again. This is
deliberately not ``cccc.ir``: a counterpart that shares the code under test would agree with its mistakes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Speaker(StrEnum):
    """Whose words a turn is."""

    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Turn:
    """One text of the conversation; a message of several text parts is several turns."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """How a tool was offered. ``custom`` tools take free text instead of JSON."""

    custom: bool = False
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. ``schema`` is the JSON schema that the answer must follow; ``input_tokens`` is an estimate."""

    model: str
    stream: bool
    turns: tuple[Turn, ...]
    tools: Mapping[str, Offer] = field(default_factory=lambda: MappingProxyType({}))
    schema: Mapping[str, Any] | None = None
    input_tokens: int = 1
    include_usage: bool = True
    compaction: bool = False

    @property
    def cached_tokens(self) -> int:
        """The part of the input that a prompt cache would hold: most of it from the second turn on."""
        return self.input_tokens * 4 // 5 if any(turn.speaker is Speaker.ASSISTANT for turn in self.turns) else 0


@dataclass(frozen=True, slots=True)
class Think:
    """Reasoning before the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """Text for the user. ``cut``: it ends where the limit of tokens was reached."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Decline:
    """The words of a refusal."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. ``arguments`` is JSON text, or free text for a custom tool."""

    name: str
    arguments: str
    offer: Offer = Offer()


@dataclass(frozen=True, slots=True)
class Compacted:
    """The summary item that stands for a conversation (OpenAI Responses only)."""

    text: str


Part = Think | Say | Decline | Call | Compacted
Reply = tuple[Part, ...]


def is_cut(reply: Reply) -> bool:
    """Whether an answer ends where the limit of tokens was reached."""
    return any(isinstance(part, Say) and part.cut for part in reply)


def estimate(text: str) -> int:
    """Tokens of a text, at four characters each."""
    return max(1, len(text) // 4)


def output_tokens(reply: Reply) -> int:
    """Tokens of an answer, reasoning included."""
    return sum(estimate(part.arguments if isinstance(part, Call) else part.text) for part in reply)


def reasoning_tokens(reply: Reply) -> int:
    """Tokens of the reasoning in an answer."""
    return sum(estimate(part.text) for part in reply if isinstance(part, Think))
