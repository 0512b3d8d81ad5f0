"""An answer of the target in the client's own terms: names, kinds and ids of tools, and the maker of thinking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cccc.ir.events import Ended, Event, PartClosed, PartKind, PartOpened
from cccc.ir.ids import legal_id
from cccc.ir.messages import StopReason, ToolKind
from cccc.ir.names import ToolName
from cccc.ir.target import Target


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as the client offered it."""

    name: ToolName
    kind: ToolKind


class Back:
    """The way home for the answers to one request. ``offers`` are the client's tools by the target's names."""

    def __init__(self, target: Target, offers: Mapping[ToolName, Offer], *, compact: bool = False) -> None:
        self.target = target
        self.offers = offers
        self.compact = compact

    def stream(self, request_id: str = "") -> BackStream:
        """A fresh way home for one answer. ``request_id`` is what ids of calls are made of that came without one."""
        return BackStream(self, request_id)


class BackStream:
    """The way home of one answer, event by event, behind ``Sequence``."""

    def __init__(self, back: Back, request_id: str) -> None:
        self._back = back
        self._request_id = request_id
        self._kind: PartKind | None = None
        self._calls: set[str] = set()

    def feed(self, event: Event) -> list[Event]:
        """The event in the client's terms."""
        match event:
            case PartOpened():
                self._kind = event.kind
                if event.kind is PartKind.TOOL_CALL:
                    self._call(event)
            case PartClosed() if self._kind is PartKind.THINKING:
                event.origin, event.maker = self._back.target.wire_format, self._back.target.endpoint
            case Ended(StopReason.END) if self._calls:
                event.stop = StopReason.TOOL_USE
            case _:
                pass
        return [event]

    def _call(self, opened: PartOpened) -> None:
        offer = self._back.offers.get(ToolName(opened.name, opened.namespace))
        if offer is not None:
            opened.name, opened.namespace = offer.name
            opened.tool_kind = offer.kind
        opened.id = legal_id(opened.id or f"call_{self._request_id}_{opened.index}")
        self._calls.add(opened.id)
