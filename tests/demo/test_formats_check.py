"""The strict readers refuse what is not whole: one that accepts everything would make every stream test hollow."""

from __future__ import annotations

import orjson
import pytest

from cccc.demo.ask import Ask, Call, Decline, Offer, Say, Speaker, Think, Turn
from cccc.demo.dialect import Event, Ids, Stage
from cccc.demo.provider import DIALECTS
from tests import formats_check
from tests.demo.talk import FORMATS, A, C, R

BROKEN = (AssertionError, KeyError, ValueError)
ASK = Ask(model="m", stream=True, turns=(Turn(Speaker.USER, "x"),))
REPLY = (Think("hm"), Say("naïve text of some length"), Call("Bash", '{"command":"ls"}'))


def stream(wire_format) -> list[Event]:
    reply = (*REPLY, Call("apply_patch", "*** Begin", Offer(custom=True))) if wire_format is R else REPLY
    return list(DIALECTS[wire_format]().events(ASK, reply, Ids("test")))


@pytest.mark.parametrize("wire_format", FORMATS)
def test_accept_a_whole_stream(wire_format) -> None:
    said = formats_check.STREAM[wire_format](b"".join(event.data for event in stream(wire_format)))
    assert (said.text, said.thinking) == ("naïve text of some length", "hm")
    assert (said.tools[0].name, said.tools[0].arguments) == ("Bash", '{"command":"ls"}')


@pytest.mark.parametrize("wire_format", FORMATS)
def test_refuse_a_stream_that_is_cut_at_any_byte(wire_format) -> None:
    whole = b"".join(event.data for event in stream(wire_format))
    for at in range(len(whole)):
        with pytest.raises(BROKEN):
            formats_check.STREAM[wire_format](whole[:at])


UNNOTICED = {A: (b"_delta", b'"ping"'), C: (b'"content":"', b'"reasoning_content"', b'{"arguments":'), R: ()}
"""A portion of text more or less is no breach of the format (Responses says everything twice, so there it is)."""
NOTICED = (b"message_delta", b"signature_delta", b'"role"')


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("change", ["drop", "repeat"])
def test_refuse_a_stream_with_one_event_too_few_or_too_many(wire_format, change) -> None:
    events = [event.data for event in stream(wire_format)]
    for index, event in enumerate(events):
        if any(mark in event for mark in UNNOTICED[wire_format]) and not any(mark in event for mark in NOTICED):
            continue
        if change == "drop" and b'"choices":[]' in event:
            continue  # usage in a chat stream is optional
        changed = events[:index] + ([] if change == "drop" else [event, event]) + events[index + 1 :]
        with pytest.raises(BROKEN):
            formats_check.STREAM[wire_format](b"".join(changed))


@pytest.mark.parametrize("wire_format", FORMATS)
def test_refuse_events_after_the_end(wire_format) -> None:
    events = stream(wire_format)
    assert events[-1].stage is Stage.TERMINAL
    with pytest.raises(BROKEN):
        formats_check.STREAM[wire_format](b"".join(event.data for event in (*events, events[0])))


@pytest.mark.parametrize(
    ("wire_format", "old", "new"),
    [
        (A, b'"index":2', b'"index":3'),
        (A, b'"stop_reason":"tool_use"', b'"stop_reason":"end_turn"'),
        (A, b'"input":{}', b'"input":{"command":"ls"}'),
        (A, b"event: message_stop", b"event: message"),
        (A, b'"id":"toolu_', b'"id":"toolu.'),
        (C, b'"finish_reason":"tool_calls"', b'"finish_reason":"stop"'),
        (C, b'"total_tokens":', b'"total_tokens":1'),
        (C, b'"id":"chatcmpl-', b'"id":"msg_'),
        (R, b'"id":"fc_', b'"id":"call_'),
        (R, b'"total_tokens":', b'"total_tokens":1'),
        (R, b'"sequence_number":7', b'"sequence_number":8'),
        (R, b'"status":"completed","error"', b'"status":"in_progress","error"'),
    ],
)
def test_refuse_a_stream_with_one_wrong_value(wire_format, old, new) -> None:
    whole = b"".join(event.data for event in stream(wire_format))
    assert old in whole
    with pytest.raises(BROKEN):
        formats_check.STREAM[wire_format](whole.replace(old, new))


@pytest.mark.parametrize("wire_format", FORMATS)
def test_read_a_refusal_and_an_answer_that_was_cut(wire_format) -> None:
    dialect = DIALECTS[wire_format]()
    for reply, words, stop in (
        ((Decline("I will not."),), ("", "I will not."), {A: "refusal", C: "stop", R: "completed"}),
        ((Say("One, two,", cut=True),), ("One, two,", ""), {A: "max_tokens", C: "length", R: "max_output_tokens"}),
    ):
        events = dialect.events(ASK, reply, Ids("test"))
        streamed = formats_check.STREAM[wire_format](b"".join(event.data for event in events))
        whole = formats_check.REPLY[wire_format](orjson.dumps(dialect.whole(ASK, reply, Ids("test"))))
        for said in (streamed, whole):
            assert (said.text, said.refusal) == words
            assert said.stop == stop[wire_format]
