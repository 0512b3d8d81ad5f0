"""OpenAI Responses as a vendor speaks it.

Source: the API reference of OpenAI (Responses, streaming events, Errors); item kinds as Codex 0.169 uses them.
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
    Part,
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
from cccc.demo.openai_errors import code_of, error_body, key_complaint, model_complaint, models_body
from cccc.domain.endpoint import Action, WireFormat

_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})
_CALLS = frozenset({"function_call", "custom_tool_call"})


def _compacted(ask: Ask, ids: Ids) -> Json:
    reply = (Compacted(f"{len(ask.turns)} turns, summarised"),)
    return {
        "id": ids.fixed("resp_", 48),
        "object": "response.compaction",
        "created_at": 1_750_000_000,
        "output": [_item(part, ids) for part in reply],
        "usage": _usage(ask, reply),
    }


class OpenAIResponses:
    """The dialect of ``/v1/responses``."""

    wire_format = WireFormat.OPENAI_RESPONSES
    paths: Mapping[str, Action] = MappingProxyType({"/responses": Action.TURN, "/responses/compact": Action.COMPACT})
    asides: Mapping[Action, Callable[[Ask, Ids], Json]] = MappingProxyType({Action.COMPACT: _compacted})
    request_id_header = "x-request-id"

    def read(self, body: Json) -> Ask:
        items = _items(body["input"])
        tools = list(body.get("tools") or ())
        for item in items:
            if item.get("type") == "additional_tools":
                tools += item["tools"]
        wanted = (body.get("text") or {}).get("format") or {}
        return Ask(
            model=body["model"],
            stream=body.get("stream") is True,
            turns=tuple(_turns(items)),
            tools=dict(_offers(tools)),
            schema=wanted.get("schema"),
            input_tokens=size_of(body),
            compaction=bool(items) and items[-1].get("type") == "compaction_trigger",
        )

    def complaint(self, body: Json, _action: Action) -> str | None:
        for field in ("model", "input"):
            if field not in body:
                return f"Missing required parameter: '{field}'."
        items = _items(body["input"])
        called = {item["call_id"] for item in items if item.get("type") in _CALLS}
        answered = {item["call_id"] for item in items if item.get("type") in _OUTPUTS}
        if missing := called - answered:
            return f"No tool output found for function call {min(missing)}."
        if body.get("previous_response_id") is None and (unknown := answered - called):
            return f"No tool call found for function call output with call_id {min(unknown)}."
        return None

    def events(self, ask: Ask, reply: Reply, ids: Ids) -> Iterator[Event]:
        number = 0

        def event(name: str, stage: Stage = Stage.CONTENT, **fields: Any) -> Event:
            nonlocal number
            data = {"type": name, "sequence_number": number, **fields}
            number += 1
            return Event(sse(data, name), stage)

        begun = _response(ask, (), ids, "in_progress")
        yield event("response.created", Stage.PREAMBLE, response=begun)
        yield event("response.in_progress", Stage.PREAMBLE, response=begun)
        output = [_item(part, ids) for part in reply]
        for index, (part, item) in enumerate(zip(reply, output, strict=True)):
            yield event("response.output_item.added", output_index=index, item=_unfilled(item))
            for name, fields in _within(part, item):
                yield event(name, item_id=item["id"], output_index=index, **fields)
            yield event("response.output_item.done", output_index=index, item=item)
        status, done = _end(ask, reply, ids)
        yield event(f"response.{status}", Stage.TERMINAL, response=done | {"output": output})

    def whole(self, ask: Ask, reply: Reply, ids: Ids) -> Json:
        return _end(ask, reply, ids)[1] | {"output": [_item(part, ids) for part in reply]}

    def error(self, complaint: Complaint, _ids: Ids) -> Json:
        return error_body(complaint)

    def error_event(self, complaint: Complaint, ask: Ask, ids: Ids, sent: int) -> bytes:
        error = {"code": code_of(complaint) or "server_error", "message": complaint.message}
        failed = _response(ask, (), ids, "failed") | {"error": error}
        return sse({"type": "response.failed", "sequence_number": sent, "response": failed}, "response.failed")

    def key_complaint(self, presented: str | None) -> Complaint:
        return key_complaint(presented)

    def model_complaint(self, model: str) -> Complaint:
        return model_complaint(model)

    def models(self, names: tuple[str, ...]) -> Json:
        return models_body(names)


def _items(given: str | list[Json]) -> list[Json]:
    return [{"type": "message", "role": "user", "content": given}] if isinstance(given, str) else given


def _turns(items: list[Json]) -> Iterator[Turn]:
    for item in items:
        kind = item.get("type", "message")
        if kind == "message" and item["role"] in ("user", "assistant"):
            for text in texts(item["content"], "input_text", "output_text"):
                yield Turn(Speaker(item["role"]), text)
        elif kind in _CALLS:
            yield Turn(Speaker.ASSISTANT, item["name"])
        elif kind in _OUTPUTS:
            yield Turn(Speaker.TOOL, "\n".join(texts(item["output"], "input_text")))


def _offers(tools: list[Json], namespace: str | None = None) -> Iterator[tuple[str, Offer]]:
    for tool in tools:
        match tool["type"]:
            case "namespace":
                yield from _offers(tool["tools"], tool["name"])
            case "function" | "custom":
                yield tool["name"], Offer(custom=tool["type"] == "custom", namespace=namespace)


def _item(part: Part, ids: Ids) -> Json:
    """A finished output item."""
    match part:
        case Say() | Decline():
            return {
                "id": ids.make("msg_", 48),
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [_content(part)],
            }
        case Think():
            return {
                "id": ids.make("rs_", 48),
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": part.text}],
                "encrypted_content": ids.make("gAAAA", 60),
            }
        case Call():
            custom = part.offer.custom
            space = {} if part.offer.namespace is None else {"namespace": part.offer.namespace}
            return {
                "id": ids.make("ctc_" if custom else "fc_", 48),
                "type": "custom_tool_call" if custom else "function_call",
                "status": "completed",
                "call_id": ids.make("call_"),
                "name": part.name,
                **space,
                "input" if custom else "arguments": part.arguments,
            }
        case Compacted():
            return {"id": ids.make("cmp_", 48), "type": "compaction", "encrypted_content": ids.make("gAAAA", 60)}


def _content(part: Say | Decline) -> Json:
    if isinstance(part, Decline):
        return {"type": "refusal", "refusal": part.text}
    return {"type": "output_text", "text": part.text, "annotations": [], "logprobs": []}


def _unfilled(item: Json) -> Json:
    """An item as ``output_item.added`` shows it."""
    match item["type"]:
        case "message":
            return item | {"status": "in_progress", "content": []}
        case "reasoning":
            return item | {"summary": []}
        case "function_call":
            return item | {"status": "in_progress", "arguments": ""}
        case "custom_tool_call":
            return item | {"status": "in_progress", "input": ""}
    return item


def _within(part: Part, item: Json) -> Iterator[tuple[str, Json]]:
    """The events between ``output_item.added`` and ``output_item.done``."""
    match part:
        case Say():
            whole = item["content"][0]
            at = {"content_index": 0}
            yield "response.content_part.added", at | {"part": whole | {"text": ""}}
            for piece in pieces(part.text):
                yield "response.output_text.delta", at | {"delta": piece, "logprobs": []}
            yield "response.output_text.done", at | {"text": part.text, "logprobs": []}
            yield "response.content_part.done", at | {"part": whole}
        case Decline():
            whole = item["content"][0]
            at = {"content_index": 0}
            yield "response.content_part.added", at | {"part": whole | {"refusal": ""}}
            for piece in pieces(part.text):
                yield "response.refusal.delta", at | {"delta": piece}
            yield "response.refusal.done", at | {"refusal": part.text}
            yield "response.content_part.done", at | {"part": whole}
        case Think():
            whole = item["summary"][0]
            at = {"summary_index": 0}
            yield "response.reasoning_summary_part.added", at | {"part": whole | {"text": ""}}
            for piece in pieces(part.text):
                yield "response.reasoning_summary_text.delta", at | {"delta": piece}
            yield "response.reasoning_summary_text.done", at | {"text": part.text}
            yield "response.reasoning_summary_part.done", at | {"part": whole}
        case Call():
            name, key = (
                ("response.custom_tool_call_input", "input")
                if part.offer.custom
                else ("response.function_call_arguments", "arguments")
            )
            for piece in pieces(part.arguments):
                yield f"{name}.delta", {"delta": piece}
            yield f"{name}.done", {key: part.arguments}


def _end(ask: Ask, reply: Reply, ids: Ids) -> tuple[str, Json]:
    """The status of an answer at its end, and its frame."""
    if not is_cut(reply):
        return "completed", _response(ask, reply, ids, "completed")
    cut = {"incomplete_details": {"reason": "max_output_tokens"}}
    return "incomplete", _response(ask, reply, ids, "incomplete") | cut


def _response(ask: Ask, reply: Reply, ids: Ids, status: str) -> Json:
    return {
        "id": ids.fixed("resp_", 48),
        "object": "response",
        "created_at": 1_750_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": ask.model,
        "output": [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": _usage(ask, reply) if status in ("completed", "incomplete") else None,
    }


def _usage(ask: Ask, reply: Reply) -> Json:
    output = output_tokens(reply)
    return {
        "input_tokens": ask.input_tokens,
        "input_tokens_details": {"cached_tokens": ask.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning_tokens(reply)},
        "total_tokens": ask.input_tokens + output,
    }
