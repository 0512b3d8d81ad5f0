"""Neutral requests as Chat Completions: what OpenAI gets, what other vendors get, and what it costs."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParams
from pydantic import TypeAdapter

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.ir.loss import Losses
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
from tests.formats.openai_chat.wire import CODEC, OFFICIAL, VENDOR

PARAMS = TypeAdapter[Any](CompletionCreateParams)
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
CALL = ToolCall("c1", "f", '{"a":1}')
RESULT = ToolResult("c1", (Text("done"),))


def write(request: Request, target: Target = VENDOR, lost: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body, once its losses are these and the vendor's own types take it."""
    losses = Losses()
    body = CODEC.encode_request(request, target, losses)
    assert tuple(loss.what for loss in losses.all) == lost
    PARAMS.validate_python(body)
    return body


def asked(*messages: Message, **fields: Any) -> Request:
    return Request("asked", messages, **fields)


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts, "messages[0]")


def assistant(*parts: Part) -> Message:
    return Message(Role.ASSISTANT, parts, "messages[1]")


def messages(*given: Message, target: Target = VENDOR, lost: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = write(asked(*given), target, lost)["messages"]
    return written


def test_the_plainest_request() -> None:
    assert write(asked(user(Text("Hi")))) == {
        "model": "vendor-model",
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_streams_always_ask_for_usage() -> None:
    body = write(asked(user(Text("Hi")), stream=True))
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


# messages

LATER = (user(Text("Hi")), Message(Role.SYSTEM, (Text("Two."),), "messages[1]"))


@pytest.mark.parametrize(("target", "role"), [(VENDOR, "system"), (OFFICIAL, "developer")])
def test_system_in_place(target: Target, role: str) -> None:
    body = write(asked(*LATER, system=(Text("One."), Text("More."))), target)
    assert body["messages"] == [
        {"role": role, "content": "One.\n\nMore."},
        {"role": "user", "content": "Hi"},
        {"role": role, "content": "Two."},
    ]


def test_system_first() -> None:
    body = write(asked(*LATER, system=(Text("One."),)), replace(VENDOR, system_first=True))
    assert body["messages"] == [{"role": "system", "content": "One.\n\nTwo."}, {"role": "user", "content": "Hi"}]


def test_system_messages_hold_text_only() -> None:
    later = Message(Role.SYSTEM, (Text("S"), Media(Medium.IMAGE, url="https://x.example/a.png")), "messages[0]")
    assert messages(later, lost=("system content",)) == [{"role": "system", "content": "S"}]


def test_texts_alone_are_a_string() -> None:
    assert messages(user(Text("H"), Text("i")))[0]["content"] == "H\n\ni"


def test_images_and_documents() -> None:
    words = base64.b64encode("Grüße".encode()).decode()
    parts = (
        Text("See:"),
        Media(Medium.IMAGE, "image/png", "AAAA"),
        Media(Medium.IMAGE, url="https://x.example/a.png"),
        Media(Medium.DOCUMENT, "application/pdf", "AAAA", name="a.pdf"),
        Media(Medium.DOCUMENT, "text/plain", words, name="a.txt"),
        Media(Medium.AUDIO, "audio/mpeg", "AAAA"),
    )
    assert messages(user(*parts))[0]["content"] == [
        {"type": "text", "text": "See:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
        {"type": "text", "text": "a.txt\n\nGrüße"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
    ]


@pytest.mark.parametrize(("detail", "written"), [("low", "low"), ("original", "high")])
def test_how_closely_to_look_at_an_image(detail: str, written: str) -> None:
    image = Media(Medium.IMAGE, url="https://x.example/a.png", detail=detail)
    (message,) = write(asked(Message(Role.USER, (image,))))["messages"]
    assert message["content"][0]["image_url"] == {"url": "https://x.example/a.png", "detail": written}


def test_text_that_is_no_utf8_stays_a_file() -> None:
    (part,) = messages(user(Media(Medium.DOCUMENT, "text/plain", "/w==")))[0]["content"]
    assert part["file"]["file_data"] == "data:text/plain;base64,/w=="


def test_a_file_is_known_to_openai_alone() -> None:
    held = user(Media(Medium.DOCUMENT, file_id="file-1"))
    assert messages(held, target=OFFICIAL)[0]["content"] == [{"type": "file", "file": {"file_id": "file-1"}}]


@pytest.mark.parametrize(
    "part",
    [
        Media(Medium.DOCUMENT, file_id="file-1"),
        Media(Medium.DOCUMENT, url="https://x.example/a.pdf"),
        Media(Medium.IMAGE, file_id="file-1"),
        Media(Medium.DOCUMENT, "text/plain", url="https://x.example/a.txt"),
        Media(Medium.AUDIO, "audio/ogg", "AAAA"),
        ToolResult("c1", (Media(Medium.IMAGE, "image/png", "AAAA"),)),
    ],
)
def test_content_that_cannot_be_said(part: Part) -> None:
    with pytest.raises(NotConvertible) as caught:
        CODEC.encode_request(asked(user(part)), VENDOR, Losses())
    assert caught.value.path == "messages[0]"


def test_results_stand_right_after_their_calls() -> None:
    error = ToolResult("c2", (Text("no such file"),), is_error=True)
    got = messages(assistant(CALL, replace(CALL, id="c2")), user(Text("And?"), RESULT, error))
    call = {"type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    assert got == [
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", **call}, {"id": "c2", **call}]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
        {"role": "tool", "tool_call_id": "c2", "content": "Error: no such file"},
        {"role": "user", "content": "And?"},
    ]


def test_empty_arguments_are_an_object() -> None:
    (call,) = messages(assistant(ToolCall("c1", "f", "")))[0]["tool_calls"]
    assert call["function"]["arguments"] == "{}"


def test_earlier_thinking_goes_to_those_who_want_it() -> None:
    turn = assistant(Thinking("Hm."), Text("I look."), CALL)
    assert "reasoning_content" not in messages(turn)[0]
    back = replace(VENDOR, reasoning_back=True)
    assert messages(turn, target=back)[0]["reasoning_content"] == "Hm."
    assert "reasoning_content" not in messages(assistant(Thinking("Hm."), Text("Done.")), target=back)[0]


def test_a_call_without_its_thinking_is_still_accepted_by_those_who_want_it() -> None:
    assert messages(assistant(CALL), target=replace(VENDOR, reasoning_back=True))[0]["reasoning_content"] == " "


def test_sealed_thinking_goes_back_to_its_maker_as_it_came() -> None:
    sealed = '[{"type":"reasoning.text","text":"Hm.","signature":"SIG"}]'
    turn = assistant(Thinking("Hm.", sealed, WireFormat.OPENAI_CHAT, "vendor"), CALL)
    assert messages(turn)[0]["reasoning_details"] == [{"type": "reasoning.text", "text": "Hm.", "signature": "SIG"}]
    assert "reasoning_details" not in messages(turn, target=replace(VENDOR, endpoint="other"))[0]


def test_a_signature_goes_back_beside_its_own_call() -> None:
    sealed = Thinking("", '{"extra_content":{"google":1}}', WireFormat.OPENAI_CHAT, "vendor", redacted=True)
    first, second = messages(assistant(CALL, sealed, replace(CALL, id="c2")))[0]["tool_calls"]
    assert "extra_content" not in first
    assert second["extra_content"] == {"google": 1}


def test_a_turn_of_nothing_but_thinking_is_left_out() -> None:
    assert messages(user(Text("Hi")), assistant(Thinking("Hm."))) == [{"role": "user", "content": "Hi"}]


def test_a_refusal_in_history_is_text() -> None:
    assert messages(assistant(Refusal("No.")))[0]["content"] == "No."


def test_cache_marks_are_lost() -> None:
    request = asked(user(Text("Hi", cached=True), ToolResult("c", (), cached=True)), system=(Text("S", cached=True),))
    write(request, lost=("cache_control",) * 3)


# tools


def test_functions() -> None:
    request = asked(tools=(Tool("f", "Does f.", SCHEMA, strict=False), Tool("g")))
    assert write(request)["tools"] == [
        {"type": "function", "function": {"name": "f", "description": "Does f.", "parameters": SCHEMA}},
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ]


def test_strict_is_for_openai() -> None:
    request = asked(tools=(Tool("f", schema=SCHEMA, strict=True),))
    assert write(request, OFFICIAL)["tools"][0]["function"]["strict"] is True
    assert "strict" not in write(request, VENDOR, lost=("strict",))["tools"][0]["function"]


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice(Choice.AUTO), {"tool_choice": "auto"}),
        (ToolChoice(Choice.ANY, parallel=False), {"tool_choice": "required", "parallel_tool_calls": False}),
        (ToolChoice(Choice.NONE), {"tool_choice": "none"}),
        (ToolChoice(Choice.ONE, "f"), {"tool_choice": {"type": "function", "function": {"name": "f"}}}),
        (None, {}),
    ],
)
def test_tool_choice(choice: ToolChoice | None, written: dict[str, Any]) -> None:
    body = write(asked(tools=(Tool("f"),), tool_choice=choice))
    assert {key: body[key] for key in ("tool_choice", "parallel_tool_calls") if key in body} == written


def test_no_choice_without_tools() -> None:
    assert set(write(asked(tool_choice=ToolChoice(parallel=True)))) == {"model", "messages"}


def test_custom_calls_must_have_been_adapted() -> None:
    with pytest.raises(NotConvertible):
        CODEC.encode_request(asked(assistant(ToolCall("c1", "p", "x", ToolKind.CUSTOM))), VENDOR, Losses())


# tuning


@pytest.mark.parametrize(
    ("target", "field", "limit", "lost"),
    [
        (VENDOR, "max_tokens", 500, ()),
        (OFFICIAL, "max_completion_tokens", 500, ()),
        (replace(OFFICIAL, max_tokens_field="max_tokens"), "max_tokens", 500, ()),
        (replace(VENDOR, max_output=100), "max_tokens", 100, ("max_tokens",)),
    ],
)
def test_the_limit(target: Target, field: str, limit: int, lost: tuple[str, ...]) -> None:
    body = write(asked(max_tokens=500), target, lost)
    assert {key: value for key, value in body.items() if key.startswith("max_")} == {field: limit}


@pytest.mark.parametrize(
    ("reasoning", "effort", "lost"),
    [
        (None, None, ()),
        (Reasoning(adaptive=True), None, ()),
        (Reasoning(Effort.LOW), "low", ()),
        (Reasoning(budget=10_000), "medium", ()),
        (Reasoning(Effort.XHIGH), "high", ("reasoning effort",)),
    ],
)
def test_how_hard_to_think(reasoning: Reasoning | None, effort: str | None, lost: tuple[str, ...]) -> None:
    assert write(asked(reasoning=reasoning), lost=lost).get("reasoning_effort") == effort


def test_not_to_think_is_said_to_openai_only() -> None:
    request = asked(reasoning=Reasoning(Effort.NONE))
    assert "reasoning_effort" not in write(request, lost=("reasoning effort",))
    target = replace(OFFICIAL, efforts=frozenset(Effort))
    assert write(request, target)["reasoning_effort"] == "none"


def test_a_model_without_efforts() -> None:
    target = replace(VENDOR, efforts=frozenset())
    assert "reasoning_effort" not in write(asked(reasoning=Reasoning(Effort.HIGH)), target, lost=("reasoning effort",))


SAMPLING = Sampling(0.5, 0.9, extra={"seed": 7, "presence_penalty": 0.1})


def test_tuning() -> None:
    body = write(asked(sampling=SAMPLING))
    del body["model"], body["messages"]
    assert body == {"temperature": 0.5, "top_p": 0.9, "seed": 7, "presence_penalty": 0.1}


def test_tuning_of_a_model_that_has_its_own() -> None:
    lost = ("temperature", "top_p", "presence_penalty")
    assert set(write(asked(sampling=SAMPLING), replace(VENDOR, fixed_temperature=True), lost)) == {
        "model",
        "messages",
        "seed",
    }


def test_tuning_beyond_the_format() -> None:
    sampling = Sampling(3.0, top_k=5, stop=tuple("abcdef"), extra={"truncation": "auto"})
    body = write(asked(sampling=sampling), lost=("temperature", "truncation", "top_k", "stop sequences"))
    assert (body["temperature"], body["stop"]) == (2.0, list("abcd"))


def test_forms_of_output() -> None:
    schema = {"name": "my_answer", "schema": SCHEMA, "strict": True}
    output = Output(json=True, schema=SCHEMA, name="my answer", strict=True, verbosity="low")
    assert write(asked(output=output), OFFICIAL)["response_format"] == {"type": "json_schema", "json_schema": schema}
    assert write(asked(output=Output(json=True)))["response_format"] == {"type": "json_object"}
    assert write(asked(output=Output(schema=SCHEMA)))["response_format"]["json_schema"]["name"] == "answer"


def test_what_only_openai_takes() -> None:
    request = asked(session="s", service_tier="flex", output=Output(verbosity="low"))
    body = write(request, OFFICIAL)
    assert (body["prompt_cache_key"], body["service_tier"], body["verbosity"]) == ("s", "flex", "low")
    assert set(write(request, VENDOR, lost=("verbosity", "service_tier"))) == {"model", "messages"}


def test_a_long_user_is_hashed() -> None:
    assert write(asked(user="u" * 64))["user"] == "u" * 64
    long = write(asked(user="u" * 65))["user"]
    assert len(long) == 64
    assert long != "u" * 64
