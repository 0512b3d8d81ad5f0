from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.anthropic.decode_request import decode_request
from cccc.ir.loss import Loss, Losses
from cccc.ir.messages import (
    Choice,
    Effort,
    Media,
    Medium,
    Message,
    Output,
    Reasoning,
    Request,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolKind,
    ToolResult,
)
from cccc.ir.seal import seal
from tests.formats.test_laws import JSON

CAPTURES = Path(__file__).parents[2] / "captures"
CLAUDE = sorted(path.name for path in CAPTURES.glob("claude_*.json") if "discovery" not in path.name)


def decoded(**body: Any) -> tuple[Request, tuple[Loss, ...]]:
    losses = Losses()
    return decode_request({"model": "m", "messages": [], **body}, losses), losses.all


def request(**body: Any) -> Request:
    found, losses = decoded(**body)
    assert losses == ()
    return found


def said(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def captured(name: str) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads((CAPTURES / name).read_bytes())["body"]
    return body


@pytest.mark.parametrize("name", CLAUDE)
def test_what_claude_code_sends_loses_nothing(name: str) -> None:
    body = captured(name)
    found = request(**body)
    assert found.model == body["model"]
    assert len(found.messages) == len(body["messages"])
    assert len(found.tools) == len(body.get("tools", []))
    assert found.max_tokens == body.get("max_tokens")
    assert found.stream is body.get("stream", False)


def test_the_attribution_line_is_removed() -> None:
    """Trap: it changes with every prompt, and no prefix cache survives it."""
    found = request(**captured("claude_opus48_turn1.json"))
    assert len(found.system) == 2
    assert all(text.cached for text in found.system)
    line = "x-anthropic-billing-header: cc_version=2.1"
    assert request(system=line).system == ()
    assert request(system=f"{line}\nBe brief.").system == (Text("Be brief."),)
    assert request(system="Be brief.").system == (Text("Be brief."),)


def test_a_system_role_message_stays_where_it_is() -> None:
    found = request(**captured("claude_glm5_turn2_tool_result.json"))
    assert [message.role for message in found.messages] == [Role.USER, Role.SYSTEM, Role.ASSISTANT, Role.USER]
    assert [message.path for message in found.messages] == [f"messages[{at}]" for at in range(4)]


def test_the_session_is_found_in_the_user_id() -> None:
    body = captured("claude_opus48_turn1.json")
    session = orjson.loads(body["metadata"]["user_id"])["session_id"]
    assert request(**body).session == session
    old = request(metadata={"user_id": "user_ab_account__session_0123-ab"})
    assert (old.user, old.session) == ("user_ab_account__session_0123-ab", "0123-ab")


def test_the_title_request_has_a_schema_no_tools_and_no_thinking() -> None:
    found = request(**captured("claude_title_json_schema_no_tools.json"))
    assert found.tools == ()
    assert found.reasoning == Reasoning(Effort.NONE)
    assert found.output.json
    assert found.output.schema
    assert found.output.schema["required"] == ["title"]


def test_the_web_search_request_offers_a_hosted_tool_and_forces_it() -> None:
    found = request(**captured("claude_websearch_server_tool.json"))
    assert [(tool.name, tool.kind) for tool in found.tools] == [("web_search", ToolKind.WEB_SEARCH)]
    assert found.tools[0].settings["max_uses"] == 8
    assert found.tool_choice == ToolChoice(Choice.ONE, "web_search")


def test_referenced_tools_are_told_in_words() -> None:
    found = request(**captured("claude_toolsearch_tool_reference.json"))
    result = found.messages[3].parts[0]
    assert isinstance(result, ToolResult)
    assert result.parts == (Text("Tool loaded: WebSearch"), Text("Tool loaded: TaskCreate"))
    assert "WebSearch" in [tool.name for tool in found.tools]


def test_input_that_claude_code_could_not_parse_stays_an_object() -> None:
    """Trap: ``__unparsedToolInput``."""
    found = request(**captured("claude_bad_json_args_replayed.json"))
    call = found.messages[2].parts[0]
    assert isinstance(call, ToolCall)
    assert "__unparsedToolInput" in orjson.loads(call.arguments)


def test_an_image_in_a_result() -> None:
    found = request(**captured("claude_image_in_tool_result.json"))
    result = found.messages[3].parts[0]
    assert isinstance(result, ToolResult)
    assert [(part.medium, part.media_type) for part in result.parts if isinstance(part, Media)] == [
        (Medium.IMAGE, "image/png")
    ]


FOREIGN = Thinking("", "enc", WireFormat.OPENAI_RESPONSES, "relay", item_id="rs_1")


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "text", "text": "hi"}, Text("hi")),
        ({"text": "hi"}, Text("hi")),
        ({"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}, Text("hi", cached=True)),
        ({"type": "text", "text": ""}, None),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
            Media(Medium.IMAGE, "image/png", "AA=="),
        ),
        ({"type": "image", "source": {"type": "url", "url": "https://x/y"}}, Media(Medium.IMAGE, url="https://x/y")),
        (
            {
                "type": "document",
                "title": "T",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "A"},
            },
            Media(Medium.DOCUMENT, "application/pdf", "A", name="T"),
        ),
        (
            {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
            Text("Document: T\nwords"),
        ),
        (
            {"type": "search_result", "source": "https://x", "title": "T", "content": [{"type": "text", "text": "w"}]},
            Text("T\nhttps://x\nw"),
        ),
        ({"type": "thinking", "thinking": "hm", "signature": "s"}, Thinking("hm", "s", WireFormat.ANTHROPIC)),
        ({"type": "thinking", "thinking": "hm", "signature": ""}, Thinking("hm")),
        ({"type": "thinking", "thinking": "", "signature": ""}, None),
        (
            {"type": "thinking", "thinking": "hm", "signature": seal(FOREIGN)},
            Thinking("hm", "enc", WireFormat.OPENAI_RESPONSES, "relay", item_id="rs_1"),
        ),
        ({"type": "redacted_thinking", "data": "d"}, Thinking("", "d", WireFormat.ANTHROPIC, redacted=True)),
        ({"type": "redacted_thinking", "data": seal(FOREIGN)}, FOREIGN),
        ({"type": "thinking", "thinking": "hm", "signature": "cccc-thinking-99.x"}, Thinking("hm")),
        ({"type": "redacted_thinking", "data": "cccc-thinking-99.x"}, None),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}, ToolCall("t", "f", '{"a":1}')),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}}, ToolCall("t", "f", "{}")),
        ({"type": "tool_use", "id": "t", "name": "f"}, ToolCall("t", "f", "{}")),
        ({"type": "tool_use", "id": "t", "name": "f", "input": "x"}, ToolCall("t", "f", '{"input":"x"}')),
        ({"type": "compaction", "content": "so far"}, Text("so far")),
    ],
)
def test_blocks(block: dict[str, Any], part: Any) -> None:
    found = request(messages=[said("assistant", block)])
    assert found.messages[0].parts == (() if part is None else (part,))


