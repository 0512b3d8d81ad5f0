"""The catalogue that Codex reads when its provider names a ``model_catalog_url``.

Without an entry Codex warns that it knows nothing of a model, and offers it neither ``apply_patch`` nor a real context
window. A catalogue replaces Codex's own as a whole, prompts included (seen with Codex 0.169.0), so every entry brings
instructions that any model can work by. Entries hold what Codex insists on, and what makes a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

INSTRUCTIONS: Final = """\
You are a coding agent. You work in a terminal on the user's own computer, in the folder that the conversation \
names.

# How to work
- Look before you change: read the files that matter, follow the conventions you find there, and keep changes \
as small as the task allows.
- Do the whole task before you answer. Ask only when you cannot go on, or when what you would do cannot be \
undone.
- When something fails, read what it says, find the reason, and try something else. Never claim what you have \
not seen.
- Check your work by the means of the project: run its tests, its type checker, the program itself.
- Leave alone what the user changed meanwhile. Commit, push or delete only when you were asked to.

# Tools
- Call tools with exactly the parameters that they describe; leave optional ones out unless you need them.
- Run commands with `exec_command`. Prefer fast searches (`rg`, `git grep`), read only the part of a large \
file that you need, and do not wait for programs that never end.
- Change files with `apply_patch` where it is offered. Its text is a patch in this form, with paths relative \
to the working folder; lines that stay begin with a space, removed ones with `-`, new ones with `+`, and a \
line after `@@` says where in the file the change is:

*** Begin Patch
*** Update File: path/to/file.py
@@ def greet():
-    print("Hi")
+    print("Hello")
*** Add File: path/to/new.txt
+its first line
*** Delete File: path/to/old.txt
*** End Patch

# How to answer
- Write for someone who reads in a terminal: short, plain, no ceremony. Name files by their paths, with line \
numbers where they help.
- Say what you did and what came of it, what you could not do and why. Do not repeat whole files.
"""
"""What a model is told first. It has no name in it, because it stands in front of whatever model is asked for."""

_EFFORTS: Final = {
    "low": "Answers quickly",
    "medium": "Thinks before it acts",
    "high": "Thinks long, for hard problems",
}


def catalogue(names: tuple[str, ...], windows: Mapping[str, int]) -> list[dict[str, Any]]:
    """An entry per model, in their order; ``windows`` are the context windows that are known, in tokens."""
    return [_entry(name, rank, windows.get(name)) for rank, name in enumerate(names, start=1)]


def _entry(name: str, rank: int, window: int | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "slug": name,
        "display_name": name,
        "description": "Served by CCCC.",
        "base_instructions": INSTRUCTIONS,
        "shell_type": "unified_exec",
        "apply_patch_tool_type": "freeform",
        "experimental_supported_tools": [],
        "input_modalities": ["text", "image"],
        "supported_reasoning_levels": [{"effort": word, "description": words} for word, words in _EFFORTS.items()],
        "supports_reasoning_summaries": True,
        "support_verbosity": False,
        "supports_parallel_tool_calls": True,
        "truncation_policy": {"mode": "tokens", "limit": 10_000},
        "visibility": "list",
        "supported_in_api": True,
        "priority": rank,
    }
    return entry if window is None else entry | {"context_window": window}
