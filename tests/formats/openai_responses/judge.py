"""What judges our answers: the official SDK's own types, and the strict reader of streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from cccc.domain.endpoint import WireFormat
from cccc.formats.openai_responses.codec import OpenAIResponsesCodec
from cccc.ir.codec import Front
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started
from cccc.ir.fold import fold
from cccc.ir.loss import Losses
from cccc.ir.messages import Reply, Request, StopReason
from cccc.ir.sse import SseDecoder, encode
from cccc.ir.target import Target
from tests.formats_check import Said, frames, responses_reply, responses_stream

CODEC = OpenAIResponsesCodec()
FRONT = Front("gpt-asked", "req_01ABC", created=1_700_000_000.9, prompt_tokens=77)
OFFICIAL = Target(WireFormat.OPENAI_RESPONSES, "openai", "gpt-target", official=True)
RELAY = Target(WireFormat.OPENAI_RESPONSES, "relay", "some-model")

_EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
_RESPONSE: TypeAdapter[Any] = TypeAdapter(Response)


def request(*items: dict[str, Any], **fields: Any) -> Request:
    """A request of these input items in neutral words; nothing of it may be lost."""
    read, lost = request_and_losses({"model": "m", "input": list(items), **fields})
    assert lost == []
    return read


def request_and_losses(body: dict[str, Any]) -> tuple[Request, list[tuple[str, str]]]:
    """A request in neutral words, and where it lost what."""
    losses = Losses()
    read = CODEC.decode_request(body, losses)
    return read, [(loss.path, loss.what) for loss in losses.all]


def body(given: Request, target: Target = OFFICIAL) -> dict[str, Any]:
    """A neutral request for a target; nothing of it may be lost."""
    written, lost = body_and_losses(given, target)
    assert lost == []
    return written


def body_and_losses(given: Request, target: Target = OFFICIAL) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """A neutral request for a target as it is sent, and where it lost what."""
    losses = Losses()
    written = orjson.loads(orjson.dumps(CODEC.encode_request(given, target, losses)))
    return written, [(loss.path, loss.what) for loss in losses.all]


def part(index: int, kind: PartKind, *fragments: str, closed: PartClosed | None = None, **known: Any) -> list[Event]:
    """The events of one part."""
    return [
        PartOpened(index, kind, **known),
        *(PartDelta(index, fragment) for fragment in fragments),
        closed or PartClosed(index),
    ]


def written(*events: Event, front: Front = FRONT) -> bytes:
    """What our encoder makes of an answer."""
    encoder = CODEC.stream_encoder(front)
    return b"".join(encoder.feed(event) for event in (Started(), *events))


def judged(raw: bytes) -> Said:
    """What a stream of ours says, once the SDK and the strict reader have passed it."""
    for frame in frames(raw):
        _EVENTS.validate_python(frame.data)
    return responses_stream(raw)


def judged_reply(reply: Reply, front: Front = FRONT) -> tuple[Said, dict[str, Any]]:
    """A whole answer of ours, once the SDK and the strict reader have passed it."""
    raw = orjson.dumps(CODEC.encode_reply(reply, front))
    response = orjson.loads(raw)
    _RESPONSE.validate_python(response)
    return responses_reply(raw), response


def said(*parts: list[Event], stop: StopReason = StopReason.END) -> list[Event]:
    """Parts one after another, and the end."""
    return [*(event for one in parts for event in one), Ended(stop)]


def stream_of(*events: dict[str, Any], names: bool = True) -> bytes:
    """Events as an endpoint sends them; ``names``: with event lines."""
    return b"".join(encode(event["type"] if names else "", orjson.dumps(event)) for event in events)


def events_of(raw: bytes, pieces: Iterable[bytes] | None = None) -> list[Event]:
    """The neutral events of an endpoint's stream."""
    sse, decoder = SseDecoder(), CODEC.stream_decoder()
    found: list[Event] = []
    for piece in [raw] if pieces is None else pieces:
        for event in sse.feed(piece):
            found += decoder.feed(event)
    return [*found, *decoder.close()]


def folded(*events: dict[str, Any]) -> Reply:
    """What an endpoint's stream says, as one answer."""
    return fold(events_of(stream_of(*events)))
