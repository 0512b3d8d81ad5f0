"""Anthropic Messages as a vendor speaks it.

Source: the API reference of Anthropic (Messages, Streaming Messages, Errors, Count Message tokens, Models).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import orjson

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
)
from cccc.demo.dialect import Complaint, Event, Ids, Json, Stage, pieces, size_of, sse, texts
from cccc.domain.endpoint import Action, WireFormat

_ERROR_TYPES: Mapping[int, str] = MappingProxyType(
    {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
)

Shown = Say | Think | Call | Compacted


class Anthropic:
    """The dialect of ``/v1/messages``."""

    wire_format = WireFormat.ANTHROPIC
    paths: Mapping[str, Action] = MappingProxyType(
        {"/messages": Action.TURN, "/messages/count_tokens": Action.COUNT_TOKENS}
    )
    asides: Mapping[Action, Callable[[Ask, Ids], Json]] = MappingProxyType(
        {Action.COUNT_TOKENS: lambda ask, _: {"input_tokens": ask.input_tokens}}
    )
    request_id_header = "request-id"

    def read(self, body: Json) -> Ask:
        output_format = (body.get("output_config") or {}).get("format") or {}
        return Ask(
            model=body["model"],
            stream=body.get("stream") is True,
            turns=tuple(_turns(body["messages"])),
            tools={tool["name"]: Offer() for tool in body.get("tools") or ()},
            schema=output_format.get("schema"),
            input_tokens=size_of(body),
        )

    def complaint(self, body: Json, action: Action) -> str | None:
        for field in ("model", "messages", *(("max_tokens",) if action is Action.TURN else ())):
            if field not in body:
                return f"{field}: Field required"
        messages = body["messages"]
        if not isinstance(messages, list) or not messages:
            return "messages: at least one message is required"
        open_calls: set[str] = set()
        for index, message in enumerate(messages):
            if message.get("role") not in ("user", "assistant", "system"):
                return f'messages: Unexpected role "{message.get("role")}".'
            blocks = message["content"] if isinstance(message.get("content"), list) else []
            results = {block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"}
            if message["role"] == "user" and (results or open_calls):
                if missing := open_calls - results:
                    return (
                        f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                        f"{', '.join(sorted(missing))}. Each `tool_use` block must have a corresponding `tool_result` "
                        "block in the next message."
                    )
                if unknown := results - open_calls:
                    return (
                        f"messages.{index}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: "
                        f"{', '.join(sorted(unknown))}."
                    )
                open_calls = set()
            open_calls |= {block["id"] for block in blocks if block.get("type") == "tool_use"}
        return None

    def events(self, ask: Ask, reply: Reply, ids: Ids) -> Iterator[Event]:
        message = self._message(ask, ids) | {"content": [], "stop_reason": None, "usage": _usage(ask, 1)}
        yield _event("message_start", Stage.PREAMBLE, message=message)
        yield _event("ping", Stage.PREAMBLE)
        for index, part in enumerate(_told(reply)):
            block, deltas = _opened(part, ids)
            yield _event("content_block_start", Stage.CONTENT, index=index, content_block=block)
            for delta in deltas:
                yield _event("content_block_delta", Stage.CONTENT, index=index, delta=delta)
            yield _event("content_block_stop", Stage.CONTENT, index=index)
        delta = {"stop_sequence": None, **_stop(reply)}
        yield _event("message_delta", Stage.CLOSING, delta=delta, usage=_usage(ask, output_tokens(reply)))
        yield _event("message_stop", Stage.TERMINAL)

    def whole(self, ask: Ask, reply: Reply, ids: Ids) -> Json:
        return self._message(ask, ids) | {
            "content": [_block(part, ids) for part in _told(reply)],
            **_stop(reply),
            "usage": _usage(ask, output_tokens(reply)),
        }

    def error(self, complaint: Complaint, ids: Ids) -> Json:
        kind = complaint.kind or _ERROR_TYPES.get(complaint.status, "api_error")
        return {
            "type": "error",
            "error": {"type": kind, "message": complaint.message},
            "request_id": ids.fixed("req_"),
        }

    def error_event(self, complaint: Complaint, _ask: Ask, ids: Ids, _sent: int) -> bytes:
        return sse(self.error(complaint, ids), "error")

    def key_complaint(self, presented: str | None) -> Complaint:
        return Complaint(401, "x-api-key header is required" if presented is None else "invalid x-api-key")

    def model_complaint(self, model: str) -> Complaint:
        return Complaint(404, f"model: {model}")

    def models(self, names: tuple[str, ...]) -> Json:
        data = [
            {"type": "model", "id": name, "display_name": name, "created_at": "2025-01-01T00:00:00Z"} for name in names
        ]
        first, last = (names[0], names[-1]) if names else (None, None)
        return {"data": data, "has_more": False, "first_id": first, "last_id": last}

    def _message(self, ask: Ask, ids: Ids) -> Json:
        return {
            "id": ids.fixed("msg_01", 22),
            "type": "message",
            "role": "assistant",
            "model": ask.model,
            "stop_sequence": None,
        }


def _turns(messages: list[Json]) -> Iterator[Turn]:
    for message in messages:
        content = message["content"]
        if message["role"] == "system":
            continue
        speaker = Speaker.USER if message["role"] == "user" else Speaker.ASSISTANT
        if isinstance(content, str):
            yield Turn(speaker, content)
            continue
        for block in content:
            match block.get("type"):
                case "text":
                    yield Turn(speaker, block["text"])
                case "tool_result":
                    yield Turn(Speaker.TOOL, "\n".join(texts(block.get("content"), "text")))
                case "tool_use":
                    yield Turn(Speaker.ASSISTANT, block["name"])


def _event(name: str, stage: Stage, **fields: Any) -> Event:
    return Event(sse({"type": name, **fields}, name), stage)


def _told(reply: Reply) -> list[Shown]:
    """What stands in blocks: the words of a refusal do not."""
    return [part for part in reply if not isinstance(part, Decline)]


def _opened(part: Shown, ids: Ids) -> tuple[Json, Iterator[Json]]:
    """A block as ``content_block_start`` shows it, and its deltas."""
    match part:
        case Say() | Compacted():
            return {"type": "text", "text": ""}, ({"type": "text_delta", "text": piece} for piece in pieces(part.text))
        case Think():
            return {"type": "thinking", "thinking": "", "signature": ""}, _thinking(part, ids)
        case Call():
            fragments = ("", *pieces(part.arguments))
            return _block(part, ids) | {"input": {}}, (
                {"type": "input_json_delta", "partial_json": fragment} for fragment in fragments
            )


def _thinking(part: Think, ids: Ids) -> Iterator[Json]:
    for piece in pieces(part.text):
        yield {"type": "thinking_delta", "thinking": piece}
    yield {"type": "signature_delta", "signature": ids.make("demo-signature-", 40)}


def _block(part: Shown, ids: Ids) -> Json:
    match part:
        case Say() | Compacted():
            return {"type": "text", "text": part.text}
        case Think():
            return {"type": "thinking", "thinking": part.text, "signature": ids.make("demo-signature-", 40)}
        case Call():
            arguments = orjson.loads(part.arguments)
            return {"type": "tool_use", "id": ids.make("toolu_01", 22), "name": part.name, "input": arguments}


def _stop(reply: Reply) -> Json:
    """Why the answer ends: ``stop_reason``, and the words of a refusal in ``stop_details``."""
    for part in reply:
        if isinstance(part, Decline):
            details = {"type": "refusal", "category": None, "explanation": part.text}
            return {"stop_reason": "refusal", "stop_details": details}
    if is_cut(reply):
        return {"stop_reason": "max_tokens"}
    return {"stop_reason": "tool_use" if any(isinstance(part, Call) for part in reply) else "end_turn"}


def _usage(ask: Ask, output: int) -> Json:
    return {
        "input_tokens": ask.input_tokens - ask.cached_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": ask.cached_tokens,
        "output_tokens": output,
        "service_tier": "standard",
    }
