"""OpenAI Chat Completions as a vendor speaks it, ``reasoning_content`` of the compatible vendors included.

Source: the API reference of OpenAI (Chat Completions, streaming chunks, Errors, Models).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from cccc.demo.ask import (
    Ask,
    Call,
    Compacted,
    Decline,
    Offer,
    Reply,
    Say,
    Speaker,
    Think,
    Turn,
    is_cut,
    output_tokens,
    reasoning_tokens,
)
from cccc.demo.dialect import Complaint, Event, Ids, Json, Stage, pieces, size_of, sse, texts
from cccc.demo.openai_errors import error_body, key_complaint, model_complaint, models_body
from cccc.domain.endpoint import Action, WireFormat


class OpenAIChat:
    """The dialect of ``/v1/chat/completions``."""

    wire_format = WireFormat.OPENAI_CHAT
    paths: Mapping[str, Action] = MappingProxyType({"/chat/completions": Action.TURN})
    asides: Mapping[Action, Callable[[Ask, Ids], Json]] = MappingProxyType({})
    request_id_header = "x-request-id"

    def read(self, body: Json) -> Ask:
        tools = [tool["function"]["name"] for tool in body.get("tools") or () if tool.get("type") == "function"]
        wanted = body.get("response_format") or {}
        return Ask(
            model=body["model"],
            stream=body.get("stream") is True,
            turns=tuple(_turns(body["messages"])),
            tools=dict.fromkeys(tools, Offer()),
            schema=(wanted.get("json_schema") or {}).get("schema"),
            input_tokens=size_of(body),
            include_usage=(body.get("stream_options") or {}).get("include_usage") is True,
        )

    def complaint(self, body: Json, _action: Action) -> str | None:
        if "model" not in body:
            return "you must provide a model parameter"
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            return "Missing required parameter: 'messages'."
        waiting: set[str] = set()
        for index, message in enumerate(messages):
            role = message.get("role")
            if role not in ("system", "developer", "user", "assistant", "tool"):
                return (
                    f"Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', "
                    "'tool', and 'developer'."
                )
            if role == "tool":
                if message.get("tool_call_id") not in waiting:
                    return (
                        f"Invalid parameter: messages[{index}]: messages with role 'tool' must be a response to a "
                        "preceeding message with 'tool_calls'."
                    )
                waiting.discard(message["tool_call_id"])
                continue
            if waiting:
                break
            waiting = {call["id"] for call in message.get("tool_calls") or ()}
        if waiting:
            return (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                "'tool_call_id'. The following tool_call_ids did not have response messages: "
                f"{', '.join(sorted(waiting))}"
            )
        return None

    def events(self, ask: Ask, reply: Reply, ids: Ids) -> Iterator[Event]:
        frame = _frame(ask, ids) | {"object": "chat.completion.chunk"}

        def chunk(delta: Json, stage: Stage, finish: str | None = None) -> Event:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            usage = {"usage": None} if ask.include_usage else {}
            return Event(sse(frame | {"choices": [choice]} | usage), stage)

        yield chunk({"role": "assistant", "content": "", "refusal": None}, Stage.PREAMBLE)
        calls = 0
        for part in reply:
            match part:
                case Think():
                    for piece in pieces(part.text):
                        yield chunk({"reasoning_content": piece}, Stage.CONTENT)
                case Say() | Compacted():
                    for piece in pieces(part.text):
                        yield chunk({"content": piece}, Stage.CONTENT)
                case Decline():
                    for piece in pieces(part.text):
                        yield chunk({"refusal": piece}, Stage.CONTENT)
                case Call():
                    yield chunk({"tool_calls": [{"index": calls, **_call(part, "", ids)}]}, Stage.CONTENT)
                    for piece in pieces(part.arguments):
                        fragment = {"index": calls, "function": {"arguments": piece}}
                        yield chunk({"tool_calls": [fragment]}, Stage.CONTENT)
                    calls += 1
        yield chunk({}, Stage.CLOSING, _finish_reason(reply))
        if ask.include_usage:
            yield Event(sse(frame | {"choices": [], "usage": _usage(ask, reply)}), Stage.CLOSING)
        yield Event(b"data: [DONE]\n\n", Stage.TERMINAL)

    def whole(self, ask: Ask, reply: Reply, ids: Ids) -> Json:
        said = [part.text for part in reply if isinstance(part, Say | Compacted)]
        message: Json = {"role": "assistant", "content": "".join(said) if said else None, "refusal": None}
        if declined := [part.text for part in reply if isinstance(part, Decline)]:
            message["refusal"] = "".join(declined)
        if thought := [part.text for part in reply if isinstance(part, Think)]:
            message["reasoning_content"] = "".join(thought)
        if calls := [_call(part, part.arguments, ids) for part in reply if isinstance(part, Call)]:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(reply)}
        return _frame(ask, ids) | {"object": "chat.completion", "choices": [choice], "usage": _usage(ask, reply)}

    def error(self, complaint: Complaint, _ids: Ids) -> Json:
        return error_body(complaint)

    def error_event(self, complaint: Complaint, _ask: Ask, _ids: Ids, _sent: int) -> bytes:
        return sse(error_body(complaint))

    def key_complaint(self, presented: str | None) -> Complaint:
        return key_complaint(presented)

    def model_complaint(self, model: str) -> Complaint:
        return model_complaint(model)

    def models(self, names: tuple[str, ...]) -> Json:
        return models_body(names)


def _turns(messages: list[Json]) -> Iterator[Turn]:
    for message in messages:
        match message["role"]:
            case "user":
                for text in texts(message["content"], "text"):
                    yield Turn(Speaker.USER, text)
            case "assistant":
                yield Turn(Speaker.ASSISTANT, "".join(texts(message.get("content"), "text")))
            case "tool":
                yield Turn(Speaker.TOOL, "\n".join(texts(message["content"], "text")))


def _frame(ask: Ask, ids: Ids) -> Json:
    return {
        "id": ids.fixed("chatcmpl-", 29),
        "created": 1_750_000_000,
        "model": ask.model,
        "service_tier": "default",
        "system_fingerprint": "fp_demo",
    }


def _call(part: Call, arguments: str, ids: Ids) -> Json:
    return {"id": ids.make("call_"), "type": "function", "function": {"name": part.name, "arguments": arguments}}


def _finish_reason(reply: Reply) -> str:
    if is_cut(reply):
        return "length"
    return "tool_calls" if any(isinstance(part, Call) for part in reply) else "stop"


def _usage(ask: Ask, reply: Reply) -> dict[str, Any]:
    output = output_tokens(reply)
    return {
        "prompt_tokens": ask.input_tokens,
        "completion_tokens": output,
        "total_tokens": ask.input_tokens + output,
        "prompt_tokens_details": {"cached_tokens": ask.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning_tokens(reply), "audio_tokens": 0},
    }
