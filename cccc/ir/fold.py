"""The events of a whole answer as one ``Reply``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cccc.domain.usage import Usage
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import Refusal, Reply, ReplyPart, StopReason, Text, Thinking, ToolCall


@dataclass(slots=True)
class _Growing:
    opened: PartOpened
    closed: PartClosed
    text: list[str] = field(default_factory=list)


def fold(events: Iterable[Event]) -> Reply:
    """What the events say, sequential or interleaved. A part that is empty and says nothing is left out."""
    started, ended, usage = Started(), Ended(StopReason.END), None
    growing: dict[int, _Growing] = {}
    for event in events:
        match event:
            case PartDelta():
                if event.index in growing:
                    growing[event.index].text.append(event.text)
            case PartOpened():
                growing[event.index] = _Growing(event, PartClosed(event.index))
            case PartClosed():
                if event.index in growing:
                    growing[event.index].closed = event
            case Started():
                started = event
            case UsageSeen():
                usage = (usage or Usage(estimated=event.usage.estimated)).merged(event.usage)
            case Ended():
                ended = event
    parts = (_part(each) for each in growing.values())
    return Reply(
        tuple(part for part in parts if part is not None),
        ended.stop,
        ended.stop_sequence,
        usage,
        started.id,
        started.model,
    )


def _part(growing: _Growing) -> ReplyPart | None:
    opened, closed, text = growing.opened, growing.closed, "".join(growing.text)
    match opened.kind:
        case PartKind.TEXT:
            return Text(text) if text else None
        case PartKind.REFUSAL:
            return Refusal(text) if text else None
        case PartKind.THINKING:
            if not text and not closed.sealed:
                return None
            return Thinking(text, closed.sealed, closed.origin, closed.maker, closed.redacted, opened.item_id)
        case PartKind.TOOL_CALL:
            return ToolCall(opened.id, opened.name, text, opened.tool_kind, opened.namespace, opened.item_id)
