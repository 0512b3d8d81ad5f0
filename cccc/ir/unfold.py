"""A whole ``Reply`` as the events of a stream: every part in one piece, one after another."""

from __future__ import annotations

from collections.abc import Iterator

from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import Refusal, Reply, ReplyPart, Text, Thinking, ToolCall


def unfold(reply: Reply) -> Iterator[Event]:
    """The events that ``fold`` makes this reply of."""
    yield Started(reply.id, reply.model)
    for index, part in enumerate(reply.parts):
        opened, text, closed = _said(index, part)
        yield opened
        if text:
            yield PartDelta(index, text)
        yield closed
    if reply.usage is not None:
        yield UsageSeen(reply.usage)
    yield Ended(reply.stop, reply.stop_sequence)


def _said(index: int, part: ReplyPart) -> tuple[PartOpened, str, PartClosed]:
    match part:
        case Text(text):
            return PartOpened(index, PartKind.TEXT), text, PartClosed(index)
        case Refusal(text):
            return PartOpened(index, PartKind.REFUSAL), text, PartClosed(index)
        case Thinking():
            opened = PartOpened(index, PartKind.THINKING, item_id=part.item_id)
            return opened, part.text, PartClosed(index, part.sealed, part.origin, part.maker, part.redacted)
        case ToolCall():
            opened = PartOpened(index, PartKind.TOOL_CALL, part.id, part.name, part.kind, part.namespace, part.item_id)
            return opened, part.arguments, PartClosed(index)
