"""The words of Anthropic Messages beside the neutral ones. Source: the API reference of ``POST /v1/messages``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from cccc.ir.messages import Effort, Medium, StopReason, ToolKind
from cccc.ir.target import Abilities

ABILITIES = Abilities(
    tool_kinds=frozenset({ToolKind.FUNCTION, ToolKind.WEB_SEARCH}),
    tool_name=re.compile(r"[a-zA-Z0-9_-]+"),
    tool_name_length=128,
    call_id=re.compile(r"[a-zA-Z0-9_-]+"),
    media_in_results=True,
)

STOPS: Mapping[str, StopReason] = MappingProxyType(
    {
        "end_turn": StopReason.END,
        "max_tokens": StopReason.LENGTH,
        "stop_sequence": StopReason.STOP_SEQUENCE,
        "tool_use": StopReason.TOOL_USE,
        "pause_turn": StopReason.PAUSE,
        "refusal": StopReason.REFUSAL,
        "model_context_window_exceeded": StopReason.CONTEXT,
    }
)
"""``stop_reason``. Whatever else a relay writes there is an end like any other."""

STOP_WORDS: Mapping[StopReason, str] = MappingProxyType({stop: word for word, stop in STOPS.items()})

EFFORTS: Mapping[str, Effort] = MappingProxyType(
    {
        "low": Effort.LOW,
        "medium": Effort.MEDIUM,
        "high": Effort.HIGH,
        "xhigh": Effort.XHIGH,
        "max": Effort.XHIGH,
    }
)
"""``output_config.effort``."""

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF = "application/pdf"

MEDIA: Mapping[str, Medium] = MappingProxyType({"image": Medium.IMAGE, "document": Medium.DOCUMENT})
"""The blocks that hold bytes."""

ATTRIBUTION = "x-anthropic-billing-header:"
"""How Claude Code's first system text begins. It changes from turn to turn, which no prefix cache survives."""
