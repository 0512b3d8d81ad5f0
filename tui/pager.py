"""Texts that leave the screens: to the user's pager, and to a file of their own."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

from tui import programs

_USUAL = "less"


def pager(environ: Mapping[str, str]) -> list[str]:
    """The user's pager as a command. Raises ``ValueError`` where ``PAGER`` cannot be read as one."""
    return shlex.split(environ.get("PAGER") or _USUAL)


def page(command: Sequence[str], text: str) -> None:
    """Show the text until the pager ends. Raises ``OSError`` where it cannot be started."""
    programs.run(command, text.encode("utf-8", "replace"))


def write_new(folder: Path, name: str, data: bytes) -> Path:
    """Write a file that only its owner reads, beside those that are there; its path. Raises ``OSError``."""
    stem, dot, ending = name.rpartition(".")
    for number in count(1):
        path = folder / (name if number == 1 else f"{stem}-{number}{dot}{ending}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        return path
    raise AssertionError("a number is always left")
