"""The user's own editor on a file, while the screens step aside."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from textual.app import App, SuspendNotSupported

from tui import programs

_USUAL = "vi"


def edit(app: App[object], shown_path: str) -> str | None:
    """Open a file as it is written on the screen (``~/.codex/config.toml``); what went wrong, in a sentence."""
    path = Path(shown_path).expanduser()
    if not path.exists():
        return f"{shown_path} is not on this machine"
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or _USUAL)
    try:
        with app.suspend():
            code = programs.run([*command, str(path)])
    except SuspendNotSupported:
        return "an editor needs a terminal of its own, and this one cannot be left"
    except OSError as error:
        return f"{command[0]} cannot be started ({error.strerror}); set EDITOR"
    return f"{command[0]} ended with {code}" if code else None
