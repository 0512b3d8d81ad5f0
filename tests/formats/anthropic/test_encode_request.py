from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.anthropic.encode_request import encode_request
from cccc.formats.anthropic.tables import ABILITIES
from cccc.ir.adapt import adapt
from cccc.ir.loss import Loss, Losses
from cccc.ir.messages import (
    Choice,
    Effort,
    Media,
    Medium,
    Message,
    Output,
    Part,
    Reasoning,
    Refusal,
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
from cccc.ir.target import Target
from tests.formats.anthropic.sdk import checked_request

RELAY = Target(WireFormat.ANTHROPIC, "relay", "claude-x")
OFFICIAL = replace(RELAY, official=True)
HI = Message(Role.USER, (Text("hi"),), "messages[0]")
F = Tool("f", "does f", {"type": "object", "properties": {}}, path="tools[0]")
MARK = {"cache_control": {"type": "ephemeral"}}


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts, "messages[0]")


def model(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts, "messages[1]")


def encoded(*messages: Message, target: Target = RELAY, **fields: Any) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    losses = Losses()
    request = Request("asked", messages or (HI,), **fields)
    body = encode_request(adapt(request, ABILITIES, target, losses).request, target, losses)
    return checked_request(body), losses.all


def turns(*messages: Message, **fields: Any) -> list[dict[str, Any]]:
    """The messages of the body, cache marks left out."""
    body, losses = encoded(*messages, **fields)
    assert losses == ()
    for turn in body["messages"]:
        turn["content"] = [
            {key: value for key, value in block.items() if key != "cache_control"} for block in turn["content"]
        ]
    found: list[dict[str, Any]] = body["messages"]
    return found


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def test_the_least_request() -> None:
    body, losses = encoded()
    assert body == {
        "model": "claude-x",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [text("hi") | MARK]}],
    }
    assert losses == ()


@pytest.mark.parametrize(
    ("asked", "most", "limit"), [(None, None, 8192), (None, 64000, 64000), (100, 64000, 100), (99_999, 64000, 64000)]
)
def test_max_tokens_is_always_there_and_never_more_than_the_model_has(
    asked: int | None, most: int | None, limit: int
) -> None:
    assert encoded(target=replace(RELAY, max_output=most), max_tokens=asked)[0]["max_tokens"] == limit


def test_roles_alternate_and_the_user_begins() -> None:
    assert turns(model(Text("a")), model(Text("b")), user(Text("c")), user(Text("d"))) == [
        {"role": "user", "content": [text("(The conversation begins with the assistant.)")]},
        {"role": "assistant", "content": [text("a"), text("b")]},
        {"role": "user", "content": [text("c"), text("d")]},
    ]


def test_no_messages_at_all() -> None:
    losses = Losses()
    body = encode_request(Request("m", ()), RELAY, losses)
    assert [turn["role"] for turn in checked_request(body)["messages"]] == ["user"]


def test_a_later_system_message_becomes_a_reminder_of_the_users() -> None:
    assert turns(HI, Message(Role.SYSTEM, (Text("be brief"),)), model(Text("a")), HI) == [
        {"role": "user", "content": [text("hi"), text("<system-reminder>\nbe brief\n</system-reminder>")]},
        {"role": "assistant", "content": [text("a")]},
        {"role": "user", "content": [text("hi")]},
    ]


def test_blank_texts_are_left_out_and_so_are_turns_of_nothing_else() -> None:
    assert turns(HI, model(Text(" \n"), Text("")), user(Text("\t"), Text("more"))) == [
        {"role": "user", "content": [text("hi"), text("more")]}
    ]


def test_an_answer_to_be_continued_does_not_end_in_white_space() -> None:
    assert turns(HI, model(Text("so \n")))[-1] == {"role": "assistant", "content": [text("so")]}


def test_a_refusal_of_the_past_is_text() -> None:
    assert turns(HI, model(Refusal("no")), HI)[1] == {"role": "assistant", "content": [text("no")]}


def test_results_stand_first_in_the_users_turn() -> None:
    found = turns(
        HI,
        model(Text("go"), ToolCall("a", "f", '{"x":1}'), ToolCall("b", "f", "")),
        user(Text("look"), ToolResult("b", (Text("two"),)), ToolResult("a", ())),
    )
    assert found[1]["content"][1:] == [
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "f", "input": {}},
    ]
    assert found[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a"},
        {"type": "tool_result", "tool_use_id": "b", "content": "two"},
        text("look"),
    ]


