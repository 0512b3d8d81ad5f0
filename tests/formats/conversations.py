"""One rich request of each client format and one rich answer of each endpoint format: the material of the pairs.

The answers think, speak, call a tool whose name is too long for other formats, and one that takes free text
(``apply_patch``), which formats without such tools call as a function.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cccc.domain.endpoint import WireFormat
from tests.formats.pairs import A, C, R

LONG_NAME = "mcp__files_of_the_user__search_everything_that_was_ever_written_down"
PATCH = '*** Begin Patch\n*** Update File: a.py\n@@\n-x = "é"\n+x = "\\d \U0001f600"\n*** End Patch'
PIXEL = "iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}

_USER_ID = json.dumps({"device_id": "d", "account_uuid": "a", "session_id": "9d2c"})

REQUESTS: Mapping[WireFormat, dict[str, Any]] = {
    A: {
        "model": "asked-model",
        "max_tokens": 32_000,
        "stream": True,
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1"},
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
        ],
        "thinking": {"type": "enabled", "budget_tokens": 10_000},
        "context_management": {"edits": []},
        "metadata": {"user_id": _USER_ID},
        "tools": [
            {"name": "Read", "description": "Reads a file.", "input_schema": SCHEMA},
            {"name": LONG_NAME, "input_schema": {"properties": {}}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "messages": [
            {"role": "user", "content": "What is in a.py and a.png?"},
            {"role": "system", "content": "The user is in a hurry."},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Two files.", "signature": "RXBjQg=="},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "a.py"}},
                    {"type": "tool_use", "id": "cccc-functions_2eRead_3a1", "name": "Read", "input": {"path": "a.png"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "cccc-functions_2eRead_3a1",
                        "content": [
                            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
                        ],
                    },
                    {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True, "content": "No such file."},
                    {"type": "text", "text": "Go on.", "cache_control": {"type": "ephemeral"}},
                ],
            },
        ],
    },
    C: {
        "model": "asked-model",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 4_000,
        "reasoning_effort": "high",
        "temperature": 1.5,
        "seed": 7,
        "stop": ["END"],
        "parallel_tool_calls": False,
        "response_format": {"type": "json_object"},
        "tools": [
            {"type": "function", "function": {"name": "read", "description": "Reads a file.", "parameters": SCHEMA}},
            {"type": "function", "function": {"name": LONG_NAME[:64], "parameters": None}},
        ],
        "tool_choice": {"type": "function", "function": {"name": "read"}},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "I should read it.",
                "tool_calls": [
                    {"id": "call:1", "type": "function", "function": {"name": "read", "arguments": '{"path":"a.py"}'}},
                    {"id": "call:2", "type": "function", "function": {"name": "read", "arguments": '{"path":"b.py"}'}},
                ],
            },
            {"role": "tool", "tool_call_id": "call:2", "content": "y = 2"},
            {"role": "developer", "content": "The user is in a hurry."},
            {"role": "user", "content": "Go on."},
        ],
    },
    R: {
        "model": "asked-model",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "medium", "summary": "auto"},
        "text": {"verbosity": "low"},
        "prompt_cache_key": "9d2c",
        "client_metadata": {"x": "y"},
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [
            {"type": "function", "name": "exec_command", "strict": False, "parameters": SCHEMA},
            {
                "type": "custom",
                "name": "apply_patch",
                "description": "Edits files. This is a FREEFORM tool, so do not wrap the patch in JSON.",
                "format": {"type": "grammar", "syntax": "lark", "definition": "start: begin_patch hunk+ end_patch"},
            },
            {
                "type": "namespace",
                "name": "mcp__files_of_the_user",
                "description": "Files.",
                "tools": [
                    {
                        "type": "function",
                        "name": LONG_NAME.removeprefix("mcp__files_of_the_user__"),
                        "strict": False,
                        "parameters": SCHEMA,
                    }
                ],
            },
            {"type": "web_search", "external_web_access": False},
        ],
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Edit a.py."}]},
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "Look first."}],
                "encrypted_content": "gAAAAABo",
            },
            {
                "type": "function_call",
                "id": "fc_1",
                "call_id": "call_1",
                "name": "exec_command",
                "arguments": '{"path":"a.py"}',
            },
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_2", "name": "apply_patch", "input": PATCH},
            {"type": "custom_tool_call_output", "call_id": "call_2", "output": "Done."},
            {
                "type": "function_call_output",
                "call_id": "call_1",
                "output": [
                    {"type": "input_text", "text": "shown"},
                    {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"},
                ],
            },
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go on."}]},
        ],
    },
}
"""What clients of each format ask, the odd things included that real ones do."""

_SEARCH = '{"path": "notes/é.md"}'
_WRAPPED = json.dumps({"input": PATCH})
_THOUGHT = "The file is small; one hunk is enough."
_WORDS = 'I change one line: "x" \u2028 \U0001f600.'


def _pieces(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _event(body: Mapping[str, Any]) -> str:
    return f"event: {body['type']}\ndata: {json.dumps(body)}\n\n"


def _anthropic(search: str) -> bytes:
    usage = {"input_tokens": 900, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 1}
    message = {"id": "msg_01", "type": "message", "role": "assistant", "model": "served-model", "content": []}
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
        (
            {"type": "thinking", "thinking": "", "signature": ""},
            [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(_THOUGHT)]
            + [{"type": "signature_delta", "signature": "RXBjQg=="}],
        ),
        ({"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in _pieces(_WORDS)]),
    ]
    for call_id, name, arguments in (("toolu_01", search, _SEARCH), ("toolu_02", "apply_patch", _WRAPPED)):
        block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
        blocks.append((block, [{"type": "input_json_delta", "partial_json": piece} for piece in _pieces(arguments)]))
    out = _event({"type": "message_start", "message": {**message, "stop_reason": None, "usage": usage}})
    out += _event({"type": "ping"})
    for index, (block, deltas) in enumerate(blocks):
        out += _event({"type": "content_block_start", "index": index, "content_block": block})
        for delta in deltas:
            out += _event({"type": "content_block_delta", "index": index, "delta": delta})
        out += _event({"type": "content_block_stop", "index": index})
    end = {"delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 77}}
    return (out + _event({"type": "message_delta", **end}) + _event({"type": "message_stop"})).encode()


def _chat(search: str) -> bytes:
    """The two calls interleaved, as vendors with several workers do; nothing tells their ends."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in _pieces(_THOUGHT)]
    deltas += [{"content": piece} for piece in _pieces(_WORDS)]
    for index, name in enumerate((search, "apply_patch")):
        call = {"index": index, "id": f"functions.{name[:9]}:{index}", "type": "function"}
        deltas.append({"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]})
    arguments = [_pieces(_SEARCH), _pieces(_WRAPPED)]
    while any(arguments):
        for index, pieces in enumerate(arguments):
            if pieces:
                deltas.append({"tool_calls": [{"index": index, "function": {"arguments": pieces.pop(0)}}]})
    frame = {"id": "chatcmpl-01", "object": "chat.completion.chunk", "created": 1, "model": "served-model"}
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    usage = {"prompt_tokens": 1000, "completion_tokens": 77, "total_tokens": 1077}
    usage |= {"prompt_tokens_details": {"cached_tokens": 100}}
    chunks = [frame | {"choices": [choice]} for choice in choices] + [frame | {"choices": [], "usage": usage}]
    return ("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n").encode()


def _responses(search: str) -> bytes:
    events: list[dict[str, Any]] = []
    output: list[dict[str, Any]] = []

    def item(whole: dict[str, Any], blank: dict[str, Any], text: str, kind: str, at: dict[str, int]) -> None:
        where = {"item_id": whole["id"], "output_index": len(output), **at}
        events.append({"type": "response.output_item.added", "output_index": len(output), "item": whole | blank})
        events.extend({"type": f"response.{kind}.delta", **where, "delta": piece} for piece in _pieces(text))
        events.append({"type": "response.output_item.done", "output_index": len(output), "item": whole})
        output.append(whole)

    summary = [{"type": "summary_text", "text": _THOUGHT}]
    thought = {"type": "reasoning", "id": "rs_01", "summary": summary, "encrypted_content": "gAAAAABo"}
    item(thought, {"summary": []}, _THOUGHT, "reasoning_summary_text", {"summary_index": 0})
    content = [{"type": "output_text", "text": _WORDS, "annotations": []}]
    said = {"type": "message", "id": "msg_01", "role": "assistant", "status": "completed", "content": content}
    item(said, {"content": []}, _WORDS, "output_text", {"content_index": 0})
    for number, (name, arguments) in enumerate(((search, _SEARCH), ("apply_patch", _WRAPPED)), 1):
        call = {"type": "function_call", "id": f"fc_0{number}", "call_id": f"call_0{number}", "name": name}
        call |= {"arguments": arguments, "status": "completed"}
        item(call, {"arguments": ""}, arguments, "function_call_arguments", {})
    response = {
        "id": "resp_01",
        "object": "response",
        "created_at": 1,
        "model": "served-model",
        "status": "in_progress",
    }
    usage = {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 100}, "output_tokens": 77}
    usage |= {"output_tokens_details": {"reasoning_tokens": 9}, "total_tokens": 1077}
    end = response | {"status": "completed", "output": output, "usage": usage}
    begin = {"type": "response.created", "response": response | {"output": []}}
    numbered = enumerate([begin, *events, {"type": "response.completed", "response": end}])
    return "".join(_event({**event, "sequence_number": number}) for number, event in numbered).encode()


_ANSWERS = {A: _anthropic, C: _chat, R: _responses}


def answer(upstream: WireFormat, search: str) -> bytes:
    """The stream of an endpoint of this format, which knows the tool with the long name as ``search``."""
    return _ANSWERS[upstream](search)