def test_results() -> None:
    content = [{"type": "text", "text": "one"}, {"type": "text", "text": ""}]
    found = request(
        messages=[
            said(
                "user",
                {"type": "tool_result", "tool_use_id": "a", "content": "said"},
                {"type": "tool_result", "tool_use_id": "b", "is_error": True, "cache_control": {"type": "ephemeral"}},
                {"type": "tool_result", "tool_use_id": "c", "content": content},
            )
        ]
    )
    assert found.messages[0].parts == (
        ToolResult("a", (Text("said"),)),
        ToolResult("b", (), is_error=True, cached=True),
        ToolResult("c", (Text("one"),)),
    )


def test_a_document_of_blocks_keeps_its_images() -> None:
    inner = [{"type": "text", "text": "page"}, {"type": "image", "source": {"type": "url", "url": "https://x/y"}}]
    document = {"type": "document", "context": "the manual", "source": {"type": "content", "content": inner}}
    found = request(messages=[said("user", document)])
    assert found.messages[0].parts == (
        Text("the manual"),
        Text("Document:"),
        Text("page"),
        Media(Medium.IMAGE, url="https://x/y"),
    )


def test_what_the_vendor_ran_stays_as_text() -> None:
    found, losses = decoded(
        messages=[
            said(
                "assistant",
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "cats"}},
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "s",
                    "content": [
                        {"type": "web_search_result", "title": "T", "url": "https://x", "encrypted_content": "zzz"}
                    ],
                },
                {"type": "mcp_tool_result", "tool_use_id": "m", "content": [{"type": "text", "text": "found"}]},
                {"type": "fallback", "from": {"model": "x"}},
            )
        ]
    )
    assert found.messages[0].parts == (
        Text('<server_tool_use name="web_search">\n{"query":"cats"}\n</server_tool_use>'),
        Text("<web_search_tool_result>\nT\nhttps://x\n</web_search_tool_result>"),
        Text("<mcp_tool_result>\nfound\n</mcp_tool_result>"),
    )
    assert [loss.what for loss in losses] == [
        "server_tool_use",
        "web_search_tool_result",
        "mcp_tool_result",
        "fallback",
    ]
    assert losses[0].path == "messages[0].content[0]"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"messages": [said("user", {"type": "container_upload", "file_id": "f"})]}, "messages[0].content[0]"),
        ({"messages": [said("user", {"type": "hologram"})]}, "messages[0].content[0]"),
        ({"messages": [said("assistant", {"type": "compaction", "content": None})]}, "messages[0].content[0]"),
        (
            {"messages": [said("user", {"type": "image", "source": {"type": "file", "file_id": "f"}})]},
            "messages[0].content[0]",
        ),
        (
            {
                "messages": [
                    said("user", {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "hologram"}]})
                ]
            },
            "messages[0].content[0].content[0]",
        ),
        ({"thread": {"id": "t"}}, "thread"),
    ],
)
def test_content_that_nobody_else_can_say_is_refused(body: dict[str, Any], path: str) -> None:
    with pytest.raises(NotConvertible) as refused:
        decoded(**body)
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"mcp_servers": [{"url": "https://x"}]}, "mcp_servers"),
        ({"speed": "fast"}, "speed"),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management"),
        ({"output_config": {"task_budget": {"total": 9}}}, "task_budget"),
        ({"tools": [{"name": "f", "input_schema": {}, "input_examples": [{}]}]}, "input_examples"),
        ({"messages": [said("assistant", {"type": "text", "text": "x", "citations": [{}]})]}, "citations"),
    ],
)
def test_losses(body: dict[str, Any], what: str) -> None:
    assert [loss.what for loss in decoded(**body)[1]] == [what]


