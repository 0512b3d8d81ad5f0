"""Codex's "lite" requests, whose one tool is JavaScript, as any model can serve them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.domain.endpoint import WireFormat
from cccc.ir.adapt import adapt
from cccc.ir.events import Ended, PartClosed, PartDelta, PartKind, PartOpened
from cccc.ir.fold import fold
from cccc.ir.loss import Losses
from cccc.ir.messages import StopReason, ToolCall, ToolKind, ToolResult
from cccc.ir.target import Abilities, Target
from tests.formats.openai_responses.judge import CODEC, request

CAPTURES = Path(__file__).parents[2] / "captures"
PLAIN = Target(WireFormat.OPENAI_CHAT, "relay", "glm")


def capture(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((CAPTURES / f"{name}.json").read_bytes())["body"]
    return body


def test_plain_tools_stand_in_for_javascript() -> None:
    tools = CODEC.decode_request(capture("codex_lite_gpt6_turn1"), Losses()).tools
    assert [(tool.namespace, tool.name) for tool in tools] == [
        ("", "exec_command"),
        ("", "write_stdin"),
        ("", "apply_patch"),
        ("", "view_image"),
        ("", "request_user_input"),
        ("", "request_user_input_async"),
        ("clock", "sleep"),
        ("collaboration", "followup_task"),
        ("collaboration", "interrupt_agent"),
        ("collaboration", "list_agents"),
        ("collaboration", "send_message"),
        ("collaboration", "spawn_agent"),
        ("collaboration", "wait_agent"),
    ]
    assert [tool.kind for tool in tools[:4]] == [
        ToolKind.FUNCTION,
        ToolKind.FUNCTION,
        ToolKind.CUSTOM,
        ToolKind.FUNCTION,
    ]


def test_the_stand_ins_are_what_codex_offers_elsewhere() -> None:
    ours = {tool.name: tool for tool in CODEC.decode_request(capture("codex_lite_gpt6_turn1"), Losses()).tools}
    for tool in CODEC.decode_request(capture("codex_gpt55_turn1"), Losses()).tools:
        own = ours.get(tool.name)
        if own is None or tool.name.startswith("request"):
            continue
        assert (own.kind, own.grammar) == (tool.kind, tool.grammar)
        assert own.schema.get("required") == tool.schema.get("required")
        assert set(own.schema.get("properties", ())) >= set(tool.schema.get("properties", ())) - {"prefix_rule"}
        assert set(own.schema.get("properties", ())) <= set(tool.schema.get("properties", ()))


def test_tools_without_javascript_stay_as_they_are() -> None:
    wait = {"type": "function", "name": "wait"}
    assert [tool.name for tool in request({"type": "additional_tools", "tools": [wait]}).tools] == ["wait"]


def test_a_tool_that_is_offered_is_not_offered_again() -> None:
    offered = [{"type": "custom", "name": "exec"}, {"type": "function", "name": "view_image", "description": "mine"}]
    tools = request({"type": "additional_tools", "tools": offered}).tools
    assert [tool.name for tool in tools] == ["exec_command", "write_stdin", "apply_patch", "view_image"]
    assert tools[-1].description == "mine"


def test_scripts_of_earlier_turns_are_part_of_the_history() -> None:
    read = CODEC.decode_request(capture("codex_lite_gpt6_turn2"), Losses())
    adapted = adapt(read, Abilities(), PLAIN, Losses())
    calls = [part for message in adapted.request.messages for part in message.parts if isinstance(part, ToolCall)]
    results = [part for message in adapted.request.messages for part in message.parts if isinstance(part, ToolResult)]
    assert [(call.name, call.kind) for call in calls] == [("exec", ToolKind.FUNCTION)]
    assert orjson.loads(calls[0].arguments)["input"].startswith("const r = await tools.exec_command")
    assert [result.call_id for result in results] == [calls[0].id]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("exec_command", '{"cmd":"ls"}', ("", "exec_command", ToolKind.FUNCTION, '{"cmd":"ls"}')),
        ("apply_patch", '{"input":"*** Begin"}', ("", "apply_patch", ToolKind.CUSTOM, "*** Begin")),
        ("clock__sleep", '{"duration_ms":1}', ("clock", "sleep", ToolKind.FUNCTION, '{"duration_ms":1}')),
        ("exec", '{"input":"text(1)"}', ("", "exec", ToolKind.CUSTOM, "text(1)")),
    ],
)
def test_calls_come_back_as_codex_executes_them(name: str, arguments: str, expected: tuple[str, ...]) -> None:
    read = CODEC.decode_request(capture("codex_lite_gpt6_turn2"), Losses())
    back = adapt(read, Abilities(), PLAIN, Losses()).back.stream()
    events = [
        PartOpened(0, PartKind.TOOL_CALL, "call_1", name),
        PartDelta(0, arguments),
        PartClosed(0),
        Ended(StopReason.TOOL_USE),
    ]
    (call,) = fold(own for event in events for own in back.feed(event)).parts
    assert isinstance(call, ToolCall)
    assert (call.namespace, call.name, call.kind, call.arguments) == expected
