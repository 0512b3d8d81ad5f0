"""The pipeline: what a target can say, step by step and as a whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.ir.adapt import COMPACT, Adapted, adapt, compacted, with_ids, with_own_thinking
from cccc.ir.ids import legal_id
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Choice,
    Media,
    Message,
    Part,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolKind,
    ToolResult,
)
from cccc.ir.target import Abilities, Target
from tests.formats.strategies import REQUESTS

TARGET = Target(WireFormat.ANTHROPIC, "target", "its-model")
PLAIN = Abilities(tool_name=re.compile(r"[a-zA-Z0-9_-]+"), call_id=re.compile(r"[a-zA-Z0-9_-]+"))
RICH = Abilities(
    tool_kinds=frozenset(ToolKind), namespaces=True, tool_name=re.compile(r"[a-zA-Z0-9_-]+"), media_in_results=True
)
OWN = Thinking("a", "seal", WireFormat.ANTHROPIC, "target")


def assistant(*parts: Part) -> Request:
    return Request("m", (Message(Role.ASSISTANT, parts, "messages[0]"),))


def adapted(request: Request, abilities: Abilities = PLAIN, target: Target = TARGET) -> tuple[Adapted, Losses]:
    losses = Losses()
    return adapt(request, abilities, target, losses), losses


@pytest.mark.parametrize(
    ("thinking", "kept", "wanted", "lost"),
    [
        (OWN, (OWN,), (OWN,), []),
        (Thinking("a", "s", WireFormat.ANTHROPIC), (Thinking("a", "s", WireFormat.ANTHROPIC),), None, []),
        (Thinking("a", "s", WireFormat.ANTHROPIC, "other"), (), (Thinking("a"),), ["thinking signature"]),
        (Thinking("a", "s", WireFormat.OPENAI_RESPONSES, "target"), (), (Thinking("a"),), ["thinking signature"]),
        (Thinking("a", "s"), (), (Thinking("a"),), ["thinking signature"]),
        (Thinking("", "s", None, "other", redacted=True), (), (), ["thinking signature"]),
        (Thinking("a"), (), (Thinking("a"),), ["thinking"]),
        (
            Thinking("a", "", WireFormat.ANTHROPIC, "target"),
            (Thinking("a", "", WireFormat.ANTHROPIC, "target"),),
            None,
            [],
        ),
    ],
)
def test_thinking_goes_back_to_its_maker_only(
    thinking: Thinking, kept: tuple[Part, ...], wanted: tuple[Part, ...] | None, lost: list[str]
) -> None:
    for target, expected in (
        (TARGET, kept),
        (Target(WireFormat.ANTHROPIC, "target", "m", reasoning_back=True), kept if wanted is None else wanted),
    ):
        losses = Losses()
        request = with_own_thinking(assistant(thinking, Text("b")), target, losses)
        assert request.messages[0].parts == (*expected, Text("b"))
        assert [(loss.path, loss.what) for loss in losses.all] == [("messages[0]", what) for what in lost]


def test_a_message_that_held_nothing_but_foreign_thinking_is_gone() -> None:
    assert with_own_thinking(assistant(Thinking("a", "s")), TARGET, Losses()).messages == ()


def test_a_wish_for_a_summary_is_put_in_words() -> None:
    request = compacted(Request("m", (), tools=(Tool("f"),), tool_choice=ToolChoice(), compact=True))
    assert request == Request("m", (Message(Role.USER, (Text(COMPACT),)),))
    assert compacted(request) == request


def test_tools_that_were_called_stay_on_offer_in_a_summary_and_cannot_be_called() -> None:
    call = Message(Role.ASSISTANT, (ToolCall("1", "f", "{}"),))
    request = compacted(Request("m", (call,), tools=(Tool("f"),), compact=True))
    assert request.tools == (Tool("f"),)
    assert request.tool_choice == ToolChoice(Choice.NONE)


def test_ids_of_calls_and_results_change_together() -> None:
    request = assistant(ToolCall("a b", "f", "{}"), ToolResult("a b", (Text("ok"),)))
    call, result = with_ids(request, legal_id).messages[0].parts
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert call.id == result.call_id == "cccc-a_20b"


def test_ids_that_were_made_legal_for_the_client_are_the_targets_own_again() -> None:
    request = assistant(ToolCall(legal_id("functions.f:0"), "f", "{}"))
    (call,) = adapted(request, Abilities())[0].request.messages[0].parts
    assert isinstance(call, ToolCall)
    assert call.id == "functions.f:0"


def test_tools_calls_and_the_choice_get_the_same_names() -> None:
    tool = Tool("echo", namespace="mcp__demo")
    call = Message(Role.ASSISTANT, (ToolCall("1", "echo", "{}", namespace="mcp__demo"),))
    choice = ToolChoice(Choice.ONE, "echo", "mcp__demo")
    request = adapted(Request("m", (call,), tools=(tool,), tool_choice=choice))[0].request
    (named,) = request.messages[0].parts
    assert isinstance(named, ToolCall)
    assert request.tool_choice is not None
    assert (named.name, named.namespace) == ("mcp__demo__echo", "")
    assert (request.tool_choice.name, request.tools[0].name) == ("mcp__demo__echo", "mcp__demo__echo")


def test_a_rich_target_gets_what_the_client_said() -> None:
    tools = (Tool("apply_patch", kind=ToolKind.CUSTOM, grammar="start: x"), Tool("find", namespace="mcp__a"))
    tools = (*tools[:1], Tool("find", schema={"type": "object", "properties": {}}, namespace="mcp__a"))
    call = Message(Role.ASSISTANT, (ToolCall("1", "apply_patch", "text", ToolKind.CUSTOM),))
    result = Message(Role.USER, (ToolResult("1", (Text("ok"),), kind=ToolKind.CUSTOM),))
    request = Request("m", (call, result), tools=tools)
    adaption, losses = adapted(request, RICH)
    assert adaption.request == request
    assert losses.all == ()


@given(REQUESTS, st.sampled_from([PLAIN, RICH]))
def test_whatever_is_asked_becomes_sayable_and_stays_so(request: Request, abilities: Abilities) -> None:
    adaption, _ = adapted(request, abilities)
    once = adaption.request
    again, losses = adapted(once, abilities)
    assert again.request == once
    assert losses.all == ()
    parts = [part for message in once.messages for part in message.parts]
    for call in (part for part in parts if isinstance(part, ToolCall)):
        assert abilities.call_id.fullmatch(call.id)
    for tool in (*once.tools, *(part for part in parts if isinstance(part, ToolCall))):
        assert tool.kind in abilities.tool_kinds
        assert abilities.tool_name.fullmatch(tool.name)
        assert len(tool.name) <= abilities.tool_name_length
        assert abilities.namespaces or not tool.namespace
    names = [(tool.name, tool.namespace) for tool in once.tools]
    assert len(set(names)) == len(names)
    if not abilities.media_in_results:
        assert not any(
            isinstance(inner, Media) for part in parts if isinstance(part, ToolResult) for inner in part.parts
        )
