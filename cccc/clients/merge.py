"""Applying and undoing a set-up as contents and records: what a file becomes, and what is remembered of it.

Whoever carries it out, ``cccc.setup`` on files of this machine or a script on another one that asks the proxy, goes by
this: there is one merge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cccc.clients.journal import Change, Record, composed, made_tables, undone
from cccc.clients.plan import FilePlan
from cccc.clients.syntax import File, Path, at


@dataclass(frozen=True, slots=True)
class Without:
    """A file without our part; ``data`` is ``None`` where no file is left. ``left`` are changes that stay ours."""

    data: bytes | None
    conflicts: tuple[str, ...] = ()
    left: tuple[Change, ...] = ()


def digest(data: bytes | None) -> str:
    """The fingerprint of a content, SHA-256 in hexadecimal; empty where there is no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def recorded(
    old: Record | None,
    plan: FilePlan,
    units: Iterable[Path],
    *,
    path: str,
    folders: tuple[str, ...],
    backup: str | None,
    url: str,
    time: float,
) -> Record:
    """What is to be remembered of a plan that is carried out, upon the record ``old`` of earlier ones.

    ``backup`` names the copy of the content before. Raises ``ConfigError`` where the file cannot be read.
    """
    tree = plan.file.tree(plan.before or b"")
    changes = composed(old, tree, plan.wanted)
    made = made_tables(tree, changes)
    record = Record(
        path=path,
        existed=plan.before is not None,
        digest_before=None if plan.before is None else digest(plan.before),
        digest_after=digest(plan.after),
        changes=changes,
        made=made,
        units=tuple(unit for unit in units if unit in made),
        folders=folders,
        backup=backup,
        url=url,
        time=time,
    )
    return record if old is None else _upon(old, record, intact=old.digest_after == digest(plan.before))


def _upon(old: Record, new: Record, *, intact: bool) -> Record:
    """A set-up upon an earlier one of ours: it leads back to what was there before the first.

    ``intact``: nobody wrote in between, so that even the bytes of then can come back.
    """
    return replace(
        new,
        existed=old.existed,
        digest_before=old.digest_before if intact else None,
        backup=old.backup if intact else None,
        made=tuple(dict.fromkeys((*new.made, *old.made))),
        units=tuple(dict.fromkeys((*new.units, *old.units))),
        folders=tuple(dict.fromkeys((*new.folders, *old.folders))),
    )


def replaces_another(record: Record, anchor: Path) -> bool:
    """Whether the address at ``anchor`` took the place of somebody else's."""
    change = record.change(anchor)
    return change is not None and change.before is not None


def stands_upon(above: Record, below: Record, anchor: Path) -> bool:
    """Whether ``above`` replaced the address that ``below`` wrote."""
    ours, theirs = below.change(anchor), above.change(anchor)
    return ours is not None and theirs is not None and theirs.before == ours.ours


def in_force(file: File, data: bytes, record: Record, anchor: Path) -> bool:
    """Whether the file still says what we wrote at ``anchor``. Raises ``ConfigError``."""
    change = record.change(anchor)
    return bool(at(file.tree(data), anchor) == (None if change is None else change.ours))


def without(file: File, data: bytes, record: Record, backup: bytes | None, keep: Sequence[Path] = ()) -> Without:
    """The content without our part: the very bytes of before, ``backup``, where nobody else wrote since.

    Raises ``ConfigError`` as ``File.changed`` does.
    """
    if digest(data) == record.digest_after and not keep:
        if not record.existed:
            return Without(None)
        if backup is not None and digest(backup) == record.digest_before:
            return Without(backup)
    result = undone(file, data, record, keep=keep)
    empty = not record.existed and not file.tree(result.data) and not _said(file, result.data)
    return Without(None if empty else result.data, result.conflicts, result.left)


def remaining(record: Record, result: Without) -> Record:
    """The record of what a restore leaves of our part. It has ended where there are no ``changes``."""
    return replace(record, changes=result.left, digest_after=digest(result.data), digest_before=None, restoring=True)


def _said(file: File, data: bytes) -> bool:
    """Whether anything but an empty document is left of a file that we made (somebody's comments)."""
    return file.text(data).strip() not in ("", "{}")
