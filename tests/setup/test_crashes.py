"""A failure or a kill at every step of a change (T10): always the old or the new content, and the next start mends.

Every call that changes something on disk is counted, and each of them in turn fails, or is where the process dies.
"""

from __future__ import annotations

import errno
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cccc.clients.journal import Record
from cccc.errors import CcccError
from cccc.setup.journal import Journal
from cccc.setup.service import ClientFiles
from tests.setup.cases import CASES, ELSEWHERE, TARGET, Case, clients, written

# A worker of pytest-xdist has a second thread, which Python warns of: the children here call the kernel and are killed.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")

CALLS = ("open", "write", "fsync", "fchmod", "replace", "unlink", "mkdir", "rmdir")
KILLS = 30
Operation = Callable[[ClientFiles, Case], object]


def apply(files: ClientFiles, case: Case) -> object:
    return files.apply(case.client, TARGET)


def update(files: ClientFiles, case: Case) -> object:
    return files.apply(case.client, ELSEWHERE)


def restore(files: ClientFiles, case: Case) -> object:
    return files.restore(case.client)


OPERATIONS: dict[Operation, tuple[Operation, ...]] = {apply: (), update: (apply,), restore: (apply, update)}
"""Each operation, and what comes before it."""

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.__name__)
every_file = pytest.mark.parametrize("case", CASES, ids=str)
with_and_without = pytest.mark.parametrize("there", [True, False], ids=["a file", "no file"])


class Wire:
    """Counts the calls, and at the one of that number does what it is told."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int | None, then: Callable[[], None]) -> None:
        self.count = 0
        self.tripped = ""
        for name in CALLS:
            patch.setattr(os, name, self._wrapped(name, at, then))

    def _wrapped(self, name: str, at: int | None, then: Callable[[], None]) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **more: Any) -> Any:
            self.count += 1
            if self.count == at:
                self.tripped = name
                then()
            return real(*args, **more)

        return call


def fail() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*.tmp") if path.is_file()]


class World:
    """A machine in the state before the operation."""

    def __init__(self, folder: Path, case: Case, operation: Operation, *, there: bool) -> None:
        self.folder, self.case, self.operation = folder, case, operation
        self.files = clients(folder)
        self.path = case.file(self.files.machine)
        if there:
            written(case, self.files)
        self.original = content(self.path)
        for one in OPERATIONS[operation]:
            one(self.files, case)
        self.old = content(self.path)

    def check(self, new: bytes | None, *, folders: bool = True) -> None:
        """Old or new; the next start mends; and the way back still leads to where everything began."""
        found = content(self.path)
        assert found in (self.old, new)
        if self.original is not None and found != self.original:
            assert self.original in [one.read_bytes() for one in Journal(self.files.state_dir).backups(self.path)]
        started = clients(self.folder)
        started.repair()
        assert content(self.path) == found
        assert Journal(started.state_dir).unfinished() == ()
        assert temporaries(self.folder) == []
        started.restore(self.case.client)
        assert content(self.path) == self.original
        if self.original is None and folders:
            assert not self.path.parent.exists()


def rehearsed(folder: Path, case: Case, operation: Operation, *, there: bool) -> tuple[int, bytes | None]:
    """How many calls the operation makes, and what it leaves."""
    world = World(folder, case, operation, there=there)
    with pytest.MonkeyPatch.context() as patch:
        wire = Wire(patch, None, fail)
        operation(world.files, case)
        count = wire.count
    return count, content(world.path)


@every_file
@every_operation
@with_and_without
def test_every_call_may_fail(operation: Operation, case: Case, there: bool, tmp_path: Path) -> None:
    count, new = rehearsed(tmp_path / "rehearsal", case, operation, there=there)
    assert count >= 9
    for at in range(1, count + 1):
        world = World(tmp_path / str(at), case, operation, there=there)
        told = ""
        with pytest.MonkeyPatch.context() as patch:
            wire = Wire(patch, at, fail)
            try:
                operation(world.files, case)
            except CcccError as error:
                told = str(error)
        assert "\n" not in told
        world.check(new, folders=wire.tripped != "rmdir")  # a folder that cannot be removed stays


@every_file
@every_operation
@with_and_without
def test_the_process_may_die_at_every_call(operation: Operation, case: Case, there: bool, tmp_path: Path) -> None:
    count, new = rehearsed(tmp_path / "rehearsal", case, operation, there=there)
    for at in range(1, count + 1):
        world = World(tmp_path / str(at), case, operation, there=there)
        child = os.fork()
        if child == 0:
            with pytest.MonkeyPatch.context() as patch:
                Wire(patch, at, die)
                operation(world.files, case)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        world.check(new)


@every_file
def test_kills_at_random_moments(case: Case, tmp_path: Path) -> None:
    """Not at a call that somebody thought of: whenever."""
    chance = random.Random(20261122)
    for turn in range(KILLS // len(CASES)):
        files = clients(tmp_path / str(turn))
        path = written(case, files)
        allowed = {case.text.encode()}
        for one in (apply, update):
            one(files, case)
            allowed.add(path.read_bytes())
        files.restore(case.client)
        child = os.fork()
        if child == 0:
            while True:
                for one in (apply, update, restore):
                    one(files, case)
        time.sleep(chance.uniform(0.001, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert path.read_bytes() in allowed
        clients(tmp_path / str(turn)).repair()
        assert temporaries(tmp_path / str(turn)) == []
        clients(tmp_path / str(turn)).restore(case.client)
        assert path.read_bytes() == case.text.encode()


def test_an_unfinished_change_of_a_file_that_cannot_be_read_waits(tmp_path: Path) -> None:
    """Other clients can be set up meanwhile, and nothing is forgotten."""
    files = clients(tmp_path)
    codex, claude = CASES[1], CASES[0]
    path = written(codex, files)
    Journal(files.state_dir).folder.mkdir()
    Journal(files.state_dir).begin(Record(str(path), True, None, "of what was to come", ()))
    path.unlink()
    path.mkdir()
    assert files.apply(claude.client, TARGET).written
    assert len(Journal(files.state_dir).unfinished()) == 1
    path.rmdir()
    path.write_text(codex.text)
    files.repair()
    assert Journal(files.state_dir).unfinished() == ()
