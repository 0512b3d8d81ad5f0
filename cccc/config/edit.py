"""Changing the user's file in place: the few characters that matter, and nothing else.

The value's own span in the text is replaced (or a line added after the endpoint's name), so comments, order, quoting
and line ends stay byte for byte (``config.patch``). Every write keeps the previous version as a backup.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cccc.config import documents, patch
from cccc.config.atomic import atomic_write
from cccc.config.backups import keep_backup
from cccc.config.document import Document
from cccc.config.paths import config_folder
from cccc.config.references import holds_literals
from cccc.errors import ConfigError, UnknownEndpoint

_BOM = b"\xef\xbb\xbf"
_WIDEST = 0o644


def edit_endpoint(
    path: Path, name: str, *, enabled: bool | None = None, priority: int | None = None, digest: str | None = None
) -> str:
    """Write ``enabled`` or ``priority`` of an endpoint into the file; returns the file's new digest.

    The previous version is kept as a backup. ``digest`` is that of the version the caller has seen: with another one
    on disk nothing is written. Raises ``UnknownEndpoint`` and ``ConfigError``.
    """
    data = documents.read(path)
    found = documents.digest_of(data)
    if digest is not None and digest != found:
        raise ConfigError([f"{path}: was changed since it was read; nothing was written. Look at it and try again"])
    toml = documents.is_toml(path)
    text = documents.decode(data, path.name)
    document = documents.parse(text, toml=toml, name=path.name)
    values = {key: value for key, value in (("enabled", enabled), ("priority", priority)) if value is not None}
    changed = changed_text(text, document, name, values, toml=toml)
    new = (_BOM if data.startswith(_BOM) else b"") + changed.encode("utf-8")
    if new != data:
        keep_backup(path, data)
        atomic_write(path, new, 0o600 if holds_literals(document.data) else _WIDEST, expected=found)
    return documents.digest_of(new)


def changed_text(text: str, document: Document, name: str, values: Mapping[str, Any], *, toml: bool) -> str:
    """The text with new values for the endpoint ``name``. Raises as ``edit_endpoint`` does."""
    index = index_of(document, name)
    steps = [patch.setting(("endpoints", index, key), value, toml=toml) for key, value in values.items()]
    return patch.applied(text, document, steps, toml=toml)


def index_of(document: Document, name: str) -> int:
    """The place of an endpoint in the file's list. Raises ``UnknownEndpoint``."""
    listed = document.data.get("endpoints")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    names = [str(entry.get("name")) for entry in entries]
    if name not in names or not isinstance(listed, list) or len(entries) != len(listed):
        near = difflib.get_close_matches(name, names, n=1)
        raise UnknownEndpoint(name, near[0] if near else None)
    return names.index(name)


def protect(path: Path) -> tuple[str, ...]:
    """Make a file that holds keys readable by its owner alone; one sentence for everything that was changed.

    Its folder is made private as well where that is CCCC's own.
    """
    if os.name != "posix":
        return ()
    said = []
    for place, mode in ((path.resolve(), 0o600), (config_folder(), 0o700)):
        try:
            found = stat.S_IMODE(place.stat().st_mode)
            if found & 0o077 and (place.is_file() or path.resolve().parent == place.resolve()):
                place.chmod(found & mode)
                said.append(f"{place} was open to others (mode {found:04o}); it is now {found & mode:04o}")
        except FileNotFoundError:
            continue
        except OSError as error:
            said.append(f"{place} is open to others and cannot be made private ({error.strerror})")
    return tuple(said)
