"""Every call answered once, right behind its turn, whatever order a client sends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given

from cccc.ir.loss import Loss, Losses
from cccc.ir.messages import Media, Medium, Message, Part, Request, Role, Text, ToolCall, ToolResult
from cccc.ir.turns import NO_RESULT, media_apart, paired
from tests.formats.strategies import REQUESTS

IMAGE = Media(Medium.IMAGE, "image/png", "aGk=")
ROLES = {"u": Role.USER, "a": Role.ASSISTANT, "s": Role.SYSTEM}


def part(short: str) -> Part:
    """``!1`` calls with the id 1, ``=1`` answers that call (``=1x`` with the text x), the rest is text."""
    match short[0]:
        case "!":
            return ToolCall(short[1:], "f", "{}")
        case "=":
            return ToolResult(short[1:2].strip(), (Text(short[2:] or "ok"),))
    return Text(short)


def short(message: Message) -> str:
    words = []
    for each in message.parts:
        match each:
            case ToolCall():
                words.append(f"!{each.id}")
            case ToolResult(parts=(Text(text), *_)):
                words.append(f"={each.call_id}" + {"ok": "", NO_RESULT: "?"}.get(text, text))
            case Text(text):
                words.append("orphan" if "no longer part" in text else text)
    return " ".join((message.role.value[0], *words))


def conversation(turns: Sequence[str]) -> Request:
    """Messages in short: the role's first letter, then parts."""
    split = (turn.split() for turn in turns)
    return Request(
        "m", tuple(Message(ROLES[role], tuple(map(part, parts)), f"m[{at}]") for at, (role, *parts) in enumerate(split))
    )


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (["u hi", "a hello"], ["u hi", "a hello"]),
        (["u hi", "a !1", "u =1"], ["u hi", "a !1", "u =1"]),
        (["a !1", "u =1 and"], ["a !1", "u =1", "u and"]),
        (["a !1", "u but =1"], ["a !1", "u =1", "u but"]),
        (["a !1 !2", "u =2 =1"], ["a !1 !2", "u =1 =2"]),
        (["a !1 !2", "u =2", "u =1"], ["a !1 !2", "u =1 =2"]),
        (["a say", "a !1", "a !2", "u =1", "u =2"], ["a say !1 !2", "u =1 =2"]),
        (["a !1", "s note", "u =1"], ["a !1", "u =1", "s note"]),
        (["a !1", "a !2", "u =2"], ["a !1 !2", "u =1? =2"]),
        (["a !1", "u never mind"], ["a !1", "u =1?", "u never mind"]),
        (["u =1"], ["u orphan ok"]),
        (["a !1", "u =1a =1b"], ["a !1", "u =1a", "u orphan b"]),
        (["u =1", "a !1"], ["a !1", "u =1"]),
        (["a !1", "u =1a", "a !1", "u =1b"], ["a !1", "u =1a", "a !1-2", "u =1-2b"]),
        (["a !1", "u stop", "a !1", "u =1"], ["a !1", "u =1?", "u stop", "a !1-2", "u =1-2"]),
        (["a !1 !1", "u =1a =1b"], ["a !1 !1-2", "u =1a =1-2b"]),
        (["a !1 !1 !1-2", "u =1a"], ["a !1 !1-2 !1-2-2", "u =1a =1-2? =1-2-2?"]),
        (["a ! !", "u = ="], ["a !call-2 !call-3", "u =call-2 =call-3"]),
        (["a before !1 =1 after", "u go"], ["a before !1", "u =1", "a after", "u go"]),
    ],
)
def test_each_call_is_answered_once_right_behind_its_turn(sent: list[str], expected: list[str]) -> None:
    request = paired(conversation(sent), Losses())
    assert [short(message) for message in request.messages] == expected


def test_an_orphan_is_a_loss_of_its_place_and_keeps_what_it_says() -> None:
    losses = Losses()
    orphan = ToolResult("9", (Text("gone"), IMAGE), is_error=True)
    request = paired(Request("m", (Message(Role.USER, (orphan,), "input[4]"),)), losses)
    first, *rest = request.messages[0].parts
    assert rest == [Text("gone"), IMAGE]
    assert isinstance(first, Text)
    assert first.text.startswith("The error of a tool call")
    assert losses.all == (Loss("input[4]", "tool result", "the call that it answers is not in the conversation"),)


def test_the_same_result_object_twice_is_two_results() -> None:
    result = ToolResult("1", (Text("ok"),))
    call = Message(Role.ASSISTANT, (ToolCall("1", "f", "{}"),))
    request = paired(Request("m", (call, Message(Role.USER, (result, result)))), Losses())
    assert [short(message) for message in request.messages] == ["a !1", "u =1", "u orphan ok"]


@given(REQUESTS)
def test_the_order_is_legal_and_nothing_is_dropped(request_: Request) -> None:
    once = paired(request_, Losses())
    assert paired(once, Losses()) == once
    ids = [each.id for message in once.messages for each in message.parts if isinstance(each, ToolCall)]
    assert len(set(ids)) == len(ids)
    for before, after in zip(once.messages, [*once.messages[1:], Message(Role.USER, ())], strict=True):
        calls = [each.id for each in before.parts if isinstance(each, ToolCall)]
        results = [each.call_id for each in after.parts if isinstance(each, ToolResult)]
        assert calls == results
        assert not (before.role is after.role is Role.ASSISTANT)
    assert _texts(request_) <= _texts(once)


def _texts(request: Request) -> set[str]:
    parts = [part for message in request.messages for part in message.parts]
    results = [inner for part in parts if isinstance(part, ToolResult) for inner in part.parts]
    return {part.text for part in (*parts, *results) if isinstance(part, Text)}


def test_media_of_results_follow_in_a_message_of_the_user() -> None:
    call = Message(Role.ASSISTANT, (ToolCall("1", "view", "{}"), ToolCall("2", "f", "{}")))
    results = Message(Role.USER, (ToolResult("1", (IMAGE,)), ToolResult("2", (Text("a"), IMAGE))), "m[1]")
    request = media_apart(Request("m", (call, results, Message(Role.USER, (Text("go"),)))))
    assert request.messages[1:] == (
        Message(
            Role.USER,
            (ToolResult("1", (Text("The result is in the next message."),)), ToolResult("2", (Text("a"),))),
            "m[1]",
        ),
        Message(Role.USER, (Text("Returned by the tool view:"), IMAGE, Text("Returned by the tool f:"), IMAGE), "m[1]"),
        Message(Role.USER, (Text("go"),)),
    )
    assert media_apart(request) == request
