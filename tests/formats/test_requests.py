"""What routing reads of request bodies: recorded ones of the real clients, hand-written ones, and wrong ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import BY_PATH, CODECS
from cccc.ir.codec import RequestFacts, Thinking
from cccc.ir.splice import splice_string

CAPTURES = {
    path.stem: json.loads(path.read_bytes()) for path in (Path(__file__).parents[1] / "captures").glob("*.json")
}
TURNS = {name: capture for name, capture in CAPTURES.items() if capture["method"] == "POST"}


def captured(name: str) -> RequestFacts:
    capture = CAPTURES[name]
    codec, _ = BY_PATH[capture["target"].partition("?")[0]]
    headers = {key.lower(): value for key, value in capture["headers"]}
    return codec.request_facts(capture["body"], headers)


def facts(wire_format: WireFormat, headers: dict[str, str] | None = None, **body: Any) -> RequestFacts:
    return CODECS[wire_format].request_facts({"model": "m", "messages": [], **body}, headers or {})


@pytest.mark.parametrize("name", TURNS)
def test_recorded_requests_are_understood(name: str) -> None:
    read = captured(name)
    body = TURNS[name]["body"]
    assert read.problem is None
    assert read.model == body["model"]
    assert read.stream is body.get("stream", False)
    assert read.last_user_text
    if "count_tokens" not in name:
        assert read.session
        assert len(read.session) == 36


@pytest.mark.parametrize("name", TURNS)
def test_a_recorded_body_gets_another_model_and_comes_back_byte_for_byte(name: str) -> None:
    body = orjson.dumps(TURNS[name]["body"], option=orjson.OPT_INDENT_2)
    asked = TURNS[name]["body"]["model"]
    other = splice_string(body, ("model",), "vendor/other-model")
    assert orjson.loads(other) == {**TURNS[name]["body"], "model": "vendor/other-model"}
    assert splice_string(other, ("model",), asked) == body


def test_claude_code() -> None:
    read = captured("claude_opus48_turn1")
    assert read.session == "ee4d005f-9ccb-4a4a-afd3-502a32eefb9d"
    assert read.thinking == Thinking("adaptive", effort="high")
    assert read.last_user_text.endswith("please greet")
    assert read.opening.startswith("You are a Claude agent")
    assert captured("claude_haiku45_turn1_thinking_enabled").thinking == Thinking("enabled", 31999)
    assert captured("claude_subagent_explore_haiku").thinking == Thinking("disabled")


def test_the_opening_stays_the_same_from_turn_to_turn() -> None:
    assert captured("claude_opus48_turn1").opening == captured("claude_opus48_turn2_tool_result").opening
    assert captured("codex_gpt55_turn1").opening == captured("codex_gpt55_turn2").opening


def test_codex() -> None:
    read = captured("codex_gpt55_turn1")
    assert read.session == "01a20236-24e9-7cf1-8953-1f225ee2bfb5"
    assert read.thinking == Thinking("effort", effort="medium")
    assert read.last_user_text == "please greet"
    assert captured("codex_unknown_model_turn1").thinking is None


def test_sessions() -> None:
    a, c, r = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
    old = "user_" + "0" * 64 + "_account__session_ee4d005f-9ccb-4a4a-afd3-502a32eefb9d"
    assert facts(a, metadata={"user_id": old}).session == "ee4d005f-9ccb-4a4a-afd3-502a32eefb9d"
    assert facts(a, metadata={"user_id": "somebody"}).session is None
    assert facts(a, {"x-claude-code-session-id": "s"}).session == "s"
    assert facts(c, user="somebody").session is None
    assert facts(c, prompt_cache_key="k").session == "k"
    assert facts(r, {"session_id": "s"}).session == "s"
    assert facts(r, {"session_id": "s"}, prompt_cache_key="k").session == "k"


@pytest.mark.parametrize(
    ("wire_format", "body", "expected"),
    [
        (WireFormat.ANTHROPIC, {"thinking": {"type": "enabled", "budget_tokens": 5}}, Thinking("enabled", 5)),
        (WireFormat.ANTHROPIC, {"output_config": {"effort": "low"}}, Thinking("effort", effort="low")),
        (WireFormat.ANTHROPIC, {"thinking": "yes", "output_config": []}, None),
        (WireFormat.OPENAI_CHAT, {"reasoning_effort": "high"}, Thinking("effort", effort="high")),
        (WireFormat.OPENAI_CHAT, {"thinking": {"type": "disabled"}}, Thinking("disabled")),
        (WireFormat.OPENAI_RESPONSES, {"reasoning": {"effort": "none"}}, Thinking("disabled", effort="none")),
        (WireFormat.OPENAI_RESPONSES, {"reasoning": {"summary": "auto"}}, None),
    ],
)
def test_thinking(wire_format: WireFormat, body: dict[str, Any], expected: Thinking | None) -> None:
    assert facts(wire_format, **body).thinking == expected


def test_texts_of_a_chat() -> None:
    messages = [
        {"role": "system", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "one"}, {"type": "image_url"}, {"type": "text", "text": "two"}],
        },
        {"role": "assistant", "content": None},
        {"role": "tool", "content": "result"},
        {"role": "user", "content": "last"},
    ]
    read = facts(WireFormat.OPENAI_CHAT, messages=messages)
    assert (read.opening, read.last_user_text) == ("be brief\none\ntwo", "last")


def test_a_turn_of_tool_results_keeps_the_last_words_of_the_user() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
    messages = [{"role": "user", "content": "do it"}, {"role": "user", "content": [result]}]
    assert facts(WireFormat.ANTHROPIC, messages=messages).last_user_text == "do it"


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"previous_response_id": "resp_1"}, "resp_1"),
        ({"conversation": "conv_1"}, "conv_1"),
        ({"conversation": {"id": "conv_2"}}, "conv_2"),
        ({"conversation": None}, None),
    ],
)
def test_state_that_one_endpoint_holds(body: dict[str, Any], state: str | None) -> None:
    read = CODECS[WireFormat.OPENAI_RESPONSES].request_facts({"model": "m", "input": "hi", **body}, {})
    assert (read.state_ref, read.last_user_text) == (state, "hi")


@pytest.mark.parametrize(
    ("wire_format", "body", "problem", "param"),
    [
        (None, [], "body must be a JSON object", None),
        (None, "text", "body must be a JSON object", None),
        (None, None, "body must be a JSON object", None),
        (None, {"messages": []}, 'missing "model"', "model"),
        (None, {"model": "", "messages": []}, 'missing "model"', "model"),
        (None, {"model": 3, "messages": []}, '"model" must be a string', "model"),
        (None, {"model": "m", "messages": [], "stream": "yes"}, '"stream" must be true or false', "stream"),
        (WireFormat.ANTHROPIC, {"model": "m"}, 'missing "messages"', "messages"),
        (WireFormat.OPENAI_CHAT, {"model": "m", "messages": {}}, '"messages" must be an array', "messages"),
        (WireFormat.OPENAI_RESPONSES, {"model": "m", "input": 1}, '"input" must be a string or an array', "input"),
        (WireFormat.OPENAI_RESPONSES, {"model": "m"}, None, None),
        (None, {"model": "m", "messages": [], "stream": None}, None, None),
    ],
)
def test_problems(wire_format: WireFormat | None, body: Any, problem: str | None, param: str | None) -> None:
    for codec in [CODECS[wire_format]] if wire_format else CODECS.values():
        read = codec.request_facts(body, {})
        assert (read.problem, read.problem_param) == (problem, param)
