"""Chunks as vendors write them, and what is made of them: the tools of these tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from cccc.domain.endpoint import WireFormat
from cccc.formats.openai_chat.codec import OpenAIChatCodec
from cccc.ir.codec import Front
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartOpened
from cccc.ir.fold import fold
from cccc.ir.messages import Effort, Reply
from cccc.ir.sequence import Sequence
from cccc.ir.sse import SseDecoder
from cccc.ir.target import Target

CODEC = OpenAIChatCodec()
FRONT = Front(model="asked-model", id="01abc", created=1_750_000_000.5, prompt_tokens=40, stream_usage=True)
VENDOR = Target(WireFormat.OPENAI_CHAT, endpoint="vendor", model="vendor-model")
OFFICIAL = Target(
    WireFormat.OPENAI_CHAT, endpoint="openai", model="gpt-x", official=True, efforts=frozenset(Effort) - {Effort.NONE}
)
DONE = b"data: [DONE]\n\n"


def data(value: object) -> bytes:
    """One event."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def chunk(delta: Any = None, finish: str | None = None, **rest: Any) -> bytes:
    """One chunk of choice 0."""
    choice = {"index": 0, "delta": {} if delta is None else delta, "finish_reason": finish}
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x"}
    return data(frame | {"choices": [choice]} | rest)


def call(index: int | None, call_id: str | None = None, name: str | None = None, arguments: Any = None) -> bytes:
    """One chunk with one fragment of a call; ``None`` leaves a field out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    fragment = {key: value for key, value in (("index", index), ("id", call_id)) if value is not None}
    return chunk({"tool_calls": [fragment | {"type": "function", "function": function}]})


def decoded(*pieces: bytes) -> list[Event]:
    """The neutral events of a stream that comes in these pieces and then ends."""
    wire, decoder = SseDecoder(), CODEC.stream_decoder()
    events = [event for piece in pieces for event in wire.feed(piece)] + wire.close()
    return [neutral for event in events for neutral in decoder.feed(event)] + decoder.close()


def reply(*pieces: bytes) -> Reply:
    """What such a stream says."""
    return fold(decoded(*pieces))


def encoded(events: Iterable[Event], front: Front = FRONT) -> bytes:
    """Neutral events as a stream of chunks."""
    encoder, sequence = CODEC.stream_encoder(front), Sequence()
    return b"".join(encoder.feed(one) for event in events for one in sequence.feed(event))


def check_order(events: list[Event]) -> None:
    """Parts are numbered as they open, told only while they are open, and closed once, before the one end."""
    opened: list[int] = []
    closed: set[int] = set()
    for place, event in enumerate(events):
        match event:
            case PartOpened():
                opened.append(event.index)
            case PartDelta():
                assert event.index in opened
                assert event.index not in closed
            case PartClosed():
                assert event.index in opened
                assert event.index not in closed
                closed.add(event.index)
            case Ended():
                assert place == len(events) - 1
                assert closed == set(opened)
    assert opened == list(range(len(opened)))
