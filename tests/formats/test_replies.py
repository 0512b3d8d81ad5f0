"""Whole answers: what counts as one, what is in it, and every shape in which an error may come."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.formats.registry import CODECS
from cccc.ir.codec import Fault, ReplyFacts

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

A_REPLY: dict[str, Any] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "hi"}],
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 2, "output_tokens": 3},
}  # fmt: skip
C_REPLY: dict[str, Any] = {
    "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-x",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 7}},
}  # fmt: skip
R_REPLY: dict[str, Any] = {
    "id": "resp_1", "object": "response", "model": "gpt-x", "status": "completed", "error": None,
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "hi"}]}],
    "usage": {"input_tokens": 12, "output_tokens": 3, "total_tokens": 15, "input_tokens_details": {"cached_tokens": 7}},
}  # fmt: skip
WHOLE = {"content": True, "terminal": True}
INVALID = ReplyFacts(valid=False)


def c_message(**message: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    ("wire_format", "reply", "expected"),
    [
        (
            A,
            A_REPLY,
            ReplyFacts(**WHOLE, usage=Usage(5, 7, 2, 3), stop_reason="end_turn", model="claude-x", response_id="msg_1"),
        ),
        (A, {"content": []}, ReplyFacts(terminal=True)),
        (A, {"content": [{"type": "text", "text": ""}]}, ReplyFacts(terminal=True)),
        (A, {"content": [], "stop_reason": "refusal"}, ReplyFacts(**WHOLE, stop_reason="refusal")),
        (A, {"content": [{"type": "tool_use", "input": {}}]}, ReplyFacts(**WHOLE, tool_calls=1)),
        (A, {"content": [{"type": "tool_use", "input": "{"}]}, ReplyFacts(**WHOLE, tool_calls=1, broken_tool=True)),
        (A, {"input_tokens": 9}, ReplyFacts(**WHOLE, usage=Usage(9))),
        (
            C,
            C_REPLY,
            ReplyFacts(**WHOLE, usage=Usage(5, 7, 0, 3), stop_reason="stop", model="gpt-x", response_id="chatcmpl-1"),
        ),
        (C, c_message(content=""), ReplyFacts(terminal=True, stop_reason="stop")),
        (C, c_message(reasoning_content="hm"), ReplyFacts(**WHOLE, stop_reason="stop")),
        (
            C,
            c_message(tool_calls=[{"function": {"arguments": "{}"}}, {"function": {"arguments": "{'a':1}"}}]),
            ReplyFacts(**WHOLE, tool_calls=2, broken_tool=True, stop_reason="stop"),
        ),
        (C, {"choices": []}, INVALID),
        (
            R,
            R_REPLY,
            ReplyFacts(**WHOLE, usage=Usage(5, 7, 0, 3), stop_reason="completed", model="gpt-x", response_id="resp_1"),
        ),
        (R, {"output": [], "status": "incomplete"}, ReplyFacts(terminal=True, stop_reason="incomplete")),
        (R, {"output": [], "status": "queued"}, ReplyFacts(**WHOLE, stop_reason="queued")),
        (R, {"output": [{"type": "compaction"}]}, ReplyFacts(**WHOLE)),
        (
            R,
            {"output": [{"type": "function_call", "arguments": "["}]},
            ReplyFacts(**WHOLE, tool_calls=1, broken_tool=True),
        ),
        (
            R,
            {"id": "resp_1", "status": "failed", "output": [], "error": {"code": "server_error", "message": "no"}},
            ReplyFacts(valid=False, fault=Fault(None, "server_error", "no"), response_id="resp_1"),
        ),
    ],
)
def test_what_is_in_an_answer(wire_format: WireFormat, reply: dict[str, Any], expected: ReplyFacts) -> None:
    assert CODECS[wire_format].reply_facts(orjson.dumps(reply)) == expected


@pytest.mark.parametrize("wire_format", CODECS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"data: {}\n\n", b"{}", b"[]", b"null", b'{"content":"hi"}', b"\xff"])
def test_what_is_no_answer(wire_format: WireFormat, body: bytes) -> None:
    assert CODECS[wire_format].reply_facts(body) == INVALID


@pytest.mark.parametrize("wire_format", CODECS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"type":"error","error":{"type":"overloaded_error","message":"M"}}', Fault("overloaded_error", None, "M")),
        ('{"error":{"message":"M","type":"t","param":null,"code":"c"}}', Fault("t", "c", "M")),
        ('{"error":{"message":"M","code":429}}', Fault(None, "429", "M")),
        ('{"error":{"code":400,"message":"M","status":"INVALID_ARGUMENT"}}', Fault("INVALID_ARGUMENT", "400", "M")),
        ('[{"error":{"message":"M"}}]', Fault(None, None, "M")),
        ('{"error":"M"}', Fault(None, None, "M")),
        ('{"error":"M","code":"c"}', Fault(None, "c", "M")),
        ('{"error":true,"message":"M"}', Fault(None, None, "M")),
        ('{"error":{}, "type":"error"}', Fault(None, None, "no reason given")),
        ('{"success":false,"code":500,"msg":"M"}', Fault(None, "500", "M")),
        ('{"base_resp":{"status_code":1004,"status_msg":"M"}}', Fault(None, "1004", "M")),
    ],
)
def test_a_stated_error_is_found_whatever_the_status(wire_format: WireFormat, body: str, expected: Fault) -> None:
    codec = CODECS[wire_format]
    assert codec.fault(body.encode()) == expected
    assert codec.reply_facts(body.encode()) == ReplyFacts(valid=False, fault=expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '{"detail":[{"type":"extra_forbidden","loc":["body","thinking","type"],"msg":"M"}]}',
            Fault(None, None, "thinking.type: M"),
        ),
        ('{"message":"M"}', Fault(None, None, "M")),
        ('{"detail":"M"}', Fault(None, None, "M")),
        ('{"detail":[{"loc":["body"],"msg":"M","type":"x"}]}', Fault(None, None, "M")),
        ('{"__type":"ThrottlingException","message":"M"}', Fault("ThrottlingException", None, "M")),
        ('{"errors":[{"message":"M","code":7}]}', Fault(None, "7", "M")),
        ('{"error_code":17,"error_msg":"M"}', Fault(None, "17", "M")),
        ('{"base_resp":{"status_code":0},"id":"x"}', None),
        ('{"error":null,"id":"x"}', None),
        ("<html><title>502</title></html>", None),
        ("", None),
        ('{"message":{"a":1}}', Fault(None, None, "no reason given")),
        ('{"error":"' + "x" * 9_000 + '"}', Fault(None, None, "x" * 2_000)),
    ],
)
def test_an_error_status_lets_more_count_as_an_error(body: str, expected: Fault | None) -> None:
    assert {CODECS[name].fault(body.encode()) for name in CODECS} == {expected}
