"""What Codex's "lite" requests offer to models that never saw its JavaScript tool.

Current Codex gives OpenAI's newest models one freeform tool, ``exec``: JavaScript that orchestrates all others, in a
way those models were trained on. Codex 0.169.0 also executes the plain tools that ``exec`` wraps when they are called
directly, offered or not (seen with the real client: ``exec_command``, ``write_stdin``, ``view_image`` and the custom
``apply_patch``). So any other model is offered these, in the words in which Codex offers them elsewhere. Of the
functions beside ``exec``, ``wait`` waits for its cells only and goes with it; the others stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cccc.ir.messages import Tool, ToolKind

_EXEC: Final = "exec"
_ONLY_FOR_EXEC: Final = frozenset({_EXEC, "wait"})


def _schema(required: str, properties: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """A closed object whose fields have a type and a description each, one of them required."""
    return {
        "type": "object",
        "properties": {name: {"type": kind, "description": words} for name, (kind, words) in properties.items()},
        "required": [required],
        "additionalProperties": False,
    }


_PATCH_GRAMMAR = """\
start: begin_patch hunk+ end_patch
begin_patch: "*** Begin Patch" LF
end_patch: "*** End Patch" LF?

hunk: add_hunk | delete_hunk | update_hunk
add_hunk: "*** Add File: " filename LF add_line+
delete_hunk: "*** Delete File: " filename LF
update_hunk: "*** Update File: " filename LF change_move? change?

filename: /(.+)/
add_line: "+" /(.*)/ LF -> line

change_move: "*** Move to: " filename LF
change: (change_context | change_line)+ eof_line?
change_context: ("@@" | "@@ " /(.+)/) LF
change_line: ("+" | "-" | " ") /(.*)/ LF
eof_line: "*** End of File" LF

%import common.LF
"""

STAND_INS: Final = (
    Tool(
        name="exec_command",
        description="Runs a command in a PTY, returning output or a session ID for ongoing interaction.",
        schema=_schema(
            "cmd",
            {
                "cmd": ("string", "Shell command to execute."),
                "login": (
                    "boolean",
                    "True runs the shell with -l/-i semantics; false disables them. Defaults to true.",
                ),
                "max_output_tokens": ("number", "Output token budget. Defaults to 10000 tokens."),
                "sandbox_permissions": (
                    "string",
                    "Sandbox override: `use_default` (the default) or `require_escalated` to run unsandboxed.",
                ),
                "justification": ("string", "User-facing approval question for `require_escalated`; omit otherwise."),
                "shell": ("string", "Shell binary to launch. Defaults to the user's default shell."),
                "tty": ("boolean", "True allocates a PTY for the command; false or omitted uses plain pipes."),
                "workdir": ("string", "Working directory for the command. Defaults to the turn cwd."),
                "yield_time_ms": (
                    "number",
                    "Wait before yielding output. Defaults to 10000 ms; range is 250-30000 ms.",
                ),
            },
        ),
        strict=False,
    ),
    Tool(
        name="write_stdin",
        description="Writes characters to an existing exec_command session and returns recent output.",
        schema=_schema(
            "session_id",
            {
                "session_id": ("number", "Identifier of the running session."),
                "chars": ("string", "Bytes to write to stdin. Defaults to empty, which polls without writing."),
                "max_output_tokens": ("number", "Output token budget. Defaults to 10000 tokens."),
                "yield_time_ms": ("number", "Wait before yielding output."),
            },
        ),
        strict=False,
    ),
    Tool(
        name="apply_patch",
        description=(
            "The `apply_patch` tool can be used to edit files. "
            "This is a FREEFORM tool, so do not wrap the patch in JSON."
        ),
        kind=ToolKind.CUSTOM,
        grammar=_PATCH_GRAMMAR,
        settings={"syntax": "lark"},
    ),
    Tool(
        name="view_image",
        description="View a local image file from the filesystem when visual inspection is needed.",
        schema=_schema("path", {"path": ("string", "Local filesystem path to an image file.")}),
        strict=False,
    ),
)


def usable(tools: Iterable[Tool]) -> tuple[Tool, ...]:
    """The tools of an ``additional_tools`` item as any model can use them."""
    offered = tuple(tools)
    if not any(tool.name == _EXEC and tool.kind is ToolKind.CUSTOM for tool in offered):
        return offered
    kept = tuple(tool for tool in offered if tool.namespace or tool.name not in _ONLY_FOR_EXEC)
    known = {tool.name for tool in kept}
    return (*(tool for tool in STAND_INS if tool.name not in known), *kept)
