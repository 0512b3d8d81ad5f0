"""A Responses request in neutral words. Source: the API reference of ``POST /v1/responses``, and what Codex sends.

Every item becomes a message of its own. What only the endpoint that made it can read (stored responses, compactions,
references) is refused by name; what has no counterpart and may go is a loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from cccc.errors import NotConvertible
from cccc.formats.openai_responses.content import decode_call, decode_content, decode_reasoning
from cccc.formats.openai_responses.lite import usable
from cccc.formats.openai_responses.tables import CALL_ITEMS, CALLS, COMPACTIONS
from cccc.formats.openai_responses.tools import decode_choice, decode_tools
from cccc.ir import json
from cccc.ir.codec import JsonObject
from cccc.ir.efforts import EFFORT_WORDS
from cccc.ir.loss import Losses
from cccc.ir.messages import (
    Media,
    Message,
    Output,
    Part,
    Reasoning,
    Refusal,
    Request,
    Role,
    Sampling,
    Text,
    Tool,
    ToolKind,
    ToolResult,
)
from cccc.ir.seal import unseal_text

_ONLY_HERE: Final = "only OpenAI Responses has it"

_STATE: Final[Mapping[str, str]] = {
    "previous_response_id": "refers to a response that only the endpoint which made it knows",
    "conversation": "refers to a conversation that only the endpoint which keeps it knows",
    "prompt": "refers to a template that only OpenAI keeps",
    "background": "asks for an answer to be fetched later, which no other format has",
}
"""Fields that no other format can say and that may not be dropped."""

_READ: Final = frozenset(
    {
        *("input", "instructions", "max_output_tokens", "model", "parallel_tool_calls", "prompt_cache_key"),
        *("reasoning", "safety_identifier", "service_tier", "stream", "temperature", "text", "tool_choice", "tools"),
        *("top_p", "user"),
    }
)
_MEANINGLESS: Final = frozenset(
    {
        *("client_metadata", "generate", "include", "metadata", "prompt_cache_options", "prompt_cache_retention"),
        *("store", "stream_options", "type"),
    }
)
"""Fields that mean nothing elsewhere and change nothing in the answer."""

_DEFAULTS: Final[Mapping[str, object]] = {"truncation": "disabled", "top_logprobs": 0}
"""What fields say that say nothing."""

_HOSTED_HISTORY: Final = frozenset(
    {
        *("code_interpreter_call", "computer_call", "computer_call_output", "file_search_call", "ghost_snapshot"),
        *("image_generation_call", "mcp_approval_request", "mcp_approval_response", "mcp_call", "mcp_list_tools"),
        *("program", "program_output", "web_search_call"),
    }
)
"""What the vendor's own tools did. The model's words about it are messages of their own."""


_RESULTS: Final[Mapping[str, ToolKind]] = {
    **{item.result: kind for kind, item in CALL_ITEMS.items()},
    "shell_call_output": ToolKind.FUNCTION,
    "apply_patch_call_output": ToolKind.FUNCTION,
}
_FOUND: Final = CALL_ITEMS[ToolKind.TOOL_SEARCH].result

_ROLES: Final[Mapping[str, Role]] = {
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
}

_SUMMARY: Final = "Summary of the conversation before this point:\n\n"


def decode_request(body: JsonObject, losses: Losses) -> Request:
    """See ``Codec.decode_request``."""
    for name, why in _STATE.items():
        if body.get(name):
            raise NotConvertible(name, why)
    for name, value in body.items():
        says_nothing = name in _READ or name in _MEANINGLESS or value in (None, False, _DEFAULTS.get(name))
        if not says_nothing:
            losses.add(name, name, _ONLY_HERE)
    history = _History(losses)
    history.take(body.get("input"))
    instructions = json.plain_text(body.get("instructions"))
    offered = (*usable(history.added_tools), *decode_tools(body.get("tools"), "tools"), *history.found_tools)
    tools, choice = decode_choice(body, offered, losses)
    return Request(
        model=json.text(body.get("model")) or "",
        messages=tuple(history.messages),
        system=(*([Text(instructions)] if instructions else []), *history.system),
        tools=tools,
        tool_choice=choice,
        max_tokens=json.count(body.get("max_output_tokens")) or None,
        reasoning=_reasoning(json.obj(body.get("reasoning")), losses),
        sampling=Sampling(temperature=json.number(body.get("temperature")), top_p=json.number(body.get("top_p"))),
        output=_output(json.obj(body.get("text"))),
        user=json.text(body.get("safety_identifier")) or json.text(body.get("user")) or "",
        session=json.text(body.get("prompt_cache_key")) or "",
        service_tier=json.text(body.get("service_tier")) or "",
        stream=body.get("stream") is True,
        compact=history.compact,
    )


class _History:
    """The input, read item by item."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self.messages: list[Message] = []
        self.system: list[Text] = []
        self.added_tools: list[Tool] = []
        self.found_tools: list[Tool] = []
        self.compact = False

    def take(self, given: object) -> None:
        """The whole input: a string is what a user says."""
        if isinstance(given, str):
            self._say(Role.USER, [Text(given)], "input")
        for index, item in enumerate(json.items(given)):
            self._item(json.obj(item), f"input[{index}]")

    def _item(self, item: dict[str, Any], path: str) -> None:
        kind = json.text(item.get("type")) or ("message" if "role" in item else "")
        match kind:
            case "message":
                self._message(item, path)
            case "agent_message":  # from another agent of Codex's, which is this one's user
                self._message(item | {"role": "user"}, path)
            case "reasoning":
                if thought := decode_reasoning(item):
                    self._say(Role.ASSISTANT, [thought], path)
            case "additional_tools":
                self.added_tools += decode_tools(item.get("tools"), f"{path}.tools")
            case "compaction_trigger":
                self.compact = True
            case "item_reference":
                raise NotConvertible(path, "refers to an item that only the endpoint which keeps it knows")
            case _ if kind in CALLS:
                self._call(item, path)
            case _ if kind in _RESULTS:
                self._result(kind, item, path)
            case _ if kind in COMPACTIONS:
                self._compaction(item, path)
            case _ if kind in _HOSTED_HISTORY:
                self._losses.add(path, kind, _ONLY_HERE)
            case _:
                raise NotConvertible(path, f"an item of the type {kind!r} has no counterpart in other formats")

    def _message(self, item: dict[str, Any], path: str) -> None:
        role = _ROLES.get(str(item.get("role")))
        if role is None:
            raise NotConvertible(f"{path}.role", f"the role {item.get('role')!r} has no counterpart in other formats")
        parts = decode_content(item.get("content"), f"{path}.content")
        if role is Role.SYSTEM and not self.messages:
            self.system += [part for part in parts if isinstance(part, Text)]
        elif parts:
            self._say(role, parts, path)

    def _call(self, item: dict[str, Any], path: str) -> None:
        call = decode_call(item)
        if not call.name:
            raise NotConvertible(f"{path}.name", "a call of a tool must name it")
        self._say(Role.ASSISTANT, [call], path)

    def _result(self, kind: str, item: dict[str, Any], path: str) -> None:
        if kind == _FOUND:
            found = decode_tools(item.get("tools"), f"{path}.tools")
            self.found_tools += found
            parts: list[Text | Refusal | Media] = [Text(_listing(found))]
        else:
            parts = _output_of(item.get("output"), f"{path}.output")
        result = ToolResult(
            call_id=json.text(item.get("call_id")) or json.text(item.get("id")) or "",
            parts=tuple(part for part in parts if not isinstance(part, Refusal)),
            is_error=item.get("status") == "failed",
            kind=_RESULTS[kind],
        )
        self._say(Role.USER, [result], path)

    def _compaction(self, item: dict[str, Any], path: str) -> None:
        summary = unseal_text(json.text(item.get("encrypted_content")) or "")
        if summary is None:
            raise NotConvertible(path, "only the endpoint that compacted this conversation can read it")
        self._say(Role.USER, [Text(_SUMMARY + summary)], path)

    def _say(self, role: Role, parts: Sequence[Part], path: str) -> None:
        self.messages.append(Message(role, tuple(parts), path))


