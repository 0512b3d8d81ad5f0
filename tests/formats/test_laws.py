"""What every wire format must keep to: parametrised over the registry, so that a new format is held to it at once."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.answers import Answer, Failure
from cccc.domain.endpoint import Action, WireFormat
from cccc.formats.registry import BY_PATH, CODECS
from cccc.ir.codec import ReplyFacts, Weight
from cccc.ir.sse import SseEvent, encode
from tests.formats.streams import STREAMS
from tests.ir.slicing import decoded, scanned

KEYS = st.sampled_from(
    [
        "type",
        "message",
        "messages",
        "model",
        "content",
        "delta",
        "choices",
        "index",
        "usage",
        "error",
        "response",
        "output",
        "item",
        "system",
        "input",
        "metadata",
        "user_id",
        "thinking",
        "reasoning",
        "tool_calls",
        "function",
        "arguments",
        "id",
        "finish_reason",
        "stop_reason",
        "input_tokens",
        "prompt_tokens",
        "content_block",
        "partial_json",
        "base_resp",
        "text",
        "status_code",
        "errors",
        "detail",
        "conversation",
        "status",
        "stream",
        "role",
        "incomplete_details",
        "reason",
    ]
)
WORDS = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "tool_use",
        "text",
        "text_delta",
        "input_json_delta",
        "response.created",
        "response.completed",
        "response.failed",
        "response.output_item.done",
        "response.output_text.delta",
        "function_call",
        "message",
        "error",
        "user",
        "stop",
        "{",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | WORDS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
EVENTS = st.builds(
    encode, st.sampled_from(["", "error", "message_start", "response.completed"]), JSON.map(orjson.dumps)
)

ANSWER = Answer(
    failure=Failure.ALL_FAILED,
    status=503,
    type="api_error",
    code="all_endpoints_failed",
    message="cccc: 2 endpoints failed [req_1]",
    request_id="req_1",
    param="model",
)

pytestmark = pytest.mark.parametrize("wire_format", CODECS)


@given(body=JSON, header=st.text(max_size=3))
def test_no_request_body_makes_it_raise(wire_format: WireFormat, body: Any, header: str) -> None:
    facts = CODECS[wire_format].request_facts(body, {"session_id": header})
    assert (facts.problem is None) <= bool(facts.model)


@given(body=JSON.map(orjson.dumps) | st.binary(max_size=20))
def test_no_answer_makes_it_raise(wire_format: WireFormat, body: bytes) -> None:
    codec = CODECS[wire_format]
    facts = codec.reply_facts(body)
    assert facts.fault is None or not facts.valid
    codec.fault(body)


@given(events=st.lists(EVENTS | st.binary(max_size=20).map(lambda data: b"data: " + data + b"\n\n"), max_size=6))
def test_no_stream_makes_it_raise_and_facts_follow_the_weights(wire_format: WireFormat, events: list[bytes]) -> None:
    codec = CODECS[wire_format]
    weights, facts = scanned(codec, [b"".join(events)])
    assert (Weight.ERROR in weights) == (facts.fault is not None)
    assert not (facts.terminal and Weight.TERMINAL not in weights and wire_format is not WireFormat.OPENAI_CHAT)
    for event in events:
        codec.restore_model(SseEvent(event), "asked")


@given(
    deltas=st.lists(st.text(max_size=6) | st.sampled_from(['"', "\\", "\n", "\u2028", '"}', '"delta":""']), max_size=8),
    spaced=st.booleans(),
)
def test_text_in_any_spelling_weighs_the_same(wire_format: WireFormat, deltas: list[str], spaced: bool) -> None:
    """The short cuts for the usual spelling agree with the parser, whatever the text."""
    frames: dict[WireFormat, Any] = {
        WireFormat.ANTHROPIC: lambda text: {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": text},
        },
        WireFormat.OPENAI_CHAT: lambda text: {"choices": [{"delta": {"content": text}, "finish_reason": None}]},
        WireFormat.OPENAI_RESPONSES: lambda text: {"type": "response.output_text.delta", "delta": text},
    }
    option = orjson.OPT_INDENT_2 if spaced else None
    raw = [encode("", orjson.dumps(frames[wire_format](text), option=option)) for text in deltas]
    weights, facts = scanned(CODECS[wire_format], [b"".join(raw)])
    empty = Weight.PREAMBLE if wire_format is WireFormat.OPENAI_CHAT else Weight.CONTENT
    assert weights == [Weight.CONTENT if text else empty for text in deltas]
    assert facts.content == any(deltas)
    assert facts.valid


def test_its_paths_lead_to_it(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    assert codec.wire_format is wire_format
    assert Action.TURN in codec.paths.values()
    assert {path: BY_PATH[path] for path in codec.paths} == {path: (codec, act) for path, act in codec.paths.items()}


def test_a_restored_model_is_read_back_and_nothing_else_changes(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    for stream in (stream for stream in STREAMS.values() if stream.wire_format is wire_format):
        before = scanned(codec, [stream.raw])
        events, _ = decoded([stream.raw])
        restored = b"".join(codec.restore_model(event, 'the "asked" one') for event in events)
        weights, facts = scanned(codec, [restored])
        assert weights == before[0]
        assert facts.model == ('the "asked" one' if before[1].model else None)
        served = before[1].model or ""
        # Azure's first chunk has an empty name, which is replaced as well.
        assert (
            b'"model":""' in stream.raw
            or b"".join(codec.restore_model(event, served) for event in decoded([restored])[0]) == stream.raw
        )


def test_an_event_without_the_model_comes_back_as_the_same_object(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    for data in (
        b"data: [DONE]\n\n",
        b": model\n\n",
        b'data: {"x":{"model":"y"}}\n\n',
        b'data: {"model":null}\n\n',
        b"data: {\n\n",
    ):
        event = SseEvent(data)
        assert codec.restore_model(event, "asked") is event.raw


@pytest.mark.parametrize("codex", [True, False])
def test_a_keepalive_is_one_event_that_says_nothing(wire_format: WireFormat, codex: bool) -> None:
    codec = CODECS[wire_format]
    weights, facts = scanned(codec, [codec.keepalive(codex=codex)])
    assert weights == [Weight.NOTHING]
    assert facts == ReplyFacts()


def test_nobody_is_nudged_where_nothing_is_known_to_be_open(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    for said in (b"", b": x\n\n", b"data: {\n\n", b'data: {"type":"content_block_delta"}\n\n', b"data: [DONE]\n\n"):
        assert codec.nudge(said) == b""


def test_its_own_errors_are_read_back(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    for fault in (
        codec.fault(codec.error_body(ANSWER)),
        scanned(codec, [codec.error_frame(ANSWER, ReplyFacts())])[1].fault,
    ):
        assert fault
        assert fault.message == ANSWER.message
    assert scanned(codec, [codec.error_frame(ANSWER, ReplyFacts())])[0] == [Weight.ERROR]


def test_its_model_list_holds_the_models(wire_format: WireFormat) -> None:
    codec = CODECS[wire_format]
    listed = orjson.loads(codec.models_body(("one", "two"), {}))["data"]
    assert [model["id"] for model in listed] == ["one", "two"]
    assert listed[0] == orjson.loads(codec.model_body("one"))
    assert orjson.loads(codec.models_body((), {}))["data"] == []
