"""Whole conversions with this format on one side: Codex asks, and every other format answers Claude Code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.registry import CODECS
from cccc.ir.codec import Front
from cccc.ir.conversion import Conversion
from cccc.ir.loss import Losses
from cccc.ir.messages import Refusal, Reply, ReplyPart, StopReason, Text, Thinking, ToolCall
from cccc.ir.sse import SseDecoder
from cccc.ir.target import Target
from cccc.ir.unfold import unfold
from tests.formats.anthropic.sdk import checked_reply, checked_request, checked_stream
from tests.formats_check import Said

A, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_RESPONSES
OTHERS = sorted(set(CODECS) - {A})
CAPTURES = Path(__file__).parents[2] / "captures"
NOT_CONVERTIBLE = {"codex_after_compaction_item", "codex_ws_frame3"}
NO_BODY = {"codex_models_catalog_get", "codex_ws_upgrade"}
CODEX = sorted(path.stem for path in CAPTURES.glob("codex_*.json") if path.stem not in NOT_CONVERTIBLE | NO_BODY)

ASKED: dict[str, Any] = {
    "model": "asked",
    "max_tokens": 99,
    "messages": [{"role": "user", "content": "hi"}],
    "tools": [{"name": "f"}],
}

ANSWERS: dict[str, tuple[tuple[ReplyPart, ...], StopReason]] = {
    "text": ((Text("Hi é😀\u2028."),), StopReason.END),
    "a call": ((Text("I look."), ToolCall("call_1", "f", '{"a": [1, {"b": "}"}]}')), StopReason.TOOL_USE),
    "parallel calls": ((ToolCall("call_1", "f", '{"a":1}'), ToolCall("call_2", "f", "{}")), StopReason.TOOL_USE),
    "thinking": ((Thinking("Hm."), Text("Hi.")), StopReason.END),
    "refusal": ((Refusal("No."),), StopReason.REFUSAL),
    "length": ((Text("So"),), StopReason.LENGTH),
}


def conversion(upstream: WireFormat) -> Conversion:
    request = CODECS[A].decode_request(ASKED, Losses())
    front = Front("asked", "req_1", prompt_tokens=5)
    return Conversion(CODECS[A], CODECS[upstream], request, Target(upstream, "relay", "m"), front)


def upstream_stream(upstream: WireFormat, reply: Reply) -> list[bytes]:
    """What an endpoint of that format would stream."""
    encoder = CODECS[upstream].stream_encoder(Front("m", "req_2", stream_usage=True))
    return [encoder.feed(event) for event in unfold(reply)]


@pytest.mark.parametrize("official", [True, False])
@pytest.mark.parametrize("name", CODEX)
def test_what_codex_sends_becomes_a_request_that_the_api_takes(name: str, official: bool) -> None:
    body: Any = orjson.loads((CAPTURES / f"{name}.json").read_bytes())["body"]
    request = CODECS[R].decode_request(body, Losses())
    target = Target(A, "relay", "claude-x", official=official)
    made = Conversion(CODECS[R], CODECS[A], request, target, Front(request.model, "req_1"))
    sent = checked_request(orjson.loads(made.body))
    assert sent["model"] == "claude-x"
    assert {"tools", "system"} & set(sent)


@pytest.mark.parametrize("upstream", OTHERS)
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_any_format_is_one_of_this_streamed_or_not(upstream: WireFormat, name: str) -> None:
    parts, stop = ANSWERS[name]
    reply = Reply(parts, stop, usage=Usage(input=7, cache_read=3, output=9))
    made = conversion(upstream)
    raw = b"".join(upstream_stream(upstream, reply))
    events = SseDecoder().feed(raw)
    stream = made.stream()
    whole = orjson.dumps(CODECS[upstream].encode_reply(reply, Front("m", "req_2")))
    streamed = b"".join(map(stream.feed, events)) + stream.close()
    for said in (
        checked_stream(streamed),
        checked_stream(made.unfolded(whole)),
        checked_reply(orjson.loads(made.whole(whole))),
        checked_reply(orjson.loads(made.folded(events))),
    ):
        _check(said, reply)


def _check(said: Said, reply: Reply) -> None:
    assert said.model == "asked"
    assert said.text == "".join(part.text for part in reply.parts if isinstance(part, Text | Refusal))
    assert said.thinking == "".join(part.text for part in reply.parts if isinstance(part, Thinking))
    calls = [orjson.loads(part.arguments) for part in reply.parts if isinstance(part, ToolCall)]
    assert [orjson.loads(tool.arguments) for tool in said.tools] == calls
    assert said.usage
    assert (said.usage["input_tokens"], said.usage["cache_read_input_tokens"], said.usage["output_tokens"]) == (7, 3, 9)
    words = {StopReason.END: "end_turn", StopReason.LENGTH: "max_tokens"}
    assert said.stop == words.get(reply.stop, reply.stop.value)


@pytest.mark.parametrize("upstream", OTHERS)
def test_what_an_endpoint_says_goes_on_before_it_has_said_more(upstream: WireFormat) -> None:
    pieces = upstream_stream(upstream, Reply((Text("Hi."), ToolCall("call_1", "f", "{}")), StopReason.TOOL_USE))
    stream = conversion(upstream).stream()
    heard = b""
    for piece in pieces:
        heard += b"".join(map(stream.feed, SseDecoder().feed(piece)))
        if b"Hi." in piece:
            break
    assert b'"text_delta","text":"Hi."' in heard


@pytest.mark.parametrize("upstream", OTHERS)
def test_thinking_comes_back_to_its_maker_through_the_client(upstream: WireFormat) -> None:
    """What Claude Code keeps of an answer and sends again carries everything that its maker needs."""
    thought = Thinking("Hm.", "enc" if upstream is R else "", item_id="rs_1" if upstream is R else "")
    whole = orjson.dumps(CODECS[upstream].encode_reply(Reply((thought, Text("Hi."))), Front("m", "req_2")))
    content = orjson.loads(conversion(upstream).whole(whole))["content"]
    turns = [*ASKED["messages"], {"role": "assistant", "content": content}]
    again = CODECS[A].decode_request({**ASKED, "messages": turns}, Losses())
    kept = again.messages[1].parts[0]
    assert isinstance(kept, Thinking)
    assert (kept.text, kept.origin, kept.maker) == ("Hm.", upstream, "relay")
