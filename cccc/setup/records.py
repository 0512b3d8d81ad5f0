"""Records as text, and what they are called: read and written by the journal here and by the set-up scripts elsewhere.

The scripts find a record by the line that holds its path, so members stand on lines of their own and text is written
as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cccc.clients.journal import Change, Record

_COPY = re.compile(r"(.+)\.(\d{4,9})\.bak")


def name_of(path: Path) -> str:
    """What the records and backups of a file are called: readable, and its own for every path."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", f"{path.parent.name}-{path.name}").strip("-")
    return f"{readable}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"


def copies_of(path: Path, names: Iterable[str]) -> dict[int, str]:
    """Those of ``names`` that are copies of a file's content, by their number."""
    found, name = ((_COPY.fullmatch(one), one) for one in names), name_of(path)
    return {int(match[2]): one for match, one in found if match and match[1] == name}


def next_copy(path: Path, names: Iterable[str], spared: str | None, kept: int) -> tuple[str, tuple[str, ...]]:
    """The name of one more copy, and the oldest that are to go then: at most ``kept`` stay, and ``spared`` always."""
    numbered = copies_of(path, names)
    removable = [numbered[number] for number in sorted(numbered) if numbered[number] != spared]
    name = f"{name_of(path)}.{max(numbered, default=0) + 1:04}.bak"
    return name, tuple(removable[: max(0, len(numbered) + 1 - kept)])


def dumped(record: Record) -> bytes:
    """The record as JSON."""
    fields: dict[str, Any] = {name: getattr(record, name) for name in Record.__slots__}
    fields["changes"] = [{"path": one.path, "before": one.before, "ours": one.ours} for one in record.changes]
    return json.dumps(fields, indent=1, default=str, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"


def loaded(data: bytes) -> Record:
    """The record that ``dumped`` wrote. Raises ``ValueError``."""
    try:
        said = json.loads(data.decode("utf-8", "surrogateescape"))
        return Record(
            path=str(said["path"]),
            existed=bool(said["existed"]),
            digest_before=said["digest_before"],
            digest_after=str(said["digest_after"]),
            changes=tuple(Change(tuple(one["path"]), one["before"], one["ours"]) for one in said["changes"]),
            made=tuple(tuple(path) for path in said["made"]),
            units=tuple(tuple(path) for path in said["units"]),
            folders=tuple(said["folders"]),
            backup=said["backup"],
            restoring=bool(said["restoring"]),
            url=str(said["url"]),
            time=float(said["time"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no record of a set-up") from error
