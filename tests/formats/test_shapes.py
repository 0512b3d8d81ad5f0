"""Both shapes of an answer say the same: strict readers understand what was made of the other one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from cccc.demo.ask import Ask, Call, Offer, Reply, Say, Think
from cccc.demo.dialect import Ids
from cccc.demo.provider import DIALECTS
from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from cccc.ir.sse import SseDecoder, SseEvent
from tests.formats.streams import STREAMS
from tests.formats_check import REPLY, STREAM, Said

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

CALL = Call("exec_command", '{"cmd":"ls -l","n":[1,{"ü":"😀\u2028"}]}')
REPLIES: dict[str, Reply] = {
    "text": (Say('Hello, "you"\nthere \\ 😀\u2028'),),
    "thinking": (Think("Let me think about this for a while."), Say("Done.")),
    "a tool": (CALL,),
    "everything": (Think("First the files."), Say("I look."), CALL, Call("Read", "{}")),
}
ASK = Ask("demo-model", stream=True, turns=(), input_tokens=40)


def said(wire_format: WireFormat, reply: Reply, *, stream: bool) -> bytes:
    """An answer as a vendor writes it."""
    dialect, ids = DIALECTS[wire_format](), Ids("x")
    if stream:
        return b"".join(event.data for event in dialect.events(ASK, reply, ids))
    return orjson.dumps(dialect.whole(ASK, reply, ids))


def events(raw: bytes) -> list[SseEvent]:
    decoder = SseDecoder()
    return [*decoder.feed(raw), *decoder.close()]


def meaning(said: Said) -> tuple[Any, ...]:
    """What must not change: all but the list of events, and how the arguments of calls are spaced."""
    tools = [(tool.id, tool.name, orjson.loads(tool.arguments) if not tool.custom else tool) for tool in said.tools]
    return said.model, said.id, said.text, said.thinking, tools, said.stop, said.usage


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
@pytest.mark.parametrize("wire_format", CODECS)
def test_a_whole_answer_becomes_a_stream(wire_format: WireFormat, reply: Reply) -> None:
    body = said(wire_format, reply, stream=False)
    raw = CODECS[wire_format].unfold(body, usage=True)
    assert meaning(STREAM[wire_format](raw)) == meaning(REPLY[wire_format](body))


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
@pytest.mark.parametrize("wire_format", CODECS)
def test_a_stream_becomes_a_whole_answer(wire_format: WireFormat, reply: Reply) -> None:
    raw = said(wire_format, reply, stream=True)
    body = CODECS[wire_format].fold(events(raw))
    assert meaning(REPLY[wire_format](body)) == meaning(STREAM[wire_format](raw))


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
@pytest.mark.parametrize("wire_format", CODECS)
def test_there_and_back_is_the_same_answer(wire_format: WireFormat, reply: Reply) -> None:
    codec, body = CODECS[wire_format], said(wire_format, reply, stream=False)
    back = orjson.loads(codec.fold(events(codec.unfold(body, usage=True))))
    assert back == _without_empty(wire_format, orjson.loads(body))


def _without_empty(wire_format: WireFormat, body: dict[str, Any]) -> dict[str, Any]:
    """Chat has no delta for a field that is null."""
    if wire_format is C:
        choice = body["choices"][0]
        choice.pop("logprobs")
        choice["message"].pop("refusal")
        # An empty text is announced with the role, so a null cannot be told from it.
        choice["message"]["content"] = choice["message"]["content"] or ""
    return body


def test_a_custom_tool_call_of_responses_keeps_its_kind() -> None:
    reply = (Call("apply_patch", "*** Begin Patch\n", Offer(custom=True, namespace="codex")),)
    body = said(R, reply, stream=False)
    assert STREAM[R](CODECS[R].unfold(body, usage=True)).tools == REPLY[R](body).tools
    raw = said(R, reply, stream=True)
    assert REPLY[R](CODECS[R].fold(events(raw))).tools == STREAM[R](raw).tools


def test_chat_tells_usage_only_to_a_client_that_asks_for_it() -> None:
    body = said(C, REPLIES["text"], stream=False)
    assert b'"usage"' not in CODECS[C].unfold(body, usage=False)
    assert STREAM[C](CODECS[C].unfold(body, usage=False)).usage is None


def chunk(*calls: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps({"choices": [{"delta": {"tool_calls": calls}}]}) + b"\n\n"


def test_fragments_of_chat_calls_are_told_apart_as_the_scanner_does() -> None:
    raw = b"".join(
        (
            chunk({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}),
            chunk({"index": 0, "id": "", "function": {"name": "", "arguments": "}"}}),
            chunk({"index": 0, "id": "b", "function": {"name": "g", "arguments": "{}"}}),
            chunk({"id": "b", "function": {"arguments": None}}),
        )
    )
    (choice,) = orjson.loads(CODECS[C].fold(events(raw)))["choices"]
    calls = [(call["id"], call["function"]) for call in choice["message"]["tool_calls"]]
    assert calls == [("a", {"name": "f", "arguments": "{}"}), ("b", {"name": "g", "arguments": "{}"})]


KEPT: list[tuple[WireFormat, dict[str, Any], Callable[[dict[str, Any]], Any]]] = [
    (A, {"content": [{"type": "redacted_thinking", "data": "x"}]}, lambda body: body["content"]),
    (A, {"content": [{"type": "text", "text": "t", "citations": [{"a": 1}]}]}, lambda body: body["content"]),
    (A, {"content": [{"type": "server_tool_use", "id": "s", "input": {"q": "x"}}]}, lambda body: body["content"]),
    (A, {"content": [{"type": "web_search_tool_result", "content": [{"b": 2}]}]}, lambda body: body["content"]),
    (A, {"content": [], "container": {"id": "c"}}, lambda body: body["container"]),
    (C, {"system_fingerprint": "fp", "choices": []}, lambda body: body["system_fingerprint"]),
    (
        C,
        {"choices": [{"index": 1, "message": {"reasoning_details": [{"d": 1}], "refusal": "no"}}]},
        lambda body: {key: body["choices"][0]["message"][key] for key in ("reasoning_details", "refusal")},
    ),
    (R, {"output": [{"type": "web_search_call", "id": "ws_1", "action": {}}]}, lambda body: body["output"]),
    (R, {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "n"}]}]}, lambda b: b["output"]),
    (R, {"output": [], "status": "queued", "background": True}, lambda body: body["background"]),
]


@pytest.mark.parametrize(("wire_format", "body", "part"), KEPT)
def test_what_it_does_not_know_goes_over(
    wire_format: WireFormat, body: dict[str, Any], part: Callable[[dict[str, Any]], Any]
) -> None:
    codec = CODECS[wire_format]
    folded = orjson.loads(codec.fold(events(codec.unfold(orjson.dumps(body), usage=True))))
    assert part(folded) == part(body)


def test_a_response_that_is_still_queued_gets_no_end() -> None:
    raw = CODECS[R].unfold(orjson.dumps({"status": "queued", "output": []}), usage=True)
    assert b"response.completed" not in raw
    assert events(raw)[-1].name == "response.queued"


def test_a_response_without_its_items_at_the_end_gets_those_that_were_finished() -> None:
    raw = said(R, REPLIES["everything"], stream=True)
    whole = events(raw)
    last = orjson.loads(whole[-1].data or b"")
    last["response"]["output"] = []
    whole[-1] = SseEvent(b"data: " + orjson.dumps(last) + b"\n\n")
    assert orjson.loads(CODECS[R].fold(whole)) == orjson.loads(CODECS[R].fold(events(raw)))


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
def test_no_stream_makes_it_raise(stream: Any) -> None:
    codec = CODECS[stream.wire_format]
    codec.unfold(codec.fold(events(stream.raw)), usage=True)
