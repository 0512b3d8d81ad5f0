"""Secrets by reference: ``${ENV_NAME}``, ``env:NAME`` or ``file:PATH`` instead of the key itself.

A key that cannot be sent as a header is refused here, because later the HTTP library would put it into an exception.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from cccc.config.problems import Path, masked
from cccc.config.schema import field_at, holds_secret
from cccc.domain.secret import Secret

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|env:([A-Za-z_][A-Za-z0-9_]*)")
_FILE = "file:"
AUTO = "auto"
"""The word that asks for a generated token."""

_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Unset:
    """The variable that was referred to is not set."""

    variable: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """The reference leads to nothing that could be a key. ``reason`` never holds the value."""

    reason: str


def is_reference(text: str) -> bool:
    """Whether the text names where the secret is, instead of being it."""
    return text.startswith(_FILE) or _VARIABLE.fullmatch(text) is not None


def holds_literals(data: Any, path: Path = ()) -> bool:
    """Whether a tree of settings holds a secret itself, instead of saying where it is."""
    if isinstance(data, dict):
        return any(holds_literals(value, (*path, key)) for key, value in data.items())
    if isinstance(data, list):
        return any(holds_literals(value, (*path, index)) for index, value in enumerate(data))
    if not isinstance(data, str) or data in ("", AUTO) or is_reference(data):
        return False
    field = field_at(path)
    return field is not None and holds_secret(field)


def resolve(text: str, *, folder: FilePath, environ: Mapping[str, str]) -> Secret | Unset | Unusable:
    """The secret that ``text`` is or refers to. Relative paths are taken from ``folder``."""
    if (match := _VARIABLE.fullmatch(text)) is not None:
        name = match[1] or match[2]
        value = environ.get(name, "")
        return _checked(value, f"the variable {name}") if value else Unset(name)
    if text.startswith(_FILE):
        return _from_file(text.removeprefix(_FILE), folder)
    return _checked(text, "the key")


def _checked(value: str, what: str) -> Secret | Unusable:
    if not value:
        return Unusable(f"{what} is empty; expected a key")
    if any(not "!" <= character <= "~" for character in value):
        return Unusable(f"{what} holds a space or a character outside printable ASCII; expected a key without them")
    return Secret(value)


def _from_file(text: str, folder: FilePath) -> Secret | Unusable:
    shown = f"{_FILE}{masked(text)}"
    try:
        path = folder / FilePath(text).expanduser()
        # O_NONBLOCK: opening a FIFO must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        return Unusable(f"{shown} cannot be read ({reason})")
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return Unusable(f"{shown} is not a regular file")
        if os.name == "posix":
            if found.st_uid != os.geteuid():
                return Unusable(f"{shown} belongs to another user; a key file must be yours")
            if stat.S_IMODE(found.st_mode) & 0o077:
                mode = f"{stat.S_IMODE(found.st_mode):04o}"
                return Unusable(f"{shown} can be read by others (mode {mode}); run: chmod 600 {masked(str(path))}")
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        return Unusable(f"{shown} is too large for a key")
    return _checked(data.decode("latin-1").removesuffix("\n").removesuffix("\r"), shown)
