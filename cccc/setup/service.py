"""What ``control.api`` says of clients, over the files of this machine: views, plans, set-ups, undoing, proofs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

from cccc.clients import codex
from cccc.clients.journal import Record
from cccc.clients.merge import digest
from cccc.clients.plan import ConfigPlan, Effective, FilePlan, Target, diff, shown, visible
from cccc.clients.syntax import at
from cccc.clock import Clock
from cccc.config.atomic import ChangedMeanwhile, atomic_write
from cccc.control.api import (
    ClientApplied,
    ClientPlan,
    ClientRestored,
    ClientSetting,
    ClientState,
    ClientType,
    ClientView,
    PlannedFile,
    PlannedReason,
    Proof,
    ProofState,
)
from cccc.errors import CcccError, ConfigError
from cccc.setup import files, proving
from cccc.setup.changes import Changes, Reverted
from cccc.setup.files import Snapshot
from cccc.setup.journal import Journal
from cccc.setup.machine import Machine
from cccc.setup.programs import PROGRAMS, Program

T = TypeVar("T")

_TRIES = 3
"""Claude Code writes its settings itself: a change that comes in between is read and the plan made again."""


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """The clients of one machine, set up for the proxy of one state folder. Its methods block for moments."""

    state_dir: Path
    machine: Machine
    clock: Clock

    def views(self, target: Target) -> tuple[ClientView, ...]:
        """Every client as it is now. Files that cannot be read are told of, not raised."""
        return tuple(self._view(program, target) for program in PROGRAMS.values())

    def plan(self, client: ClientType, target: Target) -> ClientPlan:
        """What a set-up would change. Raises ``ConfigError``."""
        program = _known(client)
        _require_catalog(target)
        now, plan = self._planned(program, target)
        shown = _shown(program, target, now, plan)
        return replace(shown, notes=(self.machine.notice, *shown.notes)) if self.machine.notice else shown

    def apply(self, client: ClientType, target: Target, *, seen: str | None = None) -> ClientApplied:
        """Carry the plan out. Raises ``ConfigError``; every file is then whole."""
        program = _known(client)
        changes = Changes(self._journal, self.clock)

        _require_catalog(target)

        def attempt() -> ClientApplied:
            now, plan = self._planned(program, target)
            if seen is not None and _shown(program, target, now, plan).seen != seen:
                raise ConfigError(
                    [f"{now.name}: is not as it was in the preview; nothing was written, look at it again"]
                )
            (file,) = plan.files
            backup = changes.apply(now, file, program.anchor, program.units, target.url) if file.changes else None
            return ClientApplied(
                client=client,
                title=program.title,
                written=(now.name,) if file.changes else (),
                backups=(str(backup),) if backup else (),
                warnings=plan.warnings,
                notes=plan.notes,
            )

        with self._journal.locked():
            changes.repair()
            self._proof_file(client).unlink(missing_ok=True)
            return _again_while_changing(attempt)

    def restore(self, client: ClientType, *, keep_table: bool = False) -> ClientRestored:
        """Undo what is still ours. Raises ``ConfigError``; every file is then whole."""
        program = _known(client)
        changes = Changes(self._journal, self.clock)
        keep = program.units if keep_table else ()

        def attempt(path: Path) -> Reverted:
            now = files.read(path, self.machine.shown(path))
            record = self._journal.record(path)
            if record is None:
                return Reverted(changed=False, notes=(f"{now.name}: cccc has changed nothing there",))
            return changes.revert(now, program.file(now.name), record, program.anchor, keep)

        with self._journal.locked():
            changes.repair()
            path = program.path(self.machine)
            result = _again_while_changing(lambda: attempt(path))
            self._proof_file(client).unlink(missing_ok=True)
        restored = (self.machine.shown(path),) if result.changed else ()
        return ClientRestored(client, program.title, restored, result.conflicts, result.notes)

    def repair(self) -> tuple[str, ...]:
        """Finish or roll back what a killed process has begun; one sentence for each. Raises ``ConfigError``."""
        if not self._journal.folder.is_dir():
            return ()
        with self._journal.locked():
            return Changes(self._journal, self.clock).repair()

    def prove(self, client: ClientType) -> Proof:
        """Start the client once and remember what came of it. Raises ``CcccError``."""
        proof = proving.prove(_known(client).client, self.machine, self.state_dir, self.clock)
        if self._journal.folder.is_dir():
            atomic_write(self._proof_file(client), json.dumps(asdict(proof)).encode())
        return proof

    def pointing_here(self, target: Target) -> tuple[ClientView, ...]:
        """The clients whose requests lead to this proxy."""
        return tuple(view for view in self.views(target) if view.state is ClientState.THROUGH_CCCC)

    def has_threads(self) -> bool:
        """Whether Codex has threads that were made through our table, which it cannot open without it."""
        sessions = PROGRAMS[ClientType.CODEX].path(self.machine).parent / "sessions"
        return any(_made_here(thread) for thread in sorted(sessions.rglob("*.jsonl"), reverse=True)[:200])

    @property
    def _journal(self) -> Journal:
        return Journal(self.state_dir)

    def _proof_file(self, client: ClientType) -> Path:
        return self._journal.folder / f"proof.{client.value}"

    def _planned(self, program: Program, target: Target) -> tuple[Snapshot, ConfigPlan]:
        path = program.path(self.machine)
        now = files.read(path, self.machine.shown(path))
        return now, program.plan(program.file(now.name), now.data, target, self.machine)

    def _view(self, program: Program, target: Target) -> ClientView:
        path = program.path(self.machine)
        name = self.machine.shown(path)
        binary = self.machine.program(program.binary) if program.binary else None
        record: Record | None = None
        settings: tuple[Effective, ...] = ()
        try:
            record = self._journal.record(path)
            now = files.read(path, name)
            user = program.file(name).tree(now.data or b"")
            settings = program.effective(user, target, self.machine, name)
            warnings = program.warnings(user, target, self.machine, name)
            ours = record is not None and at(user, program.anchor) is not None
            state = _state(settings, ours=ours, there=binary is not None or now.data is not None)
        except CcccError as error:
            settings, warnings, state = (), (str(error),), ClientState.UNREADABLE
        return ClientView(
            client=program.client,
            title=program.title,
            state=state,
            files=(name,),
            program=binary,
            settings=tuple(_setting(one) for one in settings),
            warnings=warnings,
            restorable=record is not None,
            backups=tuple(str(one) for one in self._journal.backups(path)),
            proof=self._proof(program.client),
        )

    def _proof(self, client: ClientType) -> Proof | None:
        try:
            said = json.loads(self._proof_file(client).read_bytes())
            return Proof(ProofState(said["state"]), str(said["message"]), float(said["time"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _known(client: ClientType) -> Program:
    try:
        return PROGRAMS[client]
    except KeyError:
        raise ConfigError([f"{client.value} is no client that can be set up; expected {', '.join(PROGRAMS)}"]) from None


def _require_catalog(target: Target) -> None:
    if target.catalog:
        from cccc.setup.catalog import require_catalog  # brings http.client, for a rare case

        require_catalog(target)


def _again_while_changing(attempt: Callable[[], T]) -> T:
    for _ in range(_TRIES - 1):
        try:
            return attempt()
        except ChangedMeanwhile:
            continue
    return attempt()


def _shown(program: Program, target: Target, now: Snapshot, plan: ConfigPlan) -> ClientPlan:
    seen = hashlib.sha256(now.digest.encode())
    for file in plan.files:
        seen.update(digest(file.after).encode())
    return ClientPlan(
        client=program.client,
        title=program.title,
        url=target.url,
        files=tuple(_file(file) for file in plan.files),
        warnings=plan.warnings,
        notes=plan.notes,
        seen=seen.hexdigest(),
    )


def _file(plan: FilePlan) -> PlannedFile:
    before = plan.before or b""
    return PlannedFile(
        path=plan.file.name,
        exists=plan.before is not None,
        before=shown(plan.file, before, plan.after),
        after=shown(plan.file, plan.after, before),
        diff=diff(plan),
        reasons=tuple(PlannedReason(one.key, one.reason) for one in plan.effective),
        checked="result parses, other keys equal",
    )


def _setting(one: Effective) -> ClientSetting:
    value = None if one.value is None else visible(one.key.rpartition(".")[2], one.value)
    return ClientSetting(one.key, value, one.source, one.leads_here)


def _state(settings: tuple[Effective, ...], *, ours: bool, there: bool) -> ClientState:
    if not any(one.leads_here is False for one in settings):
        return ClientState.THROUGH_CCCC
    if ours:
        return ClientState.DIFFERS
    return ClientState.NOT_SET_UP if there else ClientState.NOT_FOUND


def _made_here(thread: Path) -> bool:
    """A thread's first line names its provider."""
    try:
        with thread.open("rb") as lines:
            meta = json.loads(lines.readline(1 << 20)).get("payload")
    except (OSError, ValueError, AttributeError):
        return False
    return isinstance(meta, dict) and meta.get("model_provider") == codex.PROVIDER