IMAGE = Media(Medium.IMAGE, "image/png", "AA==")
PNG = {"type": "base64", "media_type": "image/png", "data": "AA=="}
IMAGE_BLOCK = {"type": "image", "source": PNG}


def test_a_result_with_an_image_and_one_of_an_error() -> None:
    """An error's result holds text only: its image follows the results."""
    found = turns(
        HI,
        model(ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}")),
        user(ToolResult("a", (Text("bad"), IMAGE), is_error=True), ToolResult("b", (Text("good"), IMAGE))),
    )
    assert found[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "is_error": True, "content": "bad"},
        {"type": "tool_result", "tool_use_id": "b", "content": [text("good"), IMAGE_BLOCK]},
        IMAGE_BLOCK,
    ]


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (IMAGE, IMAGE_BLOCK),
        (Media(Medium.IMAGE, "image/jpg", "AA=="), {"type": "image", "source": {**PNG, "media_type": "image/jpeg"}}),
        (Media(Medium.IMAGE, url="https://x/y"), {"type": "image", "source": {"type": "url", "url": "https://x/y"}}),
        (
            Media(Medium.DOCUMENT, "application/pdf", "AA==", name="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="},
                "title": "a.pdf",
            },
        ),
        (
            Media(Medium.DOCUMENT, "", "JVBERi0="),
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}},
        ),
        (
            Media(Medium.DOCUMENT, "text/csv", base64.b64encode(b"a,b").decode()),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}},
        ),
    ],
)
def test_media(media: Media, block: dict[str, Any]) -> None:
    assert turns(user(media))[0]["content"] == [block]


@pytest.mark.parametrize(
    "media",
    [
        Media(Medium.IMAGE, "image/bmp", "AA=="),
        Media(Medium.IMAGE, file_id="file-1"),
        Media(Medium.AUDIO, "audio/wav", "AA=="),
        Media(Medium.DOCUMENT, "application/zip", "AA=="),
        Media(Medium.DOCUMENT, "text/plain", "???"),
    ],
)
def test_media_that_the_format_cannot_hold_is_refused(media: Media) -> None:
    with pytest.raises(NotConvertible) as refused:
        encoded(user(media))
    assert refused.value.path == "messages[0]"


OWN = Thinking("hm", "sig", WireFormat.ANTHROPIC, "relay")
CALL = ToolCall("a", "f", "{}")
RESULT = ToolResult("a", (Text("ok"),))
NEXT, RESULT_OF_NEXT = replace(CALL, id="b"), replace(RESULT, call_id="b")


def test_its_own_thinking_goes_back_to_the_endpoint() -> None:
    hidden = Thinking("", "data", WireFormat.ANTHROPIC, "relay", redacted=True)
    assert turns(HI, model(OWN, hidden, CALL), user(RESULT))[1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
    ]


def test_thinking_of_others_does_not() -> None:
    other = Thinking("hm", "enc", WireFormat.OPENAI_RESPONSES, "relay")
    body, losses = encoded(HI, model(other, Text("a")), HI)
    assert body["messages"][1]["content"] == [text("a")]
    assert [loss.what for loss in losses] == ["thinking signature"]


def test_no_assistant_turn_ends_in_thinking() -> None:
    assert turns(HI, model(Text("a"), OWN), HI)[1]["content"] == [text("a")]
    assert turns(HI, model(OWN), HI) == [{"role": "user", "content": [text("hi"), text("hi")]}]


@pytest.mark.parametrize(
    ("effort", "limit", "budget"),
    [
        (Effort.MINIMAL, 64000, 1024),
        (Effort.LOW, 64000, 4096),
        (Effort.MEDIUM, 64000, 8192),
        (Effort.HIGH, 64000, 16384),
        (Effort.XHIGH, 64000, 16384),
        (Effort.HIGH, 8192, 6143),
        (Effort.HIGH, 2049, 1024),
        (Effort.HIGH, 2048, None),
        (Effort.HIGH, 100, None),
    ],
)
def test_effort_becomes_a_budget_that_leaves_room_for_the_answer(
    effort: Effort, limit: int, budget: int | None
) -> None:
    body, losses = encoded(max_tokens=limit, reasoning=Reasoning(effort))
    assert body.get("thinking", {}).get("budget_tokens") == budget
    assert [loss.what for loss in losses] == ([] if budget else ["reasoning effort"])


