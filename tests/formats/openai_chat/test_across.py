"""The traps of Chat streams as clients of the other formats see them: strict readers must find a faultless answer."""

from __future__ import annotations

import orjson
import pytest

from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from cccc.ir.conversion import Conversion
from cccc.ir.messages import Message, Request, Role, Text, Tool
from cccc.ir.sse import SseDecoder
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
