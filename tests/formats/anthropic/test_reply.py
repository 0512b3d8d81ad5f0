from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.anthropic.reply import decode_reply, encode_reply
from cccc.formats.anthropic.tables import STOP_WORDS, STOPS
from cccc.ir.codec import Front
from cccc.ir.messages import Refusal, Reply, StopReason, Text, Thinking, ToolCall
from cccc.ir.seal import unseal
from tests.formats.anthropic.sdk import checked_reply
from tests.formats.test_laws import JSON

FRONT = Front("the model asked for", "req_01ABC", prompt_tokens=77)
CALL = ToolCall("call_1", "f", '{"a": 1}')


def decoded(*blocks: dict[str, Any], **fields: Any) -> Reply:
    return decode_reply({"type": "message", "role": "assistant", "content": list(blocks), **fields})


def encoded(*parts: Any, **fields: Any) -> dict[str, Any]:
    body = encode_reply(Reply(parts, **fields), FRONT)
    checked_reply(body)
    return body


def test_an_answer_is_read() -> None:
    assert decoded(
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "text", "text": "hi"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "toolu_2", "name": "g"},
        id="msg_1",
        model="claude-x",
        stop_reason="tool_use",
        usage={"input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3, "output_tokens": 4},
    ) == Reply(
        (
            Thinking("hm", "s", WireFormat.ANTHROPIC),
            Thinking("", "d", WireFormat.ANTHROPIC, redacted=True),
            Text("hi"),
            ToolCall("toolu_1", "f", '{"a":1}'),
            ToolCall("toolu_2", "g", "{}"),
        ),
        StopReason.TOOL_USE,
        usage=Usage(1, 2, 3, 4),
        id="msg_1",
        model="claude-x",
    )


def test_a_text_with_citations_and_searches_between_is_one_text_and_no_call() -> None:
    assert decoded(
        {"type": "text", "text": "I look. "},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "text", "text": "Cats ", "citations": None},
        {"type": "text", "text": "purr.", "citations": [{"type": "web_search_result_location"}]},
    ).parts == (Text("I look. Cats purr."),)


def test_why_a_model_refuses() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    assert decoded(stop_reason="refusal", stop_details=details) == Reply((Refusal("No."),), StopReason.REFUSAL)
    assert decoded(stop_reason="refusal", stop_details=None) == Reply((), StopReason.REFUSAL)


def test_every_stop_reason_has_its_word_and_the_other_way_round() -> None:
    assert set(STOP_WORDS) == set(StopReason)
    for word, stop in STOPS.items():
        assert decoded(stop_reason=word).stop is stop
    assert decoded(stop_reason="eos").stop is StopReason.END
    assert decoded().stop is StopReason.END


def test_an_answer_is_written() -> None:
    body = encoded(Text("hi"), CALL, stop=StopReason.TOOL_USE, usage=Usage(1, 2, 3, 4), id="chatcmpl-1", model="gpt-x")
    assert body == {
        "id": "msg_01ABC",
        "type": "message",
        "role": "assistant",
        "model": "the model asked for",
        "content": [
            {"type": "text", "text": "hi"},
            {"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 1,
            "cache_read_input_tokens": 2,
            "cache_creation_input_tokens": 3,
            "output_tokens": 4,
        },
    }


def test_usage_that_nobody_told_is_estimated() -> None:
    usage = encoded(Text("12345"), CALL, stop=StopReason.TOOL_USE)["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (77, 4)


def test_foreign_thinking_carries_its_proof_in_the_signature() -> None:
    thought = Thinking("hm", "enc", WireFormat.OPENAI_RESPONSES, "relay", item_id="rs_1")
    block = encoded(thought, Text("x"))["content"][0]
    assert block["thinking"] == "hm"
    assert unseal(block["signature"]) == Thinking("", "enc", WireFormat.OPENAI_RESPONSES, "relay", item_id="rs_1")


def test_thinking_without_words() -> None:
    """Anthropic's comes as ``redacted_thinking``; another's as thinking that has a signature only."""
    hidden = Thinking("", "d", WireFormat.ANTHROPIC, "relay", redacted=True)
    body = encode_reply(Reply((hidden,)), FRONT)
    assert [block["type"] for block in body["content"]] == ["redacted_thinking"]
    assert unseal(body["content"][0]["data"]) == hidden
    other = encoded(Thinking("", "enc", WireFormat.OPENAI_RESPONSES, "relay", redacted=True), Text("x"))["content"]
    assert [(block["type"], block.get("thinking")) for block in other] == [("thinking", ""), ("text", None)]
    assert encoded(Thinking("", ""), Text("x"))["content"] == [{"type": "text", "text": "x"}]


@pytest.mark.parametrize(
    ("parts", "stop", "word"),
    [
        ((Text("x"),), StopReason.END, "end_turn"),
        ((Text("x"),), StopReason.TOOL_USE, "end_turn"),
        ((CALL,), StopReason.END, "tool_use"),
        ((CALL,), StopReason.TOOL_USE, "tool_use"),
        ((Refusal("no"),), StopReason.END, "refusal"),
        ((Refusal("no"), CALL), StopReason.END, "tool_use"),
        ((Refusal("no"),), StopReason.REFUSAL, "refusal"),
        ((Text("x"),), StopReason.LENGTH, "max_tokens"),
        ((Text("x"),), StopReason.CONTEXT, "model_context_window_exceeded"),
        ((Text("x"),), StopReason.PAUSE, "pause_turn"),
        ((), StopReason.END, "end_turn"),
    ],
)
def test_the_stop_reason_fits_what_was_said(parts: Any, stop: StopReason, word: str) -> None:
    assert encoded(*parts, stop=stop)["stop_reason"] == word


def test_the_stop_sequence() -> None:
    body = encoded(Text("x"), stop=StopReason.STOP_SEQUENCE, stop_sequence="END")
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "END")
    assert decode_reply(body).stop_sequence == "END"


def test_blank_text_is_none() -> None:
    """Trap: clients send it back, and Anthropic refuses it."""
    assert encoded(Text("\n\n"), CALL, stop=StopReason.TOOL_USE)["content"][0]["type"] == "tool_use"


@pytest.mark.parametrize(
    ("arguments", "given"),
    [("", {}), (" ", {}), ("{}", {}), ('{"a":[1]}', {"a": [1]}), ("[1]", {"input": "[1]"}), ("{", {"input": "{"})],
)
def test_the_input_of_a_call_is_an_object(arguments: str, given: dict[str, Any]) -> None:
    assert encoded(ToolCall("c", "f", arguments))["content"][0]["input"] == given


@given(body=JSON)
def test_no_answer_makes_it_raise(body: Any) -> None:
    reply = decode_reply(body if isinstance(body, dict) else {"content": body})
    orjson.dumps(encode_reply(reply, FRONT))