def test_the_highest_effort_where_the_model_has_it() -> None:
    target = replace(RELAY, efforts=frozenset(Effort))
    assert encoded(target=target, max_tokens=64000, reasoning=Reasoning(Effort.XHIGH))[0]["thinking"] == {
        "type": "enabled",
        "budget_tokens": 32000,
    }


def test_a_limit_that_nobody_stated_is_the_answers_alone() -> None:
    body, _ = encoded(reasoning=Reasoning(Effort.HIGH))
    assert (body["max_tokens"], body["thinking"]["budget_tokens"]) == (8192 + 16384, 16384)
    body, _ = encoded(reasoning=Reasoning(budget=2000))
    assert (body["max_tokens"], body["thinking"]["budget_tokens"]) == (8192 + 2000, 2000)


def test_not_to_think_is_said_where_models_think_unasked() -> None:
    assert encoded(reasoning=Reasoning(Effort.NONE))[0]["thinking"] == {"type": "disabled"}
    assert "thinking" not in encoded(target=OFFICIAL, reasoning=Reasoning(Effort.NONE))[0]


THINK: dict[str, Any] = {"reasoning": Reasoning(Effort.LOW), "max_tokens": 32000}


@pytest.mark.parametrize("choice", [ToolChoice(Choice.ANY), ToolChoice(Choice.ONE, "f")])
def test_a_forced_choice_rules_out_thinking(choice: ToolChoice) -> None:
    body, losses = encoded(tools=(F,), tool_choice=choice, **THINK)
    assert "thinking" not in body
    assert [loss.what for loss in losses] == ["reasoning effort"]


@pytest.mark.parametrize(
    ("history", "thinks"),
    [
        ((HI, model(OWN, CALL), user(RESULT)), True),
        ((HI, model(CALL), user(RESULT)), False),
        ((HI, model(CALL), user(RESULT), model(Text("done")), HI), True),
        ((HI, model(OWN, CALL), user(RESULT, Text("look"))), True),
        ((HI, model(OWN, CALL), user(RESULT), model(NEXT), user(RESULT_OF_NEXT)), True),
        ((HI, model(CALL), user(RESULT), model(OWN, NEXT), user(RESULT_OF_NEXT)), False),
        ((HI, model(Text("so"))), False),
    ],
)
def test_a_turn_that_began_without_thinking_goes_on_without(history: tuple[Message, ...], thinks: bool) -> None:
    """Anthropic refuses to think in a turn whose calls came without their thinking, as after a failover."""
    assert ("thinking" in encoded(*history, tools=(F,), **THINK)[0]) is thinks


SEES_FIT = replace(RELAY, adaptive=True, efforts=frozenset({Effort.LOW, Effort.HIGH}))


@pytest.mark.parametrize(
    ("reasoning", "effort", "lost"),
    [
        (Reasoning(Effort.LOW), "low", []),
        (Reasoning(budget=20_000), "high", []),
        (Reasoning(Effort.XHIGH), "high", ["reasoning effort"]),
        (Reasoning(Effort.MINIMAL), "low", ["reasoning effort"]),
        (Reasoning(adaptive=True), None, []),
    ],
)
def test_a_model_that_takes_no_budget_is_told_an_effort(
    reasoning: Reasoning, effort: str | None, lost: list[str]
) -> None:
    """Models from Claude 4.7 on refuse ``enabled``; a turn of theirs need not have begun with thinking."""
    history = (HI, model(CALL), user(RESULT))
    body, losses = encoded(*history, target=SEES_FIT, tools=(F,), max_tokens=100, reasoning=reasoning)
    assert body["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert body.get("output_config") == ({"effort": effort} if effort else None)
    assert [loss.what for loss in losses] == lost


def test_an_effort_stands_beside_the_form_of_the_answer() -> None:
    target = replace(SEES_FIT, official=True)
    body, _ = encoded(target=target, output=Output(schema={"type": "object"}), reasoning=Reasoning(Effort.LOW))
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}, "effort": "low"}


@pytest.mark.parametrize("choice", [ToolChoice(Choice.ANY), ToolChoice(Choice.ONE, "f")])
def test_a_forced_choice_rules_out_thinking_as_the_model_sees_fit_too(choice: ToolChoice) -> None:
    body, losses = encoded(target=SEES_FIT, tools=(F,), tool_choice=choice, **THINK)
    assert not {"thinking", "output_config"} & set(body)
    assert [loss.what for loss in losses] == ["reasoning effort"]


