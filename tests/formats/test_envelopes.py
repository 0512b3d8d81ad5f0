"""What the proxy itself says in each format: golden bytes, and the official SDKs' own types as judges."""

from __future__ import annotations

from typing import Any

import anthropic.types
import openai.types
import openai.types.responses
import orjson
import pytest
from pydantic import TypeAdapter

from cccc.domain.answers import Answer, Failure
from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from cccc.ir.codec import ReplyFacts
from tests.ir.slicing import decoded

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
MESSAGE = "cccc: endpoint 'glm' closed the stream early [req_1]"


def answer(kind: str, code: str | None) -> Answer:
    return Answer(Failure.BROKE_MIDWAY, 502, kind, code, MESSAGE, "req_1", param="model")


BODIES = {
    A: (
        answer("overloaded_error", None),
        {"type": "error", "error": {"type": "overloaded_error", "message": MESSAGE}, "request_id": "req_1"},
    ),
    C: (
        answer("server_error", "upstream_stream_error"),
        {"error": {"message": MESSAGE, "type": "server_error", "param": "model", "code": "upstream_stream_error"}},
    ),
    R: (
        answer("server_error", None),
        {"error": {"message": MESSAGE, "type": "server_error", "param": "model", "code": None}},
    ),
}


@pytest.mark.parametrize("wire_format", CODECS)
def test_error_bodies(wire_format: WireFormat) -> None:
    said, expected = BODIES[wire_format]
    assert orjson.loads(CODECS[wire_format].error_body(said)) == expected


def frame(wire_format: WireFormat, seen: ReplyFacts) -> tuple[str, Any]:
    raw = CODECS[wire_format].error_frame(BODIES[wire_format][0], seen)
    events, rest = decoded([raw])
    assert len(events) == 1
    assert rest == b""
    return events[0].name, orjson.loads(events[0].data or b"")


def test_the_frame_that_ends_a_messages_stream() -> None:
    expected = {"type": "error", "error": {"type": "overloaded_error", "message": MESSAGE}}
    assert frame(A, ReplyFacts()) == ("error", expected)


def test_the_frame_that_ends_a_chat_stream() -> None:
    assert frame(C, ReplyFacts()) == ("", BODIES[C][1])


def test_the_frame_that_ends_a_responses_stream_goes_on_counting() -> None:
    name, body = frame(R, ReplyFacts(sequence_number=40, response_id="resp_9", model="gpt-x"))
    assert name == body["type"] == "response.failed"
    assert body["sequence_number"] == 41
    assert (body["response"]["id"], body["response"]["model"]) == ("resp_9", "gpt-x")
    assert body["response"]["error"] == {"code": "server_error", "message": MESSAGE}


def test_a_responses_stream_that_never_began_fails_with_an_id_of_ours() -> None:
    _, body = frame(R, ReplyFacts())
    assert body["sequence_number"] == 0
    assert body["response"]["id"] == "resp_req_1"


@pytest.mark.parametrize(
    ("wire_format", "codex", "expected"),
    [
        (A, False, b'event: ping\ndata: {"type": "ping"}\n\n'),
        (C, False, b": keepalive\n\n"),
        (R, False, b": keepalive\n\n"),
        (R, True, b'event: keepalive\ndata: {"type":"keepalive"}\n\n'),
    ],
)
def test_keepalives(wire_format: WireFormat, codex: bool, expected: bytes) -> None:
    assert CODECS[wire_format].keepalive(codex=codex) == expected


def test_model_lists() -> None:
    assert orjson.loads(CODECS[A].models_body(("x",), {})) == {
        "data": [
            {
                "type": "model",
                "id": "x",
                "display_name": "x",
                "created_at": "1970-01-01T00:00:00Z",
                "lifecycle": "active",
            }
        ],
        "has_more": False,
        "first_id": "x",
        "last_id": "x",
    }
    openai_list = {"object": "list", "data": [{"id": "x", "object": "model", "created": 0, "owned_by": "cccc"}]}
    assert orjson.loads(CODECS[C].models_body(("x",), {})) == openai_list
    body = orjson.loads(CODECS[R].models_body(("x",), {"x": 9}))
    (entry,) = body.pop("models")
    assert body == openai_list
    assert (entry["slug"], entry["context_window"]) == ("x", 9)


def test_the_official_types_accept_what_we_say() -> None:
    TypeAdapter(anthropic.types.ErrorResponse).validate_json(CODECS[A].error_body(BODIES[A][0]))
    TypeAdapter(openai.types.responses.ResponseFailedEvent).validate_python(frame(R, ReplyFacts())[1])
    for wire_format in (C, R):
        error = orjson.loads(CODECS[wire_format].error_body(BODIES[wire_format][0]))["error"]
        TypeAdapter(openai.types.shared.ErrorObject).validate_python(error)
        TypeAdapter(openai.types.Model).validate_json(CODECS[wire_format].model_body("x"))
    TypeAdapter(anthropic.types.ModelInfo).validate_json(CODECS[A].model_body("x"))
