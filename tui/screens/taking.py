"""Taking a request out of the inspector: into a pager, onto the clipboard as a command, into a file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from cccc.control.api import CcccError, as_curl
from tui import pager

if TYPE_CHECKING:
    from tui.app import CcccApp


def page(app: CcccApp, text: str) -> None:
    """Show a text in the user's pager."""
    try:
        with app.suspend():
            pager.page(pager.pager(os.environ), text)
    except SuspendNotSupported:
        app.say("this terminal cannot be lent to a pager", severity="warning")
    except (OSError, ValueError) as error:
        app.say(f"PAGER cannot be run: {error}", severity="error")


async def curl(app: CcccApp, request_id: str) -> None:
    """Copy the last attempt of a request as a curl command."""
    try:
        command = as_curl(await app.control.request(request_id))
    except (CcccError, LookupError) as error:
        app.say(str(error.args[0] if error.args else error), severity="error")
        return
    app.copy_to_clipboard(command)
    app.say("copied as a curl command; CCCC_KEY stands for the key")


async def save(app: CcccApp, request_id: str, *, text: str | None, name: str) -> None:
    """Write a request as a ZIP into the current folder; with a ``text`` that, under this ``name``."""
    stem = f"cccc-{_file_name(request_id)}"
    try:
        if text is None:
            file, data = f"{stem}.zip", await app.control.save(request_id)
        else:
            file, data = f"{stem}-{name}.txt", text.encode("utf-8", "replace")
        path = await asyncio.to_thread(pager.write_new, Path.cwd(), file, data)
    except CcccError as error:
        app.say(str(error), severity="error")
    except OSError as error:
        app.say(f"{Path.cwd()} takes no file: {error.strerror}", severity="error")
    else:
        app.say(f"saved as {path}")


def _file_name(request_id: str) -> str:
    return "".join(char for char in request_id[:40] if char.isascii() and (char.isalnum() or char in "_-"))
