"""What every format must keep to when it is converted. Parametrised over the registry: a new one is held to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.registry import CODECS
from cccc.ir import json
from cccc.ir.adapt import adapt
from cccc.ir.codec import Codec
from cccc.ir.events import Ended, Event, PartOpened
from cccc.ir.fold import fold
from cccc.ir.loss import Losses
from cccc.ir.messages import Message, Output, Reply, Request, Role, Text, ToolCall, ToolKind
from cccc.ir.sequence import Sequence
from cccc.ir.sse import SseEvent, encode
from cccc.ir.unfold import unfold
from tests.formats.gist import reply_gist, request_gist
from tests.formats.pairs import FRONT, target
from tests.formats.strategies import EVENT_STREAMS, REPLIES, REQUESTS
from tests.formats.streams import STREAMS
from tests.formats.test_laws import JSON
from tests.formats_check import REPLY, STREAM
from tests.ir.slicing import decoded

pytestmark = pytest.mark.parametrize("wire_format", CODECS)


_PLAIN_KINDS = (ToolKind.FUNCTION, ToolKind.CUSTOM)


def written(codec: Codec, events: Iterable[Event]) -> bytes:
    sequence, encoder = Sequence(), codec.stream_encoder(FRONT)
    return b"".join(encoder.feed(own) for event in events for own in sequence.feed(event))


def told(codec: Codec, events: Iterable[SseEvent]) -> Iterator[Event]:
    decoder = codec.stream_decoder()
    for event in events:
        yield from decoder.feed(event)
    yield from decoder.close()


def understood(codec: Codec, raw: bytes) -> Reply:
    return fold(told(codec, decoded([raw])[0]))


@given(reply=REPLIES)
def test_a_whole_answer_is_read_as_it_was_written(wire_format: WireFormat, reply: Reply) -> None:
    codec = CODECS[wire_format]
    body = orjson.dumps(codec.encode_reply(reply, FRONT))
    said = REPLY[wire_format](body)
    assert said.model == FRONT.model
    assert codec.reply_facts(body).terminal
    assert reply_gist(codec.decode_reply(orjson.loads(body))) == reply_gist(reply)


@given(reply=REPLIES)
def test_a_stream_says_what_the_whole_answer_says(wire_format: WireFormat, reply: Reply) -> None:
    codec = CODECS[wire_format]
    raw = written(codec, unfold(reply))
    whole = codec.decode_reply(orjson.loads(orjson.dumps(codec.encode_reply(reply, FRONT))))
    assert reply_gist(understood(codec, raw)) == reply_gist(whole)


@given(events=EVENT_STREAMS)
def test_any_answer_is_told_in_the_formats_own_order(wire_format: WireFormat, events: list[Event]) -> None:
    codec = CODECS[wire_format]
    before = reply_gist(fold(replace(event) for event in events), blanks=False)
    raw = written(codec, events)
    said = STREAM[wire_format](raw)
    assert said.model == FRONT.model
    after = understood(codec, raw)
    assert reply_gist(after, blanks=False) == before
    seen = codec.scanner()
    for event in decoded([raw])[0]:
        seen.feed(event)
    assert (seen.facts.terminal, seen.facts.broken_tool, seen.facts.tool_calls) == (True, False, len(before["calls"]))


@given(reply=REPLIES)
def test_an_encoder_knows_what_the_client_has_seen(wire_format: WireFormat, reply: Reply) -> None:
    codec = CODECS[wire_format]
    sequence, encoder, scanner = Sequence(), codec.stream_encoder(FRONT), codec.scanner()
    for event in unfold(reply):
        for own in sequence.feed(event):
            for seen in decoded([encoder.feed(own)])[0]:
                scanner.feed(seen)
        if scanner.facts.response_id is not None:
            assert encoder.seen.response_id == scanner.facts.response_id
            assert encoder.seen.sequence_number == scanner.facts.sequence_number


@given(request=REQUESTS)
def test_a_request_is_read_as_it_was_written(wire_format: WireFormat, request: Request) -> None:
    codec = CODECS[wire_format]
    begun = Message(Role.USER, (Text("Hello"),))
    said = (_without_other_kinds(message) for message in request.messages if message.role is not Role.SYSTEM)
    tools = (replace(tool, schema={}) if tool.kind is ToolKind.CUSTOM else tool for tool in request.tools)
    asked = replace(
        request,
        messages=(begun, *said),
        tools=tuple(tool for tool in tools if tool.kind in _PLAIN_KINDS),
        output=Output(),
    )
    adapted = adapt(asked, codec.abilities, target(wire_format), Losses()).request
    body = orjson.loads(orjson.dumps(codec.encode_request(adapted, target(wire_format), Losses())))
    again = codec.decode_request(body, Losses())
    again = adapt(again, codec.abilities, target(wire_format), Losses()).request
    assert request_gist(again) == request_gist(adapted)


def _without_other_kinds(message: Message) -> Message:
    parts = (part for part in message.parts if not isinstance(part, ToolCall) or part.kind in _PLAIN_KINDS)
    return replace(message, parts=tuple(parts))


@given(request=REQUESTS)
def test_whatever_is_asked_can_be_written(wire_format: WireFormat, request: Request) -> None:
    codec = CODECS[wire_format]
    adapted = adapt(request, codec.abilities, target(wire_format), Losses())
    body = orjson.dumps(codec.encode_request(adapted.request, target(wire_format), Losses()))
    assert codec.request_facts(orjson.loads(body), {}).problem is None or not adapted.request.messages


@given(body=st.dictionaries(st.sampled_from(["model", "messages", "input", "tools", "system", "text"]), JSON) | JSON)
def test_no_request_makes_it_raise_anything_but_not_convertible(wire_format: WireFormat, body: Any) -> None:
    codec = CODECS[wire_format]
    with suppress(NotConvertible):
        request = codec.decode_request(body if isinstance(body, dict) else {"messages": body, "input": body}, Losses())
        for other in CODECS.values():
            adapted = adapt(request, other.abilities, target(other.wire_format), Losses())
            with suppress(NotConvertible):
                orjson.dumps(other.encode_request(adapted.request, target(other.wire_format), Losses()))


@given(body=st.dictionaries(st.text(max_size=3), JSON) | JSON)
def test_no_answer_makes_it_raise(wire_format: WireFormat, body: Any) -> None:
    reply = CODECS[wire_format].decode_reply(body if isinstance(body, dict) else {"content": body, "output": body})
    for other in CODECS.values():
        orjson.dumps(other.encode_reply(reply, FRONT))


@given(
    events=st.lists(
        st.builds(encode, st.sampled_from(["", "message_start"]), JSON.map(orjson.dumps))
        | st.binary(max_size=20).map(lambda data: b"data: " + data + b"\n\n"),
        max_size=8,
    )
)
def test_no_stream_makes_it_raise_or_end_twice(wire_format: WireFormat, events: list[bytes]) -> None:
    codec = CODECS[wire_format]
    neutral = list(told(codec, decoded([b"".join(events)])[0]))
    assert sum(isinstance(event, Ended) for event in neutral) <= 1
    opened = [event.index for event in neutral if isinstance(event, PartOpened)]
    assert len(set(opened)) == len(opened)
    for other in CODECS.values():
        written(other, [replace(event) for event in neutral])


def _streams(wire_format: WireFormat) -> Iterator[tuple[str, bytes]]:
    return ((name, stream.raw) for name, stream in STREAMS.items() if stream.wire_format is wire_format)


def test_fields_and_events_that_nobody_knows_change_nothing(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    strange = encode("strange", b'{"type":"strange.thing","delta":"no","index":0}')
    for name, raw in _streams(wire_format):
        events, _ = decoded([raw])
        wider = [strange]
        for event in events:
            body = json.peek(event.data)
            known = isinstance(body, dict)
            wider.append(encode(event.name, orjson.dumps({**body, "strange": {"a": 1}})) if known else event.raw)
            wider.append(strange)
        wide, plain = understood(codec, b"".join(wider)), understood(codec, raw)
        assert (wide.parts, wide.stop, wide.usage) == (plain.parts, plain.stop, plain.usage), name


def test_however_the_bytes_are_cut_the_same_is_understood(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    for name, raw in _streams(wire_format):
        whole = understood(codec, raw)
        for size in (1, 2, 3, 7, 61):
            pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
            assert fold(told(codec, decoded(pieces)[0])) == whole, name
