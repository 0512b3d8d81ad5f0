"""The record of a request: values only, so that it can be compared, kept and passed between threads."""

from __future__ import annotations

import dataclasses

import pytest

from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.domain.verdict import Verdict


def record() -> RequestRecord:
    attempt = AttemptRecord("a", WireFormat.ANTHROPIC, "https://h/v1/messages", "m", 1.0, Outcome.OK)
    return RequestRecord(
        id="req_1",
        time=1.0,
        client="curl",
        client_type=ClientType.OPENAI,
        client_reason="path",
        wire_format=WireFormat.OPENAI_CHAT,
        action=Action.TURN,
        method="POST",
        path="/v1/chat/completions",
        stream=False,
        verdict=Verdict.OK,
        status=200,
        duration_ms=1.0,
        attempts=(attempt,),
    )


def test_records_are_values() -> None:
    assert record() == record()
    with pytest.raises(dataclasses.FrozenInstanceError):
        record().status = 500
    with pytest.raises(TypeError):
        record().notes["x"] = "y"
