"""Anthropic's typed tools that the client runs itself: known to its models by their type, to all others by a schema.

Source: the API reference's chapters on the bash, text editor and memory tools.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

_STRING = {"type": "string"}
_LINES = {"type": "array", "items": {"type": "integer"}, "description": "First and last line to view, from 1; -1: all."}


class ClientTool(NamedTuple):
    """What a model that was not trained on the tool must be told of it."""

    description: str
    schema: Mapping[str, Any]


def _commands(*names: str, **fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"command": {"type": "string", "enum": list(names)}, **fields},
        "required": ["command"],
    }


_BASH = ClientTool(
    "Runs a command in a bash session on the user's machine. The session lives on between calls.",
    {
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "What to run; not needed to restart."},
            "restart": {"type": "boolean", "description": "Start the session anew."},
        },
    },
)
_EDITOR = ClientTool(
    "Views and edits text files. `view` a file or folder, `create` a file with `file_text`, `str_replace` the only "
    "place of `old_str` by `new_str`, `insert` `new_str` (or `insert_text`) behind line `insert_line`.",
    _commands(
        "view",
        "create",
        "str_replace",
        "insert",
        path={"type": "string", "description": "The file's absolute path."},
        file_text=_STRING,
        old_str=_STRING,
        new_str=_STRING,
        insert_text=_STRING,
        insert_line={"type": "integer"},
        view_range=_LINES,
    ),
)
_MEMORY = ClientTool(
    "Keeps notes in files below /memories, which outlive the conversation. Look there before you start.",
    _commands(
        "view",
        "create",
        "str_replace",
        "insert",
        "delete",
        "rename",
        path=_STRING,
        file_text=_STRING,
        old_str=_STRING,
        new_str=_STRING,
        insert_line={"type": "integer"},
        insert_text=_STRING,
        old_path=_STRING,
        new_path=_STRING,
        view_range=_LINES,
    ),
)

_BY_KIND: Mapping[str, ClientTool] = MappingProxyType({"bash": _BASH, "text_editor": _EDITOR, "memory": _MEMORY})


def client_tool(kind: str) -> ClientTool | None:
    """The tool of a dated type (``bash_20250124``), or ``None`` for one that no other model can be told of."""
    return _BY_KIND.get(kind.rpartition("_")[0])
