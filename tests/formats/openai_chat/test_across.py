"""The traps of Chat streams as clients of the other formats see them: strict readers must find a faultless answer."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from anthropic.types import MessageCreateParams
from openai.types.responses import ResponseCreateParams
from pydantic import TypeAdapter

from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from cccc.ir.conversion import Conversion
from cccc.ir.loss import Losses
from cccc.ir.messages import Message, Request, Role, Text, Tool
from cccc.ir.sse import SseDecoder
from cccc.ir.target import Target
from tests.formats.openai_chat.test_decode_stream import EVERYTHING
from tests.formats.openai_chat.test_shape import STREAMS as CALLS
from tests.formats.openai_chat.wire import CODEC, DONE, FRONT, VENDOR, call, chunk, reply
from tests.formats_check import REPLY, STREAM

FRONTS = [WireFormat.ANTHROPIC, WireFormat.OPENAI_RESPONSES]
STOP = chunk({}, "stop")
ASKED = Request(
    "asked-model", (Message(Role.USER, (Text("Hi"),), "messages[0]"),), tools=(Tool("f"), Tool("g")), stream=True
)
STREAMS: dict[str, bytes] = {
    "everything": EVERYTHING,
    "think tags": b"".join(chunk({"content": piece}) for piece in ("<thi", "nk>hm</th", "ink>\n\nHi", "!"))
    + STOP
    + DONE,
    "text around a call": chunk({"content": "A"}) + call(0, "c1", "f", "{}") + chunk({"content": "B"}) + STOP + DONE,
    "white space beside a call": chunk({"content": "\n\n"}) + call(0, "c1", "f", "{}") + STOP + DONE,
    "encrypted reasoning": chunk({"reasoning_details": [{"type": "x", "data": "Y"}]})
    + chunk({"content": "A"})
    + STOP
    + DONE,
    "refusal": chunk({"refusal": "I "}) + chunk({"refusal": "will not."}) + STOP + DONE,
    "usage in between": chunk({"content": "A"}, usage={"prompt_tokens": 9, "completion_tokens": 1}) + STOP + DONE,
    "no [DONE]": chunk({"content": "A"}) + STOP,
    "a limit": chunk({"content": "A"}) + chunk({}, "length") + DONE,
    **{name: b"".join((*pieces, STOP, DONE)) for name, pieces in CALLS.items() if name != "custom"},
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", STREAMS)
def test_a_streamed_answer(name: str, front: WireFormat) -> None:
    way = Conversion(CODECS[front], CODEC, ASKED, VENDOR, FRONT).stream()
    raw = b"".join(map(way.feed, SseDecoder().feed(STREAMS[name]))) + way.close()
    said, meant = STREAM[front](raw), reply(STREAMS[name])
    assert said.model == "asked-model"
    assert [(tool.name, orjson.loads(tool.arguments)) for tool in said.tools] == [
        (part.name, orjson.loads(part.arguments)) for part in meant.parts if hasattr(part, "arguments")
    ]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", STREAMS)
def test_the_same_answer_in_one_piece(name: str, front: WireFormat) -> None:
    conversion = Conversion(CODECS[front], CODEC, ASKED, VENDOR, FRONT)
    folded = REPLY[front](conversion.folded(SseDecoder().feed(STREAMS[name])))
    whole = REPLY[front](conversion.whole(CODEC.fold(SseDecoder().feed(STREAMS[name]))))
    assert (folded.text, folded.stop) == (whole.text, whole.stop)
    assert [tool.arguments for tool in folded.tools] == [tool.arguments for tool in whole.tools]


def test_fragments_of_a_call_go_out_as_they_come() -> None:
    way = Conversion(CODECS[WireFormat.ANTHROPIC], CODEC, ASKED, VENDOR, FRONT).stream()
    pieces = [call(0, "c1", "f", ""), call(0, arguments='{"a"'), call(0, arguments=":1}")]
    assert all(way.feed(event) for piece in pieces for event in SseDecoder().feed(piece))


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
PDF = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB"}}
CALL = {"id": "functions.f:0", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKS = {
    "model": "asked-model",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "See:"}, IMAGE, PDF]},
        {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "Hm."},
        {"role": "tool", "tool_call_id": "functions.f:0", "content": "done"},
        {"role": "developer", "content": "Now finish."},
        {"role": "user", "content": "And?"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "max_completion_tokens": 5000,
    "reasoning_effort": "medium",
    "temperature": 0.5,
    "stop": ["END"],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    "user": "u" * 80,
    "prompt_cache_key": "s",
    "stream": True,
}
PARAMS: dict[WireFormat, TypeAdapter[Any]] = {
    WireFormat.ANTHROPIC: TypeAdapter(MessageCreateParams),
    WireFormat.OPENAI_RESPONSES: TypeAdapter(ResponseCreateParams),
}


@pytest.mark.parametrize("upstream", PARAMS)
def test_a_chat_request_for_the_other_formats(upstream: WireFormat) -> None:
    losses = Losses()
    target = Target(upstream, endpoint="e", model="target-model")
    conversion = Conversion(CODEC, CODECS[upstream], CODEC.decode_request(ASKS, losses), target, FRONT)
    body = orjson.loads(conversion.body)
    PARAMS[upstream].validate_python(body)
    assert losses.all == ()
    assert body["model"] == "target-model"
    for words in (b"Be brief.", b"See:", b"AAAA", b"BBBB", b"done", b"Now finish.", b"And?"):
        assert words in conversion.body