def test_as_the_model_sees_fit_is_what_models_with_budgets_do_unasked() -> None:
    assert "thinking" not in encoded(reasoning=Reasoning(adaptive=True))[0]


def test_thinking_leaves_no_tuning() -> None:
    body, losses = encoded(sampling=Sampling(0.5, 0.9, 40), **THINK)
    assert "temperature" not in body
    assert [loss.what for loss in losses] == ["temperature", "top_p", "top_k"]
    assert encoded(sampling=Sampling(1, 1), **THINK)[1] == ()


@pytest.mark.parametrize(
    ("sampling", "fields", "lost"),
    [
        (Sampling(0.3), {"temperature": 0.3}, []),
        (Sampling(0), {"temperature": 0}, []),
        (Sampling(1.7), {"temperature": 1}, ["temperature"]),
        (Sampling(0.3, 0.9), {"temperature": 0.3}, ["top_p"]),
        (Sampling(0.3, 1), {"temperature": 0.3}, []),
        (Sampling(top_p=0.9, top_k=5), {"top_p": 0.9, "top_k": 5}, []),
        (Sampling(stop=("a", " \n")), {"stop_sequences": ["a"]}, ["blank stop sequence"]),
        (Sampling(extra={"seed": 1}), {}, ["seed"]),
    ],
)
def test_sampling(sampling: Sampling, fields: dict[str, Any], lost: list[str]) -> None:
    body, losses = encoded(sampling=sampling)
    assert {key: body[key] for key in body if key not in ("model", "max_tokens", "messages")} == fields
    assert [loss.what for loss in losses] == lost


def test_a_reasoning_model_takes_no_temperature() -> None:
    body, losses = encoded(target=replace(RELAY, fixed_temperature=True), sampling=Sampling(0.3))
    assert "temperature" not in body
    assert [loss.what for loss in losses] == ["temperature"]


def test_tools_and_their_marks() -> None:
    body, losses = encoded(tools=(F, Tool("g", schema={"anyOf": []}, strict=True, path="tools[1]")))
    assert body["tools"] == [
        {"name": "f", "description": "does f", "input_schema": {"type": "object", "properties": {}}},
        {"name": "g", "input_schema": {"type": "object", "properties": {}}, **MARK},
    ]
    assert [loss.what for loss in losses] == ["schema alternatives", "strict"]


@pytest.mark.parametrize(
    ("choice", "body"),
    [
        (ToolChoice(), {"type": "auto"}),
        (ToolChoice(Choice.ANY), {"type": "any"}),
        (ToolChoice(Choice.NONE, parallel=False), {"type": "none"}),
        (ToolChoice(Choice.ONE, "f"), {"type": "tool", "name": "f"}),
        (ToolChoice(parallel=False), {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(parallel=True), {"type": "auto"}),
    ],
)
def test_tool_choice(choice: ToolChoice, body: dict[str, Any]) -> None:
    assert encoded(tools=(F,), tool_choice=choice)[0]["tool_choice"] == body


SEARCH = Tool("web_search", kind=ToolKind.WEB_SEARCH, path="tools[0]")


def test_web_search_is_anthropics_own() -> None:
    settings = {
        "type": "web_search",
        "filters": {"allowed_domains": ["x.org"]},
        "user_location": {"type": "approximate", "city": "Kiel"},
    }
    search = replace(SEARCH, name="web_search_preview", settings=settings)
    choice = ToolChoice(Choice.ONE, "web_search_preview")
    body, losses = encoded(target=OFFICIAL, tools=(search,), tool_choice=choice)
    assert body["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "allowed_domains": ["x.org"],
            "user_location": {"type": "approximate", "city": "Kiel"},
            **MARK,
        }
    ]
    assert body["tool_choice"] == {"type": "tool", "name": "web_search"}
    assert losses == ()


@pytest.mark.parametrize(
    ("target", "settings"), [(RELAY, {}), (OFFICIAL, {"external_web_access": False})], ids=["a relay", "a cached web"]
)
def test_web_search_is_lost_elsewhere_and_so_is_the_wish_to_force_it(target: Target, settings: dict[str, Any]) -> None:
    search = replace(SEARCH, settings=settings)
    body, losses = encoded(target=target, tools=(search, F), tool_choice=ToolChoice(Choice.ONE, "web_search"))
    assert [tool["name"] for tool in body["tools"]] == ["f"]
    assert body["tool_choice"] == {"type": "auto"}
    assert [loss.what for loss in losses] == ["web_search", "tool_choice"]