def _output_of(given: object, path: str) -> list[Text | Refusal | Media]:
    """What a tool answered: a string, content parts, or the objects of a vendor-defined tool as JSON."""
    entries = json.items(given)
    if isinstance(given, dict) or (entries and "type" not in json.obj(entries[0])):
        return [Text(orjson.dumps(given).decode())]
    return decode_content(given, path)


def _listing(tools: list[Tool]) -> str:
    """The result of a search for tools, in words: the tools themselves are on offer from now on."""
    names = ", ".join(f"{tool.namespace}.{tool.name}" if tool.namespace else tool.name for tool in tools)
    return f"Found: {names}" if names else "No tools found."


def _reasoning(given: dict[str, Any], losses: Losses) -> Reasoning | None:
    word = json.text(given.get("effort"))
    effort = EFFORT_WORDS.get(word or "")
    if word and effort is None:
        losses.add("reasoning.effort", "reasoning effort", f"{word!r} is no effort that other formats know")
    summary = json.text(given.get("summary")) or json.text(given.get("generate_summary")) or ""
    return Reasoning(effort=effort, summary=summary) if effort or summary else None


def _output(given: dict[str, Any]) -> Output:
    form = json.obj(given.get("format"))
    kind = form.get("type")
    strict = form.get("strict")
    return Output(
        json=kind in ("json_object", "json_schema"),
        schema=json.obj(form.get("schema")) if kind == "json_schema" else None,
        name=json.text(form.get("name")) or "",
        strict=strict if isinstance(strict, bool) else None,
        verbosity=json.text(given.get("verbosity")) or "",
    )
