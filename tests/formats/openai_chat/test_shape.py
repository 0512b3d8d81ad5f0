"""A stream folded into a whole completion says what the stream says, however its vendor tells calls apart."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from cccc.domain.usage import Usage
from cccc.ir.sse import SseDecoder
from tests.formats.openai_chat.wire import CODEC, DONE, call, chunk, data, reply

TOOLS = chunk({}, "tool_calls")
CUSTOM = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** "}}
STREAMS: dict[str, tuple[bytes, ...]] = {
    "an id for every fragment": (call(0, "c1", "f", '{"a":'), call(0, "c2", None, "1}")),
    "one index for all": (call(0, "c1", "f", "{}"), call(0, "c2", "f", '{"a":1}')),
    "no index": (call(None, "c1", "f", '{"a":'), call(None, None, None, "1}"), call(None, "c2", "f", "{}")),
    "told twice": (call(0, "c1", "f", '{"a":1}'), call(0, "c1", "f", '{"a":1}')),
    "interleaved": (call(0, "c1", "f", ""), call(1, "c2", "g", "{"), call(0, arguments="{}"), call(1, arguments="}")),
    "custom": (chunk({"tool_calls": [CUSTOM]}), chunk({"tool_calls": [{"index": 0, "custom": {"input": "Begin"}}]})),
    "no arguments": (call(0, "c1", "f", ""),),
}


@pytest.mark.parametrize("name", STREAMS)
def test_folded_or_not_it_says_the_same(name: str) -> None:
    pieces = (*STREAMS[name], TOOLS, DONE)
    folded = CODEC.fold(SseDecoder().feed(b"".join(pieces)))
    assert replace(CODEC.decode_reply(orjson.loads(folded)), usage=None) == reply(*pieces)


def test_what_else_a_call_has_is_kept() -> None:
    extra = {"index": 0, "id": "c1", "function": {"name": "f"}, "extra_content": {"google": 1}}
    folded = orjson.loads(CODEC.fold(SseDecoder().feed(chunk({"tool_calls": [extra]}) + TOOLS)))
    (made,) = folded["choices"][0]["message"]["tool_calls"]
    assert made == {
        "id": "c1",
        "type": "function",
        "extra_content": {"google": 1},
        "function": {"name": "f", "arguments": "{}"},
    }


def test_reading_along_finds_the_usage_of_moonshot_and_groq() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    for place in ({"choices": [{"index": 0, "delta": {}, "usage": usage}]}, {"x_groq": {"usage": usage}}):
        scanner = CODEC.scanner()
        scanner.feed(SseDecoder().feed(data(place))[0])
        assert scanner.facts.usage == Usage(input=3, output=4)


def test_reading_along_takes_an_id_for_every_fragment_as_one_call() -> None:
    scanner = CODEC.scanner()
    for event in SseDecoder().feed(b"".join((*STREAMS["an id for every fragment"], TOOLS))):
        scanner.feed(event)
    assert (scanner.facts.tool_calls, scanner.facts.broken_tool) == (1, False)
