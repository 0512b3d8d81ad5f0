"""Answers in the client's own terms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from cccc.domain.endpoint import WireFormat
from cccc.ir.adapt import adapt
from cccc.ir.back import Back, Offer
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened
from cccc.ir.fold import fold
from cccc.ir.ids import original_id
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Message,
    Reply,
    ReplyPart,
    Request,
    Role,
    StopReason,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolKind,
)
from cccc.ir.names import ToolName
from cccc.ir.target import Abilities, Target
from cccc.ir.unfold import unfold

TARGET = Target(WireFormat.OPENAI_CHAT, "target", "its-model", repaired_tools=frozenset({"TodoWrite"}))
OFFERS = {
    ToolName("apply_patch"): Offer(ToolName("apply_patch"), ToolKind.CUSTOM),
    ToolName("mcp__a__find"): Offer(ToolName("find", "mcp__a"), ToolKind.FUNCTION),
    ToolName("tool_search"): Offer(ToolName("tool_search"), ToolKind.TOOL_SEARCH),
    ToolName("TodoWrite"): Offer(ToolName("TodoWrite"), ToolKind.FUNCTION),
}


def home(*parts: ReplyPart, stop: StopReason = StopReason.END, **how: Any) -> Reply:
    """A reply on its way home, every text in fragments of three characters."""
    target = how.pop("target", TARGET)
    stream = Back(target, how.pop("offers", OFFERS), **how).stream("req1")
    events: list[Event] = []
    for event in unfold(Reply(parts, stop)):
        if isinstance(event, PartDelta):
            cuts = range(0, len(event.text), 3)
            events += [PartDelta(event.index, event.text[at : at + 3]) for at in cuts]
        else:
            events.append(event)
    return fold(own for event in events for own in stream.feed(event))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (ToolCall("1", "mcp__a__find", "{}"), ToolCall("1", "find", "{}", namespace="mcp__a")),
        (
            ToolCall("1", "tool_search", '{"query":"x"}'),
            ToolCall("1", "tool_search", '{"query":"x"}', ToolKind.TOOL_SEARCH),
        ),
        (ToolCall("1", "invented", "{}"), ToolCall("1", "invented", "{}")),
        (
            ToolCall("1", "apply_patch", '{"input":"*** a\\n"}'),
            ToolCall("1", "apply_patch", "*** a\n", ToolKind.CUSTOM),
        ),
        (ToolCall("1", "apply_patch", "*** a\n"), ToolCall("1", "apply_patch", "*** a\n", ToolKind.CUSTOM)),
        (
            ToolCall("1", "apply_patch", '{"input":"a"}', ToolKind.CUSTOM),
            ToolCall("1", "apply_patch", '{"input":"a"}', ToolKind.CUSTOM),
        ),
        (ToolCall("1", "find", ""), ToolCall("1", "find", "{}")),
        (ToolCall("1", "find", " \n"), ToolCall("1", "find", " \n{}")),
        (ToolCall("1", "TodoWrite", "{'done': True}"), ToolCall("1", "TodoWrite", '{"done": true}')),
        (ToolCall("1", "TodoWrite", '{"done":true}'), ToolCall("1", "TodoWrite", '{"done":true}')),
        (ToolCall("1", "TodoWrite", "{'cut"), ToolCall("1", "TodoWrite", "{'cut")),
        (ToolCall("1", "TodoWrite", ""), ToolCall("1", "TodoWrite", "{}")),
        (ToolCall("1", "Other", "{'done': True}"), ToolCall("1", "Other", "{'done': True}")),
    ],
)
def test_calls_are_the_clients_own_again(call: ToolCall, expected: ToolCall) -> None:
    assert home(call) == Reply((expected,), StopReason.TOOL_USE)


def test_repairs_are_bounded() -> None:
    call = ToolCall("1", "TodoWrite", "{'a': (1,)}")
    for attempts, arguments in ((1, "{'a': (1,)}"), (2, '{"a": [1]}')):
        reply = home(call, target=replace(TARGET, repair_attempts=attempts))
        assert reply.parts == (replace(call, arguments=arguments),)


def test_thinking_gets_its_maker() -> None:
    own = Thinking("Hm", "seal", WireFormat.OPENAI_CHAT, "target", item_id="rs_1")
    assert home(Thinking("Hm", "seal", item_id="rs_1"), Text("a")).parts == (own, Text("a"))


def test_reasoning_can_be_dropped_without_leaving_a_gap() -> None:
    stream = Back(replace(TARGET, reasoning="drop"), {}).stream()
    events = unfold(Reply((Thinking("Hm"), Text("a"), Thinking("Hm"), ToolCall("1", "f", "{}"))))
    own = [each for event in events for each in stream.feed(event)]
    assert [event.index for event in own if isinstance(event, PartOpened | PartDelta | PartClosed)] == [
        0,
        0,
        0,
        1,
        1,
        1,
    ]
    assert fold(own).parts == (Text("a"), ToolCall("1", "f", "{}"))


@pytest.mark.parametrize("kind", [ToolKind.WEB_SEARCH, ToolKind.OTHER_HOSTED])
def test_calls_that_the_vendor_ran_itself_are_nobody_elses(kind: ToolKind) -> None:
    assert home(ToolCall("1", "web_search", "{}", kind), Text("a")) == Reply((Text("a"),), StopReason.END)


def test_a_summary_has_no_calls() -> None:
    reply = home(Text("All is well."), ToolCall("1", "find", "{}"), stop=StopReason.TOOL_USE, compact=True)
    assert reply == Reply((Text("All is well."),), StopReason.END)


@pytest.mark.parametrize(
    ("stop", "calls", "expected"),
    [
        (StopReason.END, True, StopReason.TOOL_USE),
        (StopReason.TOOL_USE, False, StopReason.END),
        (StopReason.TOOL_USE, True, StopReason.TOOL_USE),
        (StopReason.END, False, StopReason.END),
        (StopReason.LENGTH, True, StopReason.LENGTH),
        (StopReason.REFUSAL, False, StopReason.REFUSAL),
    ],
)
def test_the_reason_to_stop_agrees_with_what_was_said(stop: StopReason, calls: bool, expected: StopReason) -> None:
    assert home(ToolCall("1", "f", "{}") if calls else Text("a"), stop=stop).stop is expected


def ids(*call_ids: str, taken: tuple[str, ...] = ()) -> list[str]:
    reply = home(*(ToolCall(call_id, "f", "{}") for call_id in call_ids), taken=taken)
    return [part.id for part in reply.parts if isinstance(part, ToolCall)]


def test_ids_are_legal_and_unique_and_lead_back() -> None:
    assert ids("call_1", "functions.f:0") == ["call_1", "cccc-functions_2ef_3a0"]
    assert ids("same", "same", "same") == ["same", "same-2", "same-3"]
    assert ids("", "") == ["call_req1", "call_req1-2"]
    assert ids("call_0", taken=("call_0", "call_0-2")) == ["call_0-3"]
    assert original_id(ids("a.b", taken=("cccc-a_2eb",))[0]) == "a.b-2"


def test_there_and_back_through_adapt() -> None:
    tools = (
        Tool("apply_patch", kind=ToolKind.CUSTOM),
        Tool("find", namespace="mcp__a"),
        Tool("mcp__" + "x" * 70, namespace=""),
    )
    history = (Message(Role.ASSISTANT, (ToolCall("call_0", "apply_patch", "a", ToolKind.CUSTOM),)),)
    adapted = adapt(Request("m", history, tools=tools), Abilities(), TARGET, Losses())
    names = [tool.name for tool in adapted.request.tools]
    arguments = orjson.dumps({"input": "b"}).decode()
    stream = adapted.back.stream("req1")
    events = unfold(Reply(tuple(ToolCall("call_0", name, arguments) for name in names)))
    reply = fold(own for event in events for own in stream.feed(event))
    assert reply.parts == (
        ToolCall("call_0-2", "apply_patch", "b", ToolKind.CUSTOM),
        ToolCall("call_0-3", "find", arguments, namespace="mcp__a"),
        ToolCall("call_0-4", "mcp__" + "x" * 70, arguments),
    )


def test_a_custom_tools_text_goes_on_while_it_comes() -> None:
    stream = Back(TARGET, OFFERS).stream()
    stream.feed(PartOpened(0, PartKind.TOOL_CALL, "1", "apply_patch"))
    told = [stream.feed(PartDelta(0, fragment)) for fragment in ('{"inp', 'ut":"*** B', "egin", '"', "}")]
    assert told == [[], [PartDelta(0, "*** B")], [PartDelta(0, "egin")], [], []]
    assert stream.feed(PartClosed(0)) == [PartClosed(0)]
    assert stream.feed(Ended(StopReason.TOOL_USE)) == [Ended(StopReason.TOOL_USE)]
