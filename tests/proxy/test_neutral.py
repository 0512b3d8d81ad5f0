"""A request is decoded once, and the same decoded request serves every attempt, whoever was asked before."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cccc.domain.endpoint import Action, WireFormat
from cccc.errors import NotConvertible
from cccc.formats.registry import CODECS, OTHERS
from cccc.ir.codec import Front
from cccc.ir.conversion import Conversion
from cccc.ir.messages import Thinking
from cccc.ir.seal import seal, seal_text
from cccc.proxy.neutral import Neutral
from cccc.proxy.targets import target
from tests.proxy.small_proxy import endpoint

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

FRONT = Front(model="m", id="req_1")


def captures() -> list[Any]:
    found = []
    for path in sorted((Path(__file__).parents[1] / "captures").glob("*.json")):
        capture = json.loads(path.read_text(encoding="utf-8"))
        formats = {"/v1/messages": A, "/v1/responses": R, "/responses": R}
        spoken = formats.get(capture["target"].partition("?")[0])
        if spoken is not None and isinstance(capture["body"], dict) and capture["method"] == "POST":
            found.append(pytest.param(spoken, capture["body"], id=path.stem))
    return found


@pytest.mark.parametrize(("wire_format", "body"), captures())
def test_no_attempt_changes_what_the_next_one_sends(wire_format: WireFormat, body: dict[str, Any]) -> None:
    untouched = copy.deepcopy(body)
    neutral = Neutral(CODECS[wire_format], Action.TURN, body)

    def sent(other: WireFormat) -> bytes:
        request, _ = neutral.request()
        reader = target(endpoint("it", other, "https://it.example/v1", 1), other, "a-model")
        return Conversion(CODECS[wire_format], CODECS[other], request, reader, FRONT).body

    try:
        first = {other: sent(other) for other in OTHERS[wire_format]}
    except NotConvertible:
        return
    assert {other: sent(other) for other in OTHERS[wire_format]} == first
    assert body == untouched


class Counting:
    """A codec that counts what it is asked, and refuses."""

    def __init__(self) -> None:
        self.decoded = 0

    def decode_request(self, body: object, losses: object) -> object:
        self.decoded += 1
        raise NotConvertible("input[0]", "it cannot be said")


def test_a_request_is_decoded_once_even_when_that_fails() -> None:
    codec: Any = Counting()
    neutral = Neutral(codec, Action.TURN, {})
    for _ in range(2):
        with pytest.raises(NotConvertible, match="it cannot be said"):
            neutral.request()
    assert codec.decoded == 1


def test_a_compaction_by_its_path_wants_a_summary() -> None:
    body = {"model": "m", "input": [{"role": "user", "content": "hi"}]}
    assert Neutral(CODECS[R], Action.COMPACT, body).request()[0].compact
    assert not Neutral(CODECS[R], Action.TURN, body).request()[0].compact
    assert Neutral(CODECS[R], Action.COMPACT, body).history == (body["input"][0],)
    assert Neutral(CODECS[R], Action.TURN, body).history is None


OURS = seal(Thinking("", sealed="proof", origin=C, maker="somebody"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"messages": [{"role": "assistant", "content": [{"type": "thinking", "signature": OURS}]}]}, True),
        ({"messages": [{"role": "assistant", "content": [{"type": "redacted_thinking", "data": OURS}]}]}, True),
        ({"messages": [{"role": "assistant", "content": [{"type": "thinking", "signature": "theirs"}]}]}, False),
        ({"messages": [{"role": "user", "content": OURS}]}, False),
        ({"input": [{"type": "reasoning", "encrypted_content": OURS}]}, True),
        ({"input": [{"type": "compaction", "encrypted_content": seal_text("so far")}]}, True),
        ({"input": [{"type": "compaction", "encrypted_content": "theirs"}, {"type": "compaction"}, 7]}, False),
        ({"input": "hi"}, False),
        ({}, False),
    ],
)
def test_what_a_conversion_sealed_is_found(body: dict[str, Any], expected: bool) -> None:
    assert Neutral(CODECS[A], Action.TURN, body).holds_ours is expected