@pytest.mark.parametrize(
    ("thinking", "config", "reasoning"),
    [
        (None, None, None),
        (None, {"effort": "low"}, Reasoning(Effort.LOW)),
        ({"type": "enabled", "budget_tokens": 31999}, None, Reasoning(budget=31999, summary="auto")),
        ({"type": "adaptive"}, {"effort": "max"}, Reasoning(Effort.XHIGH, adaptive=True, summary="auto")),
        ({"type": "adaptive", "display": "omitted"}, None, Reasoning(adaptive=True)),
        ({"type": "disabled"}, {"effort": "high"}, Reasoning(Effort.NONE)),
    ],
)
def test_reasoning(thinking: Any, config: Any, reasoning: Reasoning | None) -> None:
    assert request(thinking=thinking, output_config=config).reasoning == reasoning


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        (None, None),
        ({"type": "auto"}, ToolChoice(Choice.AUTO)),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice(Choice.ANY, parallel=False)),
        ({"type": "none"}, ToolChoice(Choice.NONE)),
        ({"type": "tool", "name": "f"}, ToolChoice(Choice.ONE, "f")),
        ({"type": "whatever"}, None),
    ],
)
def test_tool_choice(given: Any, choice: ToolChoice | None) -> None:
    assert request(tool_choice=given).tool_choice == choice


def test_tools() -> None:
    schema = {"type": "object", "properties": {}}
    found = request(
        tools=[
            {"name": "f", "description": "d", "input_schema": schema, "cache_control": {"type": "ephemeral"}},
            {"type": "custom", "name": "g", "strict": True, "defer_loading": True, "eager_input_streaming": True},
            {"type": "computer_20251124", "name": "computer", "display_width_px": 9},
        ]
    )
    assert found.tools == (
        Tool("f", "d", schema, cached=True, path="tools[0]"),
        Tool("g", strict=True, path="tools[1]"),
        Tool("computer", kind=ToolKind.OTHER_HOSTED, settings={"display_width_px": 9}, path="tools[2]"),
    )


@pytest.mark.parametrize(
    ("kind", "field"),
    [("bash_20250124", "restart"), ("text_editor_20250728", "old_str"), ("memory_20250818", "old_path")],
)
def test_typed_tools_that_the_client_runs_become_functions(kind: str, field: str) -> None:
    """Their models know them by their type; every other one must be told what they take."""
    tool = request(tools=[{"type": kind, "name": "n"}]).tools[0]
    assert (tool.name, tool.kind) == ("n", ToolKind.FUNCTION)
    assert tool.description
    assert field in tool.schema["properties"]


def test_tuning() -> None:
    found = request(
        temperature=0.5, top_p=1, top_k=40, stop_sequences=["a", "", 3], max_tokens=9, service_tier="standard_only"
    )
    assert found.sampling == Sampling(0.5, 1, 40, ("a",))
    assert (found.max_tokens, found.service_tier, found.stream_usage) == (9, "default", True)
    assert request(output_format={"type": "json_schema", "schema": {"type": "object"}}).output == Output(
        json=True, schema={"type": "object"}, strict=True
    )


def test_a_message_in_one_string() -> None:
    assert request(messages=[{"role": "user", "content": "hi"}]).messages == (
        Message(Role.USER, (Text("hi"),), "messages[0]"),
    )


@given(
    body=st.dictionaries(
        st.sampled_from(["system", "tools", "metadata", "thinking", "output_config"]), JSON, max_size=2
    )
)
def test_no_field_makes_it_raise(body: dict[str, Any]) -> None:
    decoded(**body)


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        1,
        "",
        "x",
        [],
        ["x"],
        {},
        {"enabled": True},
        {"type": "base64"},
        {"type": "content", "content": "x"},
        "text",
        "image",
        "document",
        "search_result",
        "thinking",
        "tool_use",
        "server_tool_use",
        "hologram",
        {"type": "url", "url": 1},
        [{"type": "image", "source": 1}],
        [{"text": "x"}],
        [{"content": ["x", {"text": 1}]}],
    ]
)
BLOCK = st.dictionaries(
    st.sampled_from(["type", "text", "source", "content", "input", "id", "name", "signature", "data", "citations"]),
    VALUES,
    max_size=5,
)


@given(role=st.sampled_from(["user", "assistant", "system", "x", 1, None]), blocks=st.lists(BLOCK, max_size=4))
def test_no_message_makes_it_raise_anything_else(role: Any, blocks: list[Any]) -> None:
    with contextlib.suppress(NotConvertible):
        decoded(messages=[{"role": role, "content": blocks}])
