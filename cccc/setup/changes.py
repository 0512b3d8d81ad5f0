"""One file changed, undone, or mended after a crash: the order of steps that makes undo true (security.md §7).

Backup and pending record come before the file, the record in force after it; every step is one atomic replacement. So
at any moment the file holds its old or its new content, and the journal knows which of them it may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cccc.clients import merge
from cccc.clients.journal import Record, rebased
from cccc.clients.plan import FilePlan
from cccc.clients.syntax import File
from cccc.clients.syntax import Path as Keys
from cccc.clock import Clock
from cccc.config.atomic import remove_temporaries
from cccc.errors import ConfigError
from cccc.setup import files
from cccc.setup.files import Snapshot
from cccc.setup.journal import Journal
from cccc.setup.neighbours import Neighbour, Neighbours


@dataclass(frozen=True, slots=True)
class Reverted:
    """What came of undoing our part of one file. ``changed``: the file was written or removed."""

    changed: bool
    conflicts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Changes:
    """Changes to clients' files under one journal. Call its methods while the journal is locked."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def apply(self, now: Snapshot, plan: FilePlan, anchor: Keys, units: Iterable[Keys], url: str) -> Path | None:
        """Write a plan made from ``now``; returns the backup. Raises ``ConfigError``; the file is whole then."""
        files.require_writable(now)
        old, file = self._journal.record(now.path), plan.file
        backup = (
            None if now.data is None else self._journal.keep_backup(now.path, now.data, old.backup if old else None)
        )
        record = merge.recorded(
            old,
            plan,
            units,
            path=str(now.path),
            folders=files.missing_folders(now.path),
            backup=backup.name if backup else None,
            url=url,
            time=self._clock.now(),
        )
        self._journal.begin(record)
        if merge.replaces_another(record, anchor):
            Neighbours(now.path).join(self._journal.folder)
        self._carry_out(record, now, plan.after)
        if file.tree(files.read(now.path, now.name).data or b"") != file.tree(plan.after):
            raise ConfigError([f"{now.name}: was changed by somebody else right after it was written; look at it"])
        return backup

    def revert(self, now: Snapshot, file: File, record: Record, anchor: Keys, keep: tuple[Keys, ...] = ()) -> Reverted:
        """Undo our part of a file, as far as it is still ours. Raises ``ConfigError``; the file is then whole."""
        neighbours = Neighbours(now.path)
        if now.data is None:
            self._journal.drop(record)
            neighbours.leave(self._journal.folder)
            return Reverted(changed=False, notes=(f"{now.name} is gone; there is nothing to undo",))
        above = neighbours.above(self._journal.folder, record, anchor)
        if above is not None and not merge.in_force(file, now.data, record, anchor):
            self._hand_over(above, record)
            neighbours.leave(self._journal.folder)
            note = f"{now.name}: another set-up ({above.record.url}) was made upon this one and stays; undoing it leads"
            return Reverted(changed=False, notes=(f"{note} back to what was there before both",))
        result = merge.without(file, now.data, record, self._journal.backup(record.backup), keep)
        left = merge.remaining(record, result)
        if result.data != now.data:
            files.require_writable(now)
            self._journal.begin(left)
            self._carry_out(left, now, result.data)
        else:
            self._journal.begin(left)
            self._finish(left)
        return Reverted(result.data != now.data, result.conflicts)

    def repair(self) -> tuple[str, ...]:
        """Finish or roll back what a killed process has begun; one sentence for each."""
        said = []
        self._journal.remove_temporaries()
        for record in self._journal.unfinished():
            remove_temporaries(Path(record.path))
            Neighbours(Path(record.path)).remove_temporaries()
            try:
                how = "is complete" if self._settle(record) else "was not made"
            except ConfigError as error:  # it waits until the file can be read again; other files need not
                said.append(str(error))
            else:
                said.append(f"{record.path}: a change that was interrupted {how}")
        return tuple(said)

    def _carry_out(self, record: Record, now: Snapshot, data: bytes | None) -> None:
        try:
            if data is None:
                files.remove(now)
            else:
                files.make_folders(record.folders if now.data is None else (), now.name)
                files.write(now, data)
        except BaseException:
            self._settle(record)
            raise
        self._finish(record)

    def _settle(self, record: Record) -> bool:
        """See how far a change came, and have the journal say so; whether it was made."""
        path = Path(record.path)
        made = files.read(path, record.path).digest == record.digest_after
        if made:
            self._finish(record)
        else:
            self._journal.abandon(record)
            Neighbours(path).tidy()
            files.drop_folders(record.folders)
        return made

    def _finish(self, record: Record) -> None:
        """A change was made. What we added around the file goes before the journal forgets that we did."""
        if record.restoring and not record.changes:
            Neighbours(Path(record.path)).leave(self._journal.folder)
            files.drop_folders(record.folders)
        self._journal.commit(record)

    def _hand_over(self, above: Neighbour, below: Record) -> None:
        """Take ours away from beneath another proxy's set-up: it will lead back to what we found."""
        with above.journal.locked():
            merged = rebased(above.record, below)
            backup = self._journal.backup(merged.backup) if merged.backup == below.backup else None
            if backup is not None:
                kept = above.journal.keep_backup(Path(below.path), backup, above.record.backup)
                merged = replace(merged, backup=kept.name)
            above.journal.put(merged)
        self._journal.drop(below)
