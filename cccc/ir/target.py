"""Who will read a converted request: what its format can say, and what its endpoint and model are known to want."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cccc.domain.endpoint import WireFormat
from cccc.ir.messages import Effort, ToolKind

ANY_NAME = re.compile(r"[\s\S]+")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a wire format can say at all; one constant per format.

    ``tool_kinds`` can be offered and called as they are; ``namespaces``: tools can be grouped. ``tool_name`` and
    ``call_id`` are what names and ids of calls must match as a whole. ``media_in_results``: a tool's result can hold
    images and documents.
    """

    tool_kinds: frozenset[ToolKind] = frozenset({ToolKind.FUNCTION})
    namespaces: bool = False
    tool_name: re.Pattern[str] = ANY_NAME
    tool_name_length: int = 64
    call_id: re.Pattern[str] = ANY_NAME
    media_in_results: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The endpoint and the model behind a conversion.

    ``endpoint`` is its name: thinking that it sealed comes back to it. ``official``: the vendor's own host, which knows
    the newest fields (``prompt_cache_key``, ``max_completion_tokens``, ``developer`` messages). ``max_tokens_field``
    overrides the format's own. ``system_first``: it takes system messages at the start only. ``reasoning``: ``keep``
    shows its reasoning as thinking, ``drop`` throws it away. ``reasoning_back``: it wants the reasoning of earlier
    turns back beside tool calls. ``max_output`` is the model's own limit in tokens, ``efforts`` are those it has.
    ``adaptive``: it thinks as much as it sees fit within an effort, and takes no budget of tokens.
    ``fixed_temperature``: a reasoning model, which takes no temperature. ``repaired_tools`` are those whose arguments
    are mended when they are Python instead of JSON, in at most ``repair_attempts`` steps.
    """

    wire_format: WireFormat
    endpoint: str
    model: str
    official: bool = False
    max_tokens_field: str | None = None
    system_first: bool = False
    reasoning: str = "keep"
    reasoning_back: bool = False
    max_output: int | None = None
    efforts: frozenset[Effort] = field(default_factory=lambda: frozenset(Effort) - {Effort.XHIGH})
    adaptive: bool = False
    fixed_temperature: bool = False
    repaired_tools: frozenset[str] = frozenset()
    repair_attempts: int = 3