def test_a_function_of_the_clients_goes_before_a_hosted_tool_of_its_name() -> None:
    body, losses = encoded(
        target=OFFICIAL, tools=(replace(SEARCH, name="web_search_preview"), Tool("web_search", "mine", path="tools[1]"))
    )
    assert [tool.get("description") for tool in body["tools"]] == ["mine"]
    assert [loss.what for loss in losses] == ["web_search"]


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}


def test_a_schema_of_the_answer() -> None:
    output = Output(json=True, schema=SCHEMA, name="n", strict=True)
    body, losses = encoded(target=OFFICIAL, output=output)
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert losses == ()
    body, losses = encoded(output=output, system=(Text("Be brief."),))
    assert body["system"][0] == text("Be brief.")
    assert '"additionalProperties":false' in body["system"][1]["text"]
    assert [loss.what for loss in losses] == ["output schema"]
    assert [loss.what for loss in encoded(output=Output(json=True, verbosity="low"))[1]] == ["verbosity", "JSON output"]


def test_at_most_four_cache_marks_at_places_that_the_next_turn_shares() -> None:
    history = (HI, model(Text("a")), HI, model(Text("b")), HI)
    body, _ = encoded(*history, system=(Text("x"), Text("y")), tools=(F,))
    assert [MARK.items() <= block.items() for block in body["system"]] == [False, True]
    assert ["cache_control" in turn["content"][-1] for turn in body["messages"]] == [False, False, True, False, True]


def test_names_of_users() -> None:
    assert encoded(user="u1")[0]["metadata"] == {"user_id": "u1"}
    assert len(encoded(user="u" * 65)[0]["metadata"]["user_id"]) == 64


def test_service_tiers() -> None:
    assert encoded(target=OFFICIAL, service_tier="default")[0]["service_tier"] == "standard_only"
    assert "service_tier" not in encoded(service_tier="auto")[0]
    assert [loss.what for loss in encoded(service_tier="priority")[1]] == ["service_tier"]


def test_streams_are_asked_for() -> None:
    assert encoded(stream=True)[0]["stream"] is True


WORDS = st.sampled_from(["", " ", "hi", "so \n"])
TEXTS = st.builds(Text, WORDS)
ORIGINS = st.just(WireFormat.ANTHROPIC)
ASKED: st.SearchStrategy[Part] = st.one_of(
    TEXTS,
    st.just(IMAGE),
    st.builds(
        ToolResult,
        st.sampled_from(["a", "b", "c|1"]),
        st.builds(lambda words: (Text(words), IMAGE), WORDS),
        st.booleans(),
    ),
)
ANSWERED: st.SearchStrategy[Part] = st.one_of(
    TEXTS,
    st.builds(Refusal, WORDS),
    st.just(IMAGE),
    st.builds(Thinking, WORDS, st.sampled_from(["", "s"]), ORIGINS, st.sampled_from(["", "relay"])),
    st.builds(ToolCall, st.sampled_from(["a", "b", "c|1", ""]), st.just("f"), st.sampled_from(["{}", "{", '{"a":1}'])),
)


def messages_of(role: Role, parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Message]:
    return st.builds(Message, st.just(role), st.lists(parts, max_size=4).map(tuple))


MESSAGES = st.lists(
    messages_of(Role.SYSTEM, TEXTS) | messages_of(Role.USER, ASKED) | messages_of(Role.ASSISTANT, ANSWERED), max_size=6
)


@given(
    messages=MESSAGES,
    effort=st.none() | st.sampled_from(Effort),
    choice=st.sampled_from(Choice),
    official=st.booleans(),
)
def test_whatever_was_said_the_request_is_one_that_the_api_takes(
    messages: list[Message], effort: Effort | None, choice: Choice, official: bool
) -> None:
    encoded(
        *messages,
        target=replace(RELAY, official=official),
        tools=(F,),
        tool_choice=ToolChoice(choice, "f" if choice is Choice.ONE else ""),
        reasoning=Reasoning(effort) if effort else None,
        sampling=Sampling(0.5, 0.5, 5),
        system=(Text("s"), Text(" ")),
    )
