"""What clients can ask for, in the words of each format that can say it: the rows of the page's first tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cccc.domain.endpoint import WireFormat
from cccc.formats.reference.outcome import Feature, Json

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

_PNG = "iVBORw0KGgo="
_PDF = "JVBERi0xLjQ="
_WORDS = "SGVsbG8="
_SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
_CACHE = {"cache_control": {"type": "ephemeral"}}
_LONG = "mcp__" + "files_" * 11 + "read"
_HI: Json = {"role": "user", "content": "Hi"}


def _anthropic(*blocks: Json) -> Json:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look."}, *blocks]}]}


def _chat(*parts: Json) -> Json:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look."}, *parts]}]}


def _responses(*parts: Json) -> Json:
    return {
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look."}, *parts]}]
    }


_PLAIN = {A: _anthropic(), C: _chat(), R: _responses()}


def _content(name: str, a: Json | None = None, c: Json | None = None, r: Json | None = None) -> Feature:
    """A part of what the user says."""
    shown = ((A, a, _anthropic), (C, c, _chat), (R, r, _responses))
    said = {wire_format: write(part) for wire_format, part, write in shown if part is not None}
    return Feature(name, said, _PLAIN)


def _everywhere(name: str, **fields: Any) -> Feature:
    return Feature(name, {A: fields, C: fields, R: fields})


def _function(wire_format: WireFormat, name: str = "read", **more: Any) -> Json:
    if wire_format is A:
        return {"name": name, "description": "Reads.", "input_schema": _SCHEMA, **more}
    function = {"name": name, "description": "Reads.", "parameters": _SCHEMA, **more}
    return {"type": "function", "function": function} if wire_format is C else {"type": "function", **function}


def _offer(*tools: Json, **more: Any) -> Json:
    return {"tools": list(tools), **more}


_FUNCTIONS = {wire_format: _function(wire_format) for wire_format in (A, C, R)}
_OFFERS = {wire_format: _offer(tool) for wire_format, tool in _FUNCTIONS.items()}


def _choice(name: str, a: Json | None, c: Any, r: Any) -> Feature:
    """A wish about calling the one tool on offer."""
    wishes: Mapping[WireFormat, Any] = {A: a, C: c, R: r}
    said = {key: _OFFERS[key] | {"tool_choice": wish} for key, wish in wishes.items() if wish is not None}
    return Feature(name, said, _OFFERS)


def _anthropic_call(*content: Json, **more: Any) -> Json:
    use = {"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "a"}}
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": list(content), **more}
    turns = [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    return _OFFERS[A] | {"messages": [_HI, *turns]}


def _chat_call(text: str) -> Json:
    call = {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": '{"path":"a"}'}}
    turns = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": text},
    ]
    return _OFFERS[C] | {"messages": [_HI, *turns]}


def _responses_call(*parts: Json, **more: Any) -> Json:
    call = {"type": "function_call", "call_id": "call_1", "name": "read", "arguments": '{"path":"a"}'}
    result = {"type": "function_call_output", "call_id": "call_1", "output": list(parts), **more}
    return _OFFERS[R] | {"input": [_HI, call, result]}


_DONE_A, _DONE_R = {"type": "text", "text": "Done."}, {"type": "input_text", "text": "Done."}
_CALLED = {A: _anthropic_call(_DONE_A), C: _chat_call("Done."), R: _responses_call(_DONE_R)}
_IMAGE_A = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _PNG}}
_DATA_URL = f"data:image/png;base64,{_PNG}"
_IMAGE_R = {"type": "input_image", "image_url": _DATA_URL}
_IMAGE_C = {"type": "image_url", "image_url": {"url": _DATA_URL}}

_ANSWERED = {
    A: {"messages": [_HI, {"role": "assistant", "content": "Hello."}, _HI]},
    C: {"messages": [_HI, {"role": "assistant", "content": "Hello."}, _HI]},
    R: {"input": [_HI, {"role": "assistant", "content": "Hello."}, _HI]},
}
"""A second turn."""


def _before(wire_format: WireFormat, *, block: Json | None = None, **fields: Any) -> Json:
    """A second turn whose first answer held something more."""
    if wire_format is R:
        return {"input": [_HI, block, {"role": "assistant", "content": "Hello."}, _HI]}
    text = {"type": "text", "text": "Hello."}
    answer = {"role": "assistant", "content": [block, text] if block else "Hello.", **fields}
    return {"messages": [_HI, answer, _HI]}


def _file(wire_format: WireFormat, media_type: str, data: str) -> Json:
    url = f"data:{media_type};base64,{data}"
    if wire_format is C:
        return {"type": "file", "file": {"filename": "a.txt", "file_data": url}}
    return {"type": "input_file", "filename": "a.txt", "file_data": url}


_SYSTEM = (
    Feature(
        "system prompt",
        {
            A: {"system": "Be brief."},
            C: {"messages": [{"role": "system", "content": "Be brief."}, _HI]},
            R: {"instructions": "Be brief."},
        },
    ),
    Feature(
        "system message between the turns",
        {
            A: {"messages": [_HI, {"role": "system", "content": "Hurry."}, _HI]},
            C: {"messages": [_HI, {"role": "developer", "content": "Hurry."}, _HI]},
            R: {"input": [_HI, {"role": "developer", "content": "Hurry."}, _HI]},
        },
        {A: {"messages": [_HI, _HI]}, C: {"messages": [_HI, _HI]}, R: {"input": [_HI, _HI]}},
    ),
    Feature("billing line of Claude Code", {A: {"system": "x-anthropic-billing-header: cc_version=2"}}),
    Feature(
        "cache marks",
        {
            A: {"system": [{"type": "text", "text": "Be brief.", **_CACHE}]},
            C: {"messages": [{"role": "system", "content": [{"type": "text", "text": "Be brief.", **_CACHE}]}, _HI]},
        },
        {
            A: {"system": [{"type": "text", "text": "Be brief."}]},
            C: {"messages": [{"role": "system", "content": "Be brief."}, _HI]},
        },
    ),
    Feature(
        "session that shares a cache",
        {
            A: {"metadata": {"user_id": '{"session_id":"9d2c"}'}},
            C: {"prompt_cache_key": "9d2c"},
            R: {"prompt_cache_key": "9d2c"},
        },
        {A: {"metadata": {"user_id": "{}"}}},
    ),
)
_CONTENT = (
    _content("image", _IMAGE_A, _IMAGE_C, _IMAGE_R),
    _content(
        "image behind a URL",
        {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}},
        {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
        {"type": "input_image", "image_url": "https://a.example/b.png"},
    ),
    Feature(
        "how closely to look at an image",
        {
            C: _chat({"type": "image_url", "image_url": {"url": _DATA_URL, "detail": "low"}}),
            R: _responses(_IMAGE_R | {"detail": "low"}),
        },
        {C: _chat(_IMAGE_C), R: _responses(_IMAGE_R)},
    ),
    _content(
        "PDF document",
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": _PDF}},
        _file(C, "application/pdf", _PDF),
        _file(R, "application/pdf", _PDF),
    ),
    _content(
        "text document",
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hello"}},
        _file(C, "text/plain", _WORDS),
        _file(R, "text/plain", _WORDS),
    ),
    _content(
        "document behind a URL",
        {"type": "document", "source": {"type": "url", "url": "https://a.example/b.pdf"}},
        r={"type": "input_file", "file_url": "https://a.example/b.pdf"},
    ),
    _content(
        "file that the vendor holds",
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_file", "file_id": "file-1"},
    ),
    _content(
        "sound",
        c={"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        r={"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
    ),
    _content(
        "search result of the client's",
        {"type": "search_result", "title": "A", "source": "https://a.example", "content": [_DONE_A]},
    ),
    Feature(
        "begun answer to go on with",
        {
            A: {"messages": [_HI, {"role": "assistant", "content": "The answer is"}]},
            C: {"messages": [_HI, {"role": "assistant", "content": "The answer is"}]},
            R: {"input": [_HI, {"role": "assistant", "content": "The answer is"}]},
        },
    ),
    Feature("name of a speaker", {C: {"messages": [{"role": "user", "name": "ann", "content": "Hi"}]}}),
    Feature(
        "refusal in an earlier turn",
        {
            C: {"messages": [_HI, {"role": "assistant", "content": None, "refusal": "No."}, _HI]},
            R: {"input": [_HI, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, _HI]},
        },
        {C: {"messages": [_HI, _HI]}, R: {"input": [_HI, _HI]}},
    ),
)
_TOOLS = (
    Feature("function", _OFFERS),
    Feature("strict arguments", {key: _offer(_function(key, strict=True)) for key in (A, C, R)}, _OFFERS),
    Feature(
        "name of more than 64 characters",
        {key: _offer(_function(key, _LONG)) for key in (A, C, R)},
    ),
    Feature(
        "free text instead of JSON",
        {
            C: _offer({"type": "custom", "custom": {"name": "patch", "description": "Patches."}}),
            R: _offer({"type": "custom", "name": "patch", "description": "Patches."}),
        },
    ),
    Feature("namespace", {R: _offer({"type": "namespace", "name": "files", "tools": [_FUNCTIONS[R]]})}),
    Feature("local shell", {R: _offer({"type": "local_shell"})}),
    Feature("search for tools by the client", {R: _offer({"type": "tool_search", "execution": "client"})}),
    Feature("shell, editor and memory by type", {A: _offer({"type": "bash_20250124", "name": "bash"})}),
    Feature(
        "web search by the vendor",
        {
            A: _offer({"type": "web_search_20250305", "name": "web_search"}),
            C: {"web_search_options": {}},
            R: _offer({"type": "web_search"}),
        },
    ),
    Feature(
        "other tools of the vendor's",
        {
            A: _offer({"type": "code_execution_20250825", "name": "code_execution"}),
            C: _offer({"type": "code_interpreter"}),
            R: _offer({"type": "file_search", "vector_store_ids": ["vs_1"]}),
        },
    ),
    _choice("a tool must be called", {"type": "any"}, "required", "required"),
    _choice(
        "this tool must be called",
        {"type": "tool", "name": "read"},
        {"type": "function", "function": {"name": "read"}},
        {"type": "function", "name": "read"},
    ),
    _choice("no tool may be called", {"type": "none"}, "none", "none"),
    Feature(
        "one call at a time",
        {
            A: _OFFERS[A] | {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            C: _OFFERS[C] | {"parallel_tool_calls": False},
            R: _OFFERS[R] | {"parallel_tool_calls": False},
        },
        _OFFERS,
    ),
    Feature("calls and results", _CALLED, _OFFERS),
    Feature(
        "result that is an error",
        {A: _anthropic_call(_DONE_A, is_error=True), R: _responses_call(_DONE_R, status="failed")},
        _CALLED,
    ),
    Feature(
        "image in a result",
        {A: _anthropic_call(_DONE_A, _IMAGE_A), R: _responses_call(_DONE_R, _IMAGE_R)},
        _CALLED,
    ),
    Feature("functions of the old kind", {C: {"functions": [_FUNCTIONS[C]["function"]]}}),
)
_THINKING = (
    Feature(
        "effort",
        {
            A: {"output_config": {"effort": "low"}},
            C: {"reasoning_effort": "low"},
            R: {"reasoning": {"effort": "low"}},
        },
    ),
    Feature(
        "the highest effort",
        {
            A: {"output_config": {"effort": "max"}},
            C: {"reasoning_effort": "xhigh"},
            R: {"reasoning": {"effort": "xhigh"}},
        },
    ),
    Feature(
        "not to think",
        {
            A: {"thinking": {"type": "disabled"}},
            C: {"reasoning_effort": "none"},
            R: {"reasoning": {"effort": "none"}},
        },
    ),
    Feature("budget of tokens", {A: {"thinking": {"type": "enabled", "budget_tokens": 4_096}}}),
    Feature("as the model sees fit", {A: {"thinking": {"type": "adaptive"}}}),
    Feature("summary of the thinking", {R: {"reasoning": {"summary": "detailed"}}}),
    Feature(
        "thinking of earlier turns, sealed by its maker",
        {
            A: _before(A, block={"type": "thinking", "thinking": "Greet.", "signature": "c2ln"}),
            R: _before(R, block={"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}),
        },
        _ANSWERED,
    ),
    Feature("thinking of earlier turns in words", {C: _before(C, reasoning_content="Greet.")}, _ANSWERED),
)
_TUNING = (
    Feature(
        "limit of the answer",
        {A: {"max_tokens": 500}, C: {"max_completion_tokens": 500}, R: {"max_output_tokens": 500}},
    ),
    _everywhere("temperature up to 1", temperature=0.5),
    Feature("temperature above 1", {C: {"temperature": 1.5}, R: {"temperature": 1.5}}),
    _everywhere("`top_p`", top_p=0.5),
    Feature("`top_k`", {A: {"top_k": 40}, C: {"top_k": 40}}),
    Feature("stop sequences", {A: {"stop_sequences": ["END"]}, C: {"stop": ["END"]}}),
    Feature("more than four stop sequences", {A: {"stop_sequences": ["a", "b", "c", "d", "e"]}}),
    Feature("penalties, `seed`", {C: {"frequency_penalty": 0.5, "seed": 7}}),
    Feature(
        "`logit_bias`, `logprobs`",
        {C: {"logit_bias": {"1": 5}, "logprobs": True, "top_logprobs": 2}, R: {"top_logprobs": 2}},
    ),
    Feature("several answers at once", {C: {"n": 2}}),
    Feature("predicted output", {C: {"prediction": {"type": "content", "content": "Hello."}}}),
    Feature(
        "service tier", {A: {"service_tier": "standard_only"}, C: {"service_tier": "flex"}, R: {"service_tier": "flex"}}
    ),
    Feature("user", {A: {"metadata": {"user_id": "ann"}}, C: {"user": "ann"}, R: {"user": "ann"}}),
    Feature("user of more than 64 characters", {A: {"metadata": {"user_id": "a" * 65}}, C: {"user": "a" * 65}}),
    Feature("own metadata", {C: {"metadata": {"a": "b"}}, R: {"metadata": {"a": "b"}}}),
    Feature(
        "edits of the context",
        {A: {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}},
    ),
    Feature("cutting the context to size", {R: {"truncation": "auto"}}),
    Feature("going on from a stored answer", {R: {"previous_response_id": "resp_1"}}),
    Feature("answer to be fetched later", {R: {"background": True}}),
)
_OUTPUT = (
    Feature(
        "JSON object",
        {C: {"response_format": {"type": "json_object"}}, R: {"text": {"format": {"type": "json_object"}}}},
    ),
    Feature(
        "JSON that follows a schema",
        {
            A: {"output_config": {"format": {"type": "json_schema", "schema": _SCHEMA}}},
            C: {"response_format": {"type": "json_schema", "json_schema": {"name": "file", "schema": _SCHEMA}}},
            R: {"text": {"format": {"type": "json_schema", "name": "file", "schema": _SCHEMA}}},
        },
    ),
    Feature("verbosity", {C: {"verbosity": "low"}, R: {"text": {"verbosity": "low"}}}),
    Feature("spoken answer", {C: {"modalities": ["text", "audio"], "audio": {"voice": "a", "format": "wav"}}}),
    Feature("a summary instead of an answer (Codex)", {R: {"input": [_HI, {"type": "compaction_trigger"}]}}),
)

REQUESTS: Mapping[str, tuple[Feature, ...]] = MappingProxyType(
    {
        "System prompt": _SYSTEM,
        "Content": _CONTENT,
        "Tools": _TOOLS,
        "Thinking": _THINKING,
        "Tuning": _TUNING,
        "Output": _OUTPUT,
    }
)
"""The features of requests by the groups in which the page shows them."""
