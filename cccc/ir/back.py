"""An answer of the target in the client's own terms: names, kinds and ids of tools, and the maker of thinking."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cccc.ir import json
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened
from cccc.ir.ids import legal_id
from cccc.ir.messages import StopReason, ToolKind
from cccc.ir.names import ToolName
from cccc.ir.repair import repaired
from cccc.ir.target import Target
from cccc.ir.toolbox import HOSTED
from cccc.ir.unwrap import Unwrapped


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as the client knows it."""

    name: ToolName
    kind: ToolKind


class Back:
    """The way home for the answers to one request.

    ``offers`` are the client's tools by the target's names; ``taken`` the ids of calls in its history, none of which
    must be used again. ``compact``: the answer is a summary, in which calls have no place. ``mended``: arguments that
    were Python have become JSON.
    """

    def __init__(
        self,
        target: Target,
        offers: Mapping[ToolName, Offer],
        *,
        taken: Collection[str] = (),
        compact: bool = False,
    ) -> None:
        self._target = target
        self._offers = offers
        self._taken = frozenset(taken)
        self.mended = False
        self._hidden = frozenset(
            kind
            for kind, hidden in (
                (PartKind.THINKING, target.reasoning == "drop"),
                (PartKind.TOOL_CALL, compact),
            )
            if hidden
        )

    def stream(self, request_id: str = "") -> BackStream:
        """A fresh way home for one answer. ``request_id`` is what ids are made of for calls that came without one."""
        return BackStream(self, request_id)

    def hides(self, opened: PartOpened) -> bool:
        """Whether the client is not to see this part: vendors report their own tools' calls, which nobody else runs."""
        return opened.kind in self._hidden or (opened.kind is PartKind.TOOL_CALL and opened.tool_kind in HOSTED)

    def named(self, opened: PartOpened) -> Arguments:
        """Give a call the client's name and kind; how its arguments come home."""
        offer = self._offers.get(ToolName(opened.name, opened.namespace))
        came_as = opened.tool_kind
        if offer is not None:
            opened.name, opened.namespace = offer.name
            opened.tool_kind = offer.kind
        if opened.tool_kind is ToolKind.CUSTOM:
            return Unwrapped() if came_as is ToolKind.FUNCTION else AsTheyAre()
        if opened.name in self._target.repaired_tools:
            return Mended(self)
        return Objects()

    def mend(self, arguments: str) -> str:
        """Arguments that may be Python as JSON, where that can be done."""
        if json.is_arguments(arguments):
            return arguments
        mended = repaired(arguments, self._target.repair_attempts)
        self.mended = self.mended or mended is not None
        return mended or arguments

    def legal(self, call_id: str, request_id: str, used: set[str]) -> str:
        """An id for a call that any client takes and any endpoint later, and that no other call of the turns has."""
        base, number = call_id or f"call_{request_id}", 1
        legal = legal_id(base)
        while legal in used or legal in self._taken:
            number += 1
            legal = legal_id(f"{base}-{number}")
        used.add(legal)
        return legal

    def sign(self, closed: PartClosed) -> None:
        """Say who thought this."""
        closed.origin, closed.maker = self._target.wire_format, self._target.endpoint


class BackStream:
    """The way home of one answer, event by event. Takes sequential events (behind ``Sequence``) and gives such."""

    def __init__(self, back: Back, request_id: str) -> None:
        self._back = back
        self._request_id = request_id
        self._kind: PartKind | None = None
        self._hiding = False
        self._hidden = 0
        self._arguments: Arguments | None = None
        self._used: set[str] = set()

    def feed(self, event: Event) -> list[Event]:
        """The event in the client's terms. Events are changed, not copied."""
        match event:
            case PartDelta():
                if self._hiding:
                    return []
                event.index -= self._hidden
                if self._arguments is not None:
                    event.text = self._arguments.feed(event.text)
                    return [event] if event.text else []
            case PartOpened():
                return self._open(event)
            case PartClosed():
                return self._close(event)
            case Ended():
                event.stop = _STOPS.get((event.stop, bool(self._used)), event.stop)
        return [event]

    def _open(self, opened: PartOpened) -> list[Event]:
        self._hiding = self._back.hides(opened)
        if self._hiding:
            self._hidden += 1
            return []
        opened.index -= self._hidden
        self._kind, self._arguments = opened.kind, None
        if opened.kind is PartKind.TOOL_CALL:
            self._arguments = self._back.named(opened)
            opened.id = self._back.legal(opened.id, self._request_id, self._used)
        return [opened]

    def _close(self, closed: PartClosed) -> list[Event]:
        if self._hiding:
            return []
        closed.index -= self._hidden
        if self._kind is PartKind.THINKING:
            self._back.sign(closed)
        rest = self._arguments.close() if self._arguments is not None else ""
        return [PartDelta(closed.index, rest), closed] if rest else [closed]


_STOPS = {(StopReason.END, True): StopReason.TOOL_USE, (StopReason.TOOL_USE, False): StopReason.END}
"""Why it stopped, by what was said and whether there were calls. Vendors say ``stop`` with calls, and the reverse."""


class Arguments(Protocol):
    """The arguments of one call on their way home: what both methods return is what the client gets."""

    def feed(self, fragment: str) -> str:
        """What a fragment makes certain."""
        ...

    def close(self) -> str:
        """The rest of a whole call."""
        ...


class AsTheyAre:
    """Free text in, free text out."""

    def feed(self, fragment: str) -> str:
        return fragment

    def close(self) -> str:
        return ""


class Objects:
    """A JSON object. No arguments at all are ``{}``, because clients parse them."""

    def __init__(self) -> None:
        self._said = False

    def feed(self, fragment: str) -> str:
        self._said = self._said or not fragment.isspace()
        return fragment

    def close(self) -> str:
        return "" if self._said else "{}"


class Mended:
    """A JSON object that may have been written as Python: kept until the call is whole."""

    def __init__(self, back: Back) -> None:
        self._back = back
        self._kept: list[str] = []

    def feed(self, fragment: str) -> str:
        self._kept.append(fragment)
        return ""

    def close(self) -> str:
        whole = "".join(self._kept)
        return self._back.mend(whole) if whole.strip() else "{}"
