"""What a set-up changed in a file, so that it can be undone by a three-way merge.

One ``Record`` stands for everything that we have in one file: a later set-up is ``composed`` into it, so that undoing
always leads back to what the person had. A value of ours goes back only while it is still ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cccc.clients.plan import Wanted, visible
from cccc.clients.syntax import File, Path, Tree, at


@dataclass(frozen=True, slots=True)
class Change:
    """One setting: what the person had there and what we wrote; ``None``: absent."""

    path: Path
    before: Any
    ours: Any


@dataclass(frozen=True, slots=True)
class Record:
    """Our part of one file.

    ``path`` is the file as the client names it. ``existed``: whether there was a file before us. ``digest_before`` and
    ``digest_after`` are SHA-256 of its content; ``digest_before`` is ``None`` where undoing by content is not possible
    (no file, or somebody wrote between two set-ups of ours). ``made`` are tables that we added, the innermost first,
    ``units`` those of them that make sense only as a whole; ``folders`` those that we made, the innermost first.
    ``backup`` is the name of the copy of the content before us. ``restoring``: this is what a restore leaves of our
    part; ``digest_after`` is empty where that is no file at all.
    """

    path: str
    existed: bool
    digest_before: str | None
    digest_after: str
    changes: tuple[Change, ...]
    made: tuple[Path, ...] = ()
    units: tuple[Path, ...] = ()
    folders: tuple[str, ...] = ()
    backup: str | None = None
    restoring: bool = False
    url: str = ""
    time: float = 0.0

    def change(self, path: Path) -> Change | None:
        """What we did at a path."""
        return next((one for one in self.changes if one.path == path), None)


@dataclass(frozen=True, slots=True)
class Undone:
    """A file without our part. ``left`` are changes that stay ours (a table that was kept)."""

    data: bytes
    conflicts: tuple[str, ...] = ()
    left: tuple[Change, ...] = ()


def composed(old: Record | None, now: Tree, wanted: Iterable[Wanted]) -> tuple[Change, ...]:
    """Our part after one more set-up: what the person had stays known across several of ours."""
    changes: dict[Path, Change] = {}
    if old is not None:
        changes = {one.path: one for one in old.changes if at(now, one.path) == one.ours}
    for one in wanted:
        had = changes[one.path].before if one.path in changes else at(now, one.path)
        if had != one.value:
            changes[one.path] = Change(one.path, had, one.value)
        else:
            changes.pop(one.path, None)
    return tuple(changes.values())


def made_tables(now: Tree, changes: Iterable[Change]) -> tuple[Path, ...]:
    """The tables that the changes add to a tree, the innermost first."""
    parents = {
        change.path[:depth] for change in changes for depth in range(1, len(change.path)) if change.ours is not None
    }
    return tuple(sorted((path for path in parents if at(now, path) is None), key=lambda path: (-len(path), path)))


def undone(file: File, data: bytes, record: Record, *, keep: Sequence[Path] = ()) -> Undone:
    """The file with our values put back where they are still ours. Raises ``ConfigError`` as ``File.changed`` does.

    ``keep`` are tables of ours that are to stay.
    """
    now = file.tree(data)
    conflicts = []
    kept = [unit for unit in keep if at(now, unit) is not None]
    for unit in record.units:
        if unit not in kept and (foreign := _foreign(now, unit, record)):
            kept.append(unit)
            names = ", ".join(foreign)
            conflicts.append(
                f"{file.name}: [{'.'.join(unit)}] was changed since ({names}); the table stays, unselected"
            )
    back: dict[Path, Any] = {}
    left = []
    for change in record.changes:
        if any(change.path[: len(unit)] == unit for unit in kept):
            left.append(change)
            continue
        value = at(now, change.path)
        if value == change.ours:
            back[change.path] = change.before
        elif value != change.before:
            said = "is absent" if value is None else f"is {visible(change.path[-1], value)}"
            conflicts.append(f"{file.name}: {'.'.join(change.path)} was changed since ({said}); it stays")
    prune = [path for path in record.made if path not in kept]
    return Undone(file.changed(data, back, prune), tuple(conflicts), tuple(left))


def rebased(above: Record, below: Record) -> Record:
    """The record of a set-up that stood upon another, now that the other is taken away from beneath it."""
    had = {one.path: one for one in below.changes}
    changes = tuple(
        replace(one, before=had[one.path].before) if one.path in had and one.before == had[one.path].ours else one
        for one in above.changes
    )
    known = {one.path for one in changes}
    changes += tuple(one for one in below.changes if one.path not in known)
    intact = above.digest_before is not None and above.digest_before == below.digest_after
    return replace(
        above,
        changes=tuple(one for one in changes if one.before != one.ours),
        existed=below.existed,
        made=tuple(dict.fromkeys((*above.made, *below.made))),
        units=tuple(dict.fromkeys((*above.units, *below.units))),
        folders=tuple(dict.fromkeys((*above.folders, *below.folders))),
        digest_before=below.digest_before if intact else None,
        backup=below.backup if intact else None,
    )


def _foreign(now: Tree, unit: Path, record: Record) -> list[str]:
    """The keys of a table of ours that are not as we wrote them."""
    ours = {one.path: one.ours for one in record.changes}
    table = at(now, unit)
    if not isinstance(table, dict):
        return []
    return [key for key, value in table.items() if ours.get((*unit, key)) != value]
