"""What is converted: a request as large as an agent's, and an answer as long as a model's, in each wire format."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.registry import CODECS
from cccc.ir.codec import Front
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.loss import Losses
from cccc.ir.messages import Message, Request, Role, StopReason, Text, Tool, ToolCall, ToolResult
from cccc.ir.target import Target

MODEL = "claude-sonnet-5"
FRONT = Front(MODEL, "req_01J0000000000000000000000", 1_750_000_000, 1_234, stream_usage=True)

TOOLS = 25
TURNS = 20
THOUGHTS, WORDS, ARGUMENTS = 100, 600, 300
"""How many deltas of each kind the answer has: as a model streams it, four or five characters each."""

_SCHEMA = {"type": "object", "properties": {"path": {"type": "string", "description": "A path. " * 20}}}


def request_body(wire_format: WireFormat) -> bytes:
    """An agent's request: 25 tools and 20 turns with their results, about 120 KB."""
    messages: list[Message] = []
    for turn in range(TURNS):
        call = ToolCall(f"call_{turn}", "tool_1", '{"path":"a.py"}')
        messages.append(Message(Role.USER, (Text("Go on, please. " * 20),)))
        messages.append(Message(Role.ASSISTANT, (Text("I look. " * 20), call)))
        messages.append(Message(Role.USER, (ToolResult(call.id, (Text("line of a file\n" * 200),)),)))
    request = Request(
        MODEL,
        (*messages, Message(Role.USER, (Text("And now?"),))),
        system=(Text("Be brief. " * 500),),
        tools=tuple(Tool(f"tool_{number}", "Does something. " * 100, _SCHEMA) for number in range(TOOLS)),
        max_tokens=32_000,
        stream=True,
        stream_usage=True,
    )
    codec = CODECS[wire_format]
    return orjson.dumps(codec.encode_request(request, Target(wire_format, "client", MODEL), Losses()))


def answer(wire_format: WireFormat) -> list[bytes]:
    """A streamed answer, one piece for each of its events: thinking, text and a call."""
    encoder = CODECS[wire_format].stream_encoder(FRONT)
    return [piece for event in _events() if (piece := encoder.feed(event))]


def _events() -> Iterator[Event]:
    yield Started("id", MODEL)
    parts = (
        (PartOpened(0, PartKind.THINKING), "Hm, so ", THOUGHTS),
        (PartOpened(1, PartKind.TEXT), "words ", WORDS),
        (PartOpened(2, PartKind.TOOL_CALL, "call_1", "tool_1"), "a\\nb ", ARGUMENTS),
    )
    for opened, text, count in parts:
        is_call = opened.kind is PartKind.TOOL_CALL
        yield opened
        if is_call:
            yield PartDelta(opened.index, '{"path":"')
        for _ in range(count):
            yield PartDelta(opened.index, text)
        if is_call:
            yield PartDelta(opened.index, '"}')
        yield PartClosed(opened.index)
    yield UsageSeen(Usage(input=30_000, output=1_000))
    yield Ended(StopReason.TOOL_USE)
