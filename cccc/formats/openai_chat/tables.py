"""Words of Chat Completions beside the neutral ones: reasons to stop, roles, choices, and how tokens are counted.

Source: the API reference of ``POST /v1/chat/completions``; the vendors' own words as their references name them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cccc.domain.usage import Usage
from cccc.ir import json
from cccc.ir.ids import LEGAL_ID
from cccc.ir.messages import Choice, StopReason
from cccc.ir.target import Abilities

ABILITIES = Abilities(
    tool_name=re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    tool_name_length=64,
    call_id=LEGAL_ID,
)
"""What every vendor of the format takes. OpenAI alone has custom tools and web search in it, for some models only."""

STOPS: Mapping[str, StopReason] = MappingProxyType(
    {
        "stop": StopReason.END,
        "eos": StopReason.END,
        "eos_token": StopReason.END,
        "end_turn": StopReason.END,
        "complete": StopReason.END,
        "stop_sequence": StopReason.STOP_SEQUENCE,
        "length": StopReason.LENGTH,
        "max_tokens": StopReason.LENGTH,
        "max_output_tokens": StopReason.LENGTH,
        # Both cut an answer short in the middle, for want of machines and of a network: what the client should do
        # about it is what it does about a limit.
        "insufficient_system_resource": StopReason.LENGTH,
        "network_error": StopReason.LENGTH,
        "model_length": StopReason.CONTEXT,
        "model_context_window_exceeded": StopReason.CONTEXT,
        "tool_calls": StopReason.TOOL_USE,
        "tool_use": StopReason.TOOL_USE,
        "function_call": StopReason.TOOL_USE,
        "pause_turn": StopReason.PAUSE,
        "content_filter": StopReason.REFUSAL,
        "refusal": StopReason.REFUSAL,
        "safety": StopReason.REFUSAL,
        "sensitive": StopReason.REFUSAL,
    }
)
"""What ``finish_reason`` means, in lower case; an unknown word is an ordinary end."""

FINISHES: Mapping[StopReason, str] = MappingProxyType(
    {
        StopReason.END: "stop",
        StopReason.STOP_SEQUENCE: "stop",
        StopReason.PAUSE: "stop",
        StopReason.LENGTH: "length",
        StopReason.CONTEXT: "length",
        StopReason.TOOL_USE: "tool_calls",
        StopReason.REFUSAL: "content_filter",
    }
)
"""``finish_reason`` for a neutral reason."""

CHOICES: Mapping[str, Choice] = MappingProxyType(
    {"auto": Choice.AUTO, "required": Choice.ANY, "any": Choice.ANY, "none": Choice.NONE}
)
CHOICE_WORDS: Mapping[Choice, str] = MappingProxyType(
    {Choice.AUTO: "auto", Choice.ANY: "required", Choice.NONE: "none"}
)

SYSTEM_ROLES = ("system", "developer")
THINKING_KEYS = ("reasoning_content", "reasoning")
"""Where vendors put what the model thought; some put the same under both."""

AUDIO_TYPES: Mapping[str, str] = MappingProxyType({"wav": "audio/wav", "mp3": "audio/mpeg"})


def stop_reason(finish: str | None, choice: Mapping[str, Any], *, calls: bool, refused: bool) -> tuple[StopReason, str]:
    """Why a choice ended, and the stop sequence where the vendor names it (vLLM, in ``stop_reason``).

    Vendors say ``stop`` beside calls and ``tool_calls`` without any: what is there counts, not the word.
    """
    stop = STOPS.get((finish or "").lower(), StopReason.END)
    if stop in (StopReason.END, StopReason.STOP_SEQUENCE, StopReason.TOOL_USE):
        if calls:
            return StopReason.TOOL_USE, ""
        if refused:
            return StopReason.REFUSAL, ""
        sequence = json.text(choice.get("stop_reason"))
        if sequence and sequence.lower() not in STOPS:
            return StopReason.STOP_SEQUENCE, sequence
        return (StopReason.END if stop is StopReason.TOOL_USE else stop), ""
    return stop, ""


def finish_word(stop: StopReason, *, calls: bool, refused: bool) -> str:
    """``finish_reason`` for an answer: calls and a refusal's own words are said by what is there."""
    if stop is StopReason.REFUSAL and refused:
        return "stop"
    if stop is StopReason.TOOL_USE and not calls:
        return "stop"
    return "tool_calls" if calls and FINISHES[stop] == "stop" else FINISHES[stop]


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """OpenAI counts the cached part inside the prompt; DeepSeek and Moonshot name it in fields of their own."""
    details = json.obj(usage.get("prompt_tokens_details"))
    read = json.count(
        details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or usage.get("cached_tokens")
    )
    write = json.count(details.get("cache_write_tokens"))
    return Usage(
        input=max(0, json.count(usage.get("prompt_tokens")) - read - write),
        cache_read=read,
        cache_write=write,
        output=json.count(usage.get("completion_tokens")),
        reasoning=json.count(json.obj(usage.get("completion_tokens_details")).get("reasoning_tokens")),
    )


def usage_of(value: Mapping[str, Any]) -> Usage | None:
    """The usage of a completion or a chunk: at its top, in its choice (Moonshot), or in Groq's own field.

    Figures that are all zero are a vendor's way to say nothing.
    """
    choices = json.items(value.get("choices"))
    usage = (
        json.obj(value.get("usage"))
        or json.obj(json.obj(choices[0] if choices else None).get("usage"))
        or json.obj(json.obj(value.get("x_groq")).get("usage"))
    )
    read = read_usage(usage)
    return read if read.prompt or read.output else None


def write_usage(usage: Usage) -> dict[str, Any]:
    """Tokens in OpenAI's convention: the prompt includes what was cached, the completion the reasoning."""
    details = {"cached_tokens": usage.cache_read, "audio_tokens": 0}
    if usage.cache_write:
        details["cache_write_tokens"] = usage.cache_write
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt + usage.output,
        "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }
