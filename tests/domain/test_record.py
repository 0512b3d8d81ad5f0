"""The record of a request: values only, so that it can be compared, kept and passed between threads."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest

from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.record import NO_PACE, AttemptRecord, Pace, RequestRecord
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


def test_a_body_is_cut_as_it_passed() -> None:
    pace = Pace((2, 2, 5), (10, 20, 30))
    assert list(pace.slices(b"abcde")) == [(b"ab", 10), (b"cde", 30)]
    assert list(pace.slices(b"abcdefg")) == [(b"ab", 10), (b"cde", 30), (b"fg", None)]
    assert list(pace.slices(b"a")) == [(b"a", 10)]
    assert list(NO_PACE.slices(b"ab")) == [(b"ab", None)]
    assert list(pace.slices(b"")) == []
    assert (pace.last_ms, NO_PACE.last_ms) == (30, None)


def test_the_answer_is_the_clients_own_or_the_last_attempts() -> None:
    (attempt,) = record().attempts
    answered = replace(record(), attempts=(replace(attempt, response_body=b"theirs"),))
    assert answered.answer is None
    assert replace(answered, response_body=b"ours").answer == b"ours"
    assert replace(answered, response_same=True).answer == b"theirs"
    assert replace(answered, response_same=True, attempts=()).answer is None
