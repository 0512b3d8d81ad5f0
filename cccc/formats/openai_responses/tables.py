"""What the two directions share: kinds of items, of tools and of content, and the words for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from cccc.ir.messages import ToolKind
from cccc.ir.target import Abilities

ABILITIES: Final = Abilities(
    tool_kinds=frozenset(ToolKind) - {ToolKind.OTHER_HOSTED},
    namespaces=True,
    tool_name=re.compile(r"[a-zA-Z0-9_-]+"),
    call_id=re.compile(r"[\s\S]{1,64}"),
    media_in_results=True,
)

BEGIN_OF_ID: Final[Mapping[str, str]] = {
    "message": "msg_",
    "reasoning": "rs_",
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
    "local_shell_call": "lsh_",
    "tool_search_call": "tsc_",
    "compaction": "cmp_",
}
"""How the id of an item begins. OpenAI refuses an item whose id has another beginning."""

COMPACTIONS: Final = frozenset({"compaction", "compaction_summary", "context_compaction"})
"""Items that stand for the whole conversation before them."""


class CallItem(NamedTuple):
    """How a kind of tool is called: the item's type, the field that holds the arguments, and the type of its result."""

    type: str
    field: str
    result: str


CALL_ITEMS: Final[Mapping[ToolKind, CallItem]] = {
    ToolKind.FUNCTION: CallItem("function_call", "arguments", "function_call_output"),
    ToolKind.CUSTOM: CallItem("custom_tool_call", "input", "custom_tool_call_output"),
    ToolKind.LOCAL_SHELL: CallItem("local_shell_call", "action", "local_shell_call_output"),
    ToolKind.TOOL_SEARCH: CallItem("tool_search_call", "arguments", "tool_search_output"),
}

TEXT_CALLS: Final = frozenset({ToolKind.FUNCTION, ToolKind.CUSTOM})
"""Calls whose arguments are text and are streamed; those of the others are an object, and come whole."""

LOCAL_SHELL: Final = "local_shell"
TOOL_SEARCH: Final = "tool_search"

WEB_SEARCH: Final = "web_search"
WEB_SEARCHES: Final = frozenset(
    {WEB_SEARCH, "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"}
)
"""OpenAI's names for its web search, by version."""


class Called(NamedTuple):
    """How an item calls a tool: the tool's kind, the field of its arguments, and its name where the item has none."""

    kind: ToolKind
    field: str
    name: str = ""


CALLS: Final[Mapping[str, Called]] = {
    **{item.type: Called(kind, item.field) for kind, item in CALL_ITEMS.items()},
    "local_shell_call": Called(ToolKind.LOCAL_SHELL, "action", LOCAL_SHELL),
    "tool_search_call": Called(ToolKind.TOOL_SEARCH, "arguments", TOOL_SEARCH),
    "shell_call": Called(ToolKind.FUNCTION, "action", "shell"),
    "apply_patch_call": Called(ToolKind.FUNCTION, "operation", "apply_patch"),
}
"""Items that call a tool which the client runs; the last two are tools that OpenAI defined and only it can offer."""
