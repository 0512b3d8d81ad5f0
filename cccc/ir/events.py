"""A streamed answer in no vendor's words.

``Started`` first, then parts, then ``Ended``; ``UsageSeen`` at any time between (reports are cumulative, the largest
figures stand). Parts are numbered in the order in which they were opened. Decoders may leave several parts open at
once, as some formats do; behind ``sequence`` exactly one is open at a time. A stream that breaks off simply has no
``Ended``: errors do not pass through here, the exchange words them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.ir.messages import StopReason, ToolKind


class PartKind(Enum):
    """What a part of an answer is."""

    TEXT = "text"
    REFUSAL = "refusal"
    THINKING = "thinking"
    TOOL_CALL = "tool_call"


@dataclass(slots=True)
class Started:
    """The answer begins. ``id`` and ``model`` as the endpoint gave them, empty where it gave none."""

    id: str = ""
    model: str = ""


@dataclass(slots=True)
class PartOpened:
    """A part begins. For tool calls: ``id``, ``name`` and what else is known of the call before its arguments."""

    index: int
    kind: PartKind
    id: str = ""
    name: str = ""
    tool_kind: ToolKind = ToolKind.FUNCTION
    namespace: str = ""
    item_id: str = ""


@dataclass(slots=True)
class PartDelta:
    """More of a part: text, thinking, the words of a refusal, or a fragment of a call's arguments."""

    index: int
    text: str


@dataclass(slots=True)
class PartClosed:
    """A part is whole. For thinking ``sealed``, ``origin``, ``maker`` and ``redacted`` as in ``messages.Thinking``."""

    index: int
    sealed: str = ""
    origin: WireFormat | None = None
    maker: str = ""
    redacted: bool = False


@dataclass(slots=True)
class UsageSeen:
    """Tokens so far."""

    usage: Usage


@dataclass(slots=True)
class Ended:
    """The answer is whole."""

    stop: StopReason
    stop_sequence: str = ""


Event = Started | PartOpened | PartDelta | PartClosed | UsageSeen | Ended
